import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  deploymentCreate,
  durables,
  natsPermissions,
  organizationCreated,
  projectGet,
} from '@capsule/contracts';
import { startTestNats, type TestNats } from '@capsule/testing';
import { connect, type NatsConnection } from '@nats-io/transport-node';

/** What NATS itself holds back, tried with a bare client so that none of our own code is in the way. */
describe('the NATS user of billing', () => {
  let nats: TestNats;
  let billing: NatsConnection;
  let refused: string[];

  beforeAll(async () => {
    nats = await startTestNats();
  });
  afterAll(() => nats.close());

  beforeEach(async () => {
    const { url, password } = nats.settings('billing');
    billing = await connect({ servers: url, user: 'billing', pass: password, inboxPrefix: '_INBOX_billing' });
    refused = [];
    void collectRefusals(billing, refused);
  });
  afterEach(() => billing.close());

  async function publishes(subject: string): Promise<void> {
    billing.publish(subject, '{}');
    await settled();
  }

  /** A refusal comes before the answer to a flush; the iterator that reports it runs a turn later. */
  async function settled(): Promise<void> {
    await billing.flush();
    await nextTurn();
  }

  it('cannot publish an event of auth', async () => {
    await publishes(organizationCreated.type);
    expect(refused).toEqual([expect.stringContaining(`Publish to "${organizationCreated.type}"`)]);
  });

  it.each([
    ['purge a stream', '$JS.API.STREAM.PURGE.CAPSULE_AUTH'],
    ['purge its own stream', '$JS.API.STREAM.PURGE.CAPSULE_BILLING'],
    ['have a stream republished by updating it', '$JS.API.STREAM.UPDATE.CAPSULE_BILLING'],
    ['create a stream', '$JS.API.STREAM.CREATE.MINE'],
    ['delete a stream', '$JS.API.STREAM.DELETE.CAPSULE_AUTH'],
    ['delete a message', '$JS.API.STREAM.MSG.DELETE.CAPSULE_BILLING'],
    ['read a message of a stream directly', '$JS.API.STREAM.MSG.GET.CAPSULE_DEPLOY'],
    ['make a consumer', '$JS.API.CONSUMER.CREATE.CAPSULE_DEPLOY'],
    ['pull the durable of another service', pullOf('deploy')],
    ['acknowledge what it was not given, were it of its own durable', ackOf('billing')],
    ['call a request that does not name it', projectGet.subject],
    ['call another request that does not name it', deploymentCreate.subject],
  ])('cannot %s', async (_what, subject) => {
    await publishes(subject);
    expect(refused).toEqual([expect.stringContaining(`Publish to "${subject}"`)]);
  });

  it.each([
    ['the inbox of the gateway', '_INBOX_gateway.>'],
    ['every inbox', '>'],
    ["another service's requests", projectGet.subject],
    ['events as they pass by', organizationCreated.type],
  ])('cannot listen to %s', async (_what, subject) => {
    billing.subscribe(subject, { callback: () => undefined });
    await settled();
    expect(refused).toEqual([expect.stringContaining(`Subscription to "${subject}"`)]);
  });

  it('can do what its permissions list', async () => {
    for (const subject of natsPermissions('billing').subscribe) billing.subscribe(subject);
    const pull = durables().find((durable) => durable.service === 'billing');
    await publishes(`$JS.API.CONSUMER.INFO.${pull?.stream}.${pull?.name}`);
    expect(refused).toEqual([]);
  });
});

describe('a client without credentials', () => {
  it('is turned away', async () => {
    const nats = await startTestNats();
    await expect(connect({ servers: nats.settings('auth').url })).rejects.toThrow(/Authorization/i);
    await nats.close();
  });
});

/** As the reply subject of a first delivery. */
function ackOf(service: string): string {
  const { stream, name } = durables().find((durable) => durable.service === service)!;
  return `$JS.ACK.${stream}.${name}.1.1.1.1.0`;
}

function pullOf(service: string): string {
  const durable = durables().find((each) => each.service === service);
  return `$JS.API.CONSUMER.MSG.NEXT.${durable?.stream}.${durable?.name}`;
}

async function collectRefusals(connection: NatsConnection, refused: string[]): Promise<void> {
  for await (const status of connection.status())
    if (status.type === 'error') refused.push(status.error.message);
}
