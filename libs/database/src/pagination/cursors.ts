import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '@capsule/errors';

/** Where a page ended, in the order (instant, id). */
export interface Position {
  instant: Date;
  id: string;
}

/** Raised when cursors are built otherwise, so that those of an earlier release are stale and not misread. */
const VERSION = 1;
const CODE_BYTES = 16;
const PAYLOAD_BYTES = 29;
const CURSOR_SHAPE = /^[A-Za-z0-9_-]{60}$/;
const LIFETIME_SECONDS = 86_400;

/**
 * Cursors: version, second of issue, instant and id of the last row, and a code that only we can make, in base64url.
 * The code also covers the list, its parameters and the tenant, which stand in the request already: a cursor taken
 * elsewhere is as invalid as an altered one. 45 bytes fill 60 characters to the last bit, so no two texts are the same
 * cursor.
 */
export class Cursors {
  constructor(private readonly key: string) {}

  /** @param scope what the cursor holds for; equal only for the same list, parameters and tenant */
  write(scope: string, { instant, id }: Position): string {
    const payload = Buffer.alloc(PAYLOAD_BYTES);
    payload.writeUInt8(VERSION, 0);
    payload.writeUInt32BE(nowSeconds(), 1);
    payload.writeBigInt64BE(BigInt(instant.getTime()), 5);
    payload.write(id.replaceAll('-', ''), 13, 'hex');
    return Buffer.concat([payload, this.code(scope, payload)]).toString('base64url');
  }

  /** @throws DomainError platform.cursor.invalid when it was altered, made for something else, or a day ago */
  read(scope: string, cursor: string): Position {
    if (!CURSOR_SHAPE.test(cursor)) throw invalid();
    const bytes = Buffer.from(cursor, 'base64url');
    const payload = bytes.subarray(0, PAYLOAD_BYTES);
    if (!timingSafeEqual(bytes.subarray(PAYLOAD_BYTES), this.code(scope, payload))) throw invalid();
    const ageSeconds = nowSeconds() - payload.readUInt32BE(1);
    if (payload.readUInt8(0) !== VERSION || ageSeconds > LIFETIME_SECONDS) throw invalid();
    const [a, b, c, d, e] = [13, 17, 19, 21, 23].map((start, index, starts) =>
      payload.toString('hex', start, starts[index + 1] ?? PAYLOAD_BYTES),
    );
    return { instant: new Date(Number(payload.readBigInt64BE(5))), id: `${a}-${b}-${c}-${d}-${e}` };
  }

  private code(scope: string, payload: Buffer): Buffer {
    return createHmac('sha256', this.key).update(payload).update(scope).digest().subarray(0, CODE_BYTES);
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function invalid(): DomainError {
  return new DomainError('platform.cursor.invalid');
}
