import { endpoints, type ErrorCode, errorCatalogue, httpStatus } from '@capsule/contracts';
import { DomainError, toProblem } from '@capsule/errors';
import { problemsOf } from './problem-responses.js';

/** The pages of docs/errors, by file name: one for each code, and the list of them. */
export function errorPages(): Map<string, string> {
  const codes = Object.keys(errorCatalogue) as ErrorCode[];
  const pages = new Map(codes.map((code) => [`${code}.md`, page(code)]));
  return pages.set('README.md', list(codes));
}

/** The routes that answer with a code, as `METHOD /path`. */
export function routesAnswering(code: ErrorCode): string[] {
  return endpoints
    .filter((endpoint) => [...problemsOf(endpoint).values()].some(({ codes }) => codes.includes(code)))
    .map(({ method, path }) => `${method} ${path}`);
}

function page(code: ErrorCode): string {
  const { kind, title, when, remedy } = errorCatalogue[code];
  const routes = routesAnswering(code);
  const where =
    routes.length === endpoints.length
      ? ['Any route may answer with it.']
      : routes.map((route) => `- \`${route}\``);
  return [
    `# ${title}`,
    `\`${code}\` · HTTP ${httpStatus(kind)}`,
    `**When.** ${when}`,
    `**What to do.** ${remedy}`,
    ...(routes.length > 0 ? ['## Routes', where.join('\n')] : []),
    '## Example',
    `\`\`\`json\n${JSON.stringify(toProblem(new DomainError(code)), null, 2)}\n\`\`\``,
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

function list(codes: readonly ErrorCode[]): string {
  const services = [...new Set(codes.map((code) => code.slice(0, code.indexOf('.'))))];
  const sections = services.map((service) =>
    [
      `## ${service}`,
      codes
        .filter((code) => code.startsWith(`${service}.`))
        .map((code) => `- [\`${code}\`](${code}.md): ${errorCatalogue[code].title}`)
        .join('\n'),
    ].join('\n\n'),
  );
  const head = [
    '# Errors',
    'Every error is answered as `application/problem+json` (RFC 9457). Programs should branch on `code`, whose meaning never changes; `title` and `detail` are for people.',
  ];
  return [...head, ...sections].join('\n\n').concat('\n');
}
