import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { eventually } from '@capsule/testing';
import { testPorts } from '@capsule/testing/test-ports';
import { DeploymentFailure } from './deployment-failure.js';
import { EngineFixture, MEBIBYTE } from './embedded-engine.fixture.js';
import { packFolder } from './pack.js';
import { processStart } from './runner/process-table.mjs';

const manifest = (content: object) => ({
  'package.json': JSON.stringify({ name: 'app', version: '1.0.0', ...content }),
});
/** A dependency that needs no registry. */
const dependency = (scripts: Record<string, string> = {}) => ({
  'dep/package.json': JSON.stringify({ name: 'dep', version: '1.0.0', main: 'index.js', scripts }),
  'dep/index.js': 'module.exports = "from the dependency";',
});
/** An app whose install script runs the program. */
const installing = (program: string) => ({
  ...manifest({ dependencies: { dep: 'file:./dep' }, scripts: { postinstall: 'node install.js' } }),
  ...dependency(),
  'install.js': `const fs = require('node:fs'); ${program}`,
});

describe('a build', () => {
  let fixture: EngineFixture;
  beforeAll(async () => {
    fixture = await EngineFixture.create({ ports: testPorts('build.spec') });
  });
  afterAll(() => fixture.close());

  async function failureOf(building: Promise<unknown>): Promise<DeploymentFailure> {
    const failure = await building.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DeploymentFailure);
    expect(readdirSync(join(fixture.folder, 'engine/builds'))).toEqual([]);
    return failure as DeploymentFailure;
  }

  it('of equal sources gives an artifact of equal bytes', async () => {
    const [one, other] = [
      await fixture.build({ 'index.js': 'a', 'lib/b.js': 'b', 'z.js': '' }),
      await fixture.build({ 'z.js': '', 'lib/b.js': 'b', 'index.js': 'a' }),
    ];
    expect(one.digest).toBe(other.digest);
    expect(one.sizeBytes).toBe(other.sizeBytes);
    expect((await fixture.build({ 'index.js': 'b' })).digest).not.toBe(one.digest);
  });

  it('installs dependencies, and the app finds them when it is started from the artifact', async () => {
    const artifact = await fixture.build({
      ...manifest({
        dependencies: { dep: 'file:./dep' },
        scripts: { start: 'node --no-warnings server.js one' },
      }),
      ...dependency(),
      'server.js': 'console.log(require("dep"), process.argv[2], process.env.npm_config_cache);',
    });
    const request = {
      ...artifact,
      instanceId: randomUUID(),
      deploymentId: randomUUID(),
      appId: randomUUID(),
      command: null,
      env: {},
      memoryLimitBytes: 128 * MEBIBYTE,
      signal: new AbortController().signal,
    };
    await fixture.engine.start(request);
    await fixture.observed(request.instanceId, ({ state }) => state === 'exited');
    expect(await fixture.logText(request.deploymentId)).toBe('from the dependency one undefined\n');
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
  }, 60_000);

  it('whose installation fails does so as source_invalid, with the reason in the log', async () => {
    const deploymentId = randomUUID();
    const files = {
      ...manifest({ dependencies: { dep: 'file:./dep' }, scripts: { postinstall: 'node fail.js' } }),
      ...dependency(),
      'fail.js': 'console.error("this is why"); process.exit(9);',
      'index.js': '',
    };
    const failure = await failureOf(fixture.build(files, { deploymentId }));
    expect(failure.reason).toBe('source_invalid');
    expect(failure.detail).toMatch(/npm install failed/);
    expect(await fixture.logText(deploymentId)).toContain('this is why');
  }, 60_000);

  it.each([
    [
      'a link that leads out',
      "symlinkSync('/etc/passwd', 'leak')",
      'holds the link "leak", which leads out of it',
    ],
    ['a name that no archive may hold', "writeFileSync('a\\nb', '')", 'holds a name with control characters'],
  ])(
    'whose installation leaves %s is refused as it is built, and told so',
    async (_, deed, refusal) => {
      const files = {
        ...manifest({ dependencies: { dep: 'file:./dep' }, scripts: { postinstall: 'node deed.js' } }),
        ...dependency(),
        'deed.js': `require('node:fs').${deed};`,
        'index.js': '',
      };
      const failure = await failureOf(fixture.build(files));
      expect(failure).toMatchObject({ reason: 'source_invalid', detail: `the built app ${refusal}` });
    },
    60_000,
  );

  it('that is aborted rejects with the reason of the signal when nothing of it runs any more', async () => {
    const [controller, reason, deploymentId] = [new AbortController(), new Error('canceled'), randomUUID()];
    const files = {
      ...manifest({ dependencies: { dep: 'file:./dep' }, scripts: { postinstall: 'node hang.js' } }),
      ...dependency(),
      'hang.js': `
        process.on('SIGTERM', () => {});
        require('node:fs').writeFileSync('pid', String(process.pid));
        setInterval(() => {}, 1000);`,
      'index.js': '',
    };
    const building = fixture.build(files, { signal: controller.signal, deploymentId });
    building.catch(() => {});
    const pidFile = join(fixture.folder, 'engine/builds', deploymentId, 'files/app/pid');
    const pid = await eventually(() => Number(readFileSync(pidFile, 'utf8')), 30_000);
    expect(statSync(`/proc/${pid}`).uid).not.toBe(0);
    controller.abort(reason);
    await expect(building).rejects.toBe(reason);
    expect(processStart(pid)).toBeNull();
    expect(readdirSync(join(fixture.folder, 'engine/builds'))).toEqual([]);
  }, 60_000);

  it('left behind by an earlier life is ended by stopBuild, however often it is called', async () => {
    const run = await fixture.home.prepare('builds', 'left-behind');
    mkdirSync(join(run.filesFolder, 'app'));
    await fixture.home.giveFiles(run);
    await run.start({
      argv: ['/bin/sleep', '1000'],
      env: {},
      memoryLimitBytes: 64 * MEBIBYTE,
      logFolder: fixture.home.logs.folderOf('left-behind'),
    });
    expect(run.status().state).toBe('running');
    await fixture.anotherEngine().stopBuild('left-behind');
    expect(run.status().state).not.toBe('running');
    expect(readdirSync(join(fixture.folder, 'engine/builds'))).toEqual([]);
    await fixture.engine.stopBuild('left-behind');
  });

  it.each<[string, Record<string, string>, string[] | undefined, DeploymentFailure['reason'], RegExp]>([
    ['nothing to start', { 'readme.md': '' }, undefined, 'command_not_found', /there is nothing to start/],
    [
      'a start script for a shell',
      manifest({ scripts: { start: 'X=1 node a.js && b' } }),
      undefined,
      'command_not_found',
      /not of the form/,
    ],
    [
      'a start script of a missing file',
      manifest({ scripts: { start: 'node missing.js' } }),
      undefined,
      'command_not_found',
      /not of the form/,
    ],
    [
      'a main that leads out',
      manifest({ main: '../../../../../../../etc/passwd' }),
      undefined,
      'command_not_found',
      /nothing to start/,
    ],
    [
      'a command that is no program',
      { 'index.js': '' },
      ['no-such-program', 'x'],
      'command_not_found',
      /"no-such-program"/,
    ],
    [
      'a command that nobody may execute',
      { 'index.js': '' },
      ['./index.js'],
      'command_not_found',
      /"\.\/index\.js"/,
    ],
    [
      'a package.json that is none',
      { 'package.json': '{', 'index.js': '' },
      undefined,
      'source_invalid',
      /valid JSON/,
    ],
    [
      'a package.json that is a list',
      { 'package.json': '[]', 'index.js': '' },
      undefined,
      'source_invalid',
      /JSON object/,
    ],
    [
      'a package.json of more than 1 MiB',
      { ...manifest({ scripts: { start: 'node index.js', '//': 'x'.repeat(MEBIBYTE) } }), 'index.js': '' },
      undefined,
      'source_invalid',
      /package.json is larger than 1048576 bytes/,
    ],
    [
      'more than it may hold',
      { 'index.js': 'x'.repeat(65 * MEBIBYTE) },
      undefined,
      'source_invalid',
      /holds more than 67108864 bytes/,
    ],
    [
      'a device and a pipe where its program should be',
      installing(`
        fs.symlinkSync('/dev/zero', 'server.js');
        require('node:child_process').execFileSync('mkfifo', ['index.js']);`),
      undefined,
      'command_not_found',
      /there is nothing to start/,
    ],
    [
      'a path longer than the system takes in one call',
      installing(
        `for (let depth = 0; depth < 100; depth++) fs.mkdirSync('n'.repeat(60)), process.chdir('n'.repeat(60));`,
      ),
      ['node', 'index.js'],
      'source_invalid',
      /a path that is too long/,
    ],
  ])(
    'with %s fails with its reason and leaves nothing',
    async (_name, files, command, reason, detail) => {
      const failure = await failureOf(fixture.build(files, command ? { command } : {}));
      expect(failure.reason).toBe(reason);
      expect(failure.detail).toMatch(detail);
    },
    60_000,
  );
});

