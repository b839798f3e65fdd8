import { loadEnvironment, migrationEnvironments } from '@capsule/config';
import { describeFailure } from './failure.js';

function failureOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('why a process could not start', () => {
  it('names the variable of a secret and says what is wanted', () => {
    const failure = describeFailure(failureOf(() => loadEnvironment(migrationEnvironments.billing, {})));
    expect(failure).toContain(
      'BILLING_SERVICE_DB_OWNER_PASSWORD: is missing; wanted: Password of the owning role',
    );
  });

  it('is told down to its first cause, and without the secrets that drivers quote', () => {
    const cause = new Error('connect to postgres://till:hunter2@db:5432/till, TILL_DB_PASSWORD=hunter2');
    const failure = describeFailure(new Error('the database is away', { cause }));
    expect(failure).toMatch(/^the database is away: connect to postgres:\/\/till:\[redacted\]@db/);
    expect(failure).not.toContain('hunter2');
  });
});
