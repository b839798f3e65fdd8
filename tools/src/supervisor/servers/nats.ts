import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findProgram } from '../../../bootstrap/programs.mjs';
import { serverFolder, type Home } from '../home.js';
import type { ProcessDefinition } from '../managed-process.js';
import type { PlatformSettings } from '../platform-settings.js';
import { rememberedPassword, writePrivateFile } from '../secret-file.js';
import { converse } from './line-protocol.js';

export function natsServer(home: Home, settings: PlatformSettings['nats']): ProcessDefinition {
  const folder = serverFolder(home, 'nats');
  const configuration = join(folder, 'nats.conf');
  const pidFile = join(folder, 'nats.pid');
  const program = findProgram('nats-server');
  if (!program) throw new Error('nats-server is not installed.');
  const users = { ...settings.passwords, admin: natsAdminPassword(home) };
  return {
    name: 'nats',
    listens: settings,
    program,
    arguments: ['--config', configuration, '--pid', pidFile],
    environment: { PATH: process.env['PATH'] },
    user: home.user,
    marker: configuration,
    pidFile,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    startTimeoutMs: 30_000,
    prepare: async () => {
      // Loaded while the other servers start already.
      const { renderNatsConfiguration } = await import('@capsule/messaging');
      const text = renderNatsConfiguration({
        port: settings.port,
        storeDir: join(folder, 'jetstream'),
        serverVersion: versionOf(program),
        users,
      });
      writePrivateFile(configuration, text, home.user);
    },
    probe: () => {
      const login = {
        user: 'admin',
        pass: users.admin,
        verbose: false,
        pedantic: false,
        lang: 'node',
        version: '0',
      };
      return converse({ port: settings.port }, `CONNECT ${JSON.stringify(login)}\r\nPING\r\n`, (text) => {
        if (text.includes('-ERR')) throw new Error(text.slice(text.indexOf('-ERR')).trim());
        return text.includes('PONG\r\n');
      });
    },
  };
}

/** The one user who may create streams. Only the supervisor knows it. */
export function natsAdminPassword(home: Home): string {
  return rememberedPassword(join(home.secrets, 'nats-admin'));
}

function versionOf(program: string): string {
  const output = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout;
  return /v?(\d+\.\d+\.\d+)/.exec(output)?.[1] ?? '0.0.0';
}
