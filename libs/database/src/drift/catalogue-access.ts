// Who owns what and who may do what, as pieces of the statements that read the catalogue.

/** The database owner owns everything unless said otherwise, under whatever name; only others are worth a line. */
export const DATABASE_OWNER = '(SELECT datdba FROM pg_database WHERE datname = current_database())';

/** A role's name; the database owner is called `owner`, because its name may differ between two databases. */
export const roleName = (role: string): string =>
  `CASE WHEN ${role} = 0 THEN 'PUBLIC' WHEN ${role} = ${DATABASE_OWNER} THEN 'owner' ELSE pg_get_userbyid(${role}) END`;

/** A subquery of rows (grantee, privileges) of an access list: everybody's but the owners', who have all of it anyway. */
export const grantsOf = (accessList: string, objectOwner: string): string => `(
  SELECT ${roleName('acl.grantee')} AS grantee,
         string_agg(DISTINCT acl.privilege_type || CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, ', ')
           AS privileges
  FROM aclexplode(${accessList}) acl
  WHERE acl.grantee NOT IN (${objectOwner}, ${DATABASE_OWNER}, 'pg_database_owner'::regrole)
  GROUP BY acl.grantee)`;

/** What an extension made is the extension's, and differs between its versions. */
export const isOurs = (catalogue: string, oid: string): string => `NOT EXISTS (
  SELECT FROM pg_depend WHERE classid = '${catalogue}'::regclass AND objid = ${oid} AND deptype = 'e')`;
