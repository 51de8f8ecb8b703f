-- What GRANT said.

CREATE TEMP VIEW redshift_identity_ids AS
SELECT usename AS identity, 'user' AS identity_type, usesysid AS id FROM temp.main.pg_user
UNION ALL SELECT name, 'group', id FROM redshift_system.redshift_user_groups
UNION ALL SELECT name, 'role', id FROM redshift_system.redshift_roles
UNION ALL SELECT 'public', 'public', 0;

CREATE TEMP VIEW svv_relation_privileges AS
SELECT p.schema_name AS namespace_name, p.object_name AS relation_name, p.privilege AS privilege_type, i.id AS identity_id,
       p.identity AS identity_name, p.identity_type, p.grantable AS admin_option
FROM redshift_system.redshift_privileges p
JOIN temp.main.redshift_catalog_relations r ON r.schema_name = p.schema_name AND r.table_name = p.object_name
LEFT JOIN temp.main.redshift_identity_ids i ON i.identity = p.identity AND i.identity_type = p.identity_type
WHERE p.kind = 'TABLE';

CREATE TEMP VIEW svv_column_privileges AS
SELECT p.schema_name AS namespace_name, p.object_name AS relation_name, p.column_name, p.privilege AS privilege_type, i.id AS identity_id,
       p.identity AS identity_name, p.identity_type
FROM redshift_system.redshift_privileges p
LEFT JOIN temp.main.redshift_identity_ids i ON i.identity = p.identity AND i.identity_type = p.identity_type
WHERE p.kind = 'COLUMN';

-- Scoped permissions have an object without a name, and without a schema where they are for the database.
CREATE TEMP VIEW svv_schema_privileges AS
SELECT p.schema_name AS namespace_name, p.privilege AS privilege_type, i.id AS identity_id, p.identity AS identity_name, p.identity_type,
       p.grantable AS admin_option, CASE p.kind WHEN 'SCHEMA' THEN 'SCHEMA' ELSE p.kind || 'S' END AS privilege_scope
FROM redshift_system.redshift_privileges p
LEFT JOIN temp.main.redshift_identity_ids i ON i.identity = p.identity AND i.identity_type = p.identity_type
WHERE p.schema_name <> '' AND (p.kind = 'SCHEMA' OR p.object_name = '' AND p.kind IN ('TABLE', 'FUNCTION', 'PROCEDURE'));

CREATE TEMP VIEW svv_database_privileges AS
SELECT coalesce(nullif(p.object_name, ''), current_database()) AS database_name, p.privilege AS privilege_type, i.id AS identity_id,
       p.identity AS identity_name, p.identity_type, p.grantable AS admin_option,
       CASE p.kind WHEN 'DATABASE' THEN 'DATABASE' ELSE p.kind || 'S' END AS privilege_scope
FROM redshift_system.redshift_privileges p
LEFT JOIN temp.main.redshift_identity_ids i ON i.identity = p.identity AND i.identity_type = p.identity_type
WHERE p.kind = 'DATABASE' OR p.schema_name = '' AND p.object_name = '' AND p.kind IN ('SCHEMA', 'TABLE', 'FUNCTION', 'PROCEDURE', 'LANGUAGE');

CREATE TEMP VIEW svv_function_privileges AS
SELECT p.schema_name AS namespace_name, regexp_extract(p.object_name, '^[^(]*') AS function_name,
       regexp_extract(p.object_name, '[(](.*)[)]', 1) AS argument_types, p.privilege AS privilege_type, i.id AS identity_id,
       p.identity AS identity_name, p.identity_type, p.grantable AS admin_option
FROM redshift_system.redshift_privileges p
LEFT JOIN temp.main.redshift_identity_ids i ON i.identity = p.identity AND i.identity_type = p.identity_type
WHERE p.kind IN ('FUNCTION', 'PROCEDURE') AND p.object_name <> '';

CREATE TEMP VIEW svv_language_privileges AS
SELECT p.object_name AS language_name, p.privilege AS privilege_type, i.id AS identity_id, p.identity AS identity_name, p.identity_type
FROM redshift_system.redshift_privileges p
LEFT JOIN temp.main.redshift_identity_ids i ON i.identity = p.identity AND i.identity_type = p.identity_type
WHERE p.kind = 'LANGUAGE' AND p.object_name <> '';

CREATE TEMP VIEW svv_system_privileges AS
SELECT p.privilege AS system_privilege, i.id AS identity_id, p.identity AS identity_name, p.identity_type
FROM redshift_system.redshift_privileges p
LEFT JOIN temp.main.redshift_identity_ids i ON i.identity = p.identity AND i.identity_type = p.identity_type
WHERE p.kind = 'SYSTEM';

CREATE TEMP VIEW svv_default_privileges AS
SELECT nullif(d.schema_name, '') AS schema_name, CASE d.kind WHEN 'TABLE' THEN 'RELATION' ELSE d.kind END AS object_type,
       o.usesysid AS owner_id, d.owner AS owner_name, 'user' AS owner_type, d.privilege AS privilege_type, i.id AS grantee_id,
       d.identity AS grantee_name, d.identity_type AS grantee_type, d.grantable AS admin_option
FROM redshift_system.redshift_default_privileges d
LEFT JOIN temp.main.pg_user o ON o.usename = d.owner
LEFT JOIN temp.main.redshift_identity_ids i ON i.identity = d.identity AND i.identity_type = d.identity_type;

CREATE TEMP VIEW svv_roles AS
SELECT id AS role_id, name AS role_name, owner AS role_owner, CAST(NULL AS VARCHAR) AS external_id FROM redshift_system.redshift_roles;

CREATE TEMP VIEW svv_user_grants AS
SELECT u.usesysid AS user_id, g.grantee AS user_name, r.id AS role_id, g.role_name, g.admin_option
FROM redshift_system.redshift_role_grants g LEFT JOIN temp.main.pg_user u ON u.usename = g.grantee
LEFT JOIN redshift_system.redshift_roles r ON r.name = g.role_name
WHERE g.grantee_type = 'user';

-- The role, and the one that it has.
CREATE TEMP VIEW svv_role_grants AS
SELECT r.id AS role_id, g.grantee AS role_name, had.id AS granted_role_id, g.role_name AS granted_role_name
FROM redshift_system.redshift_role_grants g LEFT JOIN redshift_system.redshift_roles r ON r.name = g.grantee
LEFT JOIN redshift_system.redshift_roles had ON had.name = g.role_name
WHERE g.grantee_type = 'role';

CREATE TEMP VIEW information_schema_table_privileges AS
SELECT coalesce(p.grantor, redshift_system.redshift_admin()) AS grantor, p.identity AS grantee, current_database() AS table_catalog,
       p.schema_name AS table_schema, p.object_name AS table_name, p.privilege AS privilege_type,
       CASE WHEN p.grantable THEN 'YES' ELSE 'NO' END AS is_grantable, 'NO' AS with_hierarchy
FROM redshift_system.redshift_privileges p
JOIN temp.main.redshift_catalog_relations r ON r.schema_name = p.schema_name AND r.table_name = p.object_name WHERE p.kind = 'TABLE';
