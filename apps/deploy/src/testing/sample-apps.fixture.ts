type Files = Record<string, string>;

const manifest = (rest: object = {}) =>
  JSON.stringify({ name: 'sample', version: '1.0.0', main: 'index.js', ...rest });

/** An app that runs the given program. */
export function program(source: string): Files {
  return { 'package.json': manifest(), 'index.js': source };
}

/** Answers every request with the text; `/pid` with what identifies the instance. */
export function answering(text: string): Files {
  return program(`
    require('node:http').createServer((request, response) => {
      if (request.url === '/pid') return response.end(String(process.pid));
      if (request.url === '/headers') return response.end(JSON.stringify(request.headers));
      if (request.url === '/crash') { response.end(); process.exit(3); }
      const answer = () => response.end(${JSON.stringify(text)});
      const wait = /^\\/slow\\/(\\d+)$/.exec(request.url);
      if (wait) setTimeout(answer, Number(wait[1])); else answer();
    }).listen(process.env.PORT, '127.0.0.1');
    console.log('listening');
  `);
}

/** Answers its health path with the status, and healthy only after some time when told so. */
export function answeringStatus(status: number, healthyAfterMs = Infinity): Files {
  return program(`
    const begun = Date.now();
    require('node:http').createServer((request, response) => {
      response.statusCode = Date.now() - begun > ${healthyAfterMs} ? 200 : ${status};
      response.end();
    }).listen(process.env.PORT, '127.0.0.1');
  `);
}

/** The same as another app, but its build takes a while: an install script sleeps. */
export function slowlyBuilt(files: Files, buildMs: number): Files {
  return {
    ...files,
    'package.json': manifest({ dependencies: { slow: 'file:./slow' } }),
    'slow/package.json': JSON.stringify({
      name: 'slow',
      version: '1.0.0',
      scripts: { install: `node -e "setTimeout(() => {}, ${buildMs})"` },
    }),
  };
}
