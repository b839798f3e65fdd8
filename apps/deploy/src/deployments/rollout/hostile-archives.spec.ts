import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type TarEntry, tarOf } from '../../testing/archive.fixture.js';
import { DeployServiceFixture } from '../../testing/deploy-service.fixture.js';
import { Deployer } from '../../testing/deployer.fixture.js';
import { answering } from '../../testing/sample-apps.fixture.js';

const MEBIBYTE = 1024 * 1024;
const index: TarEntry = { name: 'index.js', content: '' };
const packed = async (...entries: TarEntry[]) => gzipSync(await tarOf([index, ...entries]), { level: 1 });

/** 100 MB that would be 30 million objects, packed some fortyfold: no bomb by its size. */
function hugeManifest(): Buffer {
  const piece = () => `"${randomBytes(8).toString('hex')}",${'{},'.repeat(165)}`;
  return Buffer.from(`{"main":"index.js","x":[${Array.from({ length: 200_000 }, piece).join('')}0]}`);
}

describe('a hostile archive', () => {
  let service: DeployServiceFixture;
  let acme: Deployer;

  beforeAll(async () => {
    service = await DeployServiceFixture.start();
    acme = new Deployer(service, await service.organization('acme'));
  }, 60_000);

  afterAll(async () => {
    await service?.close();
  }, 60_000);

  it.each<[string, () => Promise<Buffer>, RegExp]>([
    ['climbs', () => packed({ name: '../outside', content: 'x' }), /a path that leads out/],
    [
      'links-out',
      () => packed({ name: 'passwords', type: 'symlink', linkname: '/etc/passwd' }),
      /"passwords" leads out/,
    ],
    [
      'zeros',
      () => packed({ name: 'zeros', content: Buffer.alloc(40 * MEBIBYTE) }),
      /compressed beyond all measure/,
    ],
    [
      'hard-links',
      () =>
        packed(
          { name: 'file', content: randomBytes(MEBIBYTE) },
          ...Array.from({ length: 500 }, (_, at): TarEntry => {
            return { name: `link${at}`, type: 'link', linkname: 'file' };
          }),
        ),
      /more than 524288000 bytes/,
    ],
    [
      'manifest',
      () => packed({ name: 'package.json', content: hugeManifest() }),
      /package.json is larger than 1048576 bytes/,
    ],
  ])(
    '(%s) is a failed deployment with its reason, and the same service goes on deploying',
    async (name, archive, detail) => {
      const app = await acme.app(name);
      const { pid } = service;

      const failed = await acme.reached(await acme.deploy(app, await archive()), 'build_failed');

      expect(failed.failure).toEqual({
        reason: 'source_invalid',
        detail: expect.stringMatching(detail),
      });
      for (const place of ['sources', 'builds']) {
        expect(readdirSync(join(service.folder, 'engine', place))).toEqual([]);
      }
      await acme.deployLive(app, answering('honest'));
      expect((await service.get(app.host)).body).toBe('honest');
      expect(pid).not.toBeNull();
      expect(service.pid).toBe(pid);
    },
    60_000,
  );
});
