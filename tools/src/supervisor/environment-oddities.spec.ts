import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workspace as checkout } from '../../bootstrap/workspace.mjs';
import { ensureEnvironmentFile } from './environment-file.js';
import { environmentOddities } from './environment-oddities.js';

describe('the start', () => {
  let workspace: string;

  beforeEach(() => {
    workspace = mkdtempSync(join(tmpdir(), 'capsule-oddities-'));
  });

  afterEach(() => rmSync(workspace, { recursive: true }));

  it('tells of every line of .env that says nothing and every name that nothing reads, with what is meant', () => {
    const lines = [
      'GATWAY_PORT=1',
      '# nothing',
      'this is not a line',
      'JWT_PRIVATE_KEY="-----BEGIN\nof several lines\n-----END" # a key',
      'GATEWAY_OPERATOR_ADDRESSES=127.0.0.1',
      '  export DEPLOY_SERVICE_SLOW_QUERY_THRESHOLD_MS = 5',
      'DOCKER_HOST=unix:///run/docker.sock',
      'LOG_LEVEL="debug',
    ];
    writeFileSync(join(workspace, '.env'), lines.join('\r\n'));
    expect(environmentOddities(workspace)).toEqual([
      'Nothing reads GATWAY_PORT of .env; is GATEWAY_PORT meant?',
      'Line 3 of .env is no NAME=value, or lacks the end of its quotes.',
      'Nothing reads GATEWAY_OPERATOR_ADDRESSES of .env.',
      'Line 10 of .env is no NAME=value, or lacks the end of its quotes.',
    ]);
  });

  it('has nothing to tell of .env.example, of the .env it writes, nor of none', () => {
    expect(environmentOddities(workspace)).toEqual([]);
    ensureEnvironmentFile(workspace, join(workspace, '.capsule'));
    expect(environmentOddities(workspace)).toEqual([]);
    const example = readFileSync(join(checkout, '.env.example'), 'utf8');
    // Also what stands there as a comment, because it is optional or for one service alone.
    const all = example.replaceAll(/^# (?=[A-Z_]+=)/gm, '').replaceAll(/^# for .+: ([A-Z_]+)$/gm, '$1=1');
    writeFileSync(join(workspace, '.env'), all);
    expect(environmentOddities(workspace)).toEqual([]);
  });
});
