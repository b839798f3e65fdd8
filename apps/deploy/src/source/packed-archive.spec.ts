import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { DeploymentFailure } from '../engine/deployment-failure.js';
import { type TarEntry, tarOf } from '../testing/archive.fixture.js';
import { unpackArchive } from './packed-archive.js';

describe('an uploaded archive', () => {
  const folder = mkdtempSync(join(tmpdir(), 'capsule-unpack-'));
  const target = join(folder, 'target');
  const LIMITS = { unpackedBytes: 64 * 1024 * 1024, entries: 100 };
  afterEach(() => {
    rmSync(target, { recursive: true, force: true });
    rmSync(join(folder, 'outside'), { force: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function unpack(
    packed: Buffer,
    digest = createHash('sha256').update(packed).digest('hex'),
  ): Promise<void> {
    const pieces = Array.from({ length: Math.ceil(packed.length / 65_536) }, (_, index) =>
      packed.subarray(index * 65_536, (index + 1) * 65_536),
    );
    await unpackArchive(Readable.from(pieces, { objectMode: false }), target, { digest, limits: LIMITS });
  }
  const unpackEntries = async (...entries: TarEntry[]) => unpack(gzipSync(await tarOf(entries)));

  async function expectRefused(unpacking: Promise<void>, detail: RegExp): Promise<void> {
    const failure = await unpacking.then(
      () => 'it was unpacked',
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(DeploymentFailure);
    expect((failure as DeploymentFailure).reason).toBe('source_invalid');
    expect((failure as DeploymentFailure).detail).toMatch(detail);
    // Neither the target, nor a staging folder, nor anything beside it.
    expect(readdirSync(folder)).toEqual([]);
  }

  it('comes out with its files, folders, inner links, and the single top folder stripped', async () => {
    await unpackEntries(
      { name: 'app-1.0/', type: 'directory' },
      { name: 'app-1.0/run.sh', content: '#!', mode: 0o4777 },
      { name: './app-1.0/lib/deep/a.js', content: 'a', mode: 0o600 },
      { name: 'app-1.0/lib/b.js', type: 'symlink', linkname: 'deep/a.js' },
      { name: 'app-1.0/lib/deep/top', type: 'symlink', linkname: '../../run.sh' },
      { name: 'app-1.0/lib/hard.js', type: 'link', linkname: 'app-1.0/lib/deep/a.js' },
    );
    expect(readdirSync(target, { recursive: true }).sort()).toEqual(
      ['lib', 'lib/b.js', 'lib/deep', 'lib/deep/a.js', 'lib/deep/top', 'lib/hard.js', 'run.sh'].sort(),
    );
    expect(readFileSync(join(target, 'lib/b.js'), 'utf8')).toBe('a');
    expect(readFileSync(join(target, 'lib/deep/top'), 'utf8')).toBe('#!');
    // The setuid bit is gone, who may read is ours, only executability is the archive's.
    expect(statSync(join(target, 'run.sh')).mode & 0o7777).toBe(0o755);
    expect(statSync(join(target, 'lib/deep/a.js')).mode & 0o7777).toBe(0o644);
  });

  it('with two top-level entries keeps its folders', async () => {
    await unpackEntries({ name: 'lib/a.js', content: 'a' }, { name: 'index.js', content: 'i' });
    expect(existsSync(join(target, 'lib/a.js'))).toBe(true);
  });

  it.each<[string, TarEntry[], RegExp]>([
    ['a path that climbs', [{ name: '../outside', content: 'x' }], /leads out/],
    ['a path that climbs inside', [{ name: 'a/../../outside', content: 'x' }], /leads out/],
    ['an absolute path', [{ name: '/tmp/outside', content: 'x' }], /absolute/],
    [
      'a symlink to an absolute path',
      [
        { name: 'a', content: '' },
        { name: 'l', type: 'symlink', linkname: '/etc/passwd' },
      ],
      /link "l" leads out/,
    ],
    [
      'a symlink that climbs out',
      [
        { name: 'a/b', content: '' },
        { name: 'a/l', type: 'symlink', linkname: '../../outside' },
      ],
      /leads out/,
    ],
    [
      'a symlink that would climb out once the top folder is stripped',
      [
        { name: 'top/a', content: '' },
        { name: 'top/l', type: 'symlink', linkname: '../outside' },
      ],
      /leads out/,
    ],
    [
      'symlinks that lead out only together',
      [
        { name: 'x/y/z/f', content: '' },
        { name: 'x/y/z/up', type: 'symlink', linkname: '../../..' },
        { name: 'g', content: '' },
        { name: 'm', type: 'symlink', linkname: 'x/y/z/up/../outside' },
      ],
      /link "m" leads out/,
    ],
    [
      'a file written through a symlink',
      [
        { name: 'd', type: 'symlink', linkname: 'e' },
        { name: 'd/outside', content: 'x' },
        { name: 'e/f', content: '' },
      ],
      /same path twice/,
    ],
    [
      'a hard link to a file of the machine',
      [{ name: 'l', type: 'link', linkname: '/etc/passwd' }],
      /absolute/,
    ],
    ['a hard link that climbs', [{ name: 'l', type: 'link', linkname: '../outside' }], /leads out/],
    [
      'a hard link to a symlink',
      [
        { name: 's', type: 'symlink', linkname: 'f' },
        { name: 'f', content: '' },
        { name: 'l', type: 'link', linkname: 's' },
      ],
      /no file of the archive/,
    ],
    [
      'a character device',
      [{ name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }],
      /neither file/,
    ],
    ['a block device', [{ name: 'sda', type: 'block-device', devmajor: 8, devminor: 0 }], /neither file/],
    ['a pipe', [{ name: 'pipe', type: 'fifo' }], /neither file/],
    [
      'the same file twice',
      [
        { name: 'a', content: '1' },
        { name: './a', content: '2' },
      ],
      /same path twice/,
    ],
    [
      'a file where a folder is',
      [
        { name: 'a/b', content: '1' },
        { name: 'a', content: '2' },
      ],
      /same path twice/,
    ],
    [
      'a folder where a file is',
      [
        { name: 'a', content: '1' },
        { name: 'a/b', content: '2' },
      ],
      /same path twice/,
    ],
    ['a name with a line break', [{ name: 'a\nb', content: '1' }], /control characters/],
    ['a path of 65 folders', [{ name: `${'d/'.repeat(65)}f`, content: '1' }], /deeper than 64/],
    ['a name of 256 bytes', [{ name: 'n'.repeat(256), content: '1' }], /too long/],
    [
      '101 entries',
      Array.from({ length: 101 }, (_, index) => ({ name: `f${index}`, content: '' })),
      /more than 100 entries/,
    ],
    [
      '2 files in 120 folders',
      [
        { name: `${'a/'.repeat(60)}f`, content: '' },
        { name: `${'b/'.repeat(60)}f`, content: '' },
      ],
      /more than 100 entries/,
    ],
    [
      'a link longer than a path may be',
      [
        { name: 'f', content: '' },
        { name: 'l', type: 'symlink', linkname: 'f/'.repeat(2_048) },
      ],
      /link that is too long/,
    ],
    ['no files', [{ name: 'a/', type: 'directory' }], /no files/],
  ])('with %s is refused and leaves nothing', async (_name, entries, detail) => {
    await expectRefused(unpackEntries(...entries), detail);
    expect(existsSync('/tmp/outside')).toBe(false);
  });

  it('that unpacks to more than allowed is refused by what its header says, before its bytes', async () => {
    await expectRefused(
      unpackEntries({ name: 'huge', content: Buffer.alloc(LIMITS.unpackedBytes + 1, 'ab') }),
      /more than 67108864 bytes/,
    );
  });

  it('of one file and links to it is refused when copies of the file would be more than allowed', async () => {
    const links = Array.from({ length: 80 }, (_, index): TarEntry => {
      return { name: `link${index}`, type: 'link', linkname: 'file' };
    });
    await expectRefused(
      unpackEntries({ name: 'file', content: randomBytes(1024 * 1024) }, ...links),
      /more than 67108864 bytes/,
    );
  });

  it('of zeros compressed a thousandfold is refused as a bomb within the size limit', async () => {
    await expectRefused(
      unpackEntries({ name: 'zeros', content: Buffer.alloc(40 * 1024 * 1024) }),
      /beyond all measure/,
    );
  });

  it('that is cut short is refused', async () => {
    const packed = gzipSync(await tarOf([{ name: 'a', content: 'a'.repeat(100_000) }]));
    await expectRefused(unpack(packed.subarray(0, -9)), /no whole gzip .unexpected end of file/);
  });

  it('whose tar is cut short is refused', async () => {
    const tar = await tarOf([{ name: 'a', content: 'a'.repeat(100_000) }]);
    await expectRefused(unpack(gzipSync(tar.subarray(0, 50_000))), /./);
  });

  it.each([
    ['garbage', 'garbage'],
    ['zeros', '\0\0\0\0'],
    ['half a second member', gzipSync('more').subarray(0, 12)],
  ])('with %s behind it is refused', async (_name, behind) => {
    const packed = gzipSync(await tarOf([{ name: 'a', content: 'a' }]));
    await expectRefused(
      unpack(Buffer.concat([packed, Buffer.from(behind)])),
      /no whole gzip|follows the compressed data/,
    );
  });

  it('that is no gzip, or no tar, is refused', async () => {
    await expectRefused(unpack(Buffer.from('PK\u0003\u0004 this is a zip')), /no whole gzip/);
    await expectRefused(unpack(gzipSync(Buffer.alloc(2_048, 'x'))), /./);
    await expectRefused(unpack(gzipSync('')), /no files/);
  });

  it('of another digest than announced is refused', async () => {
    await expectRefused(
      unpack(gzipSync(await tarOf([{ name: 'a', content: 'a' }])), '0'.repeat(64)),
      /digest/,
    );
  });
});
