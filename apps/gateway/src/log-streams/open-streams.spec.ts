import { OpenStreams } from './open-streams.js';

describe('the open log streams', () => {
  it('are bounded for each caller alone, and a place is free again when a stream ends', () => {
    const streams = new OpenStreams();
    const mine = Array.from({ length: 10 }, () => streams.open('ada'));
    expect(() => streams.open('ada')).toThrow(
      expect.objectContaining({ code: 'platform.request.rate_limited' }),
    );
    expect(() => streams.open('bob')).not.toThrow();
    mine[3]?.end();
    mine[3]?.end();
    expect(() => streams.open('ada')).not.toThrow();
    expect(() => streams.open('ada')).toThrow();
  });

  it('all end at once when the process stops', () => {
    const streams = new OpenStreams();
    const open = ['ada', 'ada', 'bob'].map((caller) => streams.open(caller));
    streams.endAll();
    expect(open.map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
    for (let count = 0; count < 10; count += 1) streams.open('ada');
  });
});
