import type { z } from 'zod';
import type { Permission } from './permission.js';
import type { AppName, ServiceName } from './service.js';

/**
 * A request from one process to a service over NATS. The same schemas validate at the service and, where an
 * endpoint exposes the request, give the gateway its OpenAPI document.
 */
export interface RpcContract<Request extends z.ZodType = z.ZodType, Response extends z.ZodType = z.ZodType> {
  service: ServiceName;
  entity: string;
  verb: string;
  version: number;
  /** `capsule.rpc.<service>.<entity>.<verb>.v<N>` */
  subject: string;
  request: Request;
  response: Response;
  /** The processes that may call it; NATS itself refuses the others. */
  callers: readonly AppName[];
  timeoutMs: number;
  /** 'tenant': the service wants the access token that proves tenant and actor, and runs it inside of the tenant. */
  tenancy: 'tenant' | 'none';
  /** Checked against the role of the actor, as the token tells it, before the handler runs. */
  permission?: Permission;
}

export type RequestOf<C extends RpcContract> = z.output<C['request']>;
export type RequestInputOf<C extends RpcContract> = z.input<C['request']>;
export type ResponseOf<C extends RpcContract> = z.output<C['response']>;

interface RpcOptions<Request extends z.ZodType, Response extends z.ZodType> {
  service: ServiceName;
  entity: string;
  verb: string;
  version?: number;
  request: Request;
  response: Response;
  callers: readonly AppName[];
  timeoutMs?: number;
  tenancy: 'tenant' | 'none';
  permission?: Permission;
}

const DEFAULT_TIMEOUT_MS = 5_000;

export function rpc<Request extends z.ZodType, Response extends z.ZodType>(
  options: RpcOptions<Request, Response>,
): RpcContract<Request, Response> {
  const version = options.version ?? 1;
  return {
    timeoutMs: DEFAULT_TIMEOUT_MS,
    ...options,
    version,
    subject: `capsule.rpc.${options.service}.${options.entity}.${options.verb}.v${version}`,
  };
}
