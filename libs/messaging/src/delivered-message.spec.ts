import type { Msg } from '@nats-io/transport-node';
import { DeliveredMessage } from './delivered-message.js';

const delivered = (count: number, mayHaveCome: boolean) =>
  new DeliveredMessage(
    { reply: `$JS.ACK.CAPSULE_AUTH.billing.${count}.7.12.1795220317444084636.0` } as Msg,
    () => true,
    mayHaveCome,
  );

describe('a delivered message', () => {
  it.each([
    ['the server has counted more than one delivery', 2, false, true],
    ['something was left unsettled, though the server counts one', 1, true, true],
    ['it is new', 1, false, false],
  ])('knows whether somebody may have begun with it: %s', (_, count, mayHaveCome, isRedelivery) => {
    expect(delivered(count, mayHaveCome)).toMatchObject({
      deliveryCount: count,
      streamSequence: 7,
      isRedelivery,
    });
  });
});
