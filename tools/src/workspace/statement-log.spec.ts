import { partTenants, statementsIn } from './statement-log.js';

const at = (rest: string) => `2026-11-20 16:32:32.516 UTC [17744] ${rest}`;

describe('the statements in a log of PostgreSQL', () => {
  it('are those of one role that read or write rows, whole and once', () => {
    const log = [
      at('@ LOG:  checkpoint starting: time'),
      at('auth_user@test_auth_1_1 LOG:  execute <unnamed>: WITH used AS ('),
      '\t  UPDATE refresh_tokens SET rotated_at = now() WHERE id = $1',
      '\t)',
      '\tSELECT 1',
      at('auth_user@test_auth_1_1 LOG:  statement: COMMIT'),
      at('auth_user@test_auth_1_1 LOG:  execute find_user: SELECT id FROM users WHERE email = $1'),
      at('auth_owner@test_auth_1_1 LOG:  statement: SELECT pg_advisory_lock(1)'),
      at('auth_user@test_auth_1_2 LOG:  execute find_user: SELECT id FROM users WHERE email = $1'),
      at('auth_user@test_auth_1_2 ERROR:  duplicate key value violates unique constraint "uq_users__email"'),
      at('auth_user@test_auth_1_2 STATEMENT:  INSERT INTO users (id) VALUES ($1)'),
      '',
    ].join('\n');
    expect(statementsIn(log, 'auth_user')).toEqual([
      'WITH used AS (\n  UPDATE refresh_tokens SET rotated_at = now() WHERE id = $1\n)\nSELECT 1',
      'SELECT id FROM users WHERE email = $1',
    ]);
  });

  it("are one for all tenants where they go to tenants' own tables", () => {
    const session = 'SELECT id FROM tenants WHERE schema_name = $1';
    expect(
      partTenants([session, 'SELECT name FROM "tenant_a1"."users"', 'SELECT name FROM "tenant_b2"."users"']),
    ).toEqual({ common: [session], ofTenants: ['SELECT name FROM "${schema}"."users"'] });
  });
});
