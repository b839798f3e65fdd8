import type { ServiceName } from '@capsule/contracts';
import { type Run, shortfalls } from './proof.js';

const run: Run = {
  kills: 8,
  deaths: { prompt: 4, loop: 3, marked: 2, consumer: 5, acknowledged: 1 },
  natsRestarts: 2,
  republished: 120,
  redeliveries: 40,
  withoutInbox: false,
  unanswered: [],
  verdict: { lost: 0, duplicated: 0, repeating: [], findings: [] },
};
const repeated = {
  ...run.verdict,
  duplicated: 3,
  repeating: ['billing', 'deploy', 'monitor'] as ServiceName[],
};
const counterProof: Run = { ...run, withoutInbox: true, verdict: repeated };

describe('a run of chaos', () => {
  it('proves something when everything happened and nothing was lost or done twice', () => {
    expect(shortfalls(run)).toEqual([]);
    expect(shortfalls({ ...run, republished: undefined })).toEqual([]);
  });

  it('is the counter-proof when there are duplicates without the inbox', () => {
    expect(shortfalls(counterProof)).toEqual([]);
  });

  it.each<[string, Partial<Run>, RegExp]>([
    ['something is lost', { verdict: { ...run.verdict, lost: 1 } }, /1 are lost/],
    ['something is there twice', { verdict: { ...run.verdict, duplicated: 2 } }, /2 are duplicated/],
    ['no service was killed', { kills: 0 }, /killed from outside/],
    ['nobody died at the prompt publisher', { deaths: { ...run.deaths, prompt: 0 } }, /after its commit/],
    ["nobody died at the relay's loop", { deaths: { ...run.deaths, loop: 0 } }, /relay's loop/],
    ['nobody died after a mark', { deaths: { ...run.deaths, marked: 0 } }, /just marked/],
    [
      'no consumer died before its acknowledgement',
      { deaths: { ...run.deaths, consumer: 0 } },
      /between its/,
    ],
    ['none died after one', { deaths: { ...run.deaths, acknowledged: 0 } }, /just acknowledged/],
    ['an organization was given up on', { unanswered: ['Error: 503'] }, /1 organizations .* 503/],
    ['NATS was broken too seldom', { natsRestarts: 1 }, /NATS was broken 1 of 2 times/],
    ['nothing was published again after a wipe', { republished: 0 }, /nothing was published again/],
    ['nothing was delivered again', { redeliveries: 0 }, /Nothing was delivered again/],
  ])('fails with the reason when %s', (_, less, reason) => {
    expect(shortfalls({ ...run, ...less })).toEqual([expect.stringMatching(reason)]);
  });

  it.each(repeated.repeating)('fails when there is no duplicate in %s without the inbox', (service) => {
    const repeating = repeated.repeating.filter((each) => each !== service);
    expect(shortfalls({ ...counterProof, verdict: { ...repeated, repeating } })).toEqual([
      expect.stringMatching(new RegExp(`duplicates in ${service};.* proves nothing`)),
    ]);
  });
});
