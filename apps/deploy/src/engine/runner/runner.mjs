/**
 * The runner: one small process per run that starts the program, drinks its output into the log and writes down how
 * it ended. It is what lets a run outlive the service, and it loads nothing but Node so that it costs little
 * (about 7 MB beside the pages of the Node binary that all Node processes share).
 *
 * It takes its order as JSON on standard input (secrets of the app's environment never touch disk or argv), keeps
 * `runner.json` in the folder of the run, says "started" on standard output, closes it when the program has ended, and
 * ends then. The runner of an instance stays and holds its port (see held-port.mjs) until the engine ends it.
 *
 *  - `runner.json` is created exclusively before anything is started: a second runner of the same run gives up.
 *  - `exit.json` is written once, after the last output of the program is in the log.
 *  - Killed itself, it leaves neither; the engine sees the dead runner and ends what it left behind.
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { holdPort } from './held-port.mjs';
import { LineCutter, LogRing } from './log-ring.mjs';
import { bootId, processStart } from './process-table.mjs';

/**
 * @typedef {object} RunOrder
 * @property {string} folder of the run
 * @property {string[]} argv
 * @property {string} workingFolder
 * @property {Record<string, string>} env the whole environment of the program
 * @property {number | null} uid to become when no program in argv does it already
 * @property {InstancePort | null} instancePort where the program takes requests, if it does
 * @property {string[]} joinFiles `cgroup.procs` to enter before the program is started, so that it is born inside
 * @property {string[]} leaveFiles `cgroup.procs` the runner itself goes to afterwards
 * @property {{ folder: string, maxBytes: number, bytesPerSecond: number }} log
 */

/**
 * @typedef {object} InstancePort
 * @property {string} host
 * @property {number} port
 * @property {number | null} uid of the program's own processes
 * @property {import('./held-port.mjs').UserRange | null} appUsers of all runs; null where they have none of their own
 */
/** @typedef {{ bootId: string, runner: { pid: number, start: string }, program: { pid: number, start: string } | null }} RunnerState */
/** @typedef {{ code: number | null, signal: string | null, notFound: boolean, endedAt: string }} RunExit */

/** How long output is still awaited after the program ended: a child that lives on may hold the pipe open. */
const OUTPUT_TAIL_MS = 300;
const PAUSE_MS = 250;
const ALREADY_RUN = 3;
const FOLDER_LOOK_MS = 10_000;

for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE']))
  process.on(signal, () => {});
process.stdout.on('error', () => {});

/** @type {RunOrder} */
const order = JSON.parse(readFileSync(0, 'utf8'));
const stateFile = join(order.folder, 'runner.json');
/** @type {RunnerState} */
const state = {
  bootId: bootId(),
  runner: { pid: process.pid, start: processStart(process.pid) ?? '' },
  program: null,
};
// A link is made whole or not at all, and not over an existing file.
const draft = `${stateFile}.${process.pid}`;
writeFileSync(draft, JSON.stringify(state), { mode: 0o600 });
try {
  linkSync(draft, stateFile);
} catch {
  process.exitCode = ALREADY_RUN;
}
unlinkSync(draft);
if (process.exitCode === ALREADY_RUN) process.exit();

const log = new LogRing(order.log);
for (const file of order.joinFiles) writeFileSync(file, String(process.pid));
const program = spawn(order.argv[0] ?? '', order.argv.slice(1), {
  cwd: order.workingFolder,
  env: order.env,
  detached: true,
  stdio: ['ignore', 'pipe', 'pipe'],
  ...(order.uid === null ? {} : { uid: order.uid, gid: order.uid }),
});
for (const file of order.leaveFiles) writeFileSync(file, String(process.pid));

const { bytesPerSecond } = order.log;
let allowance = bytesPerSecond;
let allowanceAt = performance.now();
let ending = false;
const outputs = [program.stdout, program.stderr].map((stream) => {
  const cutter = new LineCutter();
  const ended = new Promise((resolve) => stream.once('close', resolve));
  stream.on('data', (bytes) => {
    const lines = cutter.push(bytes);
    if (lines.length > 0) write(lines);
    slowDown(bytes.length);
  });
  return { stream, cutter, ended };
});

/**
 * Full pipes make the program wait: a flood costs its author time, and the platform neither disk nor processor.
 * @param {number} bytes that were just read
 */
function slowDown(bytes) {
  const now = performance.now();
  allowance = Math.min(bytesPerSecond, allowance + ((now - allowanceAt) / 1000) * bytesPerSecond) - bytes;
  allowanceAt = now;
  if (allowance >= 0 || ending) return;
  for (const { stream } of outputs) stream.pause();
  setTimeout(resumeOutputs, PAUSE_MS);
}

function resumeOutputs() {
  for (const { stream } of outputs) stream.resume();
}

program.once('spawn', () => {
  const pid = program.pid ?? 0;
  state.program = { pid, start: processStart(pid) ?? '' };
  replace(stateFile, state);
  process.stdout.write('started\n');
});
program.once('error', (error) => {
  write(Buffer.from(`can't start ${order.argv[0]}: ${/** @type {NodeJS.ErrnoException} */ (error).code}\n`));
  end({ code: null, signal: null, notFound: true });
});
program.once('exit', async (code, signal) => {
  ending = true;
  // Before anything else: from here on the port is anybody's.
  if (order.instancePort) holdPort(order.instancePort);
  resumeOutputs();
  await Promise.race([
    Promise.all(outputs.map(({ ended }) => ended)),
    new Promise((resolve) => setTimeout(resolve, OUTPUT_TAIL_MS)),
  ]);
  for (const { cutter } of outputs) write(cutter.end());
  end({ code, signal, notFound: false });
});

/** @param {Buffer} lines */
function write(lines) {
  try {
    log.append(lines);
  } catch {
    // A full disk loses log lines, not the app.
  }
}

/** @param {Omit<RunExit, 'endedAt'>} exit */
function end(exit) {
  replace(join(order.folder, 'exit.json'), { ...exit, endedAt: new Date().toISOString() });
  if (exit.notFound || !order.instancePort) process.exit(0);
  closeSync(1);
  // Whoever removes the folder without ending the run wants nothing of it any more.
  setInterval(() => existsSync(order.folder) || process.exit(0), FOLDER_LOOK_MS);
}

/** @param {string} file @param {RunnerState | RunExit} content */
function replace(file, content) {
  writeFileSync(`${file}.new`, JSON.stringify(content), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
