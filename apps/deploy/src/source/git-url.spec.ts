import { DomainError } from '@capsule/errors';
import { checkGitRef, checkGitUrl } from './git-url.js';

function codeOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return (error as DomainError).code;
  }
}

describe('a git URL', () => {
  it.each([
    'https://github.com/owner/repo.git',
    'http://git.example.com:8080/a/b/c/',
    'https://[2001:db8::1]/r',
  ])('like %s is taken', (url) => expect(codeOf(() => checkGitUrl(url))).toBeUndefined());

  it.each([
    'file:///etc/passwd',
    'ext::sh -c touch% /tmp/pwned',
    'ssh://git@example.com/repo.git',
    'git@example.com:repo.git',
    'git://example.com/repo.git',
    '-uupload-pack=touch /tmp/pwned',
    '--upload-pack=/bin/sh',
    'https://-oProxyCommand=id/repo',
    'https://user:secret@example.com/repo.git',
    'https://token@example.com/repo.git',
    'https://example.com/$(id).git',
    'https://example.com/a;id',
    'https://example.com/a|id',
    'https://example.com/a&id',
    'https://example.com/`id`',
    "https://example.com/'a'",
    'https://example.com/a b',
    'https://example.com/a\nb',
    'https://example.com/a\u0000b',
    'https://example.com/a\\b',
    'https://example.com/repo?x=1',
    'https://example.com/repo#main',
    'https://example.com/../../etc',
    'https://example.com/%2e%2E/etc',
    'https://example.com',
    'https://example.com:99999/repo',
    'https:///repo',
    'HTTPS',
    '',
  ])('like %j is refused', (url) => {
    expect(codeOf(() => checkGitUrl(url))).toBe('deploy.source.git_url_refused');
  });
});

describe('a git ref', () => {
  it.each(['main', 'v1.2.3', 'feature/a-b', 'a'.repeat(40)])('like %s is taken', (ref) => {
    expect(codeOf(() => checkGitRef(ref))).toBeUndefined();
  });

  it.each([
    '-x',
    '--upload-pack=id',
    'a..b',
    'a b',
    'a:b',
    '+a',
    'a.lock',
    'a/',
    'a//b',
    'a/.b',
    '@{1}',
    'a^',
    'a~1',
    '',
  ])('like %j is refused', (ref) => expect(codeOf(() => checkGitRef(ref))).toBe('platform.request.invalid'));
});
