import { createHash } from 'node:crypto';

/**
 * The id that follows from names: the same ones give the same id on every machine. A UUID of version 8 (RFC 9562 §5.8),
 * which leaves 122 bits to its maker: those of the SHA-256 of the names.
 */
export function namedUuid(...names: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(names)).digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex', 0, 16);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
