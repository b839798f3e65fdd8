import { type Endpoint, readingEndpoint } from '@capsule/contracts';
import type { FastifyReply } from 'fastify';

/** Has an answer to what was made, or is being worked on, say where that can be read (RFC 9110 §10.2.2), if anywhere. */
export function locationSetter(endpoint: Endpoint): (reply: FastifyReply, answer: unknown) => void {
  const path = readingEndpoint(endpoint)?.path;
  if (path === undefined) return () => undefined;
  return (reply, answer) => {
    const { id } = answer as { id: string };
    reply.header('location', path.replace(/\{\w+\}/, id));
  };
}
