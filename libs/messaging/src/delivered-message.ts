import { nanos, type Msg } from '@nats-io/transport-node';

/** A message of a durable with its place in the stream, and the ways to settle it. */
export class DeliveredMessage {
  /** By the server's count, which may be too low (see isRedelivery); 1 at the first delivery. */
  readonly deliveryCount: number;
  /**
   * Whether somebody may have begun with it before. The count alone does not tell: when a process has ended, the server
   * may count its message as new (nats-io/nats-server#5346).
   */
  readonly isRedelivery: boolean;
  readonly streamSequence: number;
  /** When the stream stored it. */
  readonly storedAt: Date;

  /**
   * @param canSettle whether the connection that brought it is still the one there is: the server lets nobody settle
   *   a message but whoever was given it
   * @param mayHaveCome whether it may be one that another process, or an earlier life of this one, left unsettled
   */
  constructor(
    private readonly message: Msg,
    private readonly canSettle: () => boolean,
    mayHaveCome = false,
  ) {
    // $JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<nanoseconds>.<pending>, or
    // with <domain>.<account hash> before the stream and a random token at the end where JetStream has domains.
    const tokens = (message.reply ?? '').split('.');
    const offset = tokens.length > 9 ? 4 : 2;
    this.deliveryCount = Number(tokens[offset + 2]);
    this.streamSequence = Number(tokens[offset + 3]);
    this.isRedelivery = this.deliveryCount > 1 || mayHaveCome;
    this.storedAt = new Date(Number(tokens[offset + 5]) / 1e6);
  }

  get subject(): string {
    return this.message.subject;
  }

  text(): string {
    return this.message.string();
  }

  /** After a reconnect it comes again nevertheless. */
  ack(): void {
    this.settle('+ACK');
  }

  /** Have it delivered again after the delay. */
  nak(delayMs: number): void {
    this.settle(delayMs > 0 ? `-NAK ${JSON.stringify({ delay: nanos(delayMs) })}` : '-NAK');
  }

  /** Never deliver it again. */
  terminate(): void {
    this.settle('+TERM');
  }

  private settle(answer: string): void {
    if (this.canSettle()) this.message.respond(answer);
  }
}
