// Jest's globalTeardown. When Jest is killed instead, the servers notice the closed connection and end by themselves.
export default async function stopTestServers() {
  await globalThis.releaseTestServers?.();
}
