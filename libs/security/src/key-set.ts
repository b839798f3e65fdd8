import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DomainError } from '@capsule/errors';
import { importJWK } from 'jose';

/** A JWK Set (RFC 7517 §5) as its source sends it. */
export interface JsonWebKeySet {
  keys: readonly { kid: string; kty: string; alg: string; use: string; n: string; e: string }[];
}

export type KeySource = () => Promise<JsonWebKeySet>;

type VerificationKey = Awaited<ReturnType<typeof importJWK>>;

/** An unknown key id costs at most one fetch in this time, whoever sends it. */
const REFRESH_INTERVAL_MIN_MS = 10_000;
/** After a failed fetch, sooner: nobody can be verified meanwhile. */
const RETRY_INTERVAL_MIN_MS = 1_000;
/** A key that was withdrawn is trusted no longer than this. */
const AGE_MAX_MS = 300_000;

/**
 * The public keys of the issuer, fetched when first needed or before, again when a token names an unknown one, and in the
 * background once they are old. While the source is away the known keys stay valid.
 */
export class KeySet {
  private readonly logger = new Logger('KeySet');
  private keys: ReadonlyMap<string, VerificationKey> = new Map();
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private triedAt = Number.NEGATIVE_INFINITY;
  private failure: unknown;
  private fetching: Promise<void> | undefined;

  /** @param onWithdrawn called when a key that was known is gone, with what it signed no longer to be believed */
  constructor(
    private readonly source: KeySource,
    private readonly now: () => number,
    private readonly onWithdrawn: () => void,
  ) {}

  /**
   * Undefined for a key the issuer does not have.
   * @throws DomainError platform.upstream.unavailable when the key is not known and the source can't be asked
   */
  async find(kid: string): Promise<VerificationKey | undefined> {
    this.renew();
    const known = this.keys.get(kid);
    if (known) return known;
    await this.fetching;
    // Without any key everybody is refused, so whoever comes asks: auth may have begun to serve since the last attempt.
    if (!this.keys.has(kid) && (this.keys.size === 0 || this.mayTry())) await this.fetch();
    const found = this.keys.get(kid);
    if (!found && this.failure !== undefined) {
      throw new DomainError('platform.upstream.unavailable', { cause: this.failure });
    }
    return found;
  }

  /** Fetches until the keys are there; meanwhile nobody is kept waiting who does not need them. */
  async prepare(signal: AbortSignal): Promise<void> {
    while (this.keys.size === 0 && !signal.aborted) {
      await this.fetch();
      if (this.keys.size > 0) return;
      await sleep(RETRY_INTERVAL_MIN_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Starts to fetch anew when the keys are old; nobody waits for it. */
  renew(): void {
    if (this.keys.size > 0 && this.now() - this.fetchedAt > AGE_MAX_MS && this.mayTry()) void this.fetch();
  }

  private mayTry(): boolean {
    const interval = this.failure === undefined ? REFRESH_INTERVAL_MIN_MS : RETRY_INTERVAL_MIN_MS;
    return this.now() - this.triedAt >= interval;
  }

  private fetch(): Promise<void> {
    this.triedAt = this.now();
    this.fetching ??= this.load().finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  private async load(): Promise<void> {
    try {
      const { keys } = await this.source();
      const usable = keys.filter(({ kty, alg, use }) => kty === 'RSA' && alg === 'RS256' && use === 'sig');
      const imported = await Promise.all(
        usable.map(async (jwk) => [jwk.kid, await importJWK({ ...jwk }, 'RS256')] as const),
      );
      const before = this.keys;
      this.keys = new Map(imported);
      this.fetchedAt = this.now();
      this.failure = undefined;
      if ([...before.keys()].some((kid) => !this.keys.has(kid))) this.onWithdrawn();
    } catch (error) {
      this.failure = error;
      // Without any keys it is asked every second, and who can't be verified meanwhile is told of the failure.
      const severity = this.keys.size === 0 ? 'debug' : 'warn';
      this.logger[severity]('The keys of the token issuer could not be fetched', error);
    }
  }
}
