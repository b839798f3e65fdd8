/**
 * `node tools/lint/released-migrations.mjs [--append] [checkout]`: a V or U file is never edited after it was merged, since
 * databases exist that were made by what it said. `migrations/released.sha256` keeps what each said (as `sha256sum -c`
 * reads it). Exits with 1 when one of them says something else, is gone, or was passed over: it is not in the list, and
 * one of its folder that is as new or newer is. With --append, which `npm run catalogue` does, the list takes up what
 * it lacks; a line that it has is never changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const words = process.argv.slice(2).filter((word) => word !== '--append');
const appends = process.argv.includes('--append');
const migrations = join(resolve(words[0] ?? resolve(import.meta.dirname, '../..')), 'migrations');
const list = join(migrations, 'released.sha256');

const released = new Map(
  readList().map((line) => {
    const [digest, name] = line.split('  ');
    return [name, digest];
  }),
);
// What says how a file is run (V….sql.conf) is a part of it.
const files = readdirSync(migrations, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => /\/[VU][\d._]+__[^/]+\.sql(\.conf)?$/.test(name))
  .sort();

const changed = [...released].flatMap(([name, digest]) => {
  if (!files.includes(name)) return [`${name} was merged, and is gone.`];
  return digestOf(name) === digest ? [] : [`${name} was edited after it was merged.`];
});
if (changed.length > 0) {
  console.error(
    `${changed.join('\n')}\n` +
      'Bring it back from version control, and put the change into the next migration. Only if it was never merged: take\n' +
      'its line out of migrations/released.sha256 and run npm run catalogue.',
  );
  process.exitCode = 1;
}

const unlisted = files.filter((name) => !released.has(name));
if (appends) {
  const lines = [...readList(), ...unlisted.map((name) => `${digestOf(name)}  ${name}`)];
  writeFileSync(list, lines.map((line) => `${line}\n`).join(''));
} else {
  const passedOver = unlisted.filter((name) =>
    [...released.keys()].some((other) => dirname(other) === dirname(name) && compare(name, other) <= 0),
  );
  for (const name of passedOver) {
    console.error(`${name} is not in migrations/released.sha256, and a newer one is: run npm run catalogue.`);
    process.exitCode = 1;
  }
}

function readList() {
  if (!existsSync(list)) return [];
  return readFileSync(list, 'utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '');
}

/** Of the text as every checkout has it, whatever its line ends. */
function digestOf(name) {
  const text = readFileSync(join(migrations, name), 'utf8').replaceAll('\r\n', '\n');
  return createHash('sha256').update(text).digest('hex');
}

/** Negative when the version of the first is the older one. */
function compare(name, other) {
  const [a, b] = [name, other].map((each) => /\/[VU]([\d._]+)__/.exec(each)[1].split(/[._]/).map(Number));
  const index = a.findIndex((part, place) => part !== (b[place] ?? 0));
  return index === -1 ? a.length - b.length : a[index] - (b[index] ?? 0);
}
