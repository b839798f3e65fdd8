import { appNames, natsPermissions } from '@capsule/contracts';
import { renderNatsConfiguration, type NatsConfiguration } from './nats-configuration.js';

const configuration: NatsConfiguration = {
  port: 7121,
  storeDir: '/var/lib/capsule "quoted"/nats',
  serverVersion: '2.9.10',
  users: { gateway: 'g', auth: 'a', billing: 'b', deploy: 'd', monitor: 'm', admin: 'x' },
};

describe('the configuration of NATS', () => {
  it('listens on loopback alone and has no monitoring port', () => {
    const text = renderNatsConfiguration(configuration);
    expect(text).toContain('listen: "127.0.0.1:7121"');
    expect(text).not.toMatch(/http|monitor_port|0\.0\.0\.0/);
  });

  it('has each write synced where the server knows how, and does not name the setting where it does not', () => {
    const of = (serverVersion: string) => renderNatsConfiguration({ ...configuration, serverVersion });
    expect(of('2.9.10')).not.toContain('sync_interval');
    expect(of('2.10.0')).toContain('sync_interval: always');
    expect(of('v2.12.1')).toContain('sync_interval: always');
    expect(of('3.0.0')).toContain('sync_interval: always');
  });

  it('leaves no user without a list of what it may publish and listen to', () => {
    const users = renderNatsConfiguration(configuration).match(/\{ user: .*/g);
    expect(users).toHaveLength(appNames.length + 1);
    for (const user of users ?? []) {
      expect(user).toMatch(/publish: \{ allow: \["[^\]]+"\] \}, subscribe: \{ allow: \["[^\]]+"\] \}/);
    }
  });

  it('lets no service subscribe to a wildcard but its own inbox', () => {
    for (const app of appNames) {
      const { subscribe, inboxPrefix } = natsPermissions(app);
      expect(subscribe.filter((subject) => /[*>]/.test(subject))).toEqual([`${inboxPrefix}.>`]);
    }
  });
});
