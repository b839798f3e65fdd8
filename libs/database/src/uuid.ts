import { randomFillSync } from 'node:crypto';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(value: string): boolean {
  return UUID.test(value);
}

const POOL_BYTES = 4096;
const RANDOM_BYTES = 8;
const COUNTER_MAX = 0xfff;

const pool = Buffer.alloc(POOL_BYTES);
let poolOffset = POOL_BYTES;
let lastMs = 0;
let counter = 0;

/**
 * A version 7 UUID (RFC 9562, method 1): 48 bits of Unix milliseconds, a 12-bit counter, 62 random bits. Strictly
 * increasing within a process, also when the clock steps back, so rows land at the end of their primary key's index.
 */
export function uuidv7(): string {
  const now = Date.now();
  if (poolOffset + RANDOM_BYTES > POOL_BYTES) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const random = pool.toString('hex', poolOffset, poolOffset + RANDOM_BYTES);
  poolOffset += RANDOM_BYTES;
  if (now > lastMs) {
    lastMs = now;
    // Starting in the lower half leaves room to count up within the millisecond.
    counter = parseInt(random.slice(13), 16) & 0x7ff;
  } else if (counter === COUNTER_MAX) {
    lastMs += 1;
    counter = 0;
  } else {
    counter += 1;
  }
  const time = lastMs.toString(16).padStart(12, '0');
  const variant = ((parseInt(random[0] ?? '0', 16) & 0x3) | 0x8).toString(16);
  const rest = random.slice(1);
  return (
    `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-` +
    `${variant}${rest.slice(0, 3)}-${rest.slice(3, 15)}`
  );
}
