import { applyDecorators, Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { RpcContract } from '@capsule/contracts';
import { throwError, type Observable } from 'rxjs';

/** Nest would replace what a handler throws by "Internal server error"; RpcServer needs the error itself. */
@Catch()
class RethrowFilter implements RpcExceptionFilter {
  catch(exception: unknown): Observable<never> {
    return throwError(() => exception);
  }
}

/** Binds a controller's method to a contract: RpcServer then checks the caller and the request before it runs. */
export function Rpc(contract: RpcContract): MethodDecorator {
  return applyDecorators(MessagePattern(contract.subject, { contract }), UseFilters(RethrowFilter));
}
