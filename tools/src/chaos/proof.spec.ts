import { type Run, shortfalls } from './proof.js';

const run: Run = {
  kills: 8,
  deaths: { prompt: 4, loop: 3, consumer: 5 },
  natsRestarts: 2,
  republished: 120,
  redeliveries: 40,
  withoutInbox: false,
  verdict: { lost: 0, duplicated: 0, findings: [] },
};
const counterProof: Run = { ...run, withoutInbox: true, verdict: { ...run.verdict, duplicated: 3 } };

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
    ['no consumer died before its acknowledgement', { deaths: { ...run.deaths, consumer: 0 } }, /consumer/],
    ['NATS was broken too seldom', { natsRestarts: 1 }, /NATS was broken 1 of 2 times/],
    ['nothing was published again after a wipe', { republished: 0 }, /nothing was published again/],
    ['nothing was delivered again', { redeliveries: 0 }, /Nothing was delivered again/],
  ])('fails with the reason when %s', (_, less, reason) => {
    expect(shortfalls({ ...run, ...less })).toEqual([expect.stringMatching(reason)]);
  });

  it('fails when there is no duplicate without the inbox', () => {
    expect(shortfalls({ ...counterProof, verdict: run.verdict })).toEqual([
      expect.stringMatching(/proves nothing/),
    ]);
  });
});
