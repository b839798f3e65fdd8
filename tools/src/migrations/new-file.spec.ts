import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArguments } from './arguments.js';
import { writeNewFile } from './new-file.js';

describe('a new migration', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'migrations-'))));
  afterEach(() => rm(folder, { recursive: true }));

  const make = (...words: string[]) => {
    const { description, options } = readArguments(['new', 'auth', ...words]);
    return writeNewFile(folder, description ?? '', options);
  };

  it('is the next minor version, and fails until somebody has written it', async () => {
    expect(await make('First')).toEqual(['V1.0.0__First.sql']);
    await writeFile(join(folder, 'V1.9.3__Newest.sql'), '');
    expect(await make('Add a column')).toEqual(['V1.10.0__Add_a_column.sql']);
    expect(await readFile(join(folder, 'V1.10.0__Add_a_column.sql'), 'utf8')).toContain('is not written yet');
  });

  it('brings along what goes beside it', async () => {
    const files = ['V2.0.0__Add_an_index.sql', 'V2.0.0__Add_an_index.sql.conf', 'U2.0.0__Add_an_index.sql'];
    expect(await make('Add an index', '--version', '2.0.0', '--undo', '--no-transaction')).toEqual(files);
    expect((await readdir(folder)).sort()).toEqual(files.sort());
    expect(await readFile(join(folder, 'V2.0.0__Add_an_index.sql.conf'), 'utf8')).toBe(
      'executeInTransaction=false\n',
    );
  });

  it('can be a repeatable one, which is written once', async () => {
    expect(await make('Totals view', '--repeatable')).toEqual(['R__Totals_view.sql']);
    await expect(make('Totals view', '--repeatable')).rejects.toThrow('EEXIST');
  });

  it.each([
    [['Old', '--version', '1.9'], 'is not <major>.<minor>.<patch>'],
    [['Old', '--version', '1.9.0'], 'does not come after 1.9.3'],
    [['../outside'], 'is made of letters'],
  ])('is refused as %j', async (words, reason) => {
    await writeFile(join(folder, 'V1.9.3__Newest.sql'), '');
    await expect(make(...words)).rejects.toThrow(reason);
    expect(await readdir(folder)).toHaveLength(1);
  });
});
