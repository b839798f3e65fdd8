import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';

/** The part of a terminal that a question needs. */
export interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream;
}

export const ownTerminal: Terminal = { input: process.stdin, output: process.stderr };

/** Whether somebody typed yes when told what is about to happen. False without a terminal: a script has to say --yes. */
export async function confirm(what: string, { input, output }: Terminal): Promise<boolean> {
  if (!input.isTTY) return false;
  const terminal = createInterface({ input, output });
  // Who leaves by Ctrl-D never answers, and who leaves by Ctrl-C makes the question fail.
  const left = once(terminal, 'close').then(() => 'no');
  const answered = terminal.question(`${what}\nType yes to go on: `).catch(() => 'no');
  const answer = await Promise.race([answered, left]);
  terminal.close();
  return answer.trim() === 'yes';
}
