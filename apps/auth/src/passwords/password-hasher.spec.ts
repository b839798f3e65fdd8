import { createHmac } from 'node:crypto';
import { jest } from '@jest/globals';
import { DomainError } from '@capsule/errors';
import { runInContext } from '@capsule/telemetry';
import bcrypt from 'bcrypt';
import type { AuthSettings } from '../config.js';
import { PasswordHasher } from './password-hasher.js';

const PEPPER = 'a server key that nobody knows';
const COST = 4;

function hasher(pepper = PEPPER, bcryptCost = COST): PasswordHasher {
  return new PasswordHasher({ password: { pepper, bcryptCost } } as AuthSettings);
}

describe('PasswordHasher', () => {
  const passwords = hasher();

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('accepts the password it hashed and no other', async () => {
    const stored = await passwords.hash('correct horse battery');
    expect(await passwords.verify('correct horse battery', stored)).toBe(true);
    expect(await passwords.verify('correct horse batterY', stored)).toBe(false);
  });

  it('stores bcrypt of the HMAC, at the configured cost, with a salt of its own', async () => {
    const stored = await passwords.hash('correct horse battery');
    expect(stored).toMatch(/^\$2b\$04\$/);
    expect(await passwords.hash('correct horse battery')).not.toBe(stored);
    const inner = createHmac('sha256', PEPPER).update('correct horse battery').digest('base64');
    expect(await bcrypt.compare(inner, stored)).toBe(true);
  });

  it('makes a stored hash useless without the server key', async () => {
    const stored = await passwords.hash('correct horse battery');
    expect(await hasher('another server key').verify('correct horse battery', stored)).toBe(false);
  });

  it('tells passwords apart that differ in byte 73 and later, where bcrypt alone stops reading', async () => {
    const start = 'x'.repeat(72);
    expect(await bcrypt.compare(`${start}b`, await bcrypt.hash(`${start}a`, COST))).toBe(true);
    const stored = await passwords.hash(`${start}a`);
    expect(await passwords.verify(`${start}b`, stored)).toBe(false);
    expect(await passwords.verify(start, stored)).toBe(false);
    expect(await passwords.verify(`${start}a`, stored)).toBe(true);
  });

  it('reads past a zero byte', async () => {
    const stored = await passwords.hash('before\0after');
    expect(await passwords.verify('before\0other', stored)).toBe(false);
  });

  it('accepts the same password composed, decomposed and in full width', async () => {
    const stored = await passwords.hash('Crème brûlée 10'.normalize('NFC'));
    expect(await passwords.verify('Crème brûlée 10'.normalize('NFD'), stored)).toBe(true);
    expect(await passwords.verify('Crème brûlée １０'.normalize('NFC'), stored)).toBe(true);
  });

  it('does the full work of the configured cost for an account that does not exist', async () => {
    const compare = jest.spyOn(bcrypt, 'compare');
    const stored = await passwords.hash('correct horse battery');
    expect(await passwords.verify('correct horse battery', undefined)).toBe(false);
    expect(await passwords.verify('wrong horse battery', stored)).toBe(false);
    const [unknown, wrong] = compare.mock.calls.map(([, hash]) => String(hash));
    expect(unknown).toMatch(/^\$2b\$04\$.{53}$/);
    expect(bcrypt.getRounds(unknown ?? '')).toBe(bcrypt.getRounds(wrong ?? ''));
    expect(unknown).toHaveLength(wrong?.length ?? 0);
  });

  it('lets bcrypt work as long on the hash that nothing has as on a real one', async () => {
    // A hash that bcrypt finds malformed is refused at once: hundreds of times faster.
    const costly = hasher(PEPPER, 10);
    const stored = await costly.hash('correct horse battery');
    const [unknown, wrong] = [await fastest(undefined), await fastest(stored)];
    expect(unknown).toBeGreaterThan(wrong / 4);

    async function fastest(hash: string | undefined): Promise<number> {
      const times: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const startedAt = performance.now();
        await costly.verify('wrong horse battery', hash);
        times.push(performance.now() - startedAt);
      }
      return Math.min(...times);
    }
  });

  it('keeps threads of the pool free: two hashes run at once, the others wait their turn', async () => {
    let running = 0;
    let most = 0;
    jest.spyOn(bcrypt, 'hash').mockImplementation((async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return '';
    }) as typeof bcrypt.hash);
    await Promise.all(Array.from({ length: 12 }, () => passwords.hash('correct horse battery')));
    expect(most).toBe(2);
    expect(running).toBe(0);
  });

  it('does not compute what nobody waits for any more, and goes on with the next', async () => {
    const late = runInContext({ requestId: 'late', deadlineAt: Date.now() - 1 }, () => passwords.hash('x'));
    await expect(late).rejects.toThrow(new DomainError('platform.upstream.timeout'));
    await expect(passwords.hash('correct horse battery')).resolves.toMatch(/^\$2b\$/);
  });
});
