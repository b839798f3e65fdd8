import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isolationNote } from './hosted-apps.js';

describe('the note on isolation', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'capsule-engine-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('says nothing before a deploy service has looked at the machine', () => {
    expect(isolationNote({ DEPLOY_SERVICE_ENGINE_FOLDER: folder })).toBeUndefined();
  });

  it('says nothing where hosted apps are isolated', () => {
    expect(noteOn({ isolated: true, memoryLimit: 'cgroup' })).toBeUndefined();
  });

  it('says that hosted apps are not isolated, and why', () => {
    expect(noteOn({ isolated: false, reason: 'not started by root' })).toBe(
      'Isolation is off: hosted apps can read what you can read (not started by root).',
    );
  });

  function noteOn(machine: object): string | undefined {
    writeFileSync(join(folder, 'machine.json'), JSON.stringify(machine));
    return isolationNote({ DEPLOY_SERVICE_ENGINE_FOLDER: folder });
  }
});
