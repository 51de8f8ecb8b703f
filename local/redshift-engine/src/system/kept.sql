-- The tables behind the system views, and what the views of several families read from them. They are kept when a
-- database is opened by another version: a new column is added to a table that is there.
CREATE SCHEMA IF NOT EXISTS public;
CREATE SCHEMA IF NOT EXISTS redshift_system;

CREATE TABLE IF NOT EXISTS redshift_system.redshift_privileges (
    kind VARCHAR, schema_name VARCHAR, object_name VARCHAR, privilege VARCHAR, identity VARCHAR, identity_type VARCHAR, grantable BOOLEAN
);
-- NULL for a privilege on all columns. A privilege on one is of the kind COLUMN. A database of the name '' is this one.
ALTER TABLE redshift_system.redshift_privileges ADD COLUMN IF NOT EXISTS column_name VARCHAR;
ALTER TABLE redshift_system.redshift_privileges ADD COLUMN IF NOT EXISTS grantor VARCHAR;

-- What PUBLIC has in a new database (r_Privileges, r_GRANT). It can be revoked: it is given once.
CREATE TABLE IF NOT EXISTS redshift_system.redshift_public_privileges (given BOOLEAN);
INSERT INTO redshift_system.redshift_privileges (kind, schema_name, object_name, privilege, identity, identity_type, grantable)
SELECT kind, name, name, privilege, 'public', 'public', false
FROM (VALUES ('SCHEMA', 'public', 'CREATE'), ('SCHEMA', 'public', 'USAGE'), ('DATABASE', '', 'TEMPORARY')) AS given (kind, name, privilege)
WHERE NOT EXISTS (FROM redshift_system.redshift_public_privileges);
INSERT INTO redshift_system.redshift_public_privileges SELECT true WHERE NOT EXISTS (FROM redshift_system.redshift_public_privileges);

-- Roles, and to whom they are granted: users and other roles. The system's are there (r_roles-default).
CREATE TABLE IF NOT EXISTS redshift_system.redshift_roles (name VARCHAR, id INTEGER, owner VARCHAR);
INSERT INTO redshift_system.redshift_roles
SELECT name, 900 + n, 'rdsdb'
FROM (VALUES ('sys:monitor', 1), ('sys:operator', 2), ('sys:dba', 3), ('sys:superuser', 4), ('sys:secadmin', 5)) AS roles (name, n)
WHERE name NOT IN (SELECT name FROM redshift_system.redshift_roles);
CREATE TABLE IF NOT EXISTS redshift_system.redshift_role_grants (
    role_name VARCHAR, grantee VARCHAR, grantee_type VARCHAR, admin_option BOOLEAN
);

-- Has a row once the database has taken over the users, groups and roles of the cluster.
CREATE TABLE IF NOT EXISTS redshift_system.redshift_cluster_principals (joined BOOLEAN);

-- What is granted on objects that a user creates; with the schema '' in all of them.
CREATE TABLE IF NOT EXISTS redshift_system.redshift_default_privileges (
    owner VARCHAR, schema_name VARCHAR, kind VARCHAR, privilege VARCHAR, identity VARCHAR, identity_type VARCHAR, grantable BOOLEAN
);

CREATE TABLE IF NOT EXISTS redshift_system.redshift_load_errors (
    query_id BIGINT, table_name VARCHAR, start_time TIMESTAMP, file_name VARCHAR, line_number BIGINT,
    column_name VARCHAR, column_type VARCHAR, column_length VARCHAR, error_code INTEGER, error_message VARCHAR,
    raw_line VARCHAR, raw_field_value VARCHAR
);
ALTER TABLE redshift_system.redshift_load_errors ADD COLUMN IF NOT EXISTS session_id INTEGER;

-- The isolation level, where it was changed.
CREATE TABLE IF NOT EXISTS redshift_system.redshift_isolation (level VARCHAR);

-- One COPY that has ended; durations are microseconds.
CREATE TABLE IF NOT EXISTS redshift_system.redshift_loads (
    query_id BIGINT, status VARCHAR, table_name VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP, duration BIGINT,
    data_source VARCHAR, file_format VARCHAR, loaded_rows BIGINT, loaded_bytes BIGINT, source_file_count INTEGER,
    source_file_bytes BIGINT, file_count_scanned INTEGER, file_bytes_scanned BIGINT, error_count INTEGER
);
ALTER TABLE redshift_system.redshift_loads ADD COLUMN IF NOT EXISTS session_id INTEGER;

CREATE TABLE IF NOT EXISTS redshift_system.redshift_materialized_views (name VARCHAR, query VARCHAR);
ALTER TABLE redshift_system.redshift_materialized_views ADD COLUMN IF NOT EXISTS definition VARCHAR;
ALTER TABLE redshift_system.redshift_materialized_views ADD COLUMN IF NOT EXISTS auto_refresh BOOLEAN;
CREATE TABLE IF NOT EXISTS redshift_system.redshift_dependencies (view_name VARCHAR, relation_name VARCHAR);
CREATE TABLE IF NOT EXISTS redshift_system.redshift_comments (schema_name VARCHAR, object_name VARCHAR, column_name VARCHAR, comment VARCHAR);
CREATE TABLE IF NOT EXISTS redshift_system.redshift_users (name VARCHAR, id INTEGER, creates_databases BOOLEAN, is_superuser BOOLEAN);
ALTER TABLE redshift_system.redshift_users ADD COLUMN IF NOT EXISTS password VARCHAR;
ALTER TABLE redshift_system.redshift_users ADD COLUMN IF NOT EXISTS valid_until TIMESTAMP;
-- SYSLOG ACCESS UNRESTRICTED.
ALTER TABLE redshift_system.redshift_users ADD COLUMN IF NOT EXISTS reads_system_log BOOLEAN;
CREATE TABLE IF NOT EXISTS redshift_system.redshift_owners (schema_name VARCHAR, object_name VARCHAR, owner VARCHAR);

