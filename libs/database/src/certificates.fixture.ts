import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KEY = ['-newkey', 'rsa:2048', '-nodes'];

/** An authority of a spec's own, by openssl: Node reads certificates but makes none. */
export class CertificateAuthority {
  private constructor(private readonly folder: string) {}

  static async create(): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(await mkdtemp(join(tmpdir(), 'capsule-authority-')));
    const { file, certificateFile } = authority;
    const subject = ['-subj', '/CN=authority of a spec', '-days', '2'];
    await run('openssl', [
      ...['req', '-x509', ...KEY, ...subject],
      ...['-keyout', file('ca.key'), '-out', certificateFile],
    ]);
    return authority;
  }

  /** Its own certificate, which whoever trusts it names. */
  get certificateFile(): string {
    return this.file('ca.crt');
  }

  /** Certificate and key of a server by that name and no other, in PEM. */
  async issue(hostName: string): Promise<{ certificate: string; key: string }> {
    const { file, certificateFile } = this;
    await writeFile(file('names'), `subjectAltName=DNS:${hostName}\n`);
    await run('openssl', [
      ...['req', '-new', ...KEY, '-subj', `/CN=${hostName}`],
      ...['-keyout', file('server.key'), '-out', file('server.csr')],
    ]);
    await run('openssl', [
      ...['x509', '-req', '-in', file('server.csr'), '-CA', certificateFile, '-CAkey', file('ca.key')],
      ...['-CAcreateserial', '-days', '2', '-extfile', file('names'), '-out', file('server.crt')],
    ]);
    return {
      certificate: await readFile(file('server.crt'), 'utf8'),
      key: await readFile(file('server.key'), 'utf8'),
    };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  private readonly file = (name: string): string => join(this.folder, name);
}
