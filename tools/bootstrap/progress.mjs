const terminal = process.stdout.isTTY === true;
const paint = (code, text) => (terminal ? `\u001b[${code}m${text}\u001b[0m` : text);

/** @param {number} milliseconds */
export function duration(milliseconds) {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

/** One finished step of a start or stop. @param {string} title @param {number} milliseconds @param {string} [detail] */
export function stepDone(title, milliseconds, detail = '') {
  console.log(
    `${paint('32', '✓')} ${title.padEnd(34)} ${paint('2', `${duration(milliseconds).padStart(7)}  ${detail}`)}`.trimEnd(),
  );
}

/** Something the reader should know that is not a step. @param {string} message */
export function note(message) {
  console.log(`${paint('33', '!')} ${message}`);
}

/** @param {string} message */
export function failure(message) {
  console.error(`${paint('31', '✗')} ${message}`);
}

/**
 * Runs one step and prints its name with how long it took; a step that throws is named before the error travels on.
 * @template T @param {string} title @param {() => Promise<T> | T} work @returns {Promise<T>}
 */
export async function step(title, work) {
  const startedAt = performance.now();
  try {
    const result = await work();
    stepDone(title, performance.now() - startedAt);
    return result;
  } catch (error) {
    failure(`${title} failed after ${duration(performance.now() - startedAt)}`);
    throw error;
  }
}
