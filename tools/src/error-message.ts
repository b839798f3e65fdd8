/** What an error says to whoever called a command; that nobody listens means that the platform does not run. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A name with several addresses fails at each of them.
  const [first = error] = error instanceof AggregateError ? (error.errors as Error[]) : [];
  const { code, address, port } = first as NodeJS.ErrnoException & { address?: string; port?: number };
  return code === 'ECONNREFUSED'
    ? `nothing listens on ${address}:${port}; start the platform first (npm start).`
    : error.message;
}
