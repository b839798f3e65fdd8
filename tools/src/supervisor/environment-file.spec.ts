import { createPrivateKey, createPublicKey } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appNames } from '@capsule/contracts';
import { type Environment, loadEnvironment } from '@capsule/config';
import { workspace as checkout } from '../../bootstrap/workspace.mjs';
import { addMissingSecrets, ensureEnvironmentFile, readEnvironment } from './environment-file.js';
import { appEnvironments, assertEnvironmentUsable, readPlatformSettings } from './platform-settings.js';

describe('the .env that npm start writes', () => {
  let workspace: string;
  let home: string;

  beforeEach(() => {
    workspace = mkdtempSync(join(tmpdir(), 'capsule-environment-'));
    home = join(workspace, '.capsule');
  });

  afterEach(() => rmSync(workspace, { recursive: true }));

  it('is enough for every process to start', () => {
    expect(ensureEnvironmentFile(workspace, home)).toBe(true);
    const source = {
      ...readEnvironment(workspace, {}),
      JWT_PRIVATE_KEY_FILE: join(home, 'keys/jwt-private-key.pem'),
    };
    for (const app of appNames) {
      const environment: Environment = appEnvironments[app];
      expect(() => loadEnvironment(environment, source)).not.toThrow();
    }
    expect(() => readPlatformSettings(source, home)).not.toThrow();
  });

  it('is for its owner only, and so are the keys', () => {
    ensureEnvironmentFile(workspace, home);
    for (const path of [
      '.env',
      '.capsule/keys/jwt-private-key.pem',
      '.capsule/keys/jwt-private-key.pub.pem',
    ]) {
      expect(statSync(join(workspace, path)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(home, 'keys')).mode & 0o777).toBe(0o700);
  });

  it('is never overwritten', () => {
    writeFileSync(join(workspace, '.env'), 'MINE=1\n');
    expect(ensureEnvironmentFile(workspace, home)).toBe(false);
    expect(readFileSync(join(workspace, '.env'), 'utf8')).toBe('MINE=1\n');
  });

  it.each([
    ['a copy of .env.example', readFileSync(join(checkout, '.env.example'), 'utf8')],
    ['a file with one port and one secret', 'GATEWAY_PORT=7090\nAUTH_SERVICE_DB_PASSWORD=mine-mine'],
  ])('gets every secret it lacks, once, while there is no data, and keeps what it says: %s', (_, text) => {
    writeFileSync(join(workspace, '.env'), text);
    const before = readEnvironment(workspace, {});
    const added = addMissingSecrets(workspace, home, {}, false);
    const read = readEnvironment(workspace, {});
    expect(read).toMatchObject(Object.fromEntries(Object.entries(before).filter(([, value]) => value)));
    expect(added).toEqual(expect.arrayContaining(['OPERATOR_TOKEN', 'DEPLOY_SERVICE_DB_PASSWORD']));
    const source = { ...read, JWT_PRIVATE_KEY_FILE: join(home, 'keys/jwt-private-key.pem') };
    expect(() => assertEnvironmentUsable(source)).not.toThrow();
    expect(addMissingSecrets(workspace, home, {}, true)).toEqual([]);
    expect(readEnvironment(workspace, {})).toEqual(read);
  });

  it('may hold what no process reads any more, and empty lines of an example, and is mended all the same', () => {
    ensureEnvironmentFile(workspace, home);
    const path = join(workspace, '.env');
    const before = readFileSync(path, 'utf8').replace(/^OPERATOR_TOKEN=.*$/m, 'OPERATOR_TOKEN=');
    writeFileSync(path, `${before}GATEWAY_OPERATOR_ADDRESSES=127.0.0.1,::1\n`);
    expect(addMissingSecrets(workspace, home, {}, true)).toEqual(['OPERATOR_TOKEN']);
    const source = readEnvironment(workspace, {});
    const gateway: Environment = appEnvironments.gateway;
    expect(loadEnvironment(gateway, source)).toMatchObject({
      operations: { token: source['OPERATOR_TOKEN'] },
    });
  });

  it('is closed to others before secrets are added to it', () => {
    const path = join(workspace, '.env');
    writeFileSync(path, 'MINE=1\n');
    chmodSync(path, 0o644);
    expect(addMissingSecrets(workspace, home, {}, false)).not.toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('gets no secret that the environment has', () => {
    writeFileSync(join(workspace, '.env'), 'MINE=1\n');
    const environment = { PAGINATION_CURSOR_KEY_FILE: '/run/secrets/cursors' };
    expect(addMissingSecrets(workspace, home, environment, false)).not.toContain('PAGINATION_CURSOR_KEY');
  });

  it('gets nothing when it lost what the data was made with, and says how to go on', () => {
    ensureEnvironmentFile(workspace, home);
    const path = join(workspace, '.env');
    const lost = /^(AUTH_SERVICE_PASSWORD_PEPPER|DEPLOY_SERVICE_DB_PASSWORD|OPERATOR_TOKEN)=.*$/gm;
    const text = readFileSync(path, 'utf8').replace(lost, '');
    writeFileSync(path, text);
    expect(() => addMissingSecrets(workspace, home, {}, true)).toThrow(
      '.env lacks what the data was made with: AUTH_SERVICE_PASSWORD_PEPPER, DEPLOY_SERVICE_DB_PASSWORD. ' +
        'Put it back, or npm run reset and begin anew.',
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('has another secret for everything', () => {
    ensureEnvironmentFile(workspace, home);
    const secrets = Object.entries(readEnvironment(workspace, {})).filter(
      ([name]) => !name.endsWith('_FILE'),
    );
    expect(secrets.length).toBeGreaterThan(10);
    expect(new Set(secrets.map(([, value]) => value)).size).toBe(secrets.length);
  });

  it('comes with a key pair whose halves belong together', () => {
    ensureEnvironmentFile(workspace, home);
    const read = (name: string) => readFileSync(join(home, 'keys', name), 'utf8');
    const derived = createPublicKey(createPrivateKey(read('jwt-private-key.pem')));
    expect(derived.export({ type: 'spki', format: 'pem' })).toBe(read('jwt-private-key.pub.pem'));
    expect(derived.asymmetricKeyDetails?.modulusLength).toBeGreaterThanOrEqual(2048);
  });
});

describe('the variables of a start', () => {
  it('come from the environment before .env, whichever form a secret has', () => {
    const workspace = mkdtempSync(join(tmpdir(), 'capsule-environment-'));
    writeFileSync(join(workspace, '.env'), 'REDIS_PASSWORD=from-the-file\nREDIS_PORT=1\nREDIS_DB=3\n');
    const environment = { REDIS_PASSWORD_FILE: '/run/secrets/redis', REDIS_PORT: '2', REDIS_DB: '' };
    const source = readEnvironment(workspace, environment);
    rmSync(workspace, { recursive: true });
    expect(source).toEqual({ REDIS_PASSWORD_FILE: '/run/secrets/redis', REDIS_PORT: '2', REDIS_DB: '3' });
  });
});
