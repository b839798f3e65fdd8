import { randomUUID } from 'node:crypto';
import { keySetGet } from '@capsule/contracts';
import type { RpcClient } from '@capsule/messaging';
import { runInContext } from '@capsule/telemetry';
import type { KeySource } from './key-set.js';

/** In a context of its own: many requests wait for the keys, not just the one that happens to ask, with its deadline. */
export function keysOverRpc(rpc: RpcClient): KeySource {
  return () => runInContext({ requestId: randomUUID() }, () => rpc.call(keySetGet, {}));
}
