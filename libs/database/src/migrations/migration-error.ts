/** A reason not to migrate that the operator has to remove. Nothing of the named file was kept. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}