describe('packing a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'capsule-pack-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const pack = (owner: number | null, entries = 10) =>
    packFolder(`${folder}.tar.gz`, {
      folder,
      owner,
      limits: { unpackedBytes: MEBIBYTE, entries },
      signal: new AbortController().signal,
    });

  it('knows neither time nor order, and follows no link', async () => {
    writeFileSync(join(folder, 'b'), 'b');
    symlinkSync('b', join(folder, 'link'));
    const one = await pack(null);
    writeFileSync(join(folder, 'b'), 'b');
    utimesSync(join(folder, 'b'), 1, 1);
    expect(await pack(null)).toEqual(one);
    const linked = gunzipSync(readFileSync(`${folder}.tar.gz`));
    rmSync(join(folder, 'link'));
    writeFileSync(join(folder, 'link'), 'b');
    await pack(null);
    expect(gunzipSync(readFileSync(`${folder}.tar.gz`)).length).toBe(linked.length + 512);
    await expect(pack(null, 1)).rejects.toMatchObject({ detail: 'the built app holds more than 1 entries' });
    rmSync(`${folder}.tar.gz`);
  });

  (process.getuid?.() === 0 ? it : it.skip)("leaves out files of other users than the build's", async () => {
    for (const name of ['b', 'link']) rmSync(join(folder, name));
    for (const [name, owner] of [
      ['own', 12_345],
      ['foreign', 0],
    ] as const) {
      writeFileSync(join(folder, name), `content of ${name}`);
      chownSync(join(folder, name), owner, owner);
    }
    await pack(12_345);
    const tar = gunzipSync(readFileSync(`${folder}.tar.gz`)).toString();
    expect(tar).toContain('content of own');
    expect(tar).not.toContain('foreign');
    rmSync(`${folder}.tar.gz`);
  });
});
