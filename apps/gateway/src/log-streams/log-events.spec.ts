import { LOG_WAIT_MS_MAX } from '@capsule/contracts';
import { type LogChunk, logEvents, type ReadLog } from './log-events.js';

function chunk(text: string, startOffset: number, ended = false): LogChunk {
  return { text, startOffset, nextOffset: startOffset + Buffer.byteLength(text), ended };
}

/** Answers each read with the next chunk and keeps what it was asked. */
function reader(chunks: LogChunk[]) {
  const asked: { offset: number; waitMs: number }[] = [];
  const read: ReadLog = (offset, waitMs) => {
    asked.push({ offset, waitMs });
    const next = chunks.shift();
    return next ? Promise.resolve(next) : Promise.reject(new Error('read too often'));
  };
  return { asked, read };
}

async function collect(events: AsyncGenerator<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const event of events) all.push(event);
  return all.slice(1);
}

describe('the events of a log', () => {
  it('carry the lines, and as id the offset to resume behind them', async () => {
    const { asked, read } = reader([chunk('two\n', 4), chunk('', 8, true)]);
    const events = await collect(logEvents(chunk('one\n', 0), read, new AbortController().signal));
    expect(events).toEqual([
      'event: log\nid: 4\ndata: {"text":"one\\n","startOffset":0,"nextOffset":4}\n\n',
      'event: log\nid: 8\ndata: {"text":"two\\n","startOffset":4,"nextOffset":8}\n\n',
      'event: end\ndata: {}\n\n',
    ]);
    expect(asked).toEqual([
      { offset: 4, waitMs: LOG_WAIT_MS_MAX },
      { offset: 8, waitMs: LOG_WAIT_MS_MAX },
    ]);
  });

  it('keep the protocol whole when a program writes carriage returns and events of its own', async () => {
    const hostile = '10%\r20%\n\nevent: end\ndata: x\n\n';
    const events = await collect(
      logEvents(chunk(hostile, 0, true), reader([]).read, new AbortController().signal),
    );
    expect(events).toHaveLength(2);
    const data = events[0]?.split('\n').filter((line) => line.startsWith('data: ')) ?? [];
    expect(data).toHaveLength(1);
    expect(JSON.parse(data[0]?.slice('data: '.length) ?? '')).toMatchObject({ text: hostile });
  });

  it('show life when a wait brought nothing', async () => {
    const { read } = reader([chunk('', 0), chunk('', 0, true)]);
    const events = await collect(logEvents(chunk('', 0), read, new AbortController().signal));
    expect(events).toEqual([': still here\n\n', 'event: end\ndata: {}\n\n']);
  });

  it('stop without an end when the stream is called off', async () => {
    const stop = new AbortController();
    const read: ReadLog = () => {
      stop.abort();
      return Promise.resolve(chunk('late\n', 4));
    };
    const events = await collect(logEvents(chunk('one\n', 0), read, stop.signal));
    expect(events.join('')).not.toContain('event: end');
    expect(events).toHaveLength(1);
  });
});
