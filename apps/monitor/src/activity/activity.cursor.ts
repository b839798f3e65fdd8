import { DomainError } from '@capsule/errors';
import { idSchema, instantSchema } from '@capsule/contracts';
import { z } from 'zod';
import type { ActivityPosition } from './activity.repository.js';

const positionSchema = z.tuple([instantSchema, idSchema]);

export function encodeCursor(position: ActivityPosition): string {
  return Buffer.from(JSON.stringify([position.occurredAt, position.id])).toString('base64url');
}

/** @throws DomainError platform.cursor.invalid */
export function decodeCursor(cursor: string): ActivityPosition {
  try {
    const [occurredAt, id] = positionSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { occurredAt, id };
  } catch (cause) {
    throw new DomainError('platform.cursor.invalid', { cause });
  }
}