CREATE TABLE IF NOT EXISTS redshift_system.redshift_user_groups (name VARCHAR, id INTEGER);
CREATE TABLE IF NOT EXISTS redshift_system.redshift_group_members (group_name VARCHAR, user_name VARCHAR);

-- The admin of the cluster, whom no CREATE USER made, and who owns what nobody else does. A session of another user knows the
-- name by a variable.
CREATE OR REPLACE MACRO redshift_system.redshift_admin() AS
    coalesce(CAST(getvariable('redshift_admin') AS VARCHAR), CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser');

-- True for what a user may see of another in the system views (cm_chap_system-tables).
CREATE OR REPLACE MACRO redshift_system.redshift_shows(who) AS
    NOT coalesce(CAST(getvariable('redshift_is_restricted') AS BOOLEAN), false) OR who = CAST(getvariable('redshift_user') AS VARCHAR);

-- The roles of users, with the roles of those.
CREATE OR REPLACE VIEW redshift_system.redshift_user_roles AS
WITH RECURSIVE roles (user_name, role_name) AS (
    SELECT grantee, role_name FROM redshift_system.redshift_role_grants WHERE grantee_type = 'user'
    UNION
    SELECT r.user_name, g.role_name
    FROM redshift_system.redshift_role_grants g JOIN roles r ON g.grantee_type = 'role' AND g.grantee = r.role_name)
SELECT user_name, role_name FROM roles;

-- Whom GRANT can name to mean a user: themself, PUBLIC, their groups and their roles.
CREATE OR REPLACE MACRO redshift_system.redshift_identities(who) AS TABLE
SELECT who AS identity, 'user' AS identity_type
UNION ALL SELECT 'public', 'public'
UNION ALL SELECT group_name, 'group' FROM redshift_system.redshift_group_members WHERE user_name = who
UNION ALL SELECT role_name, 'role' FROM redshift_system.redshift_user_roles WHERE user_name = who;

CREATE OR REPLACE VIEW redshift_system.redshift_owner_ids AS
SELECT o.schema_name, o.object_name, o.owner, coalesce(u.id, 100) AS owner_id
FROM redshift_system.redshift_owners o LEFT JOIN redshift_system.redshift_users u ON u.name = o.owner;

DROP TABLE IF EXISTS redshift_system.redshift_late_views;
CREATE TABLE IF NOT EXISTS redshift_system.redshift_late_binding_views (schema_name VARCHAR, view_name VARCHAR, query VARCHAR, columns VARCHAR, title VARCHAR, written VARCHAR);

-- The external catalog: schemas, the databases that they stand for, and their tables. A definition is JSON, and so are the
-- values of a partition.
CREATE TABLE IF NOT EXISTS redshift_system.redshift_external_databases (database_name VARCHAR);
CREATE TABLE IF NOT EXISTS redshift_system.redshift_external_schemas (
    schema_name VARCHAR, database_name VARCHAR, role VARCHAR, catalog_role VARCHAR, region VARCHAR
);
CREATE TABLE IF NOT EXISTS redshift_system.redshift_external_tables (database_name VARCHAR, table_name VARCHAR, definition VARCHAR);
CREATE TABLE IF NOT EXISTS redshift_system.redshift_external_partitions (
    database_name VARCHAR, table_name VARCHAR, partition_values VARCHAR, location VARCHAR
);

-- Procedures: `source` is the body, `arguments` the number of input arguments.
CREATE TABLE IF NOT EXISTS redshift_system.redshift_procedures (
    id INTEGER, schema_name VARCHAR, procedure_name VARCHAR, signature VARCHAR, definition VARCHAR, source VARCHAR, arguments INTEGER,
    owner VARCHAR
);

CREATE TABLE IF NOT EXISTS redshift_system.redshift_replacements (
    query_id BIGINT, start_time TIMESTAMP, file_name VARCHAR, line_number BIGINT, column_name VARCHAR, raw_line VARCHAR
);
ALTER TABLE redshift_system.redshift_replacements ADD COLUMN IF NOT EXISTS session_id INTEGER;

CREATE TABLE IF NOT EXISTS redshift_system.redshift_load_files (
    query_id BIGINT, file_name VARCHAR, bytes BIGINT, recorded_at TIMESTAMP
);
ALTER TABLE redshift_system.redshift_load_files ADD COLUMN IF NOT EXISTS lines BIGINT;

CREATE TABLE IF NOT EXISTS redshift_system.redshift_queries (
    query_id BIGINT, user_name VARCHAR, query_type VARCHAR, status VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP,
    elapsed_time BIGINT, returned_rows BIGINT, error_message VARCHAR, query_text VARCHAR
);
ALTER TABLE redshift_system.redshift_queries ADD COLUMN IF NOT EXISTS session_id INTEGER;

-- One UNLOAD that has ended, and the files that it wrote.
CREATE TABLE IF NOT EXISTS redshift_system.redshift_unloads (
    query_id BIGINT, session_id INTEGER, status VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP, file_format VARCHAR,
    compression VARCHAR, location VARCHAR, unloaded_rows BIGINT, error_message VARCHAR
);
CREATE TABLE IF NOT EXISTS redshift_system.redshift_unload_files (query_id BIGINT, file_name VARCHAR, rows BIGINT, bytes BIGINT);
CREATE TABLE IF NOT EXISTS redshift_system.stv_slices (node INTEGER, slice INTEGER, localslice INTEGER, type VARCHAR);
