import { failure } from './progress.mjs';

/**
 * The words behind a command, when it knows them all; otherwise, or when asked for help, the process ends with the usage.
 * @param {string} command @param {string[]} known @returns {string[]}
 */
export function readWords(command, known = []) {
  const words = process.argv.slice(2);
  const usage = ['usage:', command, ...(known.length > 0 ? ['--', ...known.map((word) => `[${word}]`)] : [])];
  if (words.some((word) => word === '--help' || word === '-h')) {
    console.log(usage.join(' '));
    process.exit(0);
  }
  const unknown = words.filter((word) => !known.includes(word));
  if (unknown.length > 0) {
    failure(`${command} does not know ${unknown.join(' ')}.\n${usage.join(' ')}`);
    process.exit(2);
  }
  return words;
}
