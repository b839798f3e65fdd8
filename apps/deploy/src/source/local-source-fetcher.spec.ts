import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testPorts } from '@capsule/testing/test-ports';
import { DeploymentFailure } from '../engine/deployment-failure.js';
import { EngineFixture, MEBIBYTE } from '../engine/embedded-engine.fixture.js';
import { GitServer } from './git-server.fixture.js';
import { LocalSourceFetcher } from './local-source-fetcher.js';
import type { GitSource } from './source-fetcher.js';

const [PORT] = testPorts('local-source-fetcher.spec');

describe('fetching from git', () => {
  let fixture: EngineFixture;
  let server: GitServer;
  let fetcher: LocalSourceFetcher;
  let first: string;

  beforeAll(async () => {
    fixture = await EngineFixture.create({ ports: [PORT, PORT] });
    server = await GitServer.start(join(fixture.folder, 'repositories'), PORT);
    fetcher = new LocalSourceFetcher(fixture.home, fixture.store, {
      unpackedBytesMax: MEBIBYTE,
      gitPrivateAllowed: true,
    });
    first = await server.commit('app', 'main', { 'app/index.js': 'one' });
    await server.tag('app', 'v1');
    await server.commit('app', 'main', {
      'app/index.js': 'two',
      'app/hidden.js': 'kept',
      '.gitattributes': 'app/hidden.js export-ignore\n',
    });
    await server.commit('app', 'next', { 'app/index.js': 'three' });
  });
  afterAll(async () => {
    await server.close();
    await fixture.close();
  });

  const url = (repository: string) => `http://127.0.0.1:${PORT}/${repository}`;
  async function fetch(source: Omit<GitSource, 'kind'>, signal = new AbortController().signal, by = fetcher) {
    const deploymentId = randomUUID();
    const fetched = await by.fetch({
      deploymentId,
      source: { kind: 'git', ...source },
      log: fixture.log,
      signal,
    });
    return { ...fetched, deploymentId };
  }
  async function failureOf(fetching: Promise<unknown>): Promise<DeploymentFailure> {
    const failure = await fetching.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DeploymentFailure);
    expect(readdirSync(join(fixture.folder, 'engine', 'fetches'))).toEqual([]);
    return failure as DeploymentFailure;
  }

  it.each([
    ['a branch', 'next', 'three'],
    ['an annotated tag', 'v1', 'one'],
  ])('brings %s', async (_name, ref, content) => {
    const { path, gitCommit } = await fetch({ url: url('app/.git'), ref });
    expect(readFileSync(join(path, 'app/index.js'), 'utf8')).toBe(content);
    expect(gitCommit).toMatch(/^[0-9a-f]{40}$/);
  });

  it('brings a full commit id, and twice the same digest', async () => {
    const [one, other] = [
      await fetch({ url: url('app/.git'), ref: first }),
      await fetch({ url: url('app/.git'), ref: 'v1' }),
    ];
    expect(one.gitCommit).toBe(first);
    expect(other.gitCommit).toBe(first);
    expect(one.digest).toBe(other.digest);
    expect(existsSync(join(one.path, '.git'))).toBe(false);
  });

  it('brings files the repository would leave out of its archives', async () => {
    const commit = await server.commit('attributes', 'main', {
      'hidden.js': 'kept',
      '.gitattributes': 'hidden.js export-ignore',
    });
    const { path, gitCommit } = await fetch({ url: url('attributes/.git') });
    expect(gitCommit).toBe(commit);
    expect(readdirSync(path).sort()).toEqual(['.gitattributes', 'hidden.js']);
  });

  it('leaves nothing when the sources are discarded', async () => {
    const { path, deploymentId } = await fetch({ url: url('app/.git') });
    await fetcher.discard(deploymentId);
    expect(existsSync(path)).toBe(false);
    await fetcher.discard(deploymentId);
  });

  it.each([
    ['a repository that is not there', { url: url('nothing/.git') }],
    ['a branch that is not there', { url: url('app/.git'), ref: 'nothing' }],
    ['a redirect', { url: url('moved/app/.git') }],
    ['a host without address', { url: 'https://nothing.invalid/app.git' }],
  ])('from %s fails as source_unavailable', async (_name, source) => {
    expect((await failureOf(fetch(source))).reason).toBe('source_unavailable');
  });

  it.each([
    'http://169.254.169.254/latest',
    'http://0xa9fea9fe/latest',
    'http://[::ffff:a9fe:a9fe]/latest',
    'http://0/a',
  ])('from %s, where clouds keep credentials or nobody a repository, is never tried', async (neverUrl) => {
    expect((await failureOf(fetch({ url: neverUrl }))).detail).toMatch(/private network/);
  });

  it.each([
    `http://127.0.0.1:${PORT}/app/.git`,
    `http://localhost:${PORT}/app/.git`,
    'http://[::1]/a',
    'http://10.0.0.1/a',
  ])('from %s sends nothing when private addresses are not allowed', async (privateUrl) => {
    const strict = new LocalSourceFetcher(fixture.home, fixture.store, {
      unpackedBytesMax: MEBIBYTE,
      gitPrivateAllowed: false,
    });
    const before = server.requests.length;
    expect((await failureOf(fetch({ url: privateUrl }, undefined, strict))).detail).toMatch(
      /private network/,
    );
    expect(server.requests.length).toBe(before);
  });

  it('of a link that leads out fails as source_invalid', async () => {
    await server.commit('link', 'main', { 'index.js': '', secrets: 'link:/etc/passwd' });
    expect((await failureOf(fetch({ url: url('link/.git') }))).reason).toBe('source_invalid');
  });

  it('of more than the limit fails as source_invalid', async () => {
    await server.commit('large', 'main', { 'index.js': 'x'.repeat(2 * MEBIBYTE) });
    expect((await failureOf(fetch({ url: url('large/.git') }))).reason).toBe('source_invalid');
  });

  it('from a server that never answers ends with the signal, and git is gone', async () => {
    const reason = new Error('canceled');
    const controller = new AbortController();
    const fetching = fetch({ url: url('silent/app.git') }, controller.signal);
    setTimeout(() => controller.abort(reason), 500);
    await expect(fetching).rejects.toBe(reason);
    expect(readdirSync(join(fixture.folder, 'engine', 'fetches'))).toEqual([]);
  });
});
