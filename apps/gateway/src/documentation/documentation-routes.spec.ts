import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { apiSchemas, endpoints, errorCatalogue } from '@capsule/contracts';
import { fastify, type FastifyInstance } from 'fastify';
import { sendProblem } from '@capsule/errors';
import { addDocumentation } from './documentation-routes.js';
import { openApiDocument } from './openapi.js';
import { html, prose } from './pages/html.js';

let server: FastifyInstance;

beforeAll(() => {
  server = fastify();
  server.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  addDocumentation(server);
});
afterAll(() => server.close());

async function page(path: string): Promise<string> {
  const answer = await server.inject(path);
  expect([path, answer.statusCode]).toEqual([path, 200]);
  return answer.body;
}

/** Links of a page that stay on this server, without what follows `#`. */
function links(text: string): string[] {
  return [...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, target = '']) => target);
}

describe('the documentation', () => {
  it('serves the document that the checks hold fresh', async () => {
    const answer = await server.inject('/v1/openapi.json');
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.json()).toEqual(openApiDocument());
  });

  it('shows every operation, every schema and a command for each operation', async () => {
    const text = await page('/docs');
    for (const { operationId, summary } of endpoints) {
      expect(text).toContain(`id="${operationId}"`);
      expect(text).toContain(summary);
    }
    for (const { name } of apiSchemas) expect(text).toContain(`id="schema-${name}"`);
    expect(text.match(/curl/g)?.length).toBeGreaterThanOrEqual(endpoints.length);
  });

  it('begins with commands for the host that the reader reached it by, if it is one', async () => {
    const stepsFor = async (host: string) =>
      (await server.inject({ url: '/docs', headers: { host } })).body.match(/<pre>API=(.*)/)?.[1];
    expect(await stepsFor('capsule.example:8443')).toBe('http://capsule.example:8443');
    expect(await stepsFor('[::1]:7080')).toBe('http://[::1]:7080');
    expect(await stepsFor('$(reboot)')).toBe('http://localhost:7080');
  });

  it('reads the fields of answers in its first steps with what every shell has', async () => {
    const { body } = await server.inject('/docs');
    expect(body).not.toContain('jq');
    const [line = ''] = /^field\(\) .*$/m.exec(body) ?? [];
    const field = line.replaceAll('&quot;', '"').replaceAll('&#39;', "'");
    const answer = JSON.stringify(apiSchemas.find(({ name }) => name === 'App')?.example);
    const run = promisify(execFile);
    const { stdout } = await run('sh', ['-c', `${field}\nprintf %s "$1" | field id`, 'sh', answer]);
    expect(stdout.trim()).toBe(JSON.parse(answer).id);
  });

  it('has a page for every code, where the type of a problem leads', async () => {
    const list = await page('/docs/errors');
    for (const [code, { title }] of Object.entries(errorCatalogue)) {
      expect(list).toContain(`href="/docs/errors/${code}"`);
      expect(await page(`/docs/errors/${code}`)).toContain(html`${title}`.text);
    }
    expect((await server.inject('/docs/errors/no.such.code')).statusCode).toBe(404);
  });

  it('leads nowhere that does not exist, and to no other server', async () => {
    const pages = new Map<string, string>();
    for (const path of ['/docs', '/docs/errors', '/docs/errors/auth.token.missing'])
      pages.set(path, await page(path));
    for (const [path, text] of pages) {
      for (const target of links(text)) {
        const [file = '', anchor] = target.split('#');
        if (file !== '') expect(file.startsWith('/') && !file.startsWith('//')).toBe(true);
        const there = file === '' ? text : await page(file);
        if (anchor !== undefined)
          expect([path, target, there.includes(`id="${anchor}"`)]).toEqual([path, target, true]);
      }
    }
  });

  it('neither runs nor loads anything but its own style', async () => {
    const answer = await server.inject('/docs');
    expect(answer.body).not.toMatch(/<script|\sstyle=|\son\w+="/);
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'; style-src 'self'");
    expect((await server.inject('/docs/style.css')).headers['content-type']).toBe('text/css; charset=utf-8');
  });
});

describe('a page template', () => {
  it('escapes every value that is no markup of ours', () => {
    const hostile = '<script>"\'&';
    expect(html`<p title="${hostile}">${[hostile]}</p>`.text).not.toContain('<script>');
    expect(prose('`<b>` & more').text).toBe('<code>&lt;b&gt;</code> &amp; more');
  });
});
