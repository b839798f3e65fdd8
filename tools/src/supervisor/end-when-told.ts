/**
 * Aborts once this process is told to end: by a signal, or because nobody reads any more what it says. A terminal sends
 * Ctrl-C to npm and to us, and npm passes it on: however often it comes, there is one end.
 */
export function endWhenTold(): AbortController {
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end.abort());
  for (const stream of [process.stdout, process.stderr]) {
    // Any other fault, such as the full disk of a log, makes us silent, but we go on.
    stream.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE') end.abort();
    });
  }
  return end;
}
