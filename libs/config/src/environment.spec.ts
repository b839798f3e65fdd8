import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError, loadEnvironment, pickEnvironment } from './environment.js';
import { authEnvironment } from './environments/auth.js';
import { billingEnvironment } from './environments/billing.js';
import { deployEnvironment } from './environments/deploy.js';
import { gatewayEnvironment } from './environments/gateway.js';
import { monitorEnvironment } from './environments/monitor.js';
import {
  certificateFile,
  choice,
  flag,
  integer,
  list,
  optionalUrl,
  overridable,
  secret,
  text,
  url,
} from './variable.js';

const shop = {
  name: 'shop',
  variables: {
    http: {
      host: text('SHOP_HOST', 'Address the shop listens on', '127.0.0.1'),
      drainMs: integer('SHOP_DRAIN_MS', 'Milliseconds of draining', { min: 0, max: 1_000, default: 200 }),
    },
    owner: text('SHOP_OWNER', 'Name of the owner'),
    password: secret('SHOP_PASSWORD', 'Password of the till', { generated: 'password' }),
    open: flag('SHOP_OPEN', 'Whether it is open', true),
    mode: choice('SHOP_MODE', 'How it sells', ['retail', 'wholesale'], 'retail'),
    origins: list('SHOP_ORIGINS', 'Origins, comma-separated', 'http://a, ,http://b'),
    bank: url('SHOP_BANK_URL', 'The bank', 'https://bank.example', ['https:']),
    traces: optionalUrl('SHOP_TRACES_URL', 'Collector of traces', ['http:']),
  },
};
const PASSWORD = 'hunter2-hunter2';
const least = { SHOP_OWNER: 'Ada', SHOP_PASSWORD: PASSWORD };

function faultsOf(source: Record<string, string>): EnvironmentError {
  try {
    loadEnvironment(shop, source);
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
  }
  throw new Error('The environment was not refused.');
}

