import { runInContext } from '@capsule/telemetry';
import { createTestDatabase } from '@capsule/testing';
import { insertNote, NotesDatabase, selectTitles } from './notes.fixture.js';
import type { Transaction } from './transaction.js';
import { uuidv7 } from './uuid.js';

const acme = uuidv7();
const globex = uuidv7();
// A setting that was set before reads as '', one that never was as null.
const settings = `
  SELECT NULLIF(current_setting('app.tenant_id', true), '') AS tenant,
         NULLIF(current_setting('app.actor_id', true), '') AS actor,
         NULLIF(current_setting('app.request_id', true), '') AS request`;
const nobody = [{ tenant: null, actor: null, request: null }];

describe('tenancy', () => {
  let notes: NotesDatabase;
  beforeAll(async () => {
    // One connection: whatever leaked would leak into the next transaction.
    notes = await NotesDatabase.create(await createTestDatabase('auth'), { poolMax: 1 });
    await notes.database.withTenant(acme, (tx) => tx.query(insertNote, [acme, 'of acme']));
    await notes.database.withTenant(globex, (tx) => tx.query(insertNote, [globex, 'of globex']));
  });
  afterAll(() => notes.close());

  const titles = (tenantId: string) => notes.database.withTenant(tenantId, (tx) => tx.query(selectTitles));

  it('shows a tenant its own rows and no others', async () => {
    expect(await titles(acme)).toEqual([{ title: 'of acme' }]);
    expect(await titles(globex)).toEqual([{ title: 'of globex' }]);
    expect(await titles(uuidv7())).toEqual([]);
  });

  it('shows no rows without a context: in withoutTenant, and on a connection that withTenant has used', async () => {
    await titles(acme);
    expect(await notes.database.withoutTenant((tx) => tx.query(selectTitles))).toEqual([]);
    await titles(acme);
    expect(await notes.dataSource.query(selectTitles.text)).toEqual([]);
  });

  it('refuses an insert for another tenant', async () => {
    const foreign = notes.database.withTenant(acme, (tx) => tx.query(insertNote, [globex, 'smuggled']));
    await expect(foreign).rejects.toMatchObject({ code: '42501' });
    expect(await notes.titles()).toEqual(['of acme', 'of globex']);
  });

  it('neither changes nor deletes rows of another tenant', async () => {
    await notes.database.withTenant(acme, async (tx) => {
      await tx.query("UPDATE notes SET title = 'taken'");
      await tx.query('DELETE FROM notes WHERE tenant_id = $1', [globex]);
    });
    expect(await notes.titles()).toEqual(['of globex', 'taken']);
    await notes.database.withTenant(acme, (tx) => tx.query("UPDATE notes SET title = 'of acme'"));
  });

  it('refuses a reference to a row of another tenant', async () => {
    const folder = uuidv7();
    await notes.database.withTenant(globex, (tx) =>
      tx.query('INSERT INTO folders (id, tenant_id) VALUES ($1, $2)', [folder, globex]),
    );
    const reference = notes.database.withTenant(acme, (tx) =>
      tx.query('INSERT INTO notes (tenant_id, folder_id, title) VALUES ($1, $2, $3)', [
        acme,
        folder,
        'refers',
      ]),
    );
    await expect(reference).rejects.toMatchObject({ code: 'platform.request.conflict' });
  });

  it('sets tenant, actor and request for the transaction and leaves none of them on the connection', async () => {
    const context = { requestId: 'request-1', actor: { type: 'user' as const, id: 'ann' } };
    const inside = await runInContext(context, () =>
      notes.database.withTenant(acme, (tx) => tx.query(settings)),
    );
    expect(inside).toEqual([{ tenant: acme, actor: 'ann', request: 'request-1' }]);
    expect(await notes.dataSource.query(settings)).toEqual(nobody);
  });

  it.each<[string, (tx: Transaction) => Promise<unknown>]>([
    ['the work throws', () => Promise.reject(new Error('no'))],
    ['the first statement fails', (tx) => tx.query('SELECT 1/0')],
    ['a statement times out', timeOut],
    ['the server ends the connection', (tx) => tx.query('SELECT pg_terminate_backend(pg_backend_pid())')],
  ])('leaves no context behind when %s', async (_, work) => {
    const context = { requestId: 'request-1', actor: { type: 'user' as const, id: 'ann' } };
    const failure = runInContext(context, () => notes.database.withTenant(acme, work));
    await expect(failure).rejects.toThrow();
    expect(await notes.dataSource.query(settings)).toEqual(nobody);
  });

  it('takes nothing but a UUID as a tenant', async () => {
    await expect(notes.database.withTenant('', () => Promise.resolve())).rejects.toThrow(TypeError);
    await expect(notes.database.withTenant(`${acme}'`, () => Promise.resolve())).rejects.toThrow(TypeError);
  });

  it('binds the owner too', async () => {
    const rows = await notes.test.asSuperuser(async (client) => {
      await client.query('SET ROLE auth_owner');
      return (await client.query('SELECT * FROM notes')).rows;
    });
    expect(rows).toEqual([]);
  });
});

async function timeOut(tx: Transaction): Promise<void> {
  await tx.query("SET LOCAL statement_timeout = '10ms'");
  await tx.query('SELECT pg_sleep(1)');
}
