import type { RequestContext } from '@capsule/telemetry';

/**
 * Proves on whose behalf a request is. This lib knows no tokens: a process that serves requests of tenants binds a
 * verifier (SecurityModule does), or it does not start.
 */
export abstract class CallerVerifier {
  /** Called as the process begins to serve, so that what a first request needs can be there before it. */
  abstract prepare(): void;

  /**
   * Passes when the token proves the context's tenant and actor: at once, without a promise, for one that is known.
   * @throws DomainError auth.token.missing | invalid | expired, platform.upstream.unavailable when it can't be told
   */
  abstract verify(context: RequestContext, token: string | undefined): Promise<void> | undefined;
}
