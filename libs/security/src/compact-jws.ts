/** Ours are below 1 KiB; what is far longer is not worth a hash. */
const CHARACTERS_MAX = 4_096;

const SHAPE = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/**
 * Whether the text is the one way to write a compact JWS (RFC 7515 §7.1). Libraries are lenient: blanks, `=` padding and
 * altered unused bits at the end of a part verify just as well, so that one token has many spellings. We know only one.
 */
export function isCanonicalJws(token: string): boolean {
  if (token.length > CHARACTERS_MAX) return false;
  const match = SHAPE.exec(token);
  return match !== null && match.slice(1).every(isCanonicalBase64Url);
}

function isCanonicalBase64Url(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
