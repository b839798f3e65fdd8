import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appNames } from '@capsule/contracts';
import { listVariables } from '@capsule/config';
import { ensureEnvironmentFile, readEnvironment } from './environment-file.js';
import { appEnvironments } from './platform-settings.js';
import { serviceProcess } from './services.js';

describe.each(appNames)('the process of %s', (app) => {
  it("is given its own secrets and nobody else's", () => {
    const workspace = mkdtempSync(join(tmpdir(), 'capsule-services-'));
    ensureEnvironmentFile(workspace, join(workspace, '.capsule'));
    const source = readEnvironment(workspace, { PATH: process.env['PATH'], SOMETHING_ELSE: 'x' });
    rmSync(workspace, { recursive: true });

    const given = serviceProcess(app, workspace, source).environment;

    const own = new Set(
      listVariables(appEnvironments[app].variables).flatMap((each) => [
        each.variable,
        `${each.variable}_FILE`,
      ]),
    );
    const secrets = Object.keys(source).filter((name) => !['PATH', 'SOMETHING_ELSE'].includes(name));
    expect(secrets.filter((name) => given[name])).toEqual(secrets.filter((name) => own.has(name)));
    expect(secrets.some((name) => given[name])).toBe(true);
    // The owner of a database could switch its policies off.
    expect(Object.keys(given).filter((name) => name.includes('OWNER'))).toEqual([]);
    expect(given['SOMETHING_ELSE']).toBeUndefined();
    expect(given['PATH']).toBe(process.env['PATH']);
  });
});
