import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { appGet, archiveBegin, deploymentCreate, type RequestOf } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import { eventually, startTestNats, TestIssuer, type TestNats } from '@capsule/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ada, bearer, startGateway, type TestGateway } from '../gateway.fixture.js';
import { answering, serve } from '../service.fixture.js';
import { app, deployment } from './deployment.fixture.js';

const LIMIT_BYTES = 1024 * 1024;
const TOO_LARGE = `At most ${LIMIT_BYTES} bytes are taken.`;
const otherAppId = '0192f0c2-03b4-7a90-8c17-b2e94f6d1a99';

let nats: TestNats;
let gateway: TestGateway;
let issuer: TestIssuer;
let deploy: NestFastifyApplication;
let writeWithinSeconds: number;
let created: RequestOf<typeof deploymentCreate>[];
let onCreate: (request: RequestOf<typeof deploymentCreate>) => Promise<void> | void;

beforeAll(async () => {
  nats = await startTestNats();
  issuer = await TestIssuer.create();
  await issuer.answerForKeys(nats);
  deploy = await serve('deploy', nats.settings('deploy'), [
    answering(appGet, () => app),
    answering(archiveBegin, ({ appId }) => {
      if (appId !== app.id) throw new DomainError('deploy.app.not_found');
      const archiveId = randomUUID();
      return { archiveId, storageKey: keyOf(archiveId), writeWithinSeconds };
    }),
    answering(deploymentCreate, async (request) => {
      created.push(request);
      await onCreate(request);
      return deployment;
    }),
  ]);
  gateway = await startGateway({
    nats: nats.settings('gateway'),
    environment: process.env,
    variables: { DEPLOY_SERVICE_ARCHIVE_MAX_BYTES: String(LIMIT_BYTES) },
  });
});
beforeEach(() => {
  created = [];
  onCreate = () => undefined;
  writeWithinSeconds = 60;
});
afterAll(async () => {
  await gateway?.close();
  await deploy?.close();
  await issuer?.close();
  await nats?.close();
});

