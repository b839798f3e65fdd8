import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packFolder } from '../api/pack-folder.js';

/** What an intruder tries to open; a route is open when it answers with more than a status. */
export interface Target {
  kind: 'file' | 'folder' | 'socket' | 'route';
  path: string;
}

/** What came of it: how often it tried, and what it could open. */
export interface Haul {
  tried: number;
  opened: string[];
}

const server = `
  const fs = require('node:fs'), http = require('node:http'), net = require('node:net');
  const connect = (path) => new Promise((resolve, reject) =>
    net.connect(path).once('connect', resolve).once('error', reject));
  const ask = async (url) => {
    const response = await fetch(url);
    const text = await response.text();
    if (!response.ok || /^{"status":"\\w+"}$/.test(text)) throw new Error('It tells nothing but a status.');
  };
  const open = { file: fs.readFileSync, folder: fs.readdirSync, socket: connect, route: ask };
  const targets = JSON.parse(fs.readFileSync('targets.json', 'utf8'));
  http.createServer(async (request, response) => {
    if (request.url === '/health') return response.end();
    const opened = [];
    for (const { kind, path } of targets) {
      try { await open[kind](path); opened.push(path); } catch {}
    }
    response.end(JSON.stringify({ tried: targets.length, opened }));
  }).listen(process.env.PORT, process.env.HOST);
`;

/** An app as an archive that tries to open all of the targets when it is asked for its page, and answers with its haul. */
export async function packIntruder(targets: readonly Target[]): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'capsule-intruder-'));
  writeFileSync(join(folder, 'package.json'), '{ "scripts": { "start": "node server.js" } }');
  writeFileSync(join(folder, 'server.js'), server);
  writeFileSync(join(folder, 'targets.json'), JSON.stringify(targets));
  const archive = await packFolder(folder);
  rmSync(folder, { recursive: true });
  return archive;
}

/** The folder and everything in it that can be opened. */
export function everythingIn(folder: string): Target[] {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry): Target[] => {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) return [{ kind: 'file', path }];
    if (entry.isDirectory()) return [{ kind: 'folder', path }];
    return entry.isSocket() ? [{ kind: 'socket', path }] : [];
  });
  return [{ kind: 'folder', path: folder }, ...found];
}
