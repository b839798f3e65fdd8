/**
 * From an edit of a service's source to the readiness of the service with it, as `nx serve` reloads: in a copy of the
 * checkout, on the servers of the running platform. The edit is one that has to be compiled and emitted anew.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveReloading } from '../supervisor/reloading-service.js';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import type { Reporter } from '../supervisor/reporter.js';
import { copyWorkspace } from '../workspace/scratch-workspace.js';
import { atMost, median, type Row } from './row.js';

const ROUNDS = 5;
const LIMIT_SECONDS = 2;
/** An editor's next save comes when a developer has looked at the last one. */
const PAUSE_MS = 3_000;

export async function measureReloads(running: PrivatePlatform, workspace: string): Promise<Row[]> {
  const { platform, home, source } = running;
  const copy = copyWorkspace(workspace);
  const giveBack = await platform.lend('auth');
  const reloads = new Reloads();
  try {
    const stop = await serveReloading({ workspace: copy.path, home, source, app: 'auth', reporter: reloads });
    const file = join(copy.path, 'apps/auth/src/organizations/organization.service.ts');
    const seconds: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await sleep(PAUSE_MS);
      const reloaded = reloads.next();
      const editedAt = performance.now();
      appendFileSync(file, `export const edit${round} = ${round};\n`);
      await reloaded;
      seconds.push((performance.now() - editedAt) / 1000);
    }
    await stop();
    return [atMost('edit of a served service to its readiness', median(seconds), 's', LIMIT_SECONDS)];
  } finally {
    await giveBack();
    copy.remove();
  }
}

/** Hears how each reload ended. */
class Reloads implements Reporter {
  private heard: { resolve(): void; reject(reason: Error): void } | undefined;

  next(): Promise<void> {
    return new Promise((resolve, reject) => (this.heard = { resolve, reject }));
  }

  step(title: string): void {
    if (title.startsWith('reloaded')) this.heard?.resolve();
  }

  failure(message: string): void {
    this.heard?.reject(new Error(message));
  }

  note(): void {}

  summary(): void {}
}
