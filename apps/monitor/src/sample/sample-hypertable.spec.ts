import { createTestDatabase } from '@capsule/testing';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const binaries = process.env['CAPSULE_TEST_POSTGRES_BIN'] ?? '';
const hasTimescale = existsSync(join(dirname(binaries), 'lib', 'timescaledb.so'));
/** Reported as not run where TimescaleDB is not installed: nothing was proved there. */
const whereTimescaleIs = hasTimescale ? it : it.skip;

whereTimescaleIs('samples are a hypertable where TimescaleDB is installed', async () => {
  const testDatabase = await createTestDatabase('monitor');
  try {
    const { rows } = await testDatabase.asSuperuser((client) =>
      client.query(
        "SELECT hypertable_name FROM timescaledb_information.hypertables WHERE hypertable_name = 'samples'",
      ),
    );
    expect(rows).toEqual([{ hypertable_name: 'samples' }]);
  } finally {
    await testDatabase.close();
  }
});
