import { archiveBegin, type ErrorCode, projectGet } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import { failingAsDocumented } from './documented-errors.js';

function failWith(code: ErrorCode, contract = projectGet as typeof projectGet | typeof archiveBegin) {
  return failingAsDocumented(contract, Promise.reject(new DomainError(code)));
}

describe('a request of a spec', () => {
  it.each<ErrorCode>(['deploy.project.not_found', 'platform.upstream.timeout', 'auth.token.expired'])(
    'fails with %s where the documentation tells of it',
    async (code) => {
      await expect(failWith(code)).rejects.toMatchObject({ code });
    },
  );

  it('fails otherwise with an error that its endpoint does not name', async () => {
    await expect(failWith('deploy.quota.exceeded')).rejects.toThrow(
      'GET /v1/projects/{projectId} answers deploy.quota.exceeded, which its endpoint does not name.',
    );
  });

  it('fails as it does where no route leads to it, or not at all', async () => {
    await expect(failWith('deploy.app.not_found', archiveBegin)).rejects.toMatchObject({
      code: 'deploy.app.not_found',
    });
    await expect(failingAsDocumented(projectGet, Promise.resolve(1))).resolves.toBe(1);
  });
});
