/**
 * `node apps/deploy/dist/engine/end-apps.js <engine folder> [grace seconds]` ends every app, build and fetch of the
 * embedded engine. Apps outlive the deploy service by design, so whoever stops the whole platform runs this when the
 * service has ended; at the next start the service finds them ended and starts those that should run. It needs neither
 * database nor bus.
 */
import { existsSync } from 'node:fs';
import { EngineHome } from './engine-home.js';

const [folder, graceSeconds = '10'] = process.argv.slice(2);
if (folder === undefined || !/^\d+(\.\d+)?$/.test(graceSeconds)) {
  process.stderr.write('usage: end-apps <engine folder> [grace seconds]\n');
  process.exitCode = 2;
} else if (existsSync(folder)) {
  const home = new EngineHome({ folder, logBytesMax: 0 });
  process.stdout.write(`${await home.endAll(Number(graceSeconds))} ended\n`);
  home.close();
}
