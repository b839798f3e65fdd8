import { gzipSync } from 'node:zlib';
import { pack, type Header } from 'tar-stream';

export type TarEntry = Partial<Header> & { name: string; content?: string | Buffer };

/** A tar of exactly these entries, hostile ones as well. */
export async function tarOf(entries: TarEntry[]): Promise<Buffer> {
  const archive = pack();
  const chunks: Buffer[] = [];
  const reading = (async () => {
    for await (const chunk of archive) chunks.push(chunk as Buffer);
  })();
  for (const { content, ...header } of entries) archive.entry(header, content ?? '');
  archive.finalize();
  await reading;
  return Buffer.concat(chunks);
}

/** A .tar.gz of the files. */
export async function archiveOf(files: Record<string, string>): Promise<Buffer> {
  return gzipSync(await tarOf(Object.entries(files).map(([name, content]) => ({ name, content }))));
}
