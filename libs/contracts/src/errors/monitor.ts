import type { ErrorEntry } from './kind.js';

export const monitorErrors = {
  'monitor.organization.not_ready': {
    kind: 'unavailable',
    title: 'The organization is still being prepared',
    when: 'It was created a moment ago and the tables for its documents are being made.',
    remedy: 'Try again after the seconds in `Retry-After`.',
  },
  'monitor.organization.inactive': {
    kind: 'forbidden',
    title: 'The organization is not active',
    when: 'The operator has taken it out of service. Its documents are kept.',
    remedy: 'Ask the operator of the platform.',
  },
  'monitor.dashboard.not_found': {
    kind: 'not_found',
    title: 'There is no such dashboard',
    when: 'The id is unknown, or not yours.',
    remedy: 'List the dashboards at `GET /v1/dashboards`.',
  },
  'monitor.dashboard.name_taken': {
    kind: 'conflict',
    title: 'A dashboard of this name exists already',
    when: 'Names of dashboards are unique in an organization, whatever their case.',
    remedy: 'Choose another name.',
  },
  'monitor.work_session.not_found': {
    kind: 'not_found',
    title: 'There is no such work session',
    when: 'The id is unknown, or of another user or organization.',
    remedy: 'List the work sessions at `GET /v1/work-sessions`.',
  },
  'monitor.user.not_found': {
    kind: 'not_found',
    title: 'There is no such user',
    when: 'The id is unknown, or of another organization. A new member is known a moment after joining.',
    remedy: 'Take the id from the list of work sessions at `GET /v1/work-sessions`.',
  },
  'monitor.app.not_found': {
    kind: 'not_found',
    title: 'There is no such app',
    when: 'The id is unknown, or not yours.',
    remedy: 'List the apps of the project.',
  },
  'monitor.range.invalid': {
    kind: 'invalid',
    title: 'The time range cannot be answered',
    when: '`from` is not before `to`, or the range holds more points than one answer may carry.',
    remedy: 'Ask for a shorter range or a larger step.',
  },
} as const satisfies Record<string, ErrorEntry>;
