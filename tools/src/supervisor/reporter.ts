import { failure, note, stepDone } from '../../bootstrap/progress.mjs';
import type { ManagedProcess, ProcessListener } from './managed-process.js';

/** Where the supervisor tells what it does: the terminal in the foreground, also the starting process when detached. */
export interface Reporter {
  step(title: string, milliseconds: number, detail?: string): void;
  note(message: string): void;
  failure(message: string): void;
  /** For the person in front of the terminal only: it holds a password, so no log keeps it. */
  summary(text: string): void;
}

export const terminalReporter: Reporter = {
  step: stepDone,
  note,
  failure,
  summary: (text) => console.log(text),
};

/** What the detached supervisor sends to `npm start -- --detach`, which prints it. */
export type ReportMessage =
  | { kind: 'step'; title: string; milliseconds: number; detail: string | undefined }
  | { kind: 'note' | 'failure' | 'summary'; message: string }
  | { kind: 'ready'; demoAnswers: boolean };

/** Prints into its own log and, while the process that started it still listens, there too. */
export function forwardingReporter(send: (message: ReportMessage) => void): Reporter {
  return {
    step: (title, milliseconds, detail) => {
      stepDone(title, milliseconds, detail);
      send({ kind: 'step', title, milliseconds, detail });
    },
    note: (message) => {
      note(message);
      send({ kind: 'note', message });
    },
    failure: (message) => {
      failure(message);
      send({ kind: 'failure', message });
    },
    summary: (message) => send({ kind: 'summary', message }),
  };
}

export function reportTo(reporter: Reporter): ProcessListener {
  return {
    onReady: (process, milliseconds) => {
      const title = process.restarts > 0 ? `${process.name} is back` : process.name;
      const { listens } = process.definition;
      reporter.step(title, milliseconds, listens && `port ${listens.port}`);
    },
    onDeath: (process: ManagedProcess, message, tail) => {
      const reason = tail && ` The end of ${process.logPath}:\n${tail.replace(/^/gm, '    ')}`;
      reporter.failure(`${message.replace(/\.$/, '')}; it is started again.${reason}`);
    },
    onSilence: (process, reason) => {
      const remedy = `if that lasts, kill -9 ${process.pid} has it started again`;
      reporter.failure(`${process.name} runs but does not serve any more (${reason}); ${remedy}.`);
    },
    onAnswer: (process, silentMs) => reporter.step(`${process.name} serves again`, silentMs),
  };
}
