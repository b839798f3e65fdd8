/** Somebody asked how a program is used, or showed that they don't know. */
export class UsageError extends Error {
  constructor(
    usage: string,
    reason?: string,
    readonly exitCode: 0 | 2 = 2,
  ) {
    super(reason === undefined ? usage : `${reason}\n${usage}`);
  }
}
