import { generateKeyPairSync } from 'node:crypto';
import { Authenticator } from './authenticator.js';
import { CapsuleJwtStrategy } from './capsule-jwt.strategy.js';
import { TokenSigner } from './token-signer.js';
import { TokenVerifier } from './token-verifier.js';

const principal = { userId: 'u', tenantId: 't', role: 'viewer', sessionId: 's', tokenId: expect.any(String) };
let signer: TokenSigner;
let authenticator: Authenticator;
let token: string;

beforeAll(async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const names = { issuer: 'capsule', audience: 'capsule-api' };
  signer = await TokenSigner.create({ ...names, privateKey: privateKeyPem, accessTtlSeconds: 60 });
  ({ token } = await signer.sign({ userId: 'u', tenantId: 't', role: 'viewer', sessionId: 's' }));
  const verifier = new TokenVerifier({ ...names, keys: async () => signer.keySet() });
  authenticator = new Authenticator(new CapsuleJwtStrategy(verifier));
});

function authenticate(authorization: string | undefined): Promise<unknown> {
  return authenticator
    .authenticate({ headers: authorization === undefined ? {} : { authorization } })
    .catch((error: { code: string }) => error.code);
}

describe('Authentication by the passport strategy', () => {
  it('accepts a token and tells its principal', async () => {
    expect(await authenticate(`Bearer ${token}`)).toEqual(principal);
    expect(await authenticate(`bearer ${token}`)).toEqual(principal);
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dTpw'])('calls %j a missing token', async (header) => {
    expect(await authenticate(header)).toBe('auth.token.missing');
  });

  it.each([
    ['a second blank', () => `Bearer  ${token}`],
    ['a second token', () => `Bearer ${token} ${token}`],
    ['padding', () => `Bearer ${token}=`],
    ['a tampered signature', () => `Bearer ${token.slice(0, -10)}AAAAAAAAAA`],
    ['alg none', () => `Bearer eyJhbGciOiJub25lIn0.e30.AA`],
  ])('calls a header with %s an invalid token: jsonwebtoken is not asked', async (_name, header) => {
    expect(await authenticate(header())).toBe('auth.token.invalid');
  });

  it('keeps simultaneous requests apart', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        signer.sign({ userId: `u${i}`, tenantId: 't', role: 'viewer', sessionId: 's' }),
      ),
    );
    const principals = await Promise.all(
      tokens.map((each) =>
        authenticator.authenticate({ headers: { authorization: `Bearer ${each.token}` } }),
      ),
    );
    expect(principals.map(({ userId }) => userId)).toEqual(tokens.map((_, i) => `u${i}`));
  });
});
