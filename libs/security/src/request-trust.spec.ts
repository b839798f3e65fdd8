import { keySetGet, natsPermissions, requests, serviceNames } from '@capsule/contracts';

const isRequest = (subject: string) => /^(capsule\.rpc\.|[*>])/.test(subject);

describe('a request on the bus', () => {
  it('can be published by the gateway alone, but for the public keys that services verify tokens with', () => {
    const subjects = new Set(requests.map(({ subject }) => subject));
    expect(natsPermissions('gateway').publish.filter((subject) => subjects.has(subject))).toHaveLength(
      subjects.size,
    );
    for (const service of serviceNames) {
      const asked = natsPermissions(service).publish.filter(isRequest);
      expect([service, asked]).toEqual([service, service === 'auth' ? [] : [keySetGet.subject]]);
    }
    expect([keySetGet.tenancy, keySetGet.permission]).toEqual(['none', undefined]);
  });
});
