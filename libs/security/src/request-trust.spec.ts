import { natsPermissions, requests, serviceNames } from '@capsule/contracts';

describe('a request on the bus', () => {
  it('can be published by the gateway alone, which has verified the token behind its tenant and actor', () => {
    const subjects = new Set(requests.map(({ subject }) => subject));
    expect(natsPermissions('gateway').publish.filter((subject) => subjects.has(subject))).toHaveLength(
      subjects.size,
    );
    for (const service of serviceNames) {
      expect(
        natsPermissions(service).publish.filter((subject) => /^(capsule\.rpc\.|[*>])/.test(subject)),
      ).toEqual([]);
    }
  });
});
