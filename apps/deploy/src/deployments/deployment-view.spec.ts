import { deploymentView, type DeploymentViewRow } from './deployment-view.js';

const MINUTE_MS = 60_000;
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds);

function rowOf(instance: Partial<DeploymentViewRow>): DeploymentViewRow {
  return {
    id: 'd',
    appId: 'a',
    projectId: 'p',
    state: 'live',
    failureReason: null,
    failureDetail: null,
    sourceType: 'git',
    sourceDigest: null,
    gitUrl: null,
    gitRef: null,
    gitCommit: null,
    rollbackOf: null,
    createdAt: ago(0),
    updatedAt: ago(0),
    liveAt: null,
    host: 'h',
    instanceId: 'i',
    instanceState: 'healthy',
    instanceCreatedAt: ago(60 * MINUTE_MS),
    instanceMemoryLimit: 'cgroup',
    observedAt: ago(0),
    restarts: 0,
    exitDetail: null,
    exitedAt: null,
    ...instance,
  };
}

const instanceOf = (row: Partial<DeploymentViewRow>) => deploymentView(rowOf(row), 'http://h').instance;

describe('the observed state of an instance', () => {
  it('carries when it was observed', () => {
    const observedAt = ago(30_000);
    expect(instanceOf({ observedAt })).toMatchObject({
      state: 'healthy',
      observedAt: observedAt.toISOString(),
    });
  });

  it.each(['starting', 'healthy', 'draining'] as const)(
    'is unknown, and not %s, when it was observed more than a minute ago',
    (instanceState) => {
      const observedAt = ago(MINUTE_MS + 1_000);
      expect(instanceOf({ instanceState, observedAt })).toMatchObject({
        state: 'unknown',
        observedAt: observedAt.toISOString(),
      });
      expect(instanceOf({ instanceState, observedAt: ago(MINUTE_MS - 1_000) })?.state).toBe(instanceState);
    },
  );

  it('stays exited, however long ago that was seen: what has ended does not come back', () => {
    expect(instanceOf({ instanceState: 'exited', observedAt: ago(60 * MINUTE_MS) })?.state).toBe('exited');
  });

  it('of one that was never observed is what its row says for a minute, and then unknown', () => {
    const never = { instanceState: 'starting', observedAt: null } as const;
    expect(instanceOf({ ...never, instanceCreatedAt: ago(1_000) })).toMatchObject({
      state: 'starting',
      observedAt: null,
    });
    expect(instanceOf({ ...never, instanceCreatedAt: ago(2 * MINUTE_MS) })?.state).toBe('unknown');
  });
});
