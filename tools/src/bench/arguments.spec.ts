import { UsageError } from '../usage-error.js';
import { readArguments } from './arguments.js';

const parts = ['http', 'events'];

function refusalOf(...words: string[]): UsageError {
  try {
    readArguments(words, parts);
  } catch (error) {
    if (error instanceof UsageError) return error;
  }
  throw new Error('The words were not refused.');
}

describe('the words after npm run bench', () => {
  it('name the parts that are measured, or all when there are none', () => {
    expect(readArguments([], parts)).toEqual({ parts, json: undefined });
    expect(readArguments(['events', '--json', 'rows.json'], parts)).toEqual({
      parts: ['events'],
      json: 'rows.json',
    });
  });

  it.each(['--help', '-h'])('are answered with the usage by %s', (word) => {
    expect(refusalOf(word)).toMatchObject({
      exitCode: 0,
      message: expect.stringMatching(/^usage: npm run bench/),
    });
  });

  it.each([
    ['--rounds', /Unknown option '--rounds'/],
    ['--json', /argument missing/],
    ['htpp', /There is no part named htpp/],
  ])('are refused with the reason and the usage when %s is among them', (word, reason) => {
    const { exitCode, message } = refusalOf(word);
    expect(exitCode).toBe(2);
    expect(message).toMatch(reason);
    expect(message).toContain('parts: http, events');
  });
});
