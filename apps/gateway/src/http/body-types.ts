import type { Endpoint } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import type { RouteShorthandOptions } from 'fastify';
import { archiveTypes } from '../archives/archive-types.js';

const JSON_TYPE = 'application/json';

/** Content types of the bodies that an endpoint takes. */
export function bodyTypes({ method, transfer }: Endpoint): string[] {
  if (method === 'GET' || method === 'DELETE') return [];
  return transfer === 'archive' ? [JSON_TYPE, ...archiveTypes] : [JSON_TYPE];
}

/** Has the refusal of a body say which ones are taken (RFC 9110 §15.5.16). For a route with a body. */
export function refuseOtherBodies(
  endpoint: Endpoint,
): Pick<RouteShorthandOptions, 'errorHandler' | 'preParsing'> {
  const types = bodyTypes(endpoint);
  const header = endpoint.method === 'PATCH' ? 'accept-patch' : 'accept-post';
  return {
    /** Of JSON only: an archive that is said to be coded by gzip, too, is what it is. */
    preParsing: ({ headers }, reply, payload, done) => {
      const coding = headers['content-encoding'] ?? 'identity';
      if (coding === 'identity' || !headers['content-type']?.startsWith(JSON_TYPE))
        return done(null, payload);
      reply.header('accept-encoding', 'identity');
      done(unsupported('JSON is taken without a content coding.'));
    },
    // What is thrown here goes on to the handler of all errors.
    errorHandler: (error, _request, reply) => {
      if (error.code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') throw error;
      reply.header(header, types.join(', '));
      throw unsupported(`The content type must be ${types.join(' or ')}.`);
    },
  };
}

function unsupported(detail: string): DomainError {
  return new DomainError('platform.request.unsupported_media', { detail });
}
