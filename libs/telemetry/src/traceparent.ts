import { randomFillSync } from 'node:crypto';

/** The parts of a W3C `traceparent` header, https://www.w3.org/TR/trace-context/#traceparent-header. */
export interface TraceParent {
  traceId: string;
  spanId: string;
  sampled: boolean;
}

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** Undefined for what the specification calls invalid; a later version is read by the fields version 00 has. */
export function parseTraceparent(header: string | undefined): TraceParent | undefined {
  const match = header === undefined ? null : SHAPE.exec(header);
  if (!match) return undefined;
  const [, version, traceId = NO_TRACE, spanId = NO_SPAN, flags = '00', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** A fresh trace, for a request that brings none to a process that makes no spans. */
export function newTraceparent(sampled: boolean): string {
  const ids = randomHex();
  return formatTraceparent({ traceId: ids.slice(0, 32), spanId: ids.slice(32), sampled });
}

const IDS_BYTES = 24;
const pool = Buffer.alloc(IDS_BYTES * 128);
let used = pool.length;

/** Randomness is fetched for many traces at a time, which costs a tenth of fetching it for each. */
function randomHex(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += IDS_BYTES;
  return pool.toString('hex', used - IDS_BYTES, used);
}

/** The trace id for a log line; cheap, because the context only ever holds a traceparent that was checked. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
