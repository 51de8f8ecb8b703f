-- What GRANT said.

CREATE TEMP VIEW svv_relation_privileges AS
SELECT p.schema_name AS namespace_name, p.object_name AS relation_name, p.privilege AS privilege_type, 100 AS identity_id,
       p.identity AS identity_name, p.identity_type, p.grantable AS admin_option
FROM redshift_system.redshift_privileges p
JOIN temp.main.redshift_catalog_relations r ON r.schema_name = p.schema_name AND r.table_name = p.object_name WHERE p.kind = 'TABLE';

CREATE TEMP VIEW svv_schema_privileges AS
SELECT schema_name AS namespace_name, privilege AS privilege_type, 100 AS identity_id, identity AS identity_name, identity_type,
       grantable AS admin_option
FROM redshift_system.redshift_privileges WHERE kind = 'SCHEMA';

CREATE TEMP VIEW svv_database_privileges AS
SELECT object_name AS database_name, privilege AS privilege_type, 100 AS identity_id, identity AS identity_name, identity_type,
       grantable AS admin_option
FROM redshift_system.redshift_privileges WHERE kind = 'DATABASE';

CREATE TEMP VIEW information_schema_table_privileges AS
SELECT coalesce(CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS grantor, identity_name AS grantee, current_database() AS table_catalog, namespace_name AS table_schema,
       relation_name AS table_name, privilege_type, CASE WHEN admin_option THEN 'YES' ELSE 'NO' END AS is_grantable, 'NO' AS with_hierarchy
FROM temp.main.svv_relation_privileges;