async function upload(body: RequestInit['body'], headers: Record<string, string> = {}, appId = app.id) {
  const response = await fetch(`${gateway.url}/v1/apps/${appId}/deployments`, {
    method: 'POST',
    body,
    headers: { ...(await bearer(issuer)), 'content-type': 'application/gzip', ...headers },
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

const keyOf = (archiveId: string) => `archives/${ada.tenantId}/${archiveId}.tar.gz`;

/** What lies in storage under the archive's key. */
function contentOf(source: RequestOf<typeof deploymentCreate>['source'] | undefined): Promise<Buffer> {
  const archiveId = source?.type === 'archive' ? source.archiveId : '';
  return readFile(join(gateway.storageFolder, 'objects', keyOf(archiveId)));
}

/** Everything that lies in storage, finished or not. */
async function stored(): Promise<string[]> {
  const entries = await readdir(gateway.storageFolder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function streamOf(chunk: Uint8Array, count: number): ReadableStream {
  let left = count;
  return new ReadableStream({
    pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
  });
}

/** Ten bytes at a time, with a pause before each. */
function slowly(count: number, pauseMs: number): ReadableStream {
  let left = count;
  return new ReadableStream({
    async pull(controller) {
      await sleep(pauseMs);
      if (left-- > 0) controller.enqueue(randomBytes(10));
      else controller.close();
    },
  });
}

/** Resolves for all when all of them have come. */
function barrier(count: number): () => Promise<void> {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  let left = count;
  return () => {
    left -= 1;
    if (left === 0) open();
    return opened;
  };
}

/** The second half is sent when `meet` resolves. */
function inHalves(bytes: Buffer, meet: () => Promise<void>): ReadableStream {
  const middle = bytes.length >> 1;
  return ReadableStream.from(
    (async function* () {
      yield bytes.subarray(0, middle);
      await meet();
      yield bytes.subarray(middle);
    })(),
  );
}

describe('an uploaded archive', () => {
  it.each([
    ['is known beforehand', ''],
    ['turns out', streamOf(new Uint8Array(), 0)],
  ])('without a byte is refused as empty when that %s, and leaves nothing', async (_, body) => {
    expect(await upload(body)).toMatchObject({ status: 422, body: { code: 'deploy.archive.empty' } });
    expect(await stored()).toEqual([]);
    expect(created).toEqual([]);
  });

  it.each(['application/gzip', 'application/x-gzip', 'application/octet-stream'])(
    'of type %s is stored under its tenant and named to the service by id, digest and size',
    async (type) => {
      const bytes = randomBytes(300_000);
      const { status, headers, body } = await upload(bytes, { 'content-type': type });
      expect([status, body]).toEqual([202, deployment]);
      expect(headers.get('location')).toBe(`/v1/deployments/${deployment.id}`);
      const [creation] = created;
      expect(creation).toMatchObject({
        appId: app.id,
        source: {
          type: 'archive',
          digest: createHash('sha256').update(bytes).digest('hex'),
          sizeBytes: bytes.length,
        },
      });
      expect((await contentOf(creation?.source)).equals(bytes)).toBe(true);
    },
  );

  it('of unknown length is taken up to the limit', async () => {
    const { status } = await upload(streamOf(randomBytes(64 * 1024), LIMIT_BYTES / (64 * 1024)));
    expect(status).toBe(202);
  });

  it('that takes longer to arrive than the service has to answer is taken all the same', async () => {
    expect((await upload(slowly(12, 500))).status).toBe(202);
  });

  it('does not touch the one that is uploaded at the same time under the same key with other bytes', async () => {
    const key = { 'idempotency-key': 'release-1' };
    const bytes = [randomBytes(400_000), randomBytes(500_000)];
    const digests = bytes.map((each) => createHash('sha256').update(each).digest('hex'));
    let accepted: string | undefined;
    onCreate = ({ source }) => {
      const { digest } = source as { digest: string };
      accepted ??= digest;
      if (digest !== accepted) throw new DomainError('platform.request.idempotency_key_reused');
    };
    const bothUnderWay = barrier(2);
    const answers = await Promise.all(bytes.map((each) => upload(inHalves(each, bothUnderWay), key)));

    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    const winner = created.find(({ source }) => (source as { digest: string }).digest === accepted);
    const stays = await contentOf(winner?.source);
    expect(stays.equals(bytes[digests.indexOf(accepted ?? '')] ?? Buffer.of())).toBe(true);
  });

  it('is another object each time it is sent, also under the same key', async () => {
    const bytes = randomBytes(1000);
    await upload(bytes, { 'idempotency-key': 'release-2' });
    await upload(bytes, { 'idempotency-key': 'release-2' });
    const [first, second] = created.map(({ source }) => source as { archiveId: string; digest: string });
    expect(second?.archiveId).not.toBe(first?.archiveId);
    expect(second?.digest).toBe(first?.digest);
  });
});

describe('nothing is left in storage', () => {
  let before: string[];
  beforeEach(async () => {
    before = await stored();
  });
  afterEach(async () => {
    await eventually(async () => expect(await stored()).toEqual(before));
  });

  it('of an archive whose length says that it is too large: 413', async () => {
    const { status, body } = await upload(randomBytes(LIMIT_BYTES + 1));
    expect([status, body['code'], body['detail']]).toEqual([413, 'deploy.archive.too_large', TOO_LARGE]);
    expect(created).toEqual([]);
  });

  it('of an archive that turns out too large on the way: 413, which the caller gets to see', async () => {
    const { status, body } = await upload(streamOf(randomBytes(64 * 1024), 100));
    expect([status, body['code'], body['detail']]).toEqual([413, 'deploy.archive.too_large', TOO_LARGE]);
    expect(created).toEqual([]);
  });

  it('of an upload that breaks off', async () => {
    const { port } = new URL(gateway.url);
    const { authorization } = await bearer(issuer);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST /v1/apps/${app.id}/deployments HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n` +
        'Content-Type: application/gzip\r\nContent-Length: 100000\r\n\r\n',
    );
    socket.write(randomBytes(50_000));
    await eventually(async () => expect((await stored()).length).toBeGreaterThan(before.length));
    socket.destroy();
    await eventually(async () => expect(await stored()).toEqual(before));
    expect(created).toEqual([]);
  });

  it('of an upload that takes longer than it may', async () => {
    writeWithinSeconds = 1;
    await upload(slowly(30, 100)).catch(() => undefined);
    expect(created).toEqual([]);
  });

  it('of an archive for an app that is not there, or not yours: 404 before it is stored', async () => {
    const { status, body } = await upload(randomBytes(1000), {}, otherAppId);
    expect([status, body['code']]).toEqual([404, 'deploy.app.not_found']);
    expect(created).toEqual([]);
  });

  it('of an archive from a member who may not deploy: 403', async () => {
    const { status, body } = await upload(randomBytes(1000), await bearer(issuer, 'viewer'));
    expect([status, body['code']]).toEqual([403, 'platform.permission.denied']);
    expect(created).toEqual([]);
  });

  it('of an archive whose deployment the service refuses', async () => {
    onCreate = () => {
      throw new DomainError('deploy.quota.exceeded');
    };
    const { status, body } = await upload(randomBytes(1000));
    expect([status, body['code']]).toEqual([403, 'deploy.quota.exceeded']);
  });

  it('of an archive that JSON only names: the outside may not choose what lies in storage', async () => {
    const source = { type: 'archive', archiveId: otherAppId, digest: 'a'.repeat(64), sizeBytes: 7 };
    const { status, body } = await upload(JSON.stringify({ source }), { 'content-type': 'application/json' });
    expect([status, body['code']]).toEqual([422, 'platform.request.invalid']);
    expect(created).toEqual([]);
  });
});

it('the connection of a refused upload serves the next request', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { authorization } = await bearer(issuer);
  const send = (method: string, path: string, body?: Buffer) =>
    new Promise<[number | undefined, boolean]>((resolve, reject) => {
      const headers = { authorization, 'content-type': 'application/gzip', 'transfer-encoding': 'chunked' };
      const sent = request(gateway.url + path, {
        method,
        agent,
        headers: body ? headers : { authorization },
      });
      sent.once('error', reject).once('response', (response) => {
        response.resume().once('end', () => resolve([response.statusCode, sent.reusedSocket]));
      });
      sent.end(body);
    });
  const tooLarge = await send('POST', `/v1/apps/${app.id}/deployments`, randomBytes(3 * LIMIT_BYTES));
  expect(tooLarge).toEqual([413, false]);
  expect(await send('GET', `/v1/apps/${app.id}`)).toEqual([200, true]);
  agent.destroy();
});

it('an archive stays when nobody can tell whether its deployment exists', async () => {
  const before = await stored();
  onCreate = () => sleep(6_000);
  const { status, body } = await upload(randomBytes(1000));
  expect([status, body['code']]).toEqual([504, 'platform.upstream.timeout']);
  expect((await stored()).length).toBe(before.length + 1);
});

it('a deployment from git goes through as JSON', async () => {
  const source = { type: 'git', url: 'https://git.example.com/acme/hello.git', ref: 'main' };
  const { status } = await upload(JSON.stringify({ source }), { 'content-type': 'application/json' });
  expect(status).toBe(202);
  expect(created).toEqual([{ appId: app.id, source }]);
});
