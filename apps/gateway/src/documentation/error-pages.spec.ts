import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCatalogue } from '@capsule/contracts';
import { format, resolveConfig } from 'prettier';
import { errorPages } from './error-pages.js';
import { staleFiles, writeFiles } from './generated-files.js';

const pages = errorPages();

describe('the error pages', () => {
  it('are one for each code of the catalogue, and a list that leads to every one', () => {
    const expected = [...Object.keys(errorCatalogue).map((code) => `${code}.md`), 'README.md'];
    expect([...pages.keys()].sort()).toEqual(expected.sort());
    for (const code of Object.keys(errorCatalogue)) expect(pages.get('README.md')).toContain(`(${code}.md)`);
  });

  it('lie in docs/errors as the catalogue has them now', async () => {
    expect(
      await staleFiles({ folder: 'docs/errors', owns: (name) => name.endsWith('.md'), contents: pages }),
    ).toEqual([]);
  });

  it('are written the way the formatter of the repository leaves them', async () => {
    const options = await resolveConfig('docs/errors/README.md');
    for (const content of pages.values()) {
      expect(await format(content, { ...options, parser: 'markdown' })).toBe(content);
    }
  });
});

describe('the freshness check', () => {
  let folder: string;
  const contents = new Map([
    ['a.md', 'A\n'],
    ['b.md', 'B\n'],
  ]);
  const files = () => ({ folder, owns: (name: string) => name.endsWith('.md'), contents });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'capsule-generated-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('names files that are missing, outdated and superfluous, and leaves what it does not own', async () => {
    await writeFile(join(folder, 'a.md'), 'old\n');
    await writeFile(join(folder, 'gone.md'), 'C\n');
    await writeFile(join(folder, 'hand-written.txt'), 'D\n');
    const faults = await staleFiles(files());
    expect(faults.map((fault) => fault.replace(`${folder}/`, ''))).toEqual([
      'gone.md is no longer generated',
      'a.md is out of date',
      'b.md is missing',
    ]);
  });

  it('is content after a write', async () => {
    await writeFile(join(folder, 'gone.md'), 'C\n');
    await writeFiles(files());
    expect(await staleFiles(files())).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(['a.md', 'b.md']);
    expect(await readFile(join(folder, 'a.md'), 'utf8')).toBe('A\n');
  });
});
