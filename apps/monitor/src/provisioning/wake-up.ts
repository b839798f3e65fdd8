/** Lets a loop sleep until something happens. What happens while it is awake is not forgotten. */
export class WakeUp {
  private notified = false;
  private waiter: (() => void) | undefined;

  notify(): void {
    this.notified = true;
    this.waiter?.();
  }

  /** Forgets what was notified so far: the loop is about to look at everything anyway. */
  reset(): void {
    this.notified = false;
  }

  /** Resolves at the next notification (at once if there was one since the reset) or after the time. */
  async wait(milliseconds: number): Promise<void> {
    if (this.notified || milliseconds <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.waiter = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.waiter = undefined;
  }
}
