import 'reflect-metadata';
import { generateKeyPairSync } from 'node:crypto';
import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ProblemFilter } from '@capsule/errors';
import { Authenticator } from './authenticator.js';
import { CapsuleAuthGuard } from './capsule-auth.guard.js';
import { CapsuleJwtStrategy } from './capsule-jwt.strategy.js';
import { TokenSigner } from './token-signer.js';
import { TokenVerifier } from './token-verifier.js';

@Controller()
class WhoController {
  @Get('who')
  @UseGuards(CapsuleAuthGuard)
  who(@Req() request: { user: unknown }) {
    return request.user;
  }
}

const principal = { userId: 'u', tenantId: 't', role: 'viewer', sessionId: 's', tokenId: expect.any(String) };
let signer: TokenSigner;
let app: NestFastifyApplication;
let token: string;

beforeAll(async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const names = { issuer: 'capsule', audience: 'capsule-api' };
  signer = await TokenSigner.create({ ...names, privateKey: privateKeyPem, accessTtlSeconds: 60 });
  ({ token } = await signer.sign({ userId: 'u', tenantId: 't', role: 'viewer', sessionId: 's' }));
  const module = await Test.createTestingModule({
    controllers: [WhoController],
    providers: [
      {
        provide: TokenVerifier,
        useValue: new TokenVerifier({ ...names, keys: async () => signer.keySet() }),
      },
      CapsuleJwtStrategy,
      Authenticator,
    ],
  }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  app.useGlobalFilters(new ProblemFilter());
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});
afterAll(() => app.close());

/** The same request on both ways in: the guard of a Nest controller, and a raw request without one. */
async function bothWays(authorization: string | undefined): Promise<{ guard: unknown; raw: unknown }> {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await app.inject({ method: 'GET', url: '/who', headers });
  const body = response.json<{ code?: string }>();
  const raw = await app
    .get(Authenticator)
    .authenticate({ headers })
    .catch((error: { code: string }) => error.code);
  if (response.statusCode !== 200) {
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer');
  }
  return { guard: body.code ?? body, raw };
}

describe('Authentication by guard and by raw request', () => {
  it('accepts a token and tells the same principal', async () => {
    expect(await bothWays(`Bearer ${token}`)).toEqual({ guard: principal, raw: principal });
    expect(await bothWays(`bearer ${token}`)).toEqual({ guard: principal, raw: principal });
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dTpw'])('calls %j a missing token', async (header) => {
    const missing = 'auth.token.missing';
    expect(await bothWays(header)).toEqual({ guard: missing, raw: missing });
  });

  it.each([
    ['a second blank', () => `Bearer  ${token}`],
    ['a second token', () => `Bearer ${token} ${token}`],
    ['padding', () => `Bearer ${token}=`],
    ['a tampered signature', () => `Bearer ${token.slice(0, -10)}AAAAAAAAAA`],
    ['alg none', () => `Bearer eyJhbGciOiJub25lIn0.e30.AA`],
  ])('calls a header with %s an invalid token: jsonwebtoken is not asked', async (_name, header) => {
    const invalid = 'auth.token.invalid';
    expect(await bothWays(header())).toEqual({ guard: invalid, raw: invalid });
  });

  it('keeps simultaneous requests apart', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        signer.sign({ userId: `u${i}`, tenantId: 't', role: 'viewer', sessionId: 's' }),
      ),
    );
    const authenticator = app.get(Authenticator);
    const principals = await Promise.all(
      tokens.map((each) =>
        authenticator.authenticate({ headers: { authorization: `Bearer ${each.token}` } }),
      ),
    );
    expect(principals.map(({ userId }) => userId)).toEqual(tokens.map((_, i) => `u${i}`));
  });
});
