import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMigrationFolder } from './migration-files.js';
import { replacePlaceholders } from './placeholders.js';

describe('a folder of migrations', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'migrations-'))));
  afterEach(() => rm(folder, { recursive: true }));
  const write = (name: string, text = '') => writeFile(join(folder, name), text);

  it('is read as Flyway reads it: versions in their order, repeatable files by description, undo files beside', async () => {
    for (const name of [
      'V1.10__B.sql',
      'V1_9__A_b.sql',
      'R__z.sql',
      'R__a_view.sql',
      'U1.10__B.sql',
      'flyway.conf',
    ]) {
      await write(name);
    }
    const { versioned, undo, repeatable } = await readMigrationFolder(folder);
    expect(versioned).toMatchObject([
      { script: 'V1_9__A_b.sql', versionText: '1.9', description: 'A b' },
      { script: 'V1.10__B.sql', versionText: '1.10' },
    ]);
    expect(undo).toMatchObject([{ script: 'U1.10__B.sql', versionText: '1.10' }]);
    expect(repeatable.map((file) => file.description)).toEqual(['a view', 'z']);
  });

  it.each([
    ['V1__One.sql', 'V1.0.0__Also_one.sql'],
    ['U2__Two.sql', 'U2.0__Also_two.sql'],
  ])('refuses %s beside %s, since trailing zeros mean nothing', async (one, other) => {
    await write(one);
    await write(other);
    await expect(readMigrationFolder(folder)).rejects.toThrow('have the same version');
  });

  it('refuses two repeatable files of one description, by which the history knows them', async () => {
    await write('R__A_view.sql');
    await write('R__B.sql');
    await write('R__A view.sql');
    await expect(readMigrationFolder(folder)).rejects.toThrow('have the same description');
  });

  it.each(['V2_Misspelt.sql', 'v2__Small.sql', 'V__No_version.sql', 'V1a__Letters.sql', 'R1__Versioned.sql'])(
    'refuses %s, which would be a change that never happens',
    async (name) => {
      await write(name);
      await expect(readMigrationFolder(folder)).rejects.toThrow('is not named V<version>__<Description>.sql');
    },
  );

  it("takes a file's options from the .conf beside it, and refuses what nobody would heed", async () => {
    await write('V1__One.sql');
    await write('V2__Two.sql', '${kept}');
    await write(
      'V2__Two.sql.conf',
      '# as Flyway has it\nexecuteInTransaction=false\nplaceholderReplacement = false\n',
    );
    const { versioned } = await readMigrationFolder(folder);
    expect(versioned).toMatchObject([{ isTransactional: true }, { isTransactional: false, sql: '${kept}' }]);
    await write('V2__Two.sql.conf', 'executeInTransactoin=false');
    await expect(readMigrationFolder(folder)).rejects.toThrow('"executeInTransactoin=false" is not one of');
    await unlink(join(folder, 'V2__Two.sql'));
    await expect(readMigrationFolder(folder)).rejects.toThrow('V2__Two.sql.conf belongs to no file');
  });

  it('takes the checksum of a versioned file as it lies there, of a repeatable one as it is run', async () => {
    await write('V1__One.sql', 'SELECT ${n}');
    await write('R__Two.sql', 'SELECT ${n}');
    const [one, two] = await Promise.all([1, 2].map((n) => readMigrationFolder(folder, { n: String(n) })));
    expect(one?.versioned[0]?.checksum).toBe(two?.versioned[0]?.checksum);
    expect(one?.versioned[0]?.sql).toBe('SELECT 1');
    expect(one?.repeatable[0]?.checksum).not.toBe(two?.repeatable[0]?.checksum);
  });
});

describe('placeholders', () => {
  it('are replaced everywhere, whatever their case', () => {
    expect(
      replacePlaceholders('V1', "-- ${schema}\n'${TenantId}' $1 $${x}$", {
        schema: 's',
        tenantid: 't',
        x: 'y',
      }),
    ).toBe("-- s\n't' $1 $y$");
  });

  it('are all named when they have no value', () => {
    expect(() => replacePlaceholders('V1__A.sql', '${a} ${b} ${a}', {})).toThrow(
      'V1__A.sql: there is no value for ${a}, ${b}.',
    );
  });
});
