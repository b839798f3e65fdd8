import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeploymentLogs } from './deployment-logs.js';
import { appendLine, LineCutter, LogRing } from './runner/log-ring.mjs';

describe('the log of a deployment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'capsule-log-'));
  const logs = new DeploymentLogs(folder);
  const read = (offset: number, maxBytes = 1_000) => logs.read({ deploymentId: 'd', offset, maxBytes });
  afterEach(() => rmSync(join(folder, 'd'), { recursive: true, force: true }));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is empty before anything is written', () => {
    expect(read(0)).toEqual({ text: '', startOffset: 0, nextOffset: 0 });
    expect(read(99)).toEqual({ text: '', startOffset: 0, nextOffset: 0 });
  });

  it('takes lines of the platform, one each, whatever is in them', () => {
    const sink = logs.open('d');
    sink.write('one');
    sink.write('two\nthree\r\n');
    expect(read(0)).toEqual({ text: 'one\ntwo three \n', startOffset: 0, nextOffset: 15 });
    expect(read(4).text).toBe('two three \n');
    expect(read(15)).toEqual({ text: '', startOffset: 15, nextOffset: 15 });
    expect(read(1e9)).toEqual({ text: '', startOffset: 15, nextOffset: 15 });
  });

  it('gives whole lines only, and what is unfinished when it is finished', () => {
    const ring = new LogRing({ folder: join(folder, 'd'), maxBytes: 8_000 });
    ring.append(Buffer.from('whole\n'));
    appendFileSync(join(folder, 'd', '000000000000000.log'), 'half');
    expect(read(0)).toEqual({ text: 'whole\n', startOffset: 0, nextOffset: 6 });
    expect(read(6).text).toBe('');
    // Whoever writes next does not make its line the end of a torn one.
    logs.open('d').write('next');
    expect(read(6).text).toBe('half\nnext\n');
  });

  it('gives a line that is longer than asked for in pieces that are whole characters', () => {
    logs.open('d').write('é'.repeat(20));
    let [text, offset] = ['', 0];
    for (let chunk = read(0, 7); chunk.text !== ''; chunk = read(offset, 7)) {
      text += chunk.text;
      offset = chunk.nextOffset;
    }
    expect(text).toBe(`${'é'.repeat(20)}\n`);
  });

  it('keeps offsets over rotation, drops the oldest, and goes on after a crash where it was', () => {
    const options = { folder: join(folder, 'd'), maxBytes: 8_000 };
    let ring = new LogRing(options);
    for (let index = 0; index < 4_000; index += 1) {
      if (index % 500 === 0) ring = new LogRing(options);
      ring.append(Buffer.from(`line ${String(index).padStart(4, '0')}\n`));
    }
    expect(readdirSync(join(folder, 'd')).length).toBeLessThanOrEqual(9);
    const chunk = read(0, 100_000);
    expect(chunk.nextOffset).toBe(40_000);
    expect(chunk.startOffset).toBeGreaterThanOrEqual(40_000 - 9_000);
    // The offset of a line is what it was when nothing was rotated yet.
    expect(chunk.text.startsWith(`line ${chunk.startOffset / 10}\n`)).toBe(true);
    expect(read(39_980).text).toBe('line 3998\nline 3999\n');
  });

  it('loses no line of the platform that was written while a runner rotated', () => {
    const ring = new LogRing({ folder: join(folder, 'd'), maxBytes: 80_000 });
    for (let index = 0; index < 3_000; index += 1) {
      ring.append(Buffer.from(`runner ${String(index).padStart(12, '.')}\n`));
      if (index % 10 === 0) appendLine(join(folder, 'd'), `platform ${index}`);
    }
    const { text } = read(0, 200_000);
    expect(text.match(/^platform \d+$/gm)).toHaveLength(300);
    expect(text.match(/^runner \.*\d+$/gm)).toHaveLength(3_000);
  });
});

describe('cutting output into lines', () => {
  it('keeps what is unfinished, and breaks what never ends', () => {
    const cutter = new LineCutter();
    expect(cutter.push(Buffer.from('a\nb')).toString()).toBe('a\n');
    expect(cutter.push(Buffer.from('c\n')).toString()).toBe('bc\n');
    const lines = cutter.push(Buffer.alloc(100_000, 'x')).toString().split('\n');
    expect(lines.slice(0, -1).every((line) => line.length === 16 * 1024 - 1)).toBe(true);
    expect(cutter.end().toString()).toMatch(/^x{1,16384}\n$/);
    expect(cutter.end().toString()).toBe('');
  });
});