describe('an environment', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'capsule-config-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function fileOf(content: string): string {
    const path = join(folder, 'secret');
    writeFileSync(path, content);
    return path;
  }

  const defaults = {
    http: { host: '127.0.0.1', drainMs: 200 },
    owner: 'Ada',
    password: PASSWORD,
    open: true,
    mode: 'retail',
    origins: ['http://a', 'http://b'],
    bank: 'https://bank.example',
    traces: undefined,
  };

  it('has a default for whatever is not required', () => {
    expect(loadEnvironment(shop, least)).toEqual(defaults);
  });

  it('takes an empty value for one that is not set', () => {
    const empty = { SHOP_HOST: '', SHOP_DRAIN_MS: '', SHOP_TRACES_URL: '', SHOP_PASSWORD_FILE: '' };
    expect(loadEnvironment(shop, { ...least, ...empty })).toEqual(defaults);
    expect(faultsOf({ ...least, SHOP_OWNER: '' }).faults).toMatchObject([{ variable: 'SHOP_OWNER' }]);
  });

  it('is read into the types of its settings', () => {
    const source = { ...least, SHOP_DRAIN_MS: '0', SHOP_OPEN: 'false', SHOP_ORIGINS: 'http://c' };
    expect(loadEnvironment(shop, source)).toMatchObject({
      http: { drainMs: 0 },
      open: false,
      origins: ['http://c'],
    });
  });

  it('is refused with every fault at once: the name of the variable and what is wanted', () => {
    const error = faultsOf({
      SHOP_DRAIN_MS: '1001',
      SHOP_PASSWORD: 'short',
      SHOP_OPEN: 'yes',
      SHOP_MODE: 'auction',
      SHOP_BANK_URL: 'http://bank.example',
      SHOP_TRACES_URL: 'collector',
    });
    expect(error.message.split('\n')).toEqual([
      'The environment of shop is not usable:',
      '  SHOP_DRAIN_MS: must be a whole number from 0 to 1000',
      '  SHOP_OWNER: is missing; wanted: Name of the owner',
      '  SHOP_PASSWORD: must have at least 8 characters',
      '  SHOP_OPEN: must be true or false',
      '  SHOP_MODE: must be one of retail, wholesale',
      '  SHOP_BANK_URL: must be a URL starting with https://',
      '  SHOP_TRACES_URL: must be a URL starting with http://',
    ]);
  });

  it.each(['-1', '1.5', '1e2', '0x10', ' 1', 'NaN', '9007199254740993'])(
    'does not take %j for a whole number',
    (value) => {
      expect(faultsOf({ ...least, SHOP_DRAIN_MS: value }).faults).toMatchObject([
        { variable: 'SHOP_DRAIN_MS' },
      ]);
    },
  );

  it.each(['', '\n', '\r\n'])('takes a secret from its file, which may end in %j', (end) => {
    const source = { SHOP_OWNER: 'Ada', SHOP_PASSWORD_FILE: fileOf(`${PASSWORD}${end}`) };
    expect(loadEnvironment(shop, source).password).toBe(PASSWORD);
  });

  it('keeps everything of a file but its last line break', () => {
    const source = { SHOP_OWNER: 'Ada', SHOP_PASSWORD_FILE: fileOf(' two\nlines \n\n') };
    expect(loadEnvironment(shop, source).password).toBe(' two\nlines \n');
  });

  it('reads files for secrets only', () => {
    const { faults } = faultsOf({ SHOP_OWNER_FILE: fileOf('Ada'), SHOP_PASSWORD: PASSWORD });
    expect(faults).toMatchObject([{ variable: 'SHOP_OWNER' }]);
  });

  it('is refused when a secret is given directly and by file', () => {
    const { faults } = faultsOf({ ...least, SHOP_PASSWORD_FILE: fileOf('another-password') });
    expect(faults).toEqual([
      { variable: 'SHOP_PASSWORD', message: 'is set together with SHOP_PASSWORD_FILE; keep one of them' },
    ]);
  });

  it('is refused when the file of a secret cannot be read, and says why', () => {
    const missing = faultsOf({ SHOP_OWNER: 'Ada', SHOP_PASSWORD_FILE: join(folder, 'missing') });
    expect(missing.faults).toEqual([
      { variable: 'SHOP_PASSWORD_FILE', message: 'names a file that cannot be read (ENOENT)' },
    ]);
    const ofFolder = faultsOf({ SHOP_OWNER: 'Ada', SHOP_PASSWORD_FILE: folder });
    expect(ofFolder.message).toContain('SHOP_PASSWORD_FILE: names a file that cannot be read (EISDIR)');
  });

  it.each<[string, (file: string) => Record<string, string>]>([
    ['is too short', () => ({ SHOP_PASSWORD: 'hunter2' })],
    ['is too short in its file', (file) => ({ SHOP_PASSWORD_FILE: file })],
    ['is given twice', (file) => ({ SHOP_PASSWORD: 'hunter2-direct', SHOP_PASSWORD_FILE: file })],
    ['stands where another value belongs', () => ({ SHOP_PASSWORD: PASSWORD, SHOP_DRAIN_MS: 'hunter2' })],
  ])('does not quote a secret that %s', (_, source) => {
    const error = faultsOf({ ...source(fileOf('hunter2')), SHOP_OWNER: 'Ada' });
    expect(error.faults).toHaveLength(1);
    expect(`${error.message}${JSON.stringify(error)}${error.stack}`).not.toContain('hunter2');
  });

  it('of a real process does not quote its private key', () => {
    const load = () => loadEnvironment(authEnvironment, { JWT_PRIVATE_KEY: 'hunter2' });
    expect(load).toThrow('JWT_PRIVATE_KEY: must be a PKCS #8 private key in PEM');
    expect(load).not.toThrow('hunter2');
  });
});

