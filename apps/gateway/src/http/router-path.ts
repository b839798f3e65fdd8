/** `/v1/projects/{projectId}` in the router's spelling, `/v1/projects/:projectId`. */
export function routerPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}
