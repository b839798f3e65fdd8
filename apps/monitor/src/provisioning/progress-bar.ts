const WIDTH = 40;

/** One line of a terminal that is written over: `[########        ] 412/1000, 2 failed`. */
export class ProgressBar {
  private done = 0;
  private shown = '';

  /** @param write none where nobody looks */
  constructor(
    private readonly total: number,
    private readonly write?: (text: string) => void,
  ) {}

  advance(failed: number): void {
    this.done += 1;
    const filled = Math.floor((WIDTH * this.done) / this.total);
    const failures = failed > 0 ? `, ${failed} failed` : '';
    const line = `\r[${'#'.repeat(filled).padEnd(WIDTH)}] ${this.done}/${this.total}${failures}`;
    if (line === this.shown) return;
    this.shown = line;
    this.write?.(line);
  }

  end(): void {
    if (this.shown !== '') this.write?.('\n');
  }
}
