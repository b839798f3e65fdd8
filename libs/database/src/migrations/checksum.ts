import { crc32 } from 'node:zlib';

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Flyway's checksum of a script: CRC32 of its lines as Java's readLine gives them, without separators and byte order
 * mark, as a signed 32-bit number. Blind to where lines break, so that a checkout with CRLF is the same script.
 */
export function flywayChecksum(script: string): number {
  const text = script.startsWith(BYTE_ORDER_MARK) ? script.slice(1) : script;
  return crc32(text.replace(/[\r\n]/g, '')) | 0;
}
