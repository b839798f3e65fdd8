import { jest } from '@jest/globals';
import { Cursors } from './cursors.js';

const cursors = new Cursors('a key of this spec');
const position = {
  instant: new Date('2030-01-02T03:04:05.678Z'),
  id: '0192f0c1-9d55-7f21-8a64-6d0b5c7e3f03',
};
const refused = expect.objectContaining({ code: 'platform.cursor.invalid' });
const DAY_MS = 86_400_000;

describe('a cursor', () => {
  afterEach(() => jest.restoreAllMocks());

  it('gives back the position it was made of, to the millisecond', () => {
    expect(cursors.read('list', cursors.write('list', position))).toEqual(position);
    const early = { ...position, instant: new Date(-1) };
    expect(cursors.read('list', cursors.write('list', early))).toEqual(early);
  });

  it('tells neither its id nor its instant in readable form, and fits into a request', () => {
    const cursor = cursors.write('list', position);
    expect(cursor).toMatch(/^[\w-]{60}$/);
    expect(Buffer.from(cursor, 'base64url').toString('latin1')).not.toContain('2030');
  });

  it('is refused when any of its characters is another', () => {
    const cursor = cursors.write('list', position);
    for (let index = 0; index < cursor.length; index += 1) {
      for (const other of ['A', 'B', '_', '=', ' ']) {
        if (cursor[index] === other) continue;
        const altered = cursor.slice(0, index) + other + cursor.slice(index + 1);
        expect(() => cursors.read('list', altered)).toThrow(refused);
      }
    }
  });

  it.each(['', 'abc', '!!', 'A'.repeat(60), 'A'.repeat(10_000), 'é'.repeat(60)])(
    'is refused when it is %.20j',
    (nonsense) => {
      expect(() => cursors.read('list', nonsense)).toThrow(refused);
    },
  );

  it('holds for what it was made for, and under the key it was made with', () => {
    const cursor = cursors.write('list', position);
    expect(() => cursors.read('another', cursor)).toThrow(refused);
    expect(() => new Cursors('another key').read('list', cursor)).toThrow(refused);
  });

  it('holds for a day', () => {
    const now = Date.now();
    const cursor = cursors.write('list', position);
    const clock = jest.spyOn(Date, 'now');
    clock.mockReturnValue(now + DAY_MS - 1_000);
    expect(cursors.read('list', cursor)).toEqual(position);
    clock.mockReturnValue(now + DAY_MS + 1_000);
    expect(() => cursors.read('list', cursor)).toThrow(refused);
  });
});