describe('a setting that one service may have for itself', () => {
  const size = integer('SHOP_TILLS', 'Tills of a branch', { min: 1, max: 9, default: 2 });
  const branch = { name: 'a branch', variables: { tills: overridable(size, 'PARIS_SHOP_TILLS', 'paris') } };

  it('is the common one, unless its own variable is set', () => {
    expect(loadEnvironment(branch, {})).toEqual({ tills: 2 });
    expect(loadEnvironment(branch, { SHOP_TILLS: '3' })).toEqual({ tills: 3 });
    expect(loadEnvironment(branch, { SHOP_TILLS: '3', PARIS_SHOP_TILLS: '4' })).toEqual({ tills: 4 });
    expect(loadEnvironment(branch, { SHOP_TILLS: '3', PARIS_SHOP_TILLS: '' })).toEqual({ tills: 3 });
  });

  it('is refused by the name of the variable that holds', () => {
    expect(() => loadEnvironment(branch, { SHOP_TILLS: '3', PARIS_SHOP_TILLS: '0' })).toThrow(
      'PARIS_SHOP_TILLS: must be a whole number from 1 to 9',
    );
  });

  it('reaches the process under both names', () => {
    const source = { SHOP_TILLS: '3', PARIS_SHOP_TILLS: '4', LYON_SHOP_TILLS: '5' };
    expect(pickEnvironment(branch, source)).toEqual({ SHOP_TILLS: '3', PARIS_SHOP_TILLS: '4' });
  });

  it('is each limit of a pool, in every service', () => {
    const services = [authEnvironment, billingEnvironment, deployEnvironment, monitorEnvironment];
    const limits = [
      'DATABASE_POOL_MIN',
      'DATABASE_POOL_MAX',
      'DATABASE_POOL_TIMEOUT_MS',
      'DATABASE_QUERY_TIMEOUT_MS',
      'SLOW_QUERY_THRESHOLD_MS',
    ];
    for (const { name, variables } of services) {
      const own = limits.map((limit) => [`${name.toUpperCase()}_SERVICE_${limit}`, '77'] as const);
      const environment = { name, variables: { ...variables.database, password: text('NONE', '', 'none') } };
      const settings = loadEnvironment(environment, Object.fromEntries(own));
      const { poolMin, poolMax, poolTimeoutMs, queryTimeoutMs, slowQueryThresholdMs } = settings;
      const read = [poolMin, poolMax, poolTimeoutMs, queryTimeoutMs, slowQueryThresholdMs];
      expect(read).toEqual([77, 77, 77, 77, 77]);
    }
  });
});

describe('a file of certificates', () => {
  const shopTls = { name: 'shop', variables: { ca: certificateFile('SHOP_CA', 'Authorities') } };
  const folder = mkdtempSync(join(tmpdir(), 'capsule-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

  it('is read where its variable is set', () => {
    writeFileSync(join(folder, 'ca.pem'), pem);
    expect(loadEnvironment(shopTls, { SHOP_CA: join(folder, 'ca.pem') })).toEqual({ ca: pem });
    expect(loadEnvironment(shopTls, {})).toEqual({ ca: undefined });
  });

  it('is refused when it is missing or holds no certificate', () => {
    writeFileSync(join(folder, 'empty.pem'), 'nothing');
    expect(() => loadEnvironment(shopTls, { SHOP_CA: join(folder, 'missing') })).toThrow(
      'SHOP_CA: names a file that cannot be read (ENOENT)',
    );
    expect(() => loadEnvironment(shopTls, { SHOP_CA: join(folder, 'empty.pem') })).toThrow(
      'SHOP_CA: must name a file with certificates in PEM',
    );
  });
});

describe('the environment a process is handed', () => {
  it('is what it knows, the files of its secrets included, and nothing else', () => {
    const source = {
      ...least,
      SHOP_PASSWORD_FILE: '/run/secrets/till',
      SHOP_OWNER_FILE: '/no/secret',
      AUTH_SERVICE_DB_PASSWORD: PASSWORD,
      PATH: '/bin',
    };
    expect(pickEnvironment(shop, source)).toEqual({ ...least, SHOP_PASSWORD_FILE: '/run/secrets/till' });
  });

  it('holds no password of another service, and the key that signs tokens for auth alone', () => {
    const services = [authEnvironment, billingEnvironment, deployEnvironment, monitorEnvironment];
    const names = services.map(({ name }) => `${name.toUpperCase()}_SERVICE_DB_PASSWORD`);
    const source = Object.fromEntries([...names, 'JWT_PRIVATE_KEY'].map((name) => [name, PASSWORD]));
    for (const environment of [...services, gatewayEnvironment]) {
      const own = names.filter((name) => name.startsWith(environment.name.toUpperCase()));
      const expected = environment.name === 'auth' ? [...own, 'JWT_PRIVATE_KEY'] : own;
      expect(Object.keys(pickEnvironment(environment, source))).toEqual(expected);
    }
  });
});
