import { join } from 'node:path';
import { findProgram } from '../../../bootstrap/programs.mjs';
import { serverFolder, type Home } from '../home.js';
import type { ProcessDefinition } from '../managed-process.js';
import type { PlatformSettings } from '../platform-settings.js';
import { writePrivateFile } from '../secret-file.js';
import { converse } from './line-protocol.js';

export function redisServer(home: Home, settings: PlatformSettings['redis']): ProcessDefinition {
  const folder = serverFolder(home, 'redis');
  const configuration = join(folder, 'redis.conf');
  const program = findProgram('redis-server');
  if (!program) throw new Error('redis-server is not installed.');
  return {
    name: 'redis',
    listens: settings,
    program,
    arguments: [configuration],
    environment: { PATH: process.env['PATH'] },
    user: home.user,
    marker: configuration,
    pidFile: join(folder, 'redis.pid'),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    startTimeoutMs: 20_000,
    prepare: () => {
      const text = renderRedisConfiguration({ ...settings, host: '127.0.0.1', folder });
      writePrivateFile(configuration, text, home.user);
    },
    probe: () => probeRedis({ port: settings.port, password: settings.password }),
  };
}

/** Resolves when Redis takes the password and answers. */
export function probeRedis({
  password,
  ...address
}: {
  host?: string;
  port: number;
  password: string;
}): Promise<void> {
  return converse(address, `AUTH ${password}\r\nPING\r\n`, (text) => {
    if (text.startsWith('-')) throw new Error(text.trim());
    return text.includes('+PONG');
  });
}

export interface RedisConfiguration {
  /** Address to listen on. */
  host: string;
  port: number;
  password: string;
  folder: string;
}

/** The configuration file of Redis. It holds the password: only the server may read it. */
export function renderRedisConfiguration({ host, port, password, folder }: RedisConfiguration): string {
  return [
    `bind ${host}`,
    `port ${port}`,
    'protected-mode yes',
    'daemonize no',
    `dir "${folder}"`,
    `pidfile "${join(folder, 'redis.pid')}"`,
    `requirepass ${password}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    // Counters and deny-lists all expire; when memory is short those go first that were about to go anyway.
    'maxmemory 64mb',
    'maxmemory-policy volatile-ttl',
    // A rewritten title would hide the configuration's path, by which a later supervisor knows its own server.
    'set-proc-title no',
    '',
  ].join('\n');
}
