import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './supervised-copy.fixture.js';
import { watchTree } from './watch-tree.js';

describe('watching sources', () => {
  let root: string;
  let seen: string[];
  let end: () => void;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'capsule-watch-'));
    mkdirSync(join(root, 'feature'));
    writeFileSync(join(root, 'feature/a.ts'), '1');
    seen = [];
    end = watchTree(root, (path) => seen.push(path));
  });

  afterEach(() => {
    end();
    rmSync(root, { recursive: true });
  });

  it('tells of a change in a folder below', async () => {
    writeFileSync(join(root, 'feature/a.ts'), '2');
    await expectSeen(join(root, 'feature/a.ts'));
  });

  it('tells of an edit after an editor has saved the file by renaming', async () => {
    writeFileSync(join(root, 'feature/a.ts~'), '2');
    renameSync(join(root, 'feature/a.ts~'), join(root, 'feature/a.ts'));
    await expectSeen(join(root, 'feature/a.ts'));
    seen.length = 0;
    writeFileSync(join(root, 'feature/a.ts'), '3');
    await expectSeen(join(root, 'feature/a.ts'));
  });

  it('tells of files in a folder made later', async () => {
    mkdirSync(join(root, 'later/below'), { recursive: true });
    writeFileSync(join(root, 'later/below/b.ts'), '1');
    await expectSeen(join(root, 'later/below/b.ts'));
    seen.length = 0;
    writeFileSync(join(root, 'later/below/b.ts'), '2');
    await expectSeen(join(root, 'later/below/b.ts'));
  });

  async function expectSeen(path: string): Promise<void> {
    await eventually(() => expect(seen).toContain(path));
  }
});
