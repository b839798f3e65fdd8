import { createHmac, createPublicKey, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type JsonWebKeySet } from './key-set.js';
import { TokenSigner } from './token-signer.js';
import { TokenVerifier } from './token-verifier.js';

const ISSUER = 'capsule';
const AUDIENCE = 'capsule-api';
const SUBJECT = { userId: 'user-1', tenantId: 'tenant-1', role: 'admin', sessionId: 'session-1' } as const;
const TTL_SECONDS = 900;

interface Issuer {
  signer: TokenSigner;
  privateKey: KeyObject;
  kid: string;
}

async function newIssuer(): Promise<Issuer> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = await TokenSigner.create({
    privateKey: pem,
    issuer: ISSUER,
    audience: AUDIENCE,
    accessTtlSeconds: TTL_SECONDS,
  });
  return { signer, privateKey, kid: signer.keySet().keys[0]!.kid };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

let issuer: Issuer;
let other: Issuer;
beforeAll(async () => {
  [issuer, other] = await Promise.all([newIssuer(), newIssuer()]);
});

let nowMs: number;
let published: JsonWebKeySet | Error;
let fetches: number;
let verifier: TokenVerifier;
beforeEach(() => {
  nowMs = Date.now();
  published = issuer.signer.keySet();
  fetches = 0;
  verifier = new TokenVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    now: () => nowMs,
    keys: async () => {
      fetches += 1;
      if (published instanceof Error) throw published;
      return published;
    },
  });
});

async function goodToken(): Promise<string> {
  return (await issuer.signer.sign(SUBJECT)).token;
}

/** A token made by hand: correctly signed, with any header and claims. */
function forge(
  header: Record<string, unknown>,
  claims: Record<string, unknown>,
  key = issuer.privateKey,
): string {
  const issuedAt = Math.floor(nowMs / 1_000);
  const input = [
    encode({ alg: 'RS256', typ: 'at+jwt', kid: issuer.kid, ...header }),
    encode({
      sub: 'user-1',
      tid: 'tenant-1',
      role: 'admin',
      sid: 'session-1',
      jti: 'token-1',
      iss: ISSUER,
      aud: AUDIENCE,
      iat: issuedAt,
      exp: issuedAt + TTL_SECONDS,
      ...claims,
    }),
  ].join('.');
  return `${input}.${createSign('RSA-SHA256').update(input).sign(key, 'base64url')}`;
}

const invalid = { code: 'auth.token.invalid', kind: 'unauthenticated' };

