/**
 * `node tools/lint/migrations.mjs [checkout]`: lints every migration with squawk as `.squawk.toml` says. Exits
 * with 1 and what squawk says when one would block or break a running service.
 *
 * squawk knows neither Flyway's placeholders nor its per-file options, so it gets copies with names in place of
 * placeholders, and those that run outside of a transaction on their own.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

const workspace = resolve(import.meta.dirname, '../..');
const checkout = resolve(process.argv[2] ?? workspace);
const squawk = createRequire(import.meta.url).resolve('squawk-cli/js/bin/squawk');

const scripts = readdirSync(join(checkout, 'migrations'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /^[VRU].*\.sql$/.test(basename(path)))
  .map((path) => join('migrations', path))
  .sort();
const copies = mkdtempSync(join(tmpdir(), 'capsule-migrations-'));
try {
  for (const script of scripts) {
    mkdirSync(dirname(join(copies, script)), { recursive: true });
    const sql = readFileSync(join(checkout, script), 'utf8');
    writeFileSync(join(copies, script), sql.replace(/\$\{(\w+)\}/g, '$1'));
  }
  lint(scripts.filter(isTransactional));
  lint(
    scripts.filter((script) => !isTransactional(script)),
    '--no-assume-in-transaction',
  );
} finally {
  rmSync(copies, { recursive: true });
}

function isTransactional(script) {
  const options = join(checkout, `${script}.conf`);
  return (
    !existsSync(options) || !/^\s*executeInTransaction\s*=\s*false\s*$/m.test(readFileSync(options, 'utf8'))
  );
}

function lint(files, ...options) {
  if (files.length === 0) return;
  const command = [squawk, '--config', join(checkout, '.squawk.toml'), '--reporter', 'json'];
  const result = spawnSync(
    process.execPath,
    [...command, '--no-error-on-unmatched-pattern', ...options, ...files],
    { cwd: copies, encoding: 'utf8' },
  );
  if (result.status === 0) return;
  process.exitCode = 1;
  if (!result.stdout.startsWith('[')) throw new Error(`squawk failed: ${result.stderr || result.signal}`);
  for (const { file, line, rule_name: rule, message, help } of JSON.parse(result.stdout)) {
    console.error(`${file}:${line + 1}: ${rule}: ${message}${help ? ` ${help}` : ''}`);
  }
}
