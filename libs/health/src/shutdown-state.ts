import { Injectable } from '@nestjs/common';

export type Phase = 'starting' | 'serving' | 'draining';

/** Where the process is in its life; readiness follows it. It only ever moves forward. */
@Injectable()
export class ShutdownState {
  private current: Phase = 'starting';

  get phase(): Phase {
    return this.current;
  }

  serving(): void {
    if (this.current === 'starting') this.current = 'serving';
  }

  draining(): void {
    this.current = 'draining';
  }
}
