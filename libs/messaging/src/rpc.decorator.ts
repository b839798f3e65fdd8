import { applyDecorators, Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { PARAM_ARGS_METADATA } from '@nestjs/microservices/constants.js';
import type { RequestOf, ResponseOf, RpcContract } from '@capsule/contracts';
import { throwError, type Observable } from 'rxjs';

/** Nest would replace what a handler throws by "Internal server error"; RpcServer needs the error itself. */
@Catch()
class RethrowFilter implements RpcExceptionFilter {
  catch(exception: unknown): Observable<never> {
    return throwError(() => exception);
  }
}

type Handler<C extends RpcContract> = (request: RequestOf<C>) => ResponseOf<C> | Promise<ResponseOf<C>>;

/**
 * Binds a controller's method to a contract: RpcServer then checks the caller and the request before it runs, and the
 * compiler that it takes the contract's request and answers the contract's response.
 */
export function Rpc<C extends RpcContract>(
  contract: C,
): <H extends Handler<C>>(
  controller: object,
  method: string,
  descriptor: TypedPropertyDescriptor<H>,
) => void {
  const pattern = MessagePattern(contract.subject, { contract });
  return applyDecorators(pattern, UseFilters(RethrowFilter), withoutPipes);
}

/**
 * The contract has checked the request, which is the only argument. For one that Nest knows of, it would go through five
 * promises in search of pipes.
 */
function withoutPipes(controller: object, method: string | symbol): void {
  Reflect.defineMetadata(PARAM_ARGS_METADATA, {}, controller.constructor, method);
}
