import { appNames, natsPermissions, type AppName } from '@capsule/contracts';

export type NatsUser = AppName | 'admin';

/** Answers come to a user's own inboxes, which no other may listen to. */
export function inboxPrefixOf(user: NatsUser): string {
  return user === 'admin' ? '_INBOX_admin' : natsPermissions(user).inboxPrefix;
}

export interface NatsConfiguration {
  /** TCP port; -1 lets the server choose. */
  port: number;
  /** Loopback unless given: a server in a container listens on the container's own address. */
  host?: string;
  /** An absolute path: JetStream keeps its files in it. */
  storeDir: string;
  /** As `nats-server --version` says it, e.g. "2.9.10". */
  serverVersion: string;
  /** The password of every user; a user is named as its process. */
  users: Record<NatsUser, string>;
  maxPayloadBytes?: number;
  maxFileStoreBytes?: number;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Answers are allowed to whoever asked: one each, while the slowest request may still be waiting for it. The answer to
 * a message of a durable is its acknowledgement, so a service can acknowledge what it was given and nothing else. By a
 * right of its own it could do so, too; but what was not answered by THIS right is remembered for the whole time, and
 * beyond 4,096 messages the server then walks over all of them at each delivery.
 */
const ALLOWED_RESPONSES = '{ max: 1, expires: "2m" }';

/**
 * The configuration file of the bus. It holds passwords: write it with mode 0600.
 * No monitoring port, and per user what natsPermissions derives from the contracts.
 */
export function renderNatsConfiguration(configuration: NatsConfiguration): string {
  const { port, host = '127.0.0.1', storeDir, serverVersion, users } = configuration;
  const maxPayloadBytes = configuration.maxPayloadBytes ?? MEBIBYTE;
  const maxFileStoreBytes = configuration.maxFileStoreBytes ?? 10 * 1024 * MEBIBYTE;
  return [
    'server_name: capsule',
    `listen: "${host}:${port}"`,
    `max_payload: ${maxPayloadBytes}`,
    'max_connections: 256',
    'lame_duck_grace_period: "1s"',
    'lame_duck_duration: "30s"',
    'jetstream {',
    `  store_dir: ${quote(storeDir)}`,
    `  max_memory_store: ${64 * MEBIBYTE}`,
    `  max_file_store: ${maxFileStoreBytes}`,
    // An acknowledged event is on disk. Before 2.10 the server refuses the setting and syncs every two minutes;
    // the relay publishes again what a crash of the machine takes from the stream.
    ...(knowsSyncInterval(serverVersion) ? ['  sync_interval: always'] : []),
    '}',
    'authorization {',
    '  timeout: 2',
    '  users: [',
    ...appNames.map((app) => renderUser(app, users[app], permissionsOf(app))),
    renderUser('admin', users.admin, adminPermissions),
    '  ]',
    '}',
    '',
  ].join('\n');
}

const adminPermissions = [
  'publish: { allow: ["$JS.API.>"] }',
  `subscribe: { allow: ["${inboxPrefixOf('admin')}.>"] }`,
].join(', ');

function permissionsOf(app: AppName): string {
  const { publish, subscribe } = natsPermissions(app);
  return [
    `publish: { ${rule(publish)} }`,
    `subscribe: { ${rule(subscribe)} }`,
    `allow_responses: ${ALLOWED_RESPONSES}`,
  ].join(', ');
}

/** An empty allow list would mean that everything is allowed. */
function rule(subjects: string[]): string {
  return subjects.length > 0 ? `allow: [${subjects.map(quote).join(', ')}]` : 'deny: [">"]';
}

function renderUser(user: NatsUser, password: string, permissions: string): string {
  return `    { user: ${quote(user)}, password: ${quote(password)}, permissions: { ${permissions} } }`;
}

/** NATS reads double-quoted strings with the escapes that JSON writes for printable text. */
function quote(text: string): string {
  return JSON.stringify(text);
}

function knowsSyncInterval(serverVersion: string): boolean {
  const [major = 0, minor = 0] = serverVersion.replace(/^v/, '').split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 10);
}
