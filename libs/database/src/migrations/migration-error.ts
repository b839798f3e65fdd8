/** A reason not to migrate that the operator has to remove. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}
