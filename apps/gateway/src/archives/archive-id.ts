import { createHash, randomUUID } from 'node:crypto';

/**
 * The id of an uploaded archive. A request that carries an idempotency key gets the same id each time it is repeated, so
 * that its repetition is the same request to the service, which compares the whole of it.
 */
export function archiveIdOf(tenantId: string, appId: string, idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return randomUUID();
  const hash = createHash('sha256')
    .update(JSON.stringify([tenantId, appId, idempotencyKey]))
    .digest();
  // A version 8 UUID (RFC 9562 §5.8): 122 bits of our own.
  hash[6] = (hash.readUInt8(6) & 0x0f) | 0x80;
  hash[8] = (hash.readUInt8(8) & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
