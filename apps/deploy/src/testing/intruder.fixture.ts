/** What an intruder tries: a verb and what it is done to. */
export type Deed = [string, unknown?];
export type Attempt = { refused?: string; result?: unknown };

/** The program of an app that does the deeds, writes what came of each into its log, and answers with it. */
export const intruder = (deeds: Deed[]) => `
  const fs = require('node:fs'), net = require('node:net');
  const tries = {
    read: (path) => fs.readFileSync(path).length,
    list: (path) => fs.readdirSync(path).length,
    write: (path) => fs.writeFileSync(path, 'x'),
    kill: (pid) => process.kill(pid, 'SIGKILL'),
    become: () => process.setuid(0),
    connect: (path) => new Promise((resolve, reject) => net.connect(path).on('connect', resolve).on('error', reject)),
    status: () => fs.readFileSync('/proc/self/status', 'utf8').match(/^(Uid|Groups|NoNewPrivs|CapBnd|CapEff):.*$/gm),
    environment: () => Object.keys(process.env).sort(),
  };
  (async () => {
    const attempts = [];
    for (const [verb, argument] of ${JSON.stringify(deeds)}) {
      try { attempts.push({ result: await tries[verb](argument) ?? null }); }
      catch (error) { attempts.push({ refused: error.code }); }
    }
    console.log('ATTEMPTS ' + JSON.stringify(attempts));
    require('node:http').createServer((request, response) => response.end(JSON.stringify(attempts)))
      .listen(process.env.PORT, process.env.HOST);
  })();
`;
