import * as config from '@capsule/config';
import { REDACTED, redact, redactText } from './redaction.js';

const SECRET = 'hunter2-hunter2';

interface Secret {
  variable: string;
  /** What the service's settings call it. */
  key: string;
}

/** Every secret of every environment that libs/config exports. */
const secrets = [...new Map(Object.values(config).flatMap((each) => secretsIn(each))).values()];

function secretsIn(node: unknown, key = ''): [string, Secret][] {
  if (typeof node !== 'object' || node === null) return [];
  if (!('variable' in node)) return Object.entries(node).flatMap(([name, child]) => secretsIn(child, name));
  const { variable, secret } = node as config.Variable;
  return secret ? [[`${variable} ${key}`, { variable, key }]] : [];
}

describe('redaction', () => {
  it('knows the secrets of the configuration', () => {
    const names = secrets.map(({ variable }) => variable);
    expect(names).toEqual(expect.arrayContaining(['REDIS_PASSWORD', 'JWT_REFRESH_KEY', 'OPERATOR_TOKEN']));
    expect(names.length).toBeGreaterThan(15);
  });

  it.each(secrets)('hides $variable by its name, as the setting $key, and in text', ({ variable, key }) => {
    expect(redact({ [variable]: SECRET, [key]: SECRET })).toEqual({ [variable]: REDACTED, [key]: REDACTED });
    for (const text of [`${variable}=${SECRET} x`, `"${variable}": "${SECRET}"`, `{ ${key}: '${SECRET}' }`]) {
      expect(redactText(text)).not.toContain(SECRET);
    }
  });

  it('shows keys that are no secrets', () => {
    const keys = { idempotencyKey: 'k-1', storageKey: 'a/b', key: 'c' };
    expect(redact(keys)).toEqual(keys);
    expect(redactText('idempotencyKey=k-1')).toBe('idempotencyKey=k-1');
  });
});
