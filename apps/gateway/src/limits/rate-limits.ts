import { RateLimiter, type RateLimitRule } from '@capsule/cache';
import type { Endpoint } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { config, type GatewaySettings } from '../config.js';
import { addressKey } from './address-key.js';

interface Policy {
  name: 'default' | 'strict';
  rule: RateLimitRule;
  /** `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers. */
  header: string;
}

/** Costly and abusable routes are limited by address, everything else by user, or by address for who has no token. */
@Injectable()
export class RateLimits {
  private readonly policies: Record<Policy['name'], Policy>;

  constructor(
    private readonly limiter: RateLimiter,
    @Inject(config.KEY) { limits }: GatewaySettings,
  ) {
    this.policies = {
      default: policy('default', limits.requestsPerMinute),
      strict: policy('strict', limits.strictPerMinute),
    };
  }

  /**
   * Takes one request from the caller's allowance and tells the caller what is left of it.
   * @throws DomainError platform.request.rate_limited
   */
  async take({ limit }: Endpoint, { caller, ip }: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { name, rule, header } = this.policies[limit ?? 'default'];
    const key = caller && limit !== 'strict' ? `user:${caller.userId}` : `${name}:address:${addressKey(ip)}`;
    const decision = await this.limiter.take(key, rule);
    reply.header('ratelimit-policy', header);
    reply.header('ratelimit', `"${name}";r=${decision.remaining};t=${decision.resetSeconds}`);
    if (decision.allowed) return;
    const { retryAfterSeconds } = decision;
    throw new DomainError('platform.request.rate_limited', { retryAfterSeconds });
  }
}

function policy(name: Policy['name'], limit: number): Policy {
  const rule = { limit, windowSeconds: 60 };
  return { name, rule, header: `"${name}";q=${limit};w=${rule.windowSeconds}` };
}