describe('TokenVerifier', () => {
  it('accepts what the signer signs and returns its claims', async () => {
    const { token, tokenId } = await issuer.signer.sign(SUBJECT);
    expect(await verifier.verify(token)).toMatchObject({
      sub: 'user-1',
      tid: 'tenant-1',
      role: 'admin',
      sid: 'session-1',
      jti: tokenId,
      iss: ISSUER,
      aud: AUDIENCE,
    });
    await expect(verifier.verify(forge({}, {}))).resolves.toMatchObject({ jti: 'token-1' });
  });

  it.each([undefined, null, ''])('calls %j missing', async (token) => {
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'auth.token.missing' });
  });

  describe('knows one spelling of a token only', () => {
    const spellings: [string, (token: string) => string][] = [
      ['a blank before', (token) => ` ${token}`],
      ['a blank behind', (token) => `${token} `],
      ['a line break behind', (token) => `${token}\n`],
      ['a blank inside of a part', (token) => `${token.slice(0, 10)} ${token.slice(10)}`],
      ['padding', (token) => `${token}==`],
      ['padding of the header', (token) => token.replace('.', '=.')],
      ['a fourth part', (token) => `${token}.`],
      ['two parts', (token) => token.slice(0, token.lastIndexOf('.'))],
      ['an empty signature', (token) => token.slice(0, token.lastIndexOf('.') + 1)],
      ['the other base64 alphabet', (token) => token.replaceAll('-', '+').replaceAll('_', '/') + '+'],
      ['5,000 characters', (token) => token + 'A'.repeat(5_000)],
      ['text', () => 'not a token'],
    ];
    it.each(spellings)('refuses %s', async (_name, spell) => {
      const token = await goodToken();
      await verifier.verify(token);
      await expect(verifier.verify(spell(token))).rejects.toMatchObject(invalid);
    });

    it('refuses each altered ending of the signature that decodes to the same bytes', async () => {
      const token = await goodToken();
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const signature = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');
      const twins = [...alphabet]
        .map((last) => token.slice(0, -1) + last)
        .filter((twin) => twin !== token)
        .filter((twin) => Buffer.from(twin.slice(twin.lastIndexOf('.') + 1), 'base64url').equals(signature));
      expect(twins).toHaveLength(15);
      for (const twin of twins) await expect(verifier.verify(twin)).rejects.toMatchObject(invalid);
    });
  });

  it('refuses alg none, with and without a signature', async () => {
    const [, claims, signature] = (await goodToken()).split('.');
    for (const alg of ['none', 'None', 'NONE']) {
      const header = encode({ alg, typ: 'at+jwt', kid: issuer.kid });
      await expect(verifier.verify(`${header}.${claims}.`)).rejects.toMatchObject(invalid);
      await expect(verifier.verify(`${header}.${claims}.${signature}`)).rejects.toMatchObject(invalid);
    }
  });

  it('refuses HS256 keyed with the public key, in every form an attacker has it', async () => {
    const publicKey = createPublicKey(issuer.privateKey);
    const secrets = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      publicKey.export({ type: 'pkcs1', format: 'pem' }),
      JSON.stringify(issuer.signer.keySet().keys[0]),
      issuer.signer.keySet().keys[0]!.n,
    ];
    const [, claims] = (await goodToken()).split('.');
    const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: issuer.kid })}.${claims}`;
    for (const secret of secrets) {
      const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      await expect(verifier.verify(token)).rejects.toMatchObject(invalid);
    }
  });

  it('refuses a foreign key, even one the token carries or names itself', async () => {
    const jwk = other.signer.keySet().keys[0];
    for (const header of [{}, { jwk }, { jku: 'http://127.0.0.1:1/keys' }, { x5c: ['AA=='] }]) {
      await expect(verifier.verify(forge(header, {}, other.privateKey))).rejects.toMatchObject(invalid);
    }
    await expect(verifier.verify(forge({ kid: other.kid }, {}, other.privateKey))).rejects.toMatchObject(
      invalid,
    );
  });

  it.each<[string, Record<string, unknown>]>([
    ['another type of token', { typ: 'JWT' }],
    ['no type', { typ: undefined }],
    ['no key id', { kid: undefined }],
    ['a critical extension', { crit: ['b64'], b64: true }],
    ['RS512', { alg: 'RS512' }],
    ['PS256', { alg: 'PS256' }],
  ])('refuses a header with %s', async (_name, header) => {
    await expect(verifier.verify(forge(header, {}))).rejects.toMatchObject(invalid);
  });

  it.each<[string, Record<string, unknown>]>([
    ['another audience', { aud: 'other-api' }],
    ['another issuer', { iss: 'other' }],
    ['no subject', { sub: undefined }],
    ['no tenant', { tid: undefined }],
    ['an unknown role', { role: 'root' }],
    ['no session', { sid: undefined }],
    ['no id', { jti: undefined }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is text', { exp: '9999999999' }],
    ['a future not-before', { nbf: Math.floor(Date.now() / 1_000) + 60 }],
    ['two audiences', { aud: [AUDIENCE, 'other-api'] }],
  ])('refuses claims with %s', async (_name, claims) => {
    await expect(verifier.verify(forge({}, claims))).rejects.toMatchObject(invalid);
  });

  it('refuses altered claims', async () => {
    const [header, claims, signature] = (await goodToken()).split('.') as [string, string, string];
    const altered = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), role: 'owner' };
    await expect(verifier.verify(`${header}.${encode(altered)}.${signature}`)).rejects.toMatchObject(invalid);
  });

  it('tells an expired token apart, after a leeway of 5 seconds', async () => {
    const token = await goodToken();
    nowMs += (TTL_SECONDS + 3) * 1_000;
    await expect(verifier.verify(token)).resolves.toBeDefined();
    nowMs += 3_000;
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'auth.token.expired' });
  });

  it('lets no token outlive its expiry by having been verified before', async () => {
    const token = await goodToken();
    await verifier.verify(token);
    await verifier.verify(token);
    nowMs += (TTL_SECONDS + 6) * 1_000;
    for (let i = 0; i < 2; i++) {
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'auth.token.expired' });
    }
  });

  describe('follows the keys of the issuer', () => {
    it('fetches once for many first tokens and finds a new key when a token names it', async () => {
      await Promise.all(Array.from({ length: 20 }, async () => verifier.verify(await goodToken())));
      expect(fetches).toBe(1);
      published = { keys: [...issuer.signer.keySet().keys, ...other.signer.keySet().keys] };
      nowMs += 11_000;
      const { token } = await other.signer.sign(SUBJECT);
      await expect(verifier.verify(token)).resolves.toMatchObject({ sub: 'user-1' });
      expect(fetches).toBe(2);
    });

    it('asks at most once in 10 seconds for keys nobody has', async () => {
      await verifier.verify(await goodToken());
      for (let i = 0; i < 50; i++) {
        await expect(verifier.verify(forge({ kid: `made-up-${i}` }, {}))).rejects.toMatchObject(invalid);
      }
      expect(fetches).toBe(1);
      nowMs += 11_000;
      await expect(verifier.verify(forge({ kid: 'made-up' }, {}))).rejects.toMatchObject(invalid);
      expect(fetches).toBe(2);
    });

    it('no longer believes a withdrawn key within 5 minutes, not even for tokens it verified before', async () => {
      const token = await goodToken();
      await verifier.verify(token);
      published = other.signer.keySet();
      nowMs += 301_000;
      await verifier.verify(token);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await expect(verifier.verify(token)).rejects.toMatchObject(invalid);
    });

    it('says unavailable, not invalid, when it has no keys, and keeps known keys while the issuer is away', async () => {
      published = new Error('no responders');
      const token = await goodToken();
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'platform.upstream.unavailable' });
      published = issuer.signer.keySet();
      await verifier.verify(token);
      published = new Error('no responders');
      nowMs += 400_000;
      await expect(verifier.verify(await goodToken())).resolves.toBeDefined();
    });

    it('uses no key that is published for something else', async () => {
      const key = issuer.signer.keySet().keys[0]!;
      published = { keys: [{ ...key, use: 'enc' }] };
      await expect(verifier.verify(await goodToken())).rejects.toMatchObject(invalid);
    });
  });
});

describe('TokenSigner', () => {
  it('publishes nothing private', () => {
    expect(Object.keys(issuer.signer.keySet().keys[0]!).sort()).toEqual([
      'alg',
      'e',
      'kid',
      'kty',
      'n',
      'use',
    ]);
  });

  it('refuses a key that is too short', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const options = { privateKey: pem, issuer: ISSUER, audience: AUDIENCE, accessTtlSeconds: 1 };
    await expect(TokenSigner.create(options)).rejects.toThrow('2048');
  });
});
