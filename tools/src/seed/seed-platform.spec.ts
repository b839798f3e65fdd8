import { serviceNames } from '@capsule/contracts';
import { reasonAgainst } from './seed-platform.js';

const secrets = serviceNames.flatMap((service) => {
  const prefix = service.toUpperCase();
  return [
    [`${prefix}_SERVICE_DB_PASSWORD`, 'secret of a spec'],
    [`${prefix}_NATS_PASSWORD`, 'secret of a spec'],
  ];
});
const here = Object.fromEntries(secrets) as Record<string, string>;

describe('demo users with a known password', () => {
  it('may be on this machine', () => {
    expect(reasonAgainst(here)).toBeUndefined();
  });

  it.each([
    ['in production', { NODE_ENV: 'production' }, /NODE_ENV/],
    ['beside a database elsewhere', { DEPLOY_SERVICE_DB_HOST: 'db.example.com' }, /db\.example\.com/],
    ['on a bus elsewhere', { NATS_URL: 'nats://bus.example.com:4222' }, /bus\.example\.com/],
  ])('may not be %s', (_, variables, reason) => {
    expect(reasonAgainst({ ...here, ...variables })).toMatch(reason);
  });

  it('are refused with every fault of the environment, also where production is misspelt', () => {
    const faulty = { ...here, NODE_ENV: 'Production', NATS_URL: 'nowhere' };
    expect(() => reasonAgainst(faulty)).toThrow(/^ {2}NODE_ENV: must be[^]*^ {2}NATS_URL: /m);
  });
});
