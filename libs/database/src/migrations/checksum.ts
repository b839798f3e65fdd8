import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BYTE_ORDER_MARK = '\uFEFF';

export function withoutByteOrderMark(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

/**
 * Flyway's checksum of a script: CRC32 of its lines as Java's readLine gives them, without separators and byte order
 * mark, as a signed 32-bit number. Blind to where lines break, so that a checkout with CRLF is the same script.
 */
export function flywayChecksum(script: string): number {
  return crc32(withoutByteOrderMark(script).replace(/[\r\n]/g, '')) | 0;
}

/**
 * SHA-256 of a script in hex. It sees what Flyway's checksum doesn't: a line break that was moved, which can put a
 * statement into the comment before it. How a line ends (LF, CRLF, CR) is still the checkout's business.
 */
export function scriptDigest(script: string): string {
  const lines = withoutByteOrderMark(script).replace(/\r\n?/g, '\n');
  return createHash('sha256').update(lines).digest('hex');
}
