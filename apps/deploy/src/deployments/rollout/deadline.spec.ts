import { jest } from '@jest/globals';
import { Interrupted, StepTimedOut } from '../../work/interruption.js';
import { withDeadline } from './deadline.js';

describe('the deadline of a step', () => {
  const parent = () => new AbortController().signal;
  const untilAborted = (signal: AbortSignal) =>
    new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );

  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('lets work that is done in time be', async () => {
    await expect(withDeadline(parent(), 'x', 1, () => Promise.resolve('done'))).resolves.toBe('done');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('tells work to stop when the time is over, and waits until what it started is gone', async () => {
    let isGone = false;
    const run = withDeadline(parent(), 'x', 1, async (signal) => {
      await untilAborted(signal).catch(async (reason: unknown) => {
        await new Promise((resolve) => setTimeout(resolve, 5_000));
        isGone = true;
        throw reason;
      });
    });
    const ended = expect(run).rejects.toBeInstanceOf(StepTimedOut);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(isGone).toBe(false);
    await jest.advanceTimersByTimeAsync(5_000);
    await ended;
    expect(isGone).toBe(true);
  });

  it('leaves work behind that does not stop, so that no step goes on for ever', async () => {
    const run = withDeadline(parent(), 'x', 1, () => new Promise<never>(() => undefined));
    const ended = expect(run).rejects.toBeInstanceOf(StepTimedOut);
    await jest.advanceTimersByTimeAsync(1_000 + 30_000);
    await ended;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('hands on why it was told to stop from outside', async () => {
    const outside = new AbortController();
    const run = withDeadline(outside.signal, 'x', 100, untilAborted);
    const ended = expect(run).rejects.toBeInstanceOf(Interrupted);
    outside.abort(new Interrupted());
    await ended;
  });
});
