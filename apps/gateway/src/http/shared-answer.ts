import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

const KEPT_SECONDS = 300;

/**
 * Sends what is the same for everybody: caches keep it for a while, its entity tag tells whether it changed since (RFC
 * 9110 §13.1.2), and pages of every origin may read it.
 */
export function sendShared(reply: FastifyReply, type: string, body: string): FastifyReply {
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  reply.headers({
    'access-control-allow-origin': '*',
    'cache-control': `public, max-age=${KEPT_SECONDS}`,
    etag,
  });
  const known = reply.request.headers['if-none-match']
    ?.split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.includes(etag) || known?.includes('*')) return reply.code(304).send();
  return reply.type(`${type}; charset=utf-8`).send(body);
}
