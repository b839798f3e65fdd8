import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ask, callSupervisor } from './control.js';
import { deployDemo } from './demo.js';
import { readEnvironment } from './environment-file.js';
import { chooseHome, type Home, openHome } from './home.js';
import { exitCodeOf } from './exit-code.js';
import { openLog } from './log-file.js';
import type { PlatformOptions } from './platform.js';
import { forwardingReporter, type Reporter, type ReportMessage, terminalReporter } from './reporter.js';
import { runPlatform } from './run-platform.js';

const externalFlag = '--external-servers';
const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function parseStartOptions(words: readonly string[]): PlatformOptions {
  return { externalServers: words.includes(externalFlag) };
}

/** `npm start`: the platform in the foreground until Ctrl-C. Resolves with the exit code. */
export async function start(workspace: string, options: PlatformOptions): Promise<number> {
  return exitCodeOf(terminalReporter, () =>
    runWithDemo(workspace, options, terminalReporter, () =>
      console.log('\nRunning until Ctrl-C; the data stays then.'),
    ),
  );
}

/** The process that `npm start -- --detach` leaves behind; tells its parent over the channel until that is gone. */
export async function runDetached(workspace: string, options: PlatformOptions): Promise<number> {
  const send = (message: ReportMessage) => {
    // The parent ends once it heard `ready`; nobody listens any more, and that is no fault.
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  };
  const reporter = forwardingReporter(send);
  return exitCodeOf(reporter, async () => {
    let wasReady = false;
    await runWithDemo(workspace, options, reporter, (demoAnswers) => {
      wasReady = true;
      send({ kind: 'ready', demoAnswers });
    });
    if (!wasReady) throw new NeverReadyError();
  });
}

class NeverReadyError extends Error {
  constructor() {
    super('Capsule was stopped before it was ready.');
    this.name = 'NeverReadyError';
  }
}

/**
 * `npm start -- --detach`: returns when the platform is ready, also when another command is just starting it; with 1
 * when it could not start or was stopped before, and when it runs but its demo app does not answer, so that a script
 * that wants an address does not go on without one.
 */
export function startDetached(workspace: string, options: PlatformOptions): Promise<number> {
  return exitCodeOf(terminalReporter, () => beginDetached(workspace, options));
}

async function beginDetached(workspace: string, options: PlatformOptions): Promise<number> {
  const home = openHome(chooseHome(workspace, readEnvironment(workspace, process.env)['CAPSULE_HOME']));
  const log = openLog(home.logs, 'supervisor');
  const program = fileURLToPath(new URL('./detached.js', import.meta.url));
  const words = options.externalServers ? [externalFlag] : [];
  const child = spawn(process.execPath, [program, workspace, ...words], {
    cwd: workspace,
    detached: true,
    stdio: ['ignore', log.descriptor, log.descriptor, 'ipc'],
  });
  closeSync(log.descriptor);
  // Who ends this command while it starts means that it should not.
  const cancel = () => child.kill('SIGTERM');
  for (const signal of endSignals) process.on(signal, cancel);
  return new Promise((resolve) => {
    child.on('message', (message: ReportMessage) => {
      if (message.kind === 'step') terminalReporter.step(message.title, message.milliseconds, message.detail);
      else if (message.kind !== 'ready') terminalReporter[message.kind](message.message);
      else {
        const background = message.demoAnswers
          ? 'Running in the background'
          : 'Running in the background without the demo app';
        console.log(`\n${background}. npm run status shows it, npm stop ends it; log: ${log.path}`);
        child.disconnect();
        child.unref();
        resolve(message.demoAnswers ? 0 : 1);
      }
    });
    child.once('exit', (code, signal) => {
      if (signal)
        terminalReporter.failure(`Its supervisor was ended by ${signal}; npm stop ends what it left.`);
      for (const each of endSignals) process.off(each, cancel);
      // It found another at work on the home, which may not have come to its end yet.
      resolve(code === 0 ? exitCodeOf(terminalReporter, () => untilReady(home)) : (code ?? 1));
    });
  });
}

async function untilReady(home: Home): Promise<void> {
  const socket = await callSupervisor(home);
  const isReady = socket && (await ask<boolean>(socket, 'ready').finally(() => socket.destroy()));
  if (!isReady) throw new NeverReadyError();
}

async function runWithDemo(
  workspace: string,
  options: PlatformOptions,
  reporter: Reporter,
  ready: (demoAnswers: boolean) => void,
): Promise<void> {
  await runPlatform({
    ...options,
    workspace,
    reporter,
    onReady: async (running) => {
      const demoAnswers = await deployDemo(workspace, running, reporter);
      if (!running.ended.aborted) ready(demoAnswers);
    },
  });
}
