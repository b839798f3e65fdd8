import { isRefreshToken, newRefreshToken, refreshTokenHash, successorOf } from './refresh-token.js';

describe('refresh tokens', () => {
  it('carry 256 random bits', () => {
    const tokens = Array.from({ length: 100 }, newRefreshToken);
    expect(new Set(tokens).size).toBe(100);
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  });

  it('have one successor, which looks like a fresh token and needs the key', () => {
    const token = newRefreshToken();
    const successor = successorOf(token, 'key');
    expect(successorOf(token, 'key')).toBe(successor);
    expect(isRefreshToken(successor)).toBe(true);
    expect(successor).not.toBe(token);
    expect(successorOf(token, 'another key')).not.toBe(successor);
    expect(successorOf(newRefreshToken(), 'key')).not.toBe(successor);
  });

  it('are stored as a digest only', () => {
    const token = newRefreshToken();
    expect(refreshTokenHash(token)).toHaveLength(32);
    expect(refreshTokenHash(token).toString('base64url')).not.toBe(token);
  });

  it.each(['', 'a', `${'a'.repeat(42)}=`, 'a'.repeat(44), `${'a'.repeat(42)}!`, `${'a'.repeat(43)}\n`])(
    'refuses the shape of %j',
    (text) => {
      expect(isRefreshToken(text)).toBe(false);
    },
  );
});
