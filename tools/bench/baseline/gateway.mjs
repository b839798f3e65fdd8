// One half of the hand-written pair that `npm run bench` compares the platform with: what an engineer would write for
// exactly this one route, with nothing around it. It checks the RS256 token (and remembers checked ones, as the
// platform does), takes one unit of the Redis limit, asks the service over NATS and hands its JSON on unread.
import { createPublicKey, verify } from 'node:crypto';
import { connect } from '@nats-io/transport-node';
import Fastify from 'fastify';
import { Redis } from 'ioredis';

const settings = JSON.parse(process.env.BENCH_BASELINE);
const subject = 'capsule.rpc.deploy.project.get.v1';
const nc = await connect({
  servers: settings.natsUrl,
  user: 'gateway',
  pass: settings.natsPassword,
  inboxPrefix: '_INBOX_gateway',
});
// Commands of one turn of the event loop travel together, as the platform's do.
const redis = new Redis({ ...settings.redis, enableAutoPipelining: true });
redis.defineCommand('take', {
  numberOfKeys: 1,
  lua: `local n = redis.call('INCR', KEYS[1])
        if n == 1 then redis.call('PEXPIRE', KEYS[1], 60000) end
        return n`,
});
const key = createPublicKey({ key: settings.jwk, format: 'jwk' });
const checked = new Map();

function authenticate(header) {
  if (!header?.startsWith('Bearer ')) return undefined;
  const token = header.slice(7);
  let claims = checked.get(token);
  if (!claims) {
    const [head, body, signature] = token.split('.');
    const data = Buffer.from(`${head}.${body}`);
    if (!verify('RSA-SHA256', data, key, Buffer.from(signature, 'base64url'))) return undefined;
    claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    if (claims.iss !== 'capsule' || claims.aud !== 'capsule-api') return undefined;
    checked.set(token, claims);
  }
  return claims.exp * 1000 > Date.now() ? claims : undefined;
}

const app = Fastify();
app.get('/v1/projects/:projectId', async (request, reply) => {
  const claims = authenticate(request.headers.authorization);
  if (!claims) return reply.code(401).send({ status: 401 });
  if ((await redis.take(`baseline:${claims.sub}`)) > settings.limit)
    return reply.code(429).send({ status: 429 });
  const answer = await nc.request(
    subject,
    JSON.stringify({ tenantId: claims.tid, projectId: request.params.projectId }),
    { timeout: 5000 },
  );
  if (answer.data.length === 0) return reply.code(404).send({ status: 404 });
  return reply.type('application/json; charset=utf-8').send(answer.data);
});
await app.listen({ host: '127.0.0.1', port: settings.port });
process.send('ready');
