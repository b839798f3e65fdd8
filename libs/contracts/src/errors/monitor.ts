import type { ErrorEntry } from './kind.js';

export const monitorErrors = {
  'monitor.app.not_found': {
    kind: 'not_found',
    title: 'There is no such app',
    when: 'The id is unknown, or not yours.',
    remedy: 'List the apps of the project.',
  },
  'monitor.range.invalid': {
    kind: 'invalid',
    title: 'The time range can not be answered',
    when: '`from` is not before `to`, or the range holds more points than one answer may carry.',
    remedy: 'Ask for a shorter range or a larger step.',
  },
} as const satisfies Record<string, ErrorEntry>;
