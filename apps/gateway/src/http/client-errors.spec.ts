import { once } from 'node:events';
import { createServer, maxHeaderSize, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { startTestNats, type TestNats } from '@capsule/testing';
import { fastify } from 'fastify';
import { startGateway, type TestGateway } from '../gateway.fixture.js';
import { answerClientError } from './client-errors.js';
import { fastifyOptions } from './fastify-options.js';
import { expectProblem } from './projects.fixture.js';

let nats: TestNats;
let gateway: TestGateway;

beforeAll(async () => {
  nats = await startTestNats();
  gateway = await startGateway({ nats: nats.settings('gateway'), environment: process.env });
});
afterAll(async () => {
  await gateway?.close();
  await nats?.close();
});

/** Everything the other side says until it closes. */
async function saidTo(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  return text(socket);
}

function parse(said: string): Response {
  const [head = '', body] = said.split('\r\n\r\n');
  const [status = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  return new Response(body, { status: Number(status.split(' ')[1]), headers });
}

async function expectRefusal(said: string, status: number, code: string): Promise<void> {
  const response = parse(said);
  expect(Number(response.headers.get('content-length'))).toBe((await response.clone().text()).length);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    connection: 'close',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  await expectProblem(response, status, code);
}

describe('what Node would answer by itself', () => {
  it('is told as every other problem, when the host is missing', async () => {
    const said = await saidTo(gateway.url, 'GET /v1/projects HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(await expectProblem(parse(said), 400, 'platform.request.malformed')).toMatchObject({
      detail: 'The `Host` header is missing.',
    });
  });

  it('is taken without a host in HTTP/1.0, which knew none', async () => {
    const said = await saidTo(gateway.url, 'GET /health/live HTTP/1.0\r\n\r\n');
    expect(parse(said).status).toBe(200);
  });

  it('is answered as if it were not there, when it is an expectation that nobody knows', async () => {
    const head = 'GET /v1/projects HTTP/1.1\r\nHost: x\r\nExpect: foo\r\nConnection: close\r\n\r\n';
    await expectProblem(parse(await saidTo(gateway.url, head)), 401, 'auth.token.missing');
  });
});

describe('what is no request yet', () => {
  it.each([
    ['no HTTP', 'nonsense\r\n\r\n'],
    ['a broken header', 'GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n'],
    [
      'two lengths',
      'POST /v1/projects HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
    ],
  ])('is refused as every other problem is told, when it is %s', async (_, bytes) => {
    await expectRefusal(await saidTo(gateway.url, bytes), 400, 'platform.request.malformed');
  });

  it('is refused with headers that are too large, and the caller who is still sending gets to see it', async () => {
    for (const length of [maxHeaderSize, 200 * maxHeaderSize]) {
      const bytes = `GET / HTTP/1.1\r\nHost: x\r\nCookie: ${'x'.repeat(length)}\r\n\r\n`;
      await expectRefusal(await saidTo(gateway.url, bytes), 431, 'platform.request.headers_too_large');
    }
  });

  it('is refused soon after its time is over, however little by little it comes', async () => {
    const { http, ...options } = fastifyOptions({ trustProxy: false });
    const server = fastify({ ...options, http: { ...http, headersTimeout: 500 } });
    const { hostname, port } = new URL(await server.listen({ host: '127.0.0.1', port: 0 }));
    const begun = performance.now();
    const socket = connect(Number(port), hostname);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nCookie: ');
    const drip = setInterval(() => socket.write('x'), 50);
    socket.once('close', () => clearInterval(drip)).on('error', () => {});
    await expectRefusal(await text(socket), 408, 'platform.request.too_slow');
    // Far from the half minute that Node takes to notice.
    expect(performance.now() - begun).toBeLessThan(10_000);
    await server.close();
  });

  describe('in a server that does not wait long', () => {
    let server: Server;
    let url: string;
    beforeAll(async () => {
      const limits = { headersTimeout: 20, requestTimeout: 40, connectionsCheckingInterval: 10 };
      server = createServer(limits, (request, response) => {
        if (request.url === '/streaming') response.write('a part');
      });
      server.on('clientError', answerClientError).listen(0, '127.0.0.1');
      await once(server, 'listening');
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => server?.close());

    it.each([
      ['its headers come', 'GET / HTTP/1.1\r\nHost:'],
      ['its body comes', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab'],
    ])('is refused when %s too slowly', async (_, bytes) => {
      await expectRefusal(await saidTo(url, bytes), 408, 'platform.request.too_slow');
    });

    it('is cut off without a word when an answer has begun', async () => {
      const said = saidTo(url, 'POST /streaming HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab');
      await expect(said.catch(() => 'reset')).resolves.not.toContain('problem');
    });
  });
});
