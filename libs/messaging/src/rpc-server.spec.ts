import { jest } from '@jest/globals';
import { Socket } from 'node:net';
import { keySetGet } from '@capsule/contracts';
import { startTestNats, type TestNats } from '@capsule/testing';
import { NatsConnection } from './nats-connection.js';
import { RpcClient } from './rpc-client.js';
import { RpcServer } from './rpc-server.js';

const REQUESTS = 3;

describe('the answers of a service', () => {
  let nats: TestNats;
  let auth: NatsConnection;
  let gateway: NatsConnection;
  beforeAll(async () => {
    nats = await startTestNats();
    auth = await NatsConnection.open('auth', nats.settings('auth'));
    gateway = await NatsConnection.open('gateway', nats.settings('gateway'));
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await Promise.all([auth.close(), gateway.close()]);
    await nats.close();
  });

  it('are written together when they come in one turn of the event loop', async () => {
    let begun = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const allBegun = new Promise<void>((resolve) => {
      const handler = async () => {
        begun += 1;
        const steps = 10 * begun;
        if (begun === REQUESTS) resolve();
        await released;
        for (let step = 0; step < steps; step += 1) await Promise.resolve();
        return { keys: [] };
      };
      const server = new RpcServer(auth);
      server.addHandler(keySetGet.subject, handler, false, { contract: keySetGet });
      server.bindEvents(auth.nc);
    });
    await auth.isReady();

    const client = new RpcClient(gateway);
    const answers = Array.from({ length: REQUESTS }, () => client.call(keySetGet, {}));
    await allBegun;
    const writes = jest.spyOn(Socket.prototype, 'write');
    release();
    expect(await Promise.all(answers)).toHaveLength(REQUESTS);

    const texts = writes.mock.calls.map(([chunk]) => Buffer.from(chunk as Uint8Array).toString());
    const answering = texts.filter((text) => text.includes('PUB _INBOX_gateway'));
    expect(answering).toHaveLength(1);
    expect(answering[0]?.match(/^PUB /gm)).toHaveLength(REQUESTS);
  });
});
