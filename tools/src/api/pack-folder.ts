import { spawn } from 'node:child_process';

/** The files of a folder as the bytes of a `.tar.gz`. */
export function packFolder(folder: string): Promise<Buffer> {
  // COPYFILE_DISABLE keeps the tar of macOS from adding its own metadata files.
  const child = spawn('tar', ['-C', folder, '-czf', '-', '.'], {
    env: { ...process.env, COPYFILE_DISABLE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(Buffer.concat(chunks)) : reject(new Error(`tar ended with ${code}`)),
    );
  });
}
