/**
 * Who may import whom inside the workspace. One entry per project; apps never import each other, and `testing` is for
 * specs alone, so neither is ever listed. The lint rule `capsule/boundaries` enforces it.
 */
const platform = [
  'contracts',
  'config',
  'errors',
  'telemetry',
  'storage',
  'cache',
  'database',
  'messaging',
  'outbox',
  'security',
  'health',
];

const withoutDatabase = platform.filter((lib) => lib !== 'database' && lib !== 'outbox');

export const importTable = {
  contracts: [],
  config: [],
  errors: ['contracts'],
  telemetry: ['config'],
  storage: ['config', 'errors', 'telemetry'],
  cache: ['config', 'telemetry'],
  database: ['config', 'errors', 'telemetry'],
  messaging: ['contracts', 'errors', 'config', 'telemetry'],
  outbox: ['database', 'messaging', 'contracts', 'errors', 'config', 'telemetry'],
  security: ['contracts', 'errors', 'config', 'telemetry', 'cache', 'messaging'],
  health: ['config', 'errors', 'telemetry'],
  testing: platform,
  tools: platform,
  // The gateway has no database: it never loads TypeORM, neither directly nor through the outbox.
  gateway: withoutDatabase,
  auth: platform,
  billing: platform,
  deploy: platform,
  monitor: platform,
};

/** Second entries of libs, for programs that would be many times larger with the first. */
export const secondEntries = [
  '@capsule/database/migrations',
  '@capsule/database/report',
  '@capsule/errors/problem',
  '@capsule/health/operator',
  '@capsule/outbox/wake-up',
  '@capsule/security/authentication',
  '@capsule/testing/test-ports',
];

/** Packages that only some files may import, by the reason given in the message. */
export const restrictedPackages = [
  {
    package: /^(typeorm|@nestjs\/typeorm)(\/|$)/,
    allowed: (file) => file.startsWith('libs/database/') || /\.(entity|repository)\.ts$/.test(file),
    message: 'TypeORM is imported in entities, repositories and libs/database only',
  },
  {
    package: /^@nats-io\//,
    // The benchmark's hand-written pair is what the platform is compared with, so it has nothing of the platform in it.
    allowed: (file) => file.startsWith('libs/messaging/') || file.startsWith('tools/bench/baseline/'),
    message: '@nats-io packages are imported in libs/messaging only',
  },
];
