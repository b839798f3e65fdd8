import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspace } from '../../bootstrap/workspace.mjs';

const folder = join(workspace, 'docs/adr');

describe('the index of decisions', () => {
  it('lists every page by the title it has, in the order of their numbers', () => {
    const pages = readdirSync(folder).filter((name) => /^\d{4}-/.test(name));
    const lines = pages.sort().map((name) => {
      const [, number, title] = /^# (\d+)\. (.+)$/m.exec(readFileSync(join(folder, name), 'utf8')) ?? [];
      return `${number}. [${title}](${name})`;
    });
    const index = readFileSync(join(folder, 'README.md'), 'utf8').split('\n');
    expect(index.filter((line) => /^\d+\. /.test(line))).toEqual(lines);
  });
});
