import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deathsOf, deathsOfAll, FAULTS, nextChances, type Place } from './faults.js';

const none = { prompt: 0, loop: 0, marked: 0, consumer: 0, acknowledged: 0 };

const mark = `const marking = tx();
  await marking.query('SELECT outbox_mark_published($1, $2, $3, $4) AS marked');
  committed(marking);`;
const markOfLoop = `const claimed = tx();
  await claimed.query({ name: 'claim', text: 'SELECT id FROM outbox_claim($1, $2)' });
  await claimed.query('SELECT outbox_mark_published($1, $2, $3, $4) AS marked');
  committed(claimed);`;
const acknowledge = `
  await new Promise((sent) => new DeliveredMessage({ respond: sent }, () => true).ack());
  console.log('sent');
  await new Promise((resolve) => setTimeout(resolve, 100));`;

describe('a service with the faults preloaded', () => {
  it.each<{ place: Place; harmless: string[]; deadly: string; before: string[] }>([
    { place: 'prompt', harmless: [markOfLoop, acknowledge], deadly: mark, before: ['sent', 'alive'] },
    { place: 'loop', harmless: [mark, acknowledge], deadly: markOfLoop, before: ['sent', 'alive'] },
    { place: 'marked', harmless: [acknowledge], deadly: mark, before: ['sent', 'alive'] },
    { place: 'marked', harmless: [acknowledge], deadly: markOfLoop, before: ['sent', 'alive'] },
    { place: 'consumer', harmless: [mark, markOfLoop], deadly: acknowledge, before: ['alive'] },
    { place: 'acknowledged', harmless: [mark, markOfLoop], deadly: acknowledge, before: ['alive', 'sent'] },
  ])('is killed at $place and at no other place, and tells so', ({ place, harmless, deadly, before }) => {
    const program = `
      import { Transaction } from '@capsule/database';
      import { DeliveredMessage } from '@capsule/messaging';
      const tx = () => new Transaction(null, { query: async () => ({ rows: [] }) }, undefined);
      const committed = ({ callbacks }) => callbacks.forEach((callback) => callback());
      ${harmless.map((passage) => `{ ${passage} }`).join('')}
      console.log('alive');
      ${deadly}
      console.log('still alive');`;
    const { signal, stdout, stderr } = spawnSync(
      process.execPath,
      ['--no-warnings', '--import', FAULTS, '--input-type=module', '--eval', program],
      {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], CHAOS_DEATHS: JSON.stringify({ ...none, [place]: 1_000 }) },
      },
    );
    expect({ signal, stdout: stdout.trim().split('\n'), stderr }).toEqual({
      signal: 'SIGKILL',
      stdout: before,
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
    expect(deathsOf('auth', logs)).toEqual({ ...none, prompt: 2, loop: 1 });
    expect(deathsOfAll(logs)).toEqual({ ...none, prompt: 2, loop: 1, consumer: 1 });
  });

  it('are certain at a place until there was one', () => {
    expect(new Set(Object.values(nextChances(none)))).toEqual(new Set([1_000]));
    const next = nextChances({ ...none, prompt: 3, consumer: 1 });
    expect(next.loop).toBe(1_000);
    expect(next.prompt).toBeLessThan(100);
    expect(next.consumer).toBeLessThan(100);
  });
});
