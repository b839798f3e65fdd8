// `npm test [-- jest arguments]`: installs, builds, then runs the specs on real private servers, which Jest's
// globalSetup starts and its globalTeardown stops. The last line counts what Jest itself counted.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireNodeVersion } from './node-version.mjs';
import { prepare } from './prepare.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
await prepare();

const folder = mkdtempSync(join(tmpdir(), 'capsule-test-'));
const results = join(folder, 'results.json');
const code = await runJest(['--json', `--outputFile=${results}`, ...process.argv.slice(2)]);
const { passed, failed, complete } = count(results);
rmSync(folder, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
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
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(path, 'utf8'),
    );
    return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites, complete: true };
  } catch {
    return { passed: 0, failed: 0, complete: false };
  }
}
