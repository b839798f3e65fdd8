import { isNativeError } from 'node:util/types';

/**
 * What a log line must not tell. By key: the whole value of anything named like a secret, however deep. By shape: secrets
 * inside of text, such as the password in a connection string that a driver quotes in its message.
 */
export const REDACTED = '[redacted]';

/** Not every key is one: ids, columns and objects in the storage have keys, too. */
const KEY = '(?:private|api|refresh|cursor)[_-]?key';
const SECRET_KEY = new RegExp(
  `(password|passphrase|passwd|pwd|secret|token|authorization|cookie|pepper|credential|jwt|${KEY})s?$`,
  'i',
);

/** Of a database error: the values bound to the statement, which hold whatever was being written. */
const BOUND_VALUES_KEY = /^(parameters|bindings)$/;

const DEPTH_MAX = 8;
const ITEMS_MAX = 100;

export function redact(value: unknown, depth = 0, seen: ReadonlySet<object> = new Set()): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value;
  if (seen.has(value)) return '[circular]';
  if (depth >= DEPTH_MAX) return '[deep]';
  const within = new Set(seen).add(value);
  if (isNativeError(value)) return redactError(value, depth, within);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map) return redact(Object.fromEntries(value), depth, seen);
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, ITEMS_MAX).map((item) => redact(item, depth + 1, within));
  }
  return redactFields(value, depth, within);
}

export function redactFields(
  value: object,
  depth = 0,
  seen: ReadonlySet<object> = new Set([value]),
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    result[key] = isSecret(key) ? REDACTED : redact(field, depth + 1, seen);
  }
  return result;
}

function isSecret(key: string): boolean {
  return SECRET_KEY.test(key) || BOUND_VALUES_KEY.test(key);
}

function redactError(error: Error, depth: number, seen: ReadonlySet<object>): Record<string, unknown> {
  return {
    ...redactFields(error, depth, seen),
    ...(isFromPostgres(error) && hiddenFields(error)),
    name: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause !== undefined && { cause: redact(error.cause, depth + 1, seen) }),
    ...(error instanceof AggregateError && { errors: redact(error.errors, depth + 1, seen) }),
  };
}

/** Of the driver, or a wrapper of it that took its fields over; our own errors have a public `detail`. */
function isFromPostgres(error: Error): boolean {
  return 'severity' in error && 'routine' in error;
}

/** What PostgreSQL says beside its message quotes the row or the text that was being written. */
function hiddenFields(error: object): Record<string, string> {
  const quoting = Object.entries(error).filter(([key, text]) => /^(detail|where)$/.test(key) && text);
  return Object.fromEntries(quoting.map(([key]) => [key, REDACTED]));
}

const TEXT_RULES: readonly (readonly [RegExp, string])[] = [
  // scheme://user:password@host
  [/([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"]{0,200}):[^\s@/"]{1,500}@/gi, `$1:${REDACTED}@`],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/-]{16,}=*/gi, `$1 ${REDACTED}`],
  // A compact JWS or JWE, wherever it stands
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, REDACTED],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|(?=")|$)/g, REDACTED],
  // password=… in a key-value connection string or a query; in JSON text the quotes are escaped
  [
    new RegExp(
      `\\b([\\w-]*(?:password|passwd|pwd|secret|token|pepper|${KEY})\\\\?"?\\s*[=:]\\s*\\\\?["']?)` +
        `(?!\\[redacted\\])[^\\s"'&,;\\\\()[\\]{}]+`,
      'gi',
    ),
    `$1${REDACTED}`,
  ],
];

/** Cheap test before the rules: nearly every line holds none of these. */
const SUSPECT = new RegExp(
  `://[^\\s/"]*@|bearer|basic|eyJ|PRIVATE KEY|passw|pwd|secret|token|pepper|${KEY}`,
  'i',
);

export function redactText(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return TEXT_RULES.reduce(
    (redacted, [pattern, replacement]) => redacted.replace(pattern, replacement),
    text,
  );
}
