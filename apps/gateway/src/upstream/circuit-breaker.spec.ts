import { setTimeout as sleep } from 'node:timers/promises';
import { decodeRpcError, DomainError, encodeRpcError } from '@capsule/errors';
import { CircuitBreaker } from './circuit-breaker.js';

const OPEN_MS = 60;
const timeout = () => Promise.reject(new DomainError('platform.upstream.timeout'));
const answer = () => Promise.resolve('answer');

function breaker() {
  const changes: string[] = [];
  const circuit = new CircuitBreaker('deploy', {
    failures: 3,
    openMs: OPEN_MS,
    onChange: (state) => changes.push(state),
  });
  return { circuit, changes };
}

async function open(circuit: CircuitBreaker): Promise<void> {
  for (let call = 0; call < 3; call += 1) await expect(circuit.run(timeout)).rejects.toThrow();
}

describe('the circuit breaker', () => {
  it('opens after failures in a row, and then refuses at once and says when to come back', async () => {
    const { circuit, changes } = breaker();
    await open(circuit);
    const work = { calls: 0 };
    const refused = circuit.run(() => Promise.resolve((work.calls += 1)));
    await expect(refused).rejects.toMatchObject({
      code: 'platform.upstream.unavailable',
      retryAfterSeconds: expect.any(Number) as number,
    });
    expect(work.calls).toBe(0);
    expect(changes).toEqual(['open']);
  });

  it('stays closed when an answer comes between failures', async () => {
    const { circuit, changes } = breaker();
    for (let call = 0; call < 6; call += 1) {
      await expect(circuit.run(timeout)).rejects.toThrow();
      if (call % 2 === 1) await circuit.run(answer);
    }
    expect(changes).toEqual([]);
  });

  it('never counts what the service itself answered, whatever its status', async () => {
    const { circuit, changes } = breaker();
    const codes = [
      'deploy.project.not_found',
      'platform.request.internal',
      'platform.upstream.timeout',
      'platform.service.overloaded',
    ] as const;
    for (const code of [...codes, ...codes]) {
      const remote = decodeRpcError(encodeRpcError(new DomainError(code)));
      await expect(circuit.run(() => Promise.reject(remote))).rejects.toMatchObject({ code });
    }
    expect(changes).toEqual([]);
  });

  it('lets one call try after a while, refuses the others meanwhile, and closes when it is answered', async () => {
    const { circuit, changes } = breaker();
    await open(circuit);
    await sleep(OPEN_MS + 5);
    const trial = circuit.run(() => sleep(20, 'back'));
    await expect(circuit.run(answer)).rejects.toMatchObject({ code: 'platform.upstream.unavailable' });
    await expect(trial).resolves.toBe('back');
    await expect(circuit.run(answer)).resolves.toBe('answer');
    expect(changes).toEqual(['open', 'closed']);
  });

  it('opens again when the trial fails', async () => {
    const { circuit } = breaker();
    await open(circuit);
    await sleep(OPEN_MS + 5);
    await expect(circuit.run(timeout)).rejects.toMatchObject({ code: 'platform.upstream.timeout' });
    await expect(circuit.run(answer)).rejects.toMatchObject({ code: 'platform.upstream.unavailable' });
  });

  it('is not closed by the late answer to a call from before it opened', async () => {
    const { circuit, changes } = breaker();
    const late = circuit.run(() => sleep(20, 'late'));
    await open(circuit);
    await late;
    await expect(circuit.run(answer)).rejects.toMatchObject({ code: 'platform.upstream.unavailable' });
    expect(changes).toEqual(['open']);
  });
});
