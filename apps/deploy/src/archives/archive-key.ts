/** Where an archive lies in storage. The organization is part of it, so that the id of another's archive leads nowhere. */
export function archiveKey(tenantId: string, archiveId: string): string {
  return `archives/${tenantId}/${archiveId}.tar.gz`;
}
