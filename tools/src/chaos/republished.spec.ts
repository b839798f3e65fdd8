import type { ServiceName } from '@capsule/contracts';
import type { Databases } from './comparison.js';
import { Republished } from './republished.js';

describe('what is published again after a wipe', () => {
  let marks: Partial<Record<ServiceName, string[]>>;
  const databases: Databases = {
    ids: (service) => Promise.resolve(marks[service] ?? []),
    execute: () => Promise.reject(new Error('unexpected: nothing is changed')),
    close: () => Promise.resolve(),
  };
  let republished: Republished;

  beforeEach(async () => {
    marks = { auth: ['e1 10:00', 'e2 10:00'], billing: ['e3 10:00'] };
    republished = new Republished(databases);
    await republished.rememberPublished();
  });

  it('is nothing while all marks stand, whatever else is published', async () => {
    marks.billing = ['e3 10:00', 'e4 10:05'];
    expect(await republished.count()).toBe(0);
  });

  it('counts what was marked anew, not what still waits for it', async () => {
    marks = { auth: ['e1 10:05'], billing: ['e3 10:05'] };
    expect(await republished.count()).toBe(2);
  });

  it('counts a row once, however many wipes there were', async () => {
    marks.auth = ['e1 10:05', 'e2 10:05'];
    await republished.rememberPublished();
    marks.auth = ['e1 10:10', 'e2 10:10'];
    expect(await republished.count()).toBe(2);
  });
});
