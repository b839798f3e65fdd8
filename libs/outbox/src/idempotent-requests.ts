import { Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { currentContext } from '@capsule/telemetry';
import { canonicalHash } from './canonical-hash.js';

const CLAIM = {
  name: 'idempotent-requests-claim',
  text: `INSERT INTO idempotent_requests (tenant_id, operation, key, request_hash) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, operation, key) DO NOTHING RETURNING id`,
};
const ANSWER = {
  name: 'idempotent-requests-answer',
  text: 'UPDATE idempotent_requests SET response = $2 WHERE id = $1',
};
const FIND = `
  SELECT request_hash AS "requestHash", response FROM idempotent_requests WHERE operation = $1 AND key = $2 AND`;
// Two statements, since IS NOT DISTINCT FROM would make the index useless.
const FIND_OF_TENANT = { name: 'idempotent-requests-find', text: `${FIND} tenant_id = $3` };
const FIND_OF_PLATFORM = { name: 'idempotent-requests-find-of-platform', text: `${FIND} tenant_id IS NULL` };

interface Answered<T> {
  requestHash: Buffer;
  response: T;
}

/**
 * Makes a request with an Idempotency-Key have its effect once. Key, hash of the request and response commit together
 * with the effect, so there is no moment at which one is there without the other: after a crash the request either
 * never happened or is answered from the table. Keys are remembered for two days.
 */
@Injectable()
export class IdempotentRequests {
  /**
   * Runs `work`, or returns what it returned before. A concurrent request of the same key waits for the first one's
   * transaction. Without a key `work` just runs.
   *
   * @param operation names what is done, since a client may use one key for different operations
   * @returns JSON that has been through the database when it is repeated: no Date, no undefined; so keep secrets out
   * @throws DomainError platform.request.idempotency_key_reused when the request differs from the key's first one
   */
  async once<T>(tx: Transaction, operation: string, request: unknown, work: () => Promise<T>): Promise<T> {
    const key = currentContext()?.idempotencyKey;
    if (key === undefined) return work();
    const hash = canonicalHash(request);
    const [claimed] = await tx.query<{ id: string }>(CLAIM, [tx.tenantId, operation, key, hash]);
    if (!claimed) return this.repeat<T>(tx, operation, key, hash);
    tx.keepOpen();
    const response = await work();
    await tx.query(ANSWER, [claimed.id, JSON.stringify(response ?? null)]);
    return response;
  }

  private async repeat<T>(tx: Transaction, operation: string, key: string, hash: Buffer): Promise<T> {
    const [known] = await (tx.tenantId === null
      ? tx.query<Answered<T>>(FIND_OF_PLATFORM, [operation, key])
      : tx.query<Answered<T>>(FIND_OF_TENANT, [operation, key, tx.tenantId]));
    // The winner's row was seen a statement ago; only the purge of old keys can have taken it.
    if (!known) throw new DomainError('platform.request.conflict');
    if (!known.requestHash.equals(hash)) throw new DomainError('platform.request.idempotency_key_reused');
    return known.response;
  }
}
