import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const AUTHOR = ['-c', 'user.name=spec', '-c', 'user.email=spec@example.com', '-c', 'init.defaultBranch=main'];

/** Repositories below a folder served by git's own HTTP backend (CGI, RFC 3875). */
export class GitServer {
  private constructor(
    private readonly folder: string,
    private readonly server: Server,
    readonly requests: string[],
  ) {}

  static async start(folder: string, port: number): Promise<GitServer> {
    const { stdout } = await run('git', ['--exec-path']);
    const requests: string[] = [];
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      requests.push(url.pathname);
      if (url.pathname.startsWith('/moved'))
        return response.writeHead(302, { location: request.url?.slice(6) }).end();
      if (url.pathname.startsWith('/silent')) return;
      const backend = spawn(join(stdout.trim(), 'git-http-backend'), [], {
        env: {
          GIT_PROJECT_ROOT: folder,
          GIT_HTTP_EXPORT_ALL: '1',
          GIT_CONFIG_COUNT: '1',
          GIT_CONFIG_KEY_0: 'safe.directory',
          GIT_CONFIG_VALUE_0: '*',
          PATH_INFO: url.pathname,
          QUERY_STRING: url.search.slice(1),
          REQUEST_METHOD: request.method,
          CONTENT_TYPE: request.headers['content-type'] ?? '',
          HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
          GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      request.pipe(backend.stdin);
      const chunks: Buffer[] = [];
      backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      backend.stdout.on('end', () => {
        const answer = Buffer.concat(chunks);
        const end = answer.indexOf('\r\n\r\n');
        for (const line of answer.subarray(0, end).toString().split('\r\n')) {
          const [name = '', value = ''] = line.split(': ');
          if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
          else response.setHeader(name, value);
        }
        response.end(answer.subarray(end + 4));
      });
      return undefined;
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new GitServer(folder, server, requests);
  }

  /** Commits the files (a content of `link:target` makes a symlink) on `branch`; returns the commit id. */
  async commit(repository: string, branch: string, files: Record<string, string>): Promise<string> {
    const path = join(this.folder, repository);
    await mkdir(path, { recursive: true });
    await run('git', [...AUTHOR, 'init', '--quiet', path]);
    await run('git', ['-C', path, 'checkout', '--quiet', '-B', branch]);
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      if (content.startsWith('link:')) await run('ln', ['-sfn', content.slice(5), join(path, name)]);
      else await writeFile(join(path, name), content);
    }
    await run('git', ['-C', path, 'add', '--all']);
    await run('git', [...AUTHOR, '-C', path, 'commit', '--quiet', '-m', 'spec']);
    return (await run('git', ['-C', path, 'rev-parse', 'HEAD'])).stdout.trim();
  }

  async tag(repository: string, name: string): Promise<void> {
    await run('git', [
      ...AUTHOR,
      '-C',
      join(this.folder, repository),
      'tag',
      '--annotate',
      '-m',
      'spec',
      name,
    ]);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
