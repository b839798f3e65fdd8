import { DeploymentFailure } from './deployment-failure.js';

export interface TreeLimits {
  unpackedBytes: number;
  /** Files, folders and links. */
  entries: number;
}

const PATH_BYTES_MAX = 1_024;
const DEPTH_MAX = 64;
/** What the kernel takes. */
const LINK_BYTES_MAX = 4_095;
/** Of all paths and targets of links together; of honest ones a fifth is much. */
const NAMES_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Counts what a tree of strangers' files holds while it is read or made: its bytes and entries would fill the disk,
 * its names the memory of this process, which serves everyone.
 */
export class TreeBounds {
  private bytes = 0;
  private entries = 0;
  private nameBytes = 0;

  /** @param subject what the tree is called in a refusal */
  constructor(
    private readonly limits: TreeLimits,
    private readonly subject: string,
  ) {}

  /** @param path from the top of the tree */
  addEntry(path: string): void {
    const pathBytes = Buffer.byteLength(path);
    if (pathBytes > PATH_BYTES_MAX) this.refuse('a path that is too long');
    if (path.split('/').length > DEPTH_MAX) this.refuse(`a path deeper than ${DEPTH_MAX} folders`);
    this.entries += 1;
    if (this.entries > this.limits.entries) this.refuse(`more than ${this.limits.entries} entries`);
    this.addNameBytes(pathBytes);
  }

  /** @param target of a symbolic link that was added as an entry */
  addLinkTarget(target: string): void {
    const targetBytes = Buffer.byteLength(target);
    if (targetBytes > LINK_BYTES_MAX) this.refuse('a link that is too long');
    this.addNameBytes(targetBytes);
  }

  addBytes(count: number): void {
    this.bytes += count;
    if (this.bytes > this.limits.unpackedBytes) this.refuse(`more than ${this.limits.unpackedBytes} bytes`);
  }

  private addNameBytes(count: number): void {
    this.nameBytes += count;
    if (this.nameBytes > NAMES_BYTES_MAX) this.refuse(`more than ${NAMES_BYTES_MAX} bytes of names`);
  }

  private refuse(what: string): never {
    throw new DeploymentFailure('source_invalid', `${this.subject} holds ${what}`);
  }
}
