import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { SystemUser } from './server-user.js';

/** The password kept in the file, generated the first time. */
export function rememberedPassword(path: string): string {
  if (!existsSync(path)) writeFileSync(path, newPassword(), { mode: 0o600, flag: 'wx' });
  return readFileSync(path, 'utf8');
}

/** 192 bits, in characters that need no quoting in any configuration file or URL. */
export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Writes a file only its owner may read; the owner is the user its server runs as. */
export function writePrivateFile(path: string, content: string, owner?: SystemUser): void {
  writeFileSync(path, content, { mode: 0o600 });
  chmodSync(path, 0o600);
  if (owner) chownSync(path, owner.uid, owner.gid);
}
