import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const workspace = resolve(import.meta.dirname, '../../..');

function makeCheckout(): string {
  const path = mkdtempSync(join(tmpdir(), 'capsule-lint-'));
  cpSync(join(workspace, '.squawk.toml'), join(path, '.squawk.toml'));
  for (const folder of ['auth', 'monitor-tenant']) {
    mkdirSync(join(path, 'migrations', folder), { recursive: true });
  }
  return path;
}

function write(checkout: string, script: string, text: string): void {
  writeFileSync(join(checkout, 'migrations', script), text);
}

function lint(checkout: string): { passes: boolean; output: string } {
  const program = join(workspace, 'tools/lint/migrations.mjs');
  const result = spawnSync(process.execPath, [program, checkout], { encoding: 'utf8' });
  return { passes: result.status === 0, output: `${result.stdout}${result.stderr}` };
}

const dangers: [danger: string, statement: string, rule: string][] = [
  [
    'a column that old code does not fill',
    'ALTER TABLE users ADD COLUMN nick text NOT NULL',
    'adding-required-field',
  ],
  [
    'an index that blocks writes',
    'CREATE INDEX ix_users__x ON users (x)',
    'require-concurrent-index-creation',
  ],
  [
    'a check that scans under a lock',
    'ALTER TABLE users ADD CONSTRAINT ck_users__x CHECK (x > 0)',
    'constraint-missing-not-valid',
  ],
  [
    'a key that blocks two tables',
    'ALTER TABLE users ADD CONSTRAINT fk_users__x FOREIGN KEY (x) REFERENCES xs (id)',
    'adding-foreign-key-constraint',
  ],
  [
    'a key that blocks reads while its index is built',
    'ALTER TABLE users ADD CONSTRAINT uq_users__x UNIQUE (x)',
    'disallowed-unique-constraint',
  ],
  ['a rewrite', 'ALTER TABLE users ALTER COLUMN x TYPE bigint', 'changing-column-type'],
  ['NOT NULL that scans', 'ALTER TABLE users ALTER COLUMN x SET NOT NULL', 'adding-not-nullable-field'],
  ['a column taken from old code', 'ALTER TABLE users DROP COLUMN x', 'ban-drop-column'],
  ['a name taken from old code', 'ALTER TABLE users RENAME COLUMN x TO y', 'renaming-column'],
  [
    'a concurrent index within the transaction',
    'ALTER TABLE users ADD COLUMN x text; CREATE INDEX CONCURRENTLY ix_users__x ON users (x)',
    'ban-concurrent-index-creation-in-transaction',
  ],
  ['what is no SQL', 'CREATE TABEL users ()', 'syntax-error'],
];

describe('the lint of migrations', () => {
  let checkout: string;
  beforeEach(() => void (checkout = makeCheckout()));
  afterEach(() => rmSync(checkout, { recursive: true }));

  it('passes every migration of this checkout', () => {
    expect(lint(workspace)).toEqual({ passes: true, output: '' });
  });

  describe('fails a new file with', () => {
    let output: string;
    beforeAll(() => {
      const all = makeCheckout();
      dangers.forEach(([, statement], index) => write(all, `auth/V9.${index}.0__New.sql`, `${statement};\n`));
      output = lint(all).output;
      rmSync(all, { recursive: true });
    });

    it.each(dangers.map(([danger, , rule], index) => ({ danger, rule, script: `V9.${index}.0__New.sql` })))(
      '$danger',
      ({ rule, script }) => {
        expect(output).toContain(`${join('migrations', 'auth', script)}:1: ${rule}: `);
      },
    );
  });

  it('passes what is safe: a new table with its index, a nullable column, a key checked later, an index by itself', () => {
    write(
      checkout,
      'auth/V9.0.0__Expand.sql',
      `CREATE TABLE nicknames (id uuid PRIMARY KEY, user_id uuid NOT NULL);
       CREATE INDEX ix_nicknames__user ON nicknames (user_id);
       ALTER TABLE users ADD COLUMN nick text;
       ALTER TABLE users ADD CONSTRAINT ck_users__nick CHECK (length(nick) < 40) NOT VALID;`,
    );
    write(checkout, 'auth/V9.1.0__Index.sql', 'CREATE INDEX CONCURRENTLY ix_users__nick ON users (nick);');
    write(checkout, 'auth/V9.1.0__Index.sql.conf', 'executeInTransaction=false\n');
    expect(lint(checkout)).toEqual({ passes: true, output: '' });
  });

  it('reads placeholders, and passes a step that says it is meant', () => {
    write(checkout, 'monitor-tenant/V9.0.0__Grant.sql', 'GRANT USAGE ON SCHEMA ${schema} TO monitor_user;');
    write(
      checkout,
      'auth/V9.0.0__Contract.sql',
      '-- Nothing has read it since V8.1.0.\n-- squawk-ignore ban-drop-column\nALTER TABLE users DROP COLUMN x;\n',
    );
    expect(lint(checkout)).toEqual({ passes: true, output: '' });
  });

  it('lets merged files be by their names alone: the same text in a new file fails', () => {
    const text = 'ALTER TABLE users ADD COLUMN nick text NOT NULL;';
    write(checkout, 'auth/V1.1.0__Users_and_organizations.sql', text);
    expect(lint(checkout).passes).toBe(true);
    write(checkout, 'auth/V1.1.1__Users_and_organizations.sql', text);
    expect(lint(checkout).passes).toBe(false);
  });
});
