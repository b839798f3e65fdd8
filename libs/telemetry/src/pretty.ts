import { inspect } from 'node:util';

const COLOURS: Record<string, number> = { trace: 90, debug: 36, info: 32, warn: 33, error: 31, fatal: 35 };

/** A JSON log line as a person reads it: time, level, app, message, then the other fields and the error's stack below. */
export function prettyLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, time, app, pid: _pid, context, msg, err, ...fields } = entry;
  const name = String(level);
  const rest = Object.entries(fields)
    .map(
      ([key, value]) =>
        ` ${key}=${typeof value === 'string' ? value : inspect(value, { breakLength: Infinity })}`,
    )
    .join('');
  const from = context === undefined ? String(app) : `${String(app)}/${String(context)}`;
  const head = `${String(time).slice(11, 23)} \u001b[${COLOURS[name] ?? 0}m${name.padEnd(5)}\u001b[0m ${from}: ${String(msg ?? '')}`;
  return `${head}\u001b[90m${rest}\u001b[0m\n${prettyError(err)}`;
}

function prettyError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { stack, cause, ...others } = error as Record<string, unknown>;
  const text = typeof stack === 'string' ? stack : inspect(others);
  const below = prettyError(cause);
  return `${text.replace(/^/gm, '    ')}\n${below && `    caused by\n${below}`}`;
}
