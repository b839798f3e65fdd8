import type { IncomingHttpHeaders } from 'node:http';

/** What follows `Bearer `, as it stands: a blank too many is the verifier's to refuse. */
export function bearerToken({ headers }: { headers: IncomingHttpHeaders }): string | undefined {
  const match = /^bearer (.*)$/is.exec(headers.authorization ?? '');
  return match?.[1] || undefined;
}
