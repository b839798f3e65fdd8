interface PostgresError {
  code: string;
  message: string;
  constraint?: string;
}

/** The server's error in a chain of causes (TypeORM wraps it as `driverError`), if there is one. */
export function postgresError(error: unknown): PostgresError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const candidate: unknown = 'driverError' in current ? current.driverError : current;
    if (isPostgresError(candidate)) return candidate;
  }
  return undefined;
}

function isPostgresError(error: unknown): error is PostgresError {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[0-9A-Z]{5}$/.test(error.code)
  );
}

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';

/** The transaction was rolled back because of its neighbours, not of itself: it may be run again as it is. */
export function isTransient(error: unknown): boolean {
  const code = postgresError(error)?.code;
  return code === SERIALIZATION_FAILURE || code === DEADLOCK_DETECTED;
}
