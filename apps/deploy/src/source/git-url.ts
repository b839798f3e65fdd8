import { DomainError } from '@capsule/errors';

/** What RFC 3986 lets stand in a path unescaped, less what a shell treats specially; `%` begins an escape. */
const PATH = /^(\/[A-Za-z0-9._~%+@:,=-]+)+\/?$/;
const HOST = /^([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+$|^\[[0-9A-Fa-f:.]+\]$/;

/**
 * Only what git fetches by HTTP(S): nothing that it could take for an option, a helper (`ext::`) or a local path, and
 * nothing that a shell would treat specially, although none is used.
 * @throws DomainError deploy.source.git_url_refused
 */
export function checkGitUrl(text: string): void {
  const refused = (detail: string) => new DomainError('deploy.source.git_url_refused', { detail });
  const parts = /^https?:\/\/([^/?#]*)([^?#]*)(.*)$/.exec(text);
  if (!parts) throw refused('It must begin with https:// or http://, in lower case.');
  const [, authority = '', path = '', rest = ''] = parts;
  if (authority.includes('@')) throw refused('It must not carry credentials.');
  if (rest !== '') throw refused('It must have neither a query nor a fragment; the branch goes into `ref`.');
  const [, host = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  if (!HOST.test(host) || host.startsWith('-') || Number(port ?? 1) > 65_535 || !URL.canParse(text)) {
    throw refused('Its host is none.');
  }
  if (!PATH.test(path)) throw refused('Its path is missing or holds characters that no repository needs.');
  if (path.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment))) {
    throw refused('Its path must not climb.');
  }
}

/**
 * A branch, tag or commit as git itself would accept it (git-check-ref-format), and never an option.
 * @throws DomainError platform.request.invalid
 */
export function checkGitRef(ref: string): void {
  const wellFormed =
    /^[A-Za-z0-9][A-Za-z0-9._/+-]*$/.test(ref) && !/\.\.|\/\/|\/\.|\.lock(\/|$)|[./]$/.test(ref);
  if (wellFormed) return;
  throw new DomainError('platform.request.invalid', {
    fieldErrors: [{ path: 'source.ref', message: 'must be a branch, a tag or a commit id' }],
  });
}
