// `npm test [-- jest arguments]`: installs, builds, then runs the specs on real private servers, which Jest's
// globalSetup starts and its globalTeardown stops. The last lines name what was skipped and count what Jest itself counted.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireNodeVersion } from './node-version.mjs';
import { prepare } from './prepare.mjs';
import { workspace } from './workspace.mjs';

// What Jest calls a test that was left out, one without a body, and one switched off.
const notRun = new Set(['pending', 'todo', 'disabled']);

requireNodeVersion();
await prepare();

const folder = mkdtempSync(join(tmpdir(), 'capsule-test-'));
const results = join(folder, 'results.json');
const code = await runJest(['--json', `--outputFile=${results}`, ...process.argv.slice(2)]);
const { passed, failed, skipped, complete } = count(results);
rmSync(folder, { recursive: true });
// Whoever asks for tests by name knows that the others were left out.
const byName = process.argv.some((word) => /^(-t|--testNamePattern)/.test(word));
if (!byName) for (const name of skipped) console.log(`not run: ${name}`);
if (complete)
  console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
process.exitCode = complete ? code : 1;

function runJest(args) {
  const program = join(workspace, 'node_modules/jest/bin/jest.js');
  // Jest's own report goes to the error stream; what --json prints is in the file already.
  const child = spawn(process.execPath, ['--experimental-vm-modules', '--no-warnings', program, ...args], {
    cwd: workspace,
    stdio: ['inherit', 'ignore', 'inherit'],
    env: { ...process.env, NODE_ENV: 'test' },
  });
  // Ctrl-C reaches Jest too; it stops its workers and closes its connection to the servers, which then end.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('close', (exitCode) => resolve(exitCode ?? 1)));
}

/** A spec file that could not even be loaded counts as one failure: its tests are unknown. */
function count(path) {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, testResults } = JSON.parse(
      readFileSync(path, 'utf8'),
    );
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    return {
      passed: numPassedTests,
      failed: numFailedTests + numRuntimeErrorTestSuites,
      skipped: tests.filter(({ status }) => notRun.has(status)).map(({ fullName }) => fullName),
      complete: true,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: [], complete: false };
  }
}
