import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { isRole, keySetGet, type Role } from '@capsule/contracts';
import { NatsConnection } from '@capsule/messaging';
import { TokenSigner } from '@capsule/security';
import type { RequestContext } from '@capsule/telemetry';
import type { TestNats } from './nats.js';

interface TestSubject {
  tenantId: string;
  userId: string;
  role: Role;
}

interface TokenOptions {
  /** Below 0 for a token that has expired. */
  expiresInSeconds?: number;
  issuer?: string;
}

/** Signs access tokens with a key of its own, and answers for it on a test's bus as auth does. */
export class TestIssuer {
  private readonly tokens = new Map<string, Promise<string>>();
  private connection: NatsConnection | undefined;
  private asked = 0;

  private constructor(
    /** PEM, as auth is given its own. */
    readonly privateKey: string,
    private readonly signer: TokenSigner,
  ) {}

  static async create(): Promise<TestIssuer> {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return new TestIssuer(pem, await signerWith(pem));
  }

  keySet(): ReturnType<TokenSigner['keySet']> {
    return this.signer.keySet();
  }

  /** In the place of auth, until `close`. */
  async answerForKeys(nats: TestNats): Promise<void> {
    this.connection = await NatsConnection.open('auth', nats.settings('auth'));
    const answer = JSON.stringify({ id: '', isDisposed: true, response: this.keySet() });
    this.connection.nc.subscribe(keySetGet.subject, {
      callback: (_error, message) => {
        this.asked += 1;
        message.respond(answer);
      },
    });
    await this.connection.isReady();
  }

  /** How often it was asked for its keys. */
  get keyRequests(): number {
    return this.asked;
  }

  /** A token of its own each time, of a session of its own. */
  async token(subject: TestSubject, options?: TokenOptions): Promise<string> {
    const signer = options ? await signerWith(this.privateKey, options) : this.signer;
    return (await signer.sign({ ...subject, sessionId: randomUUID() })).token;
  }

  /** The context as the gateway makes it of a request it has admitted: with the token that proves tenant and actor. */
  async admit<Context extends Partial<RequestContext>>(
    context: Context,
  ): Promise<Context & Pick<RequestContext, 'accessToken'>> {
    const { tenantId, actor, accessToken } = context;
    if (accessToken !== undefined || tenantId === undefined || !isRole(actor?.role)) return context;
    return { ...context, accessToken: await this.tokenOf({ tenantId, userId: actor.id, role: actor.role }) };
  }

  /** Stops answering. */
  async close(): Promise<void> {
    await this.connection?.close();
  }

  /** Signed once: a signature costs a millisecond, and specs send requests by the thousand. */
  private tokenOf(subject: TestSubject): Promise<string> {
    const key = Object.values(subject).join();
    const known = this.tokens.get(key) ?? this.token(subject);
    this.tokens.set(key, known);
    return known;
  }
}

function signerWith(
  privateKey: string,
  { expiresInSeconds = 900, issuer = 'capsule' }: TokenOptions = {},
): Promise<TokenSigner> {
  const names = { issuer, audience: 'capsule-api' };
  return TokenSigner.create({ ...names, privateKey, accessTtlSeconds: expiresInSeconds });
}
