// An app as Capsule runs it: it listens where PORT and HOST say, answers a health check, and ends on SIGTERM when its
// requests have ended.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { name, version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
const port = Number(process.env.PORT ?? 3000);
const host = process.env.HOST ?? '127.0.0.1';
const WORK_MS_MAX = 10_000;
const SLICE_MS = 20;

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://app');
  switch (request.method === 'GET' || request.method === 'HEAD' ? url.pathname : '') {
    case '/':
      return answer(response, 200, 'text/html; charset=utf-8', page());
    case '/health':
      return answer(response, 200, 'application/json', JSON.stringify({ status: 'ok' }));
    case '/work': {
      const ms = Number(url.searchParams.get('ms') ?? 500);
      if (!(ms > 0 && ms <= WORK_MS_MAX)) {
        return answer(response, 400, 'text/plain', `ms must be a number from 1 to ${WORK_MS_MAX}\n`);
      }
      await burn(ms);
      console.log(`worked for ${ms} ms`);
      return answer(response, 200, 'text/plain', `worked for ${ms} ms\n`);
    }
    case '':
      return answer(response, 405, 'text/plain', 'only GET\n');
    default:
      return answer(response, 404, 'text/plain', 'nothing here\n');
  }
});

/** Keeps the processor busy in slices, so that other requests are answered in between. */
async function burn(ms) {
  for (const end = performance.now() + ms; performance.now() < end;) {
    for (const slice = performance.now() + SLICE_MS; performance.now() < slice;);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function answer(response, status, type, body) {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function page() {
  const rows = {
    version,
    node: process.version,
    uptime: `${Math.floor(process.uptime())} s`,
    memory: `${Math.round(process.memoryUsage.rss() / 1024 ** 2)} MiB`,
    'processor time': `${((process.cpuUsage().user + process.cpuUsage().system) / 1e6).toFixed(2)} s`,
  };
  const table = Object.entries(rows)
    .map(([key, value]) => `<tr><th scope="row">${key}</th><td>${value}</td></tr>`)
    .join('\n        ');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>${name}</title>
    <style>
      body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem; }
      th { text-align: left; padding-right: 2rem; font-weight: normal; color: #666; }
    </style>
  </head>
  <body>
    <h1>Hello from ${name}</h1>
    <p>This app was built and started by Capsule.</p>
    <table>
      <tbody>
        ${table}
      </tbody>
    </table>
    <p><a href="/work?ms=2000">Work for two seconds</a> and watch its processor time rise.</p>
  </body>
</html>
`;
}

server.listen(port, host, () => console.log(`${name} ${version} listens on ${host}:${port}`));

process.on('SIGTERM', () => {
  console.log('SIGTERM: finishing what is being answered');
  // Connections that are kept alive but idle are closed at once; the process ends when the last answer was sent.
  server.close(() => console.log('done'));
});
