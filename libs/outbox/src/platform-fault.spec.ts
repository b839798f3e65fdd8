import { DomainError } from '@capsule/errors';
import { isPlatformFault } from './platform-fault.js';

const withCode = (code: string) => Object.assign(new Error('failed'), { code });

describe('a failure of an event', () => {
  it.each([
    ['a service that does not answer', new DomainError('platform.upstream.timeout')],
    ['a service or database that is away', new DomainError('platform.upstream.unavailable')],
    ['a pool without free connections', new DomainError('platform.service.overloaded')],
    ['a broken session', withCode('08006')],
    ['a deadlock', withCode('40P01')],
    ['too many connections', withCode('53300')],
    ['a lock held for too long', withCode('55P03')],
    ['a database that shuts down', withCode('57P01')],
    ['a refused connection', withCode('ECONNREFUSED')],
    ['a wrapped one', new Error('query failed', { cause: withCode('57P03') })],
    ["a driver's", Object.assign(new Error('query failed'), { driverError: withCode('ECONNRESET') })],
  ])("is the platform's when it is %s", (_what, error) => {
    expect(isPlatformFault(error)).toBe(true);
  });

  it.each([
    ["a service's own refusal", new DomainError('billing.customer.not_ready')],
    ['a conflict', new DomainError('platform.request.conflict', { cause: withCode('23505') })],
    ['a violated check', withCode('23514')],
    ['a bug', new TypeError('x is not a function')],
    ['no error at all', 'poison'],
  ])("is the handler's when it is %s", (_what, error) => {
    expect(isPlatformFault(error)).toBe(false);
  });
});
