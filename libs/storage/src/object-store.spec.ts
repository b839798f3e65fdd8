import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ObjectStore } from './object-store.js';

let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'object-store-'));
  store = await ObjectStore.open(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const LIMIT = { maxBytes: 1_000_000 };

function put(key: string, content: string) {
  return store.putStream(key, Readable.from([Buffer.from(content)]), LIMIT);
}

async function read(key: string): Promise<string | undefined> {
  const found = await store.getStream(key);
  return found && (await buffer(found.content)).toString();
}

describe('ObjectStore', () => {
  it('gives back exactly the bytes that were put, with their size and SHA-256', async () => {
    const bytes = randomBytes(700_001);
    const chunks = [bytes.subarray(0, 3), bytes.subarray(3, 500_000), bytes.subarray(500_000)];
    const stored = await store.putStream('archives/t1/a.tar.gz', Readable.from(chunks), LIMIT);
    expect(stored).toEqual({
      key: 'archives/t1/a.tar.gz',
      sizeBytes: 700_001,
      digest: createHash('sha256').update(bytes).digest('hex'),
    });
    const found = await store.getStream('archives/t1/a.tar.gz');
    expect(found?.sizeBytes).toBe(700_001);
    expect((await buffer(found!.content)).equals(bytes)).toBe(true);
  });

  it('replaces an object as a whole', async () => {
    await put('a', 'first, and longer');
    await put('a', 'second');
    expect(await read('a')).toBe('second');
    expect((await store.stat('a'))?.sizeBytes).toBe(6);
  });

  it('takes exactly the limit and refuses one byte more as too large, keeping the old object and no part', async () => {
    await put('a', 'old');
    await store.putStream('b', Readable.from([Buffer.alloc(10)]), { maxBytes: 10 });
    const refused = store.putStream('a', Readable.from([Buffer.alloc(6), Buffer.alloc(5)]), { maxBytes: 10 });
    await expect(refused).rejects.toMatchObject({ kind: 'too_large', code: 'platform.request.too_large' });
    expect(await read('a')).toBe('old');
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  });

  it('stops reading an endless stream at the limit', async () => {
    let produced = 0;
    const endless = new Readable({
      read() {
        produced += 65_536;
        this.push(Buffer.alloc(65_536));
      },
    });
    await expect(store.putStream('a', endless, { maxBytes: 1_000_000 })).rejects.toMatchObject({
      kind: 'too_large',
    });
    expect(produced).toBeLessThan(2_000_000);
    expect(endless.destroyed).toBe(true);
  });

  it.each([
    ['before the first byte is read', 0],
    ['in the middle', 50],
  ])('leaves nothing behind when the sender breaks off %s', async (_, afterMs) => {
    const broken = new Readable({ read: () => undefined });
    broken.push(Buffer.alloc(1_000));
    setTimeout(() => broken.destroy(new Error('connection lost')), afterMs);
    await expect(store.putStream('a', broken, LIMIT)).rejects.toThrow('connection lost');
    expect(await store.stat('a')).toBeUndefined();
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  });

  it('stores nothing once its signal was aborted, not even when all bytes were there already', async () => {
    const [early, late] = [new AbortController(), new AbortController()];
    early.abort(new Error('too late'));
    await expect(
      store.putStream('a', Readable.from([Buffer.alloc(3)]), { ...LIMIT, signal: early.signal }),
    ).rejects.toThrow('too late');
    const abortedAtItsEnd = Readable.from(
      (function* () {
        yield Buffer.alloc(3);
        late.abort(new Error('too late'));
      })(),
    );
    await expect(store.putStream('a', abortedAtItsEnd, { ...LIMIT, signal: late.signal })).rejects.toThrow(
      'too late',
    );
    expect(await store.stat('a')).toBeUndefined();
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  });

  // Only root may mount a folder with an end.
  (process.getuid?.() === 0 && process.platform === 'linux' ? it : it.skip)(
    'is unavailable for a while when the disk is full, keeps the old object, and takes new ones when there is room',
    async () => {
      const disk = await mkdtemp(join(tmpdir(), 'object-store-disk-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
      try {
        const small = await ObjectStore.open(disk);
        const put = (key: string, bytes: number) =>
          small.putStream(key, Readable.from([Buffer.alloc(bytes)]), LIMIT);
        await put('a', 100_000);
        await expect(put('a', 200_000)).rejects.toMatchObject({
          code: 'platform.service.overloaded',
          kind: 'unavailable',
          retryAfterSeconds: 10,
        });
        expect((await small.stat('a'))?.sizeBytes).toBe(100_000);
        await put('b', 100_000);
      } finally {
        execFileSync('umount', ['--lazy', disk]);
        await rm(disk, { recursive: true });
      }
    },
  );

  it('tells an absent object from a deleted one only by the answer of delete', async () => {
    await put('x/a', '1');
    expect(await store.delete('x/a')).toBe(true);
    expect(await store.delete('x/a')).toBe(false);
    expect(await store.delete('nowhere/a')).toBe(false);
    expect(await store.getStream('x/a')).toBeUndefined();
    expect(await store.stat('x')).toBeUndefined();
  });

  it.each([
    '',
    '/etc/passwd',
    '../a',
    'a/../b',
    'a//b',
    'a/',
    './a',
    '.hidden',
    'a/.b',
    'a\\b',
    'a\0b',
    'ä',
    'a'.repeat(600),
  ])('refuses the key %j for reading, writing and deleting', async (key) => {
    await expect(put(key, 'x')).rejects.toThrow('no key');
    await expect(store.getStream(key)).rejects.toThrow('no key');
    await expect(store.stat(key)).rejects.toThrow('no key');
    await expect(store.delete(key)).rejects.toThrow('no key');
  });

  it('follows no link out of its folder, neither a linked folder nor a linked file', async () => {
    const outside = join(folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(outside, join(folder, 'objects', 'linked'));
    await symlink(join(outside, 'secret'), join(folder, 'objects', 'file'));
    await expect(put('linked/new', 'x')).rejects.toThrow('leads out');
    await expect(put('linked/deep/new', 'x')).rejects.toThrow('leads out');
    await expect(store.getStream('linked/secret')).rejects.toThrow('leads out');
    await expect(store.delete('linked/secret')).rejects.toThrow('leads out');
    await expect(store.getStream('file')).rejects.toThrow('ELOOP');
    await put('file', 'mine');
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
    expect(await readdir(outside)).toEqual(['secret']);
  });

  it.each([
    ['when it opens', () => ObjectStore.open(folder)],
    ['when it is told to', () => store.removeLeftovers()],
  ])(
    'removes the leftovers of a crash %s, but not an upload that is still being written',
    async (_, remove) => {
      const old = join(folder, 'incoming', 'old');
      const young = join(folder, 'incoming', 'young');
      await writeFile(old, 'part');
      await writeFile(young, 'part');
      const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000);
      await utimes(old, twoHoursAgo, twoHoursAgo);
      await remove();
      expect(await readdir(join(folder, 'incoming'))).toEqual(['young']);
    },
  );

  it('is readable by its owner alone', async () => {
    await put('x/a', '1');
    for (const path of ['objects', 'incoming', 'objects/x']) {
      expect((await stat(join(folder, path))).mode & 0o777).toBe(0o700);
    }
    expect((await stat(join(folder, 'objects/x/a'))).mode & 0o777).toBe(0o600);
  });
});
