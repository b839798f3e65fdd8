/**
 * Turns passwords into what is stored, and checks them.
 *
 *   password ── NFKC ──► HMAC-SHA-256 (server key) ── base64, 44 bytes ──► bcrypt (cost from the configuration)
 *
 * bcrypt reads 72 bytes and stops at a zero byte; the HMAC before it makes every byte of a longer password count, and
 * makes a stolen table useless without the server's key. NFKC, because the same password typed on two systems may
 * arrive composed or decomposed, in full or half width (NIST SP 800-63B §5.1.1.2).
 *
 * bcrypt holds a thread of libuv's pool (four by default) for its whole time. All of them busy would stop file and
 * DNS work of the process, so only some run at once and the rest wait their turn. Who waited past the deadline of the
 * request is not computed any more: nobody reads the answer, and the work would only delay the next.
 */
import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@capsule/errors';
import { currentContext } from '@capsule/telemetry';
import bcrypt from 'bcrypt';
import { config, type AuthSettings } from '../config.js';

const CONCURRENT = 2;

@Injectable()
export class PasswordHasher {
  private readonly key: Buffer;
  private readonly cost: number;
  private readonly unknown: string;
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(@Inject(config.KEY) { password }: AuthSettings) {
    this.key = Buffer.from(password.pepper, 'utf8');
    this.cost = password.bcryptCost;
    this.unknown = hashNothingHas(password.bcryptCost);
  }

  /** @throws DomainError platform.upstream.timeout when the request's deadline passed before its turn */
  async hash(password: string): Promise<string> {
    // The salt is 16 random bytes: made here, since bcrypt's own way there takes two more turns in the pool of threads.
    return this.inTurn(() => bcrypt.hash(this.prepare(password), bcrypt.genSaltSync(this.cost)));
  }

  /**
   * The same work whether there is a stored hash or not, so that the time does not tell who exists.
   * @throws DomainError platform.upstream.timeout when the request's deadline passed before its turn
   */
  async verify(password: string, stored: string | undefined): Promise<boolean> {
    const matches = await this.inTurn(() => bcrypt.compare(this.prepare(password), stored ?? this.unknown));
    return matches && stored !== undefined;
  }

  private prepare(password: string): string {
    return createHmac('sha256', this.key).update(password.normalize('NFKC'), 'utf8').digest('base64');
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= CONCURRENT) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      if (Date.now() >= (currentContext()?.deadlineAt ?? Infinity)) {
        throw new DomainError('platform.upstream.timeout');
      }
      return await work();
    } finally {
      // The place goes to the next in line without becoming free in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}

/** Well-formed, of the given cost, and made from no password: bcrypt does its full work on it and refuses. */
function hashNothingHas(cost: number): string {
  const salt = `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(22)}`;
  return salt + '.'.repeat(31);
}
