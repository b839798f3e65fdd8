import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { DeploymentFailure } from '../../engine/deployment-failure.js';
import {
  ENGINE,
  type Engine,
  type InstanceAddress,
  type InstanceExit,
  type Observation,
} from '../../engine/engine.js';
import { StepTimedOut } from '../../work/interruption.js';

const LOOK_EVERY_MS = 250;
/** One answer may take this long; the gate as a whole has the step's time. */
const ANSWER_MS_MAX = 5_000;

type Running = Extract<Observation, { state: 'running' }>;
type Answer = { kind: 'status'; status: number } | { kind: 'refused' } | { kind: 'silent' };

interface Expectation {
  instanceId: string;
  /** Of the artifact that must be the one that runs. */
  digest: string;
  /** Name under which the app is reached, sent as Host. */
  hostname: string;
  healthPath: string;
}

/**
 * Waits until an instance was SEEN answering its health path with 200 to 399 while running the expected artifact.
 * That a start "succeeded" says nothing.
 */
@Injectable()
export class HealthGate {
  constructor(@Inject(ENGINE) private readonly engine: Engine) {}

  /**
   * @throws DeploymentFailure exited_early, memory_exceeded, command_not_found, never_listened, unhealthy
   * @throws the reason of `signal` when it is another than the end of the time
   */
  async wait(expected: Expectation, signal: AbortSignal): Promise<void> {
    let last: Answer = { kind: 'refused' };
    try {
      for (;;) {
        signal.throwIfAborted();
        const { address, listening } = await this.observe(expected);
        const answer: Answer = listening ? await ask(address, expected, signal) : { kind: 'refused' };
        if (answer.kind === 'status' && answer.status >= 200 && answer.status < 400) return;
        // Once it listened, a refused connection says less than what it answered before.
        if (answer.kind !== 'refused' || last.kind === 'refused') last = answer;
        await sleep(LOOK_EVERY_MS, undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted || error instanceof DeploymentFailure) throw error;
      if (signal.reason instanceof StepTimedOut) throw await this.failureOf(expected, last);
      throw signal.reason;
    }
  }

  private async observe({ instanceId, digest }: Expectation): Promise<Running> {
    const seen = await this.engine.observe(instanceId);
    if (seen.state === 'exited') throw exitFailure(seen.exit);
    if (seen.state === 'absent') throw new DeploymentFailure('exited_early', 'The instance is gone.');
    if (seen.digest !== digest) {
      throw new DeploymentFailure('platform_error', 'Another artifact than the built one is running.');
    }
    return seen;
  }

  private async failureOf(expected: Expectation, last: Answer): Promise<DeploymentFailure> {
    const seen = await this.engine.observe(expected.instanceId);
    if (seen.state === 'exited') return exitFailure(seen.exit);
    // One that listens by now was asked, and cut off by the end of the time.
    if (last.kind === 'refused' && !(seen.state === 'running' && seen.listening)) {
      return new DeploymentFailure('never_listened', 'Nothing listened on the port given in PORT.');
    }
    return new DeploymentFailure(
      'unhealthy',
      last.kind === 'status'
        ? `GET ${expected.healthPath} was answered with ${last.status}.`
        : `GET ${expected.healthPath} was not answered in time.`,
    );
  }
}

export function exitFailure(exit: InstanceExit): DeploymentFailure {
  const reason = exit.reason === 'ended' ? 'exited_early' : exit.reason;
  return new DeploymentFailure(reason, exit.detail);
}

function ask(address: InstanceAddress, expected: Expectation, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({
      host: address.host,
      port: address.port,
      path: expected.healthPath,
      agent: false,
      signal,
      timeout: ANSWER_MS_MAX,
      headers: { host: expected.hostname, 'user-agent': 'capsule-health' },
    });
    let silent = false;
    call.once('response', (response) => {
      resolve({ kind: 'status', status: response.statusCode ?? 0 });
      response.destroy();
    });
    call.once('timeout', () => {
      silent = true;
      call.destroy();
    });
    call.once('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(error);
      else resolve({ kind: silent || error.code !== 'ECONNREFUSED' ? 'silent' : 'refused' });
    });
    // The socket's time-out starts over with each byte; this one does not.
    const timer = setTimeout(() => call.emit('timeout'), ANSWER_MS_MAX);
    call.once('close', () => clearTimeout(timer));
    call.end();
  });
}
