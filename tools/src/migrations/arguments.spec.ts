import { UsageError } from '../usage-error.js';
import { readArguments } from './arguments.js';

describe('the words of the migrate command', () => {
  it.each([
    [['migrate', 'all', '--json'], { verb: 'migrate', services: ['auth', 'billing', 'deploy', 'monitor'] }],
    [['info', 'deploy'], { verb: 'info', services: ['deploy'] }],
    [['migrate', 'tenants'], { verb: 'migrate', services: [] }],
    [['baseline', 'auth', '--version', '1.1.0'], { options: { version: '1.1.0' } }],
    [['reset', 'all', '--yes'], { options: { yes: true } }],
    [
      ['new', 'auth', 'Add it', '--undo', '--no-transaction'],
      { description: 'Add it', options: { undo: true, 'no-transaction': true } },
    ],
  ])('%j are understood', (words, request) => {
    expect(readArguments(words)).toMatchObject(request);
  });

  it.each([
    [[]],
    [['migrate']],
    [['drop', 'all']],
    [['migrate', 'nobody']],
    [['migrate', 'auth', 'billing']],
    [['info', 'all', '--force']],
    [['info', 'all', '--yes']],
    [['undo', 'all']],
    [['baseline', 'all', '--version', '1']],
    [['baseline', 'auth']],
    [['reset', 'tenants']],
    [['new', 'auth']],
    [['new', 'tenants', 'Totals view', '--repeatable']],
  ])('%j are wrong, and say how it is used', (words) => {
    expect(() => readArguments(words)).toThrow(UsageError);
    expect(() => readArguments(words)).toThrow('usage: migrate <verb>');
  });
});
