import { loadEnvironment, migrationEnvironments } from '@capsule/config';
import { Migrator } from '@capsule/database/migrations';
import { requireResettable, ResetRefusedError } from './confirm-reset.js';
import type { ServiceDatabase } from './service-database.js';

const database = (host: string): ServiceDatabase => {
  const { owner } = loadEnvironment(migrationEnvironments.auth, process.env);
  return { service: 'auth', owner: { ...owner, host }, migrator: new Migrator(owner, '.') };
};

describe('a reset', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost', '/run/postgresql'])(
    'may empty databases on %s',
    (host) => {
      expect(() => requireResettable([database(host)], {})).not.toThrow();
    },
  );

  it.each(['10.0.0.1', 'db.example.com', '127.0.0.1.example.com', '2001:db8::1'])(
    'refuses to empty databases on %s, whoever confirms it',
    (host) => {
      expect(() => requireResettable([database('127.0.0.1'), database(host)], {})).toThrow(ResetRefusedError);
    },
  );

  it('refuses in production', () => {
    expect(() => requireResettable([database('127.0.0.1')], { NODE_ENV: 'production' })).toThrow(
      ResetRefusedError,
    );
  });
});
