import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCatalogue } from '@capsule/contracts';
import { workspace } from '../../bootstrap/workspace.mjs';

/** The source files below apps/ and libs/, without what is for specs alone. */
function sourceFiles(): string[] {
  return ['apps', 'libs'].flatMap((kind) =>
    readdirSync(join(workspace, kind)).flatMap((project) => {
      const folder = join(workspace, kind, project, 'src');
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
      return files
        .filter((file) => file.endsWith('.ts') && !/\.(spec|fixture)\.ts$/.test(file))
        .map((file) => join(folder, file));
    }),
  );
}

describe('the catalogue of errors', () => {
  it('holds no code that nothing answers with', () => {
    const sources = sourceFiles()
      .filter((path) => !path.includes('/libs/contracts/'))
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
    expect(Object.keys(errorCatalogue).filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
  });
});
