import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deathsOf, deathsOfAll, FAULTS, nextChances, type Place, places } from './faults.js';

const none = { prompt: 0, loop: 0, consumer: 0 };

describe('a service with the faults preloaded', () => {
  const passages: Record<Place, string> = {
    prompt: "await tx().query('SELECT outbox_mark_published($1, $2, $3, $4) AS marked');",
    loop: `const claimed = tx();
      await claimed.query({ name: 'claim', text: 'SELECT id FROM outbox_claim($1, $2)' });
      await claimed.query('SELECT outbox_mark_published($1, $2, $3, $4) AS marked');`,
    consumer: 'new DeliveredMessage({ respond: () => {} }, () => true).ack();',
  };

  it.each(places)('is killed at %s, tells so, and has passed all other places alive', (place) => {
    const others = places.filter((each) => each !== place).map((each) => passages[each]);
    const program = `
      import { Transaction } from '@capsule/database';
      import { DeliveredMessage } from '@capsule/messaging';
      const tx = () => new Transaction(null, { query: async () => ({ rows: [] }) }, undefined);
      ${others.join('')}
      console.log('alive');
      ${passages[place]}
      console.log('still alive');`;
    const { signal, stdout, stderr } = spawnSync(
      process.execPath,
      ['--no-warnings', '--import', FAULTS, '--input-type=module', '--eval', program],
      {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], CHAOS_DEATHS: JSON.stringify({ ...none, [place]: 1_000 }) },
      },
    );
    expect({ signal, stdout, stderr }).toEqual({
      signal: 'SIGKILL',
      stdout: 'alive\n',
      stderr: `chaos: dying at ${place}\n`,
    });
  });
});

describe('the deaths of services', () => {
  const logs = mkdtempSync(join(tmpdir(), 'capsule-chaos-logs-'));
  afterAll(() => rmSync(logs, { recursive: true }));

  it('are counted for each place from the logs, rotated ones too', () => {
    writeFileSync(join(logs, 'auth.log'), 'ready\nchaos: dying at prompt\nready\nchaos: dying at loop\n');
    writeFileSync(join(logs, 'auth.log.1'), 'chaos: dying at prompt\n{"message":"chaos: dying at loop"}\n');
    writeFileSync(join(logs, 'billing.log'), 'chaos: dying at consumer\n');
    expect(deathsOf('auth', logs)).toEqual({ prompt: 2, loop: 1, consumer: 0 });
    expect(deathsOfAll(logs)).toEqual({ prompt: 2, loop: 1, consumer: 1 });
  });

  it('are certain at a place until there was one', () => {
    expect(nextChances(none)).toEqual({ prompt: 1_000, loop: 1_000, consumer: 1_000 });
    const next = nextChances({ prompt: 3, loop: 0, consumer: 1 });
    expect(next.loop).toBe(1_000);
    expect(next.prompt).toBeLessThan(100);
    expect(next.consumer).toBeLessThan(100);
  });
});
