import { closeSync, fstatSync, openSync, renameSync, writeFileSync } from 'node:fs';

const maxBytes = 10 * 1024 * 1024;
/** Beside the file that is written to: `.1` is the newest. */
const keptFiles = 2;
const newline = 10;

/** A log of bounded size: a file that has grown is kept as `.1`, the one before as `.2`, and older ones go. */
export class RotatingFile {
  private descriptor: number;
  private bytes: number;

  constructor(private readonly path: string) {
    this.descriptor = openSync(path, 'a', 0o600);
    this.bytes = fstatSync(this.descriptor).size;
  }

  /**
   * A file ends with a whole line, unless one line is as long as a file; it is longer than it should be by no more than
   * the chunk that filled it.
   */
  write(chunk: Buffer): void {
    const end = chunk.lastIndexOf(newline) + 1;
    if (this.bytes + chunk.length <= maxBytes || (end === 0 && this.bytes < 2 * maxBytes)) {
      this.append(chunk);
      return;
    }
    this.append(chunk.subarray(0, end));
    this.rotate();
    this.append(chunk.subarray(end));
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private append(chunk: Buffer): void {
    writeFileSync(this.descriptor, chunk);
    this.bytes += chunk.length;
  }

  private rotate(): void {
    closeSync(this.descriptor);
    for (let number = keptFiles; number > 0; number -= 1) {
      const newer = number === 1 ? this.path : `${this.path}.${number - 1}`;
      try {
        renameSync(newer, `${this.path}.${number}`);
      } catch {
        // There is none yet.
      }
    }
    this.descriptor = openSync(this.path, 'a', 0o600);
    this.bytes = fstatSync(this.descriptor).size;
  }
}
