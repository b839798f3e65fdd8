import { createHash } from 'node:crypto';
import { uuidv7 } from '@capsule/database';

/**
 * The id of an organization that is about to be founded. With an Idempotency-Key it follows from key and e-mail, so
 * that the request sent again enters the same tenant, where the first one left its trace. Being able to guess such an
 * id helps nobody: what is in a tenant is shown to its members only.
 */
export function organizationId(email: string, idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return uuidv7();
  const digest = createHash('sha256')
    .update(JSON.stringify([idempotencyKey, email.toLowerCase()]))
    .digest();
  // RFC 9562 §5.8: a UUID of version 8 has 122 bits of one's own making.
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex', 0, 16);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
