/** What a member may do; a role is a set of these. A contract names the one it needs. */
export const permissions = [
  'organization:read',
  'projects:read',
  'projects:write',
  'deployments:read',
  'deployments:write',
  'metrics:read',
  'metrics:write',
  'dashboards:write',
  'billing:read',
] as const;
export type Permission = (typeof permissions)[number];

export const roles = ['owner', 'admin', 'developer', 'viewer'] as const;
export type Role = (typeof roles)[number];

const viewer: Permission[] = ['organization:read', 'projects:read', 'deployments:read', 'metrics:read'];
const developer: Permission[] = [
  ...viewer,
  'projects:write',
  'deployments:write',
  'metrics:write',
  'dashboards:write',
];
const admin: Permission[] = [...developer, 'billing:read'];

const byRole: Record<Role, ReadonlySet<Permission>> = {
  viewer: new Set(viewer),
  developer: new Set(developer),
  admin: new Set(admin),
  owner: new Set(admin),
};

export function isRole(value: unknown): value is Role {
  return roles.some((role) => role === value);
}

export function rolePermissions(role: Role): ReadonlySet<Permission> {
  return byRole[role];
}
