import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployDemo } from './demo.js';
import { openHome } from './home.js';

it('the demo says what to do when its account in the data has another password', async () => {
  const gateway = createServer((request, response) => {
    response.writeHead(request.url === '/v1/auth/sign-in' ? 401 : 409).end('{}');
  }).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const workspace = mkdtempSync(join(tmpdir(), 'capsule-demo-'));
  const source = { GATEWAY_PORT: String((gateway.address() as AddressInfo).port) };
  const failures: string[] = [];
  const reporter = {
    step: () => {},
    note: () => {},
    summary: () => {},
    failure: (message: string) => void failures.push(message),
  };
  const running = { home: openHome(workspace), source, ended: new AbortController().signal };
  expect(await deployDemo(workspace, running, reporter)).toBe(false);
  expect(failures).toEqual([
    'The platform runs, but the demo could not be deployed: ' +
      'demo@example.com has another password in this data. npm run reset begins anew.',
  ]);
  gateway.closeAllConnections();
  gateway.close();
  rmSync(workspace, { recursive: true });
});
