import { randomUUID } from 'node:crypto';
import { EngineFixture } from './embedded-engine.fixture.js';

const SERVER = `
  const http = require('node:http');
  console.log('up on ' + process.env.PORT);
  http.createServer((request, response) => response.end('hello ' + process.pid)).listen(process.env.PORT, process.env.HOST);
`;

describe('the embedded engine', () => {
  let fixture: EngineFixture;
  beforeAll(async () => {
    fixture = await EngineFixture.create();
  });
  afterAll(() => fixture.close());

  it('builds sources, starts the artifact, shows it listening, answering and logging, and stops it', async () => {
    const request = await fixture.run(SERVER);
    const { address, digest } = await fixture.listening(request.instanceId);
    expect(digest).toBe(request.digest);
    const response = await fetch(`http://${address.host}:${address.port}/`);
    expect(await response.text()).toMatch(/^hello \d+$/);
    expect(await fixture.logText(request.deploymentId)).toBe(`up on ${address.port}\n`);
    const [sample] = await fixture.engine.sample([request.instanceId, randomUUID()]);
    expect(sample?.cpuSecondsTotal).toBeGreaterThan(0);
    expect(sample?.memoryBytes).toBeGreaterThan(1e6);

    await fixture.engine.stop(request.instanceId, { graceSeconds: 5 });
    expect(await fixture.engine.observe(request.instanceId)).toEqual({ state: 'absent' });
    await expect(fetch(`http://${address.host}:${address.port}/`)).rejects.toThrow();
  });
});
