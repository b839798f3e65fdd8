import type { FastifyInstance } from 'fastify';

/** JSON and nothing else; a body of another type is answered 415. */
export function takeJsonBodies(instance: FastifyInstance): void {
  instance.removeAllContentTypeParsers();
  const parse = instance.getDefaultJsonParser('error', 'error');
  instance.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Clients that set the type once for all requests send it with the empty body of an action as well.
    if (body === '') done(null, undefined);
    else void parse(request, body as string, done);
  });
}
