-- The schema and the system tables of a new local warehouse. DuckDB's SQL, run once when its file is made.
CREATE SCHEMA IF NOT EXISTS public;
CREATE SCHEMA IF NOT EXISTS redshift_system;

CREATE TABLE IF NOT EXISTS redshift_system.redshift_privileges (
    kind VARCHAR, schema_name VARCHAR, object_name VARCHAR, privilege VARCHAR, identity VARCHAR, identity_type VARCHAR, grantable BOOLEAN
);

CREATE TABLE IF NOT EXISTS redshift_system.redshift_load_errors (
    query_id BIGINT, table_name VARCHAR, start_time TIMESTAMP, file_name VARCHAR, line_number BIGINT,
    column_name VARCHAR, column_type VARCHAR, column_length VARCHAR, error_code INTEGER, error_message VARCHAR,
    raw_line VARCHAR, raw_field_value VARCHAR
);
ALTER TABLE redshift_system.redshift_load_errors ADD COLUMN IF NOT EXISTS session_id INTEGER;

-- One COPY that has ended; durations are microseconds.
CREATE TABLE IF NOT EXISTS redshift_system.redshift_loads (
    query_id BIGINT, status VARCHAR, table_name VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP, duration BIGINT,
    data_source VARCHAR, file_format VARCHAR, loaded_rows BIGINT, loaded_bytes BIGINT, source_file_count INTEGER,
    source_file_bytes BIGINT, file_count_scanned INTEGER, file_bytes_scanned BIGINT, error_count INTEGER
);
ALTER TABLE redshift_system.redshift_loads ADD COLUMN IF NOT EXISTS session_id INTEGER;

-- COPYs that have ended, and those that run.
CREATE OR REPLACE VIEW redshift_system.redshift_copies AS
SELECT query_id, status, table_name, start_time, end_time, duration, data_source, file_format, loaded_rows, loaded_bytes,
       source_file_count, source_file_bytes, file_count_scanned, file_bytes_scanned, error_count, session_id
FROM redshift_system.redshift_loads WHERE status <> 'running'
UNION ALL
SELECT c.query_id, 'running', c.table_name, make_timestamp(c.started), CAST(NULL AS TIMESTAMP), c.elapsed, c.data_source,
       c.file_format, c.loaded_rows, c.loaded_bytes, CAST(c.source_file_count AS INTEGER), c.source_file_bytes,
       CAST(c.file_count_scanned AS INTEGER), c.file_bytes_scanned, 0, CAST(c.session_id AS INTEGER)
FROM (SELECT unnest(redshift_running_copies()) AS c) AS running;

-- A query has one number in the SYS views and another in STL_*, STV_* and SVL_*, which is an INTEGER (R39).
CREATE OR REPLACE VIEW redshift_system.sys_load_history AS
SELECT 100 AS user_id, query_id, status, coalesce(session_id, 0) AS session_id, query_id AS transaction_id,
       current_database() AS database_name, table_name, start_time, end_time, duration, data_source, file_format,
       loaded_rows, loaded_bytes, source_file_count, source_file_bytes, file_count_scanned, file_bytes_scanned,
       error_count
FROM redshift_system.redshift_copies;

CREATE OR REPLACE VIEW redshift_system.stv_load_state AS
SELECT 100 AS userid, coalesce(session_id, 0) AS session, CAST(query_id % 2000000000 AS INTEGER) AS query, 0 AS slice,
       coalesce(session_id, 0) AS pid, start_time AS recordtime,
       source_file_bytes AS bytes_to_load, file_bytes_scanned AS bytes_loaded,
       source_file_bytes AS bytes_to_load_compressed, file_bytes_scanned AS bytes_loaded_compressed,
       loaded_rows AS lines, source_file_count AS num_files, file_count_scanned AS num_files_complete,
       data_source AS current_file,
       CAST(100 * file_bytes_scanned // greatest(source_file_bytes, 1) AS INTEGER) AS pct_complete
FROM redshift_system.redshift_copies
WHERE status = 'running';

CREATE TABLE IF NOT EXISTS redshift_system.redshift_materialized_views (name VARCHAR, query VARCHAR);
ALTER TABLE redshift_system.redshift_materialized_views ADD COLUMN IF NOT EXISTS definition VARCHAR;
ALTER TABLE redshift_system.redshift_materialized_views ADD COLUMN IF NOT EXISTS auto_refresh BOOLEAN;
CREATE TABLE IF NOT EXISTS redshift_system.redshift_dependencies (view_name VARCHAR, relation_name VARCHAR);
CREATE TABLE IF NOT EXISTS redshift_system.redshift_comments (schema_name VARCHAR, object_name VARCHAR, column_name VARCHAR, comment VARCHAR);
CREATE TABLE IF NOT EXISTS redshift_system.redshift_users (name VARCHAR, id INTEGER, creates_databases BOOLEAN, is_superuser BOOLEAN);
ALTER TABLE redshift_system.redshift_users ADD COLUMN IF NOT EXISTS password VARCHAR;
ALTER TABLE redshift_system.redshift_users ADD COLUMN IF NOT EXISTS valid_until TIMESTAMP;
CREATE TABLE IF NOT EXISTS redshift_system.redshift_owners (schema_name VARCHAR, object_name VARCHAR, owner VARCHAR);
CREATE OR REPLACE VIEW redshift_system.redshift_owner_ids AS
SELECT o.schema_name, o.object_name, o.owner, coalesce(u.id, 100) AS owner_id
FROM redshift_system.redshift_owners o LEFT JOIN redshift_system.redshift_users u ON u.name = o.owner;
CREATE TABLE IF NOT EXISTS redshift_system.redshift_user_groups (name VARCHAR, id INTEGER);
CREATE TABLE IF NOT EXISTS redshift_system.redshift_group_members (group_name VARCHAR, user_name VARCHAR);
DROP TABLE IF EXISTS redshift_system.redshift_late_views;
CREATE TABLE IF NOT EXISTS redshift_system.redshift_late_binding_views (schema_name VARCHAR, view_name VARCHAR, query VARCHAR, columns VARCHAR, title VARCHAR, written VARCHAR);

CREATE OR REPLACE VIEW redshift_system.stv_mv_info AS
SELECT current_database() AS db_name, split_part(name, '.', 1) AS "schema", split_part(name, '.', 2) AS name,
       0 AS updated_upto_xid, false AS is_stale,
       coalesce(CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS owner_user_name, 1 AS state, 'f' AS autorewrite,
       CASE WHEN auto_refresh THEN 't' ELSE 'f' END AS autorefresh
FROM redshift_system.redshift_materialized_views;

CREATE TABLE IF NOT EXISTS redshift_system.stv_slices (node INTEGER, slice INTEGER, localslice INTEGER, type VARCHAR);

CREATE OR REPLACE VIEW redshift_system.sys_load_error_detail AS
SELECT 100 AS user_id, query_id, 0 AS table_id, query_id AS transaction_id, coalesce(session_id, 0) AS session_id,
       current_database() AS database_name, start_time, file_name, line_number, column_name, column_type,
       column_length, 0 AS position, error_code, error_message
FROM redshift_system.redshift_load_errors;

CREATE OR REPLACE VIEW redshift_system.stl_load_errors AS
SELECT 100 AS userid, 0 AS slice, 0 AS tbl, start_time AS starttime, coalesce(session_id, 0) AS session,
       CAST(query_id % 2000000000 AS INTEGER) AS query, file_name AS filename, line_number, column_name AS colname, column_type AS "type", column_length AS col_length,
       0 AS position, raw_line, raw_field_value, error_code AS err_code, error_message AS err_reason
FROM redshift_system.redshift_load_errors;

CREATE TABLE IF NOT EXISTS redshift_system.redshift_replacements (
    query_id BIGINT, start_time TIMESTAMP, file_name VARCHAR, line_number BIGINT, column_name VARCHAR, raw_line VARCHAR
);
ALTER TABLE redshift_system.redshift_replacements ADD COLUMN IF NOT EXISTS session_id INTEGER;

CREATE OR REPLACE VIEW redshift_system.stl_replacements AS
SELECT 100 AS userid, CAST(query_id % 2000000000 AS INTEGER) AS query, 0 AS slice, 0 AS tbl, start_time AS starttime,
       coalesce(session_id, 0) AS session,
       file_name AS filename, line_number, column_name AS colname, raw_line
FROM redshift_system.redshift_replacements;

CREATE TABLE IF NOT EXISTS redshift_system.redshift_load_files (
    query_id BIGINT, file_name VARCHAR, bytes BIGINT, recorded_at TIMESTAMP
);
ALTER TABLE redshift_system.redshift_load_files ADD COLUMN IF NOT EXISTS lines BIGINT;

CREATE OR REPLACE VIEW redshift_system.stl_load_commits AS
SELECT 100 AS userid, CAST(query_id % 2000000000 AS INTEGER) AS query, 0 AS slice, 0 AS name, file_name AS filename, 0 AS byte_offset,
       lines AS lines_scanned, 0 AS errors, recorded_at AS curtime, 1 AS status
FROM redshift_system.redshift_load_files;

CREATE OR REPLACE VIEW redshift_system.sys_load_detail AS
SELECT 100 AS user_id, query_id, file_name, bytes AS bytes_scanned, lines AS lines_scanned,
       recorded_at AS record_time
FROM redshift_system.redshift_load_files;

CREATE TABLE IF NOT EXISTS redshift_system.redshift_queries (
    query_id BIGINT, user_name VARCHAR, query_type VARCHAR, status VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP,
    elapsed_time BIGINT, returned_rows BIGINT, error_message VARCHAR, query_text VARCHAR
);
ALTER TABLE redshift_system.redshift_queries ADD COLUMN IF NOT EXISTS session_id INTEGER;

-- The latest statements are in memory; the table has the others, and some of the same.
CREATE OR REPLACE VIEW redshift_system.redshift_query_records AS
WITH latest AS MATERIALIZED (SELECT unnest(redshift_latest_queries()) AS q)
SELECT query_id, user_name, query_type, status, start_time, end_time, elapsed_time, returned_rows, error_message, query_text,
       session_id
FROM redshift_system.redshift_queries WHERE query_id NOT IN (SELECT q.query_id FROM latest)
UNION ALL
SELECT q.query_id, q.user_name, q.query_type, CASE WHEN q.error_message IS NULL THEN 'success' ELSE 'failed' END,
       make_timestamp(q.started), make_timestamp(q.started + q.elapsed), q.elapsed, q.returned_rows, q.error_message,
       q.query_text, CAST(q.session_id AS INTEGER)
FROM latest;

CREATE OR REPLACE VIEW redshift_system.sys_query_history AS
SELECT 100 AS user_id, query_id, CAST(NULL AS VARCHAR) AS query_label, query_id AS transaction_id,
       coalesce(session_id, 0) AS session_id,
       current_database() AS database_name, query_type, status, false AS result_cache_hit, start_time, end_time,
       elapsed_time, CAST(0 AS BIGINT) AS queue_time, elapsed_time AS execution_time, error_message, returned_rows,
       CAST(NULL AS BIGINT) AS returned_bytes, query_text, user_name AS username
FROM redshift_system.redshift_query_records;

CREATE OR REPLACE VIEW redshift_system.stl_query AS
SELECT 100 AS userid, CAST(query_id % 2000000000 AS INTEGER) AS query, 'default' AS label, query_id AS xid,
       coalesce(session_id, 0) AS pid, current_database() AS "database",
       query_text AS querytxt, start_time AS starttime, end_time AS endtime,
       CASE status WHEN 'failed' THEN 1 ELSE 0 END AS aborted
FROM redshift_system.redshift_query_records;

CREATE OR REPLACE VIEW redshift_system.svl_qlog AS
SELECT 100 AS userid, CAST(query_id % 2000000000 AS INTEGER) AS query, query_id AS xid, coalesce(session_id, 0) AS pid,
       start_time AS starttime, end_time AS endtime,
       elapsed_time AS elapsed, CASE status WHEN 'failed' THEN 1 ELSE 0 END AS aborted, 'default' AS label,
       left(query_text, 60) AS substring
FROM redshift_system.redshift_query_records;

-- Tables, views and columns of the users', with Redshift's names of types.
CREATE OR REPLACE VIEW redshift_system.redshift_relations AS
SELECT t.schema_name, t.table_name, t.table_oid, CASE WHEN m.name IS NULL THEN 'BASE TABLE' ELSE 'VIEW' END AS kind, t.comment,
       t.estimated_size, t.temporary, m.definition
FROM duckdb_tables() t LEFT JOIN redshift_system.redshift_materialized_views m ON m.name = t.schema_name || '.' || t.table_name
WHERE NOT t.internal AND t.schema_name <> 'redshift_system' AND (t.temporary OR t.database_name = current_database())
UNION ALL
SELECT schema_name, view_name, view_oid, 'VIEW', comment, 0, temporary, coalesce(json_extract_string(comment, '$.definition'), sql)
FROM duckdb_views()
WHERE NOT internal AND schema_name <> 'redshift_system' AND (temporary OR database_name = current_database());

-- What COMMENT ON said.
CREATE OR REPLACE VIEW redshift_system.pg_description AS
SELECT r.table_oid AS objoid, 1259 AS classoid, 0 AS objsubid, c.comment AS description
FROM redshift_system.redshift_comments c
JOIN redshift_system.redshift_relations r ON r.schema_name = c.schema_name AND r.table_name = c.object_name
WHERE c.column_name = ''
UNION ALL
SELECT d.table_oid, 1259, d.column_index, c.comment
FROM redshift_system.redshift_comments c
JOIN duckdb_columns() d ON d.schema_name = c.schema_name AND d.table_name = c.object_name AND d.column_name = c.column_name
WHERE d.database_name = current_database();

CREATE OR REPLACE VIEW redshift_system.redshift_relation_columns AS
SELECT c.schema_name, c.table_name, c.table_oid, c.column_name, c.column_index AS ordinal_position,
       CASE WHEN json_extract(c.comment, '$.identity.seed') IS NOT NULL
            THEN '"identity"(' || c.table_oid || ', 0, ' || chr(39) || json_extract_string(c.comment, '$.identity.seed') || ',' ||
                 json_extract_string(c.comment, '$.identity.step') || chr(39) || '::text)'
            ELSE coalesce(json_extract_string(c.comment, '$.default'),
                CASE WHEN c.column_default = 'NULL' THEN NULL ELSE c.column_default END) END AS column_default,
       c.is_nullable, c.comment AS comment,
       coalesce(json_extract_string(c.comment, '$.data_type'),
           CASE c.data_type WHEN 'VARCHAR' THEN 'character varying(65535)' WHEN 'HUGEINT' THEN 'numeric(38,0)'
               WHEN 'TIMESTAMP' THEN 'timestamp without time zone' WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp with time zone'
               WHEN 'DOUBLE' THEN 'double precision' WHEN 'FLOAT' THEN 'real' WHEN 'TIME' THEN 'time without time zone'
               WHEN 'JSON' THEN 'super' ELSE replace(lower(c.data_type), 'decimal', 'numeric') END) AS full_type,
       r.kind, r.comment AS table_comment, r.temporary
FROM duckdb_columns() c JOIN redshift_system.redshift_relations r ON r.table_oid = c.table_oid AND r.table_name = c.table_name
    AND r.schema_name = c.schema_name
WHERE NOT c.internal;

-- What the function pg_get_late_binding_view_cols answers.
CREATE OR REPLACE VIEW redshift_system.pg_late_binding_view_columns AS
SELECT schema_name, table_name, column_name, full_type, ordinal_position
FROM redshift_system.redshift_relation_columns WHERE CAST(json_extract(table_comment, '$.late') AS BOOLEAN);

CREATE OR REPLACE VIEW redshift_system.redshift_column_keys AS
SELECT schema_name, table_name, table_oid, column_name, full_type, is_nullable, temporary,
       CASE lower(coalesce(json_extract_string(comment, '$.encoding'), 'raw')) WHEN 'raw' THEN 'none'
           ELSE lower(json_extract_string(comment, '$.encoding')) END AS encoding,
       coalesce(json_extract_string(table_comment, '$.distkey') = column_name, false) AS distkey,
       coalesce(list_position(CAST(json_extract_string(table_comment, '$.sortkey[*]') AS VARCHAR[]), column_name), 0) AS sortkey
FROM redshift_system.redshift_relation_columns
WHERE kind = 'BASE TABLE';

CREATE OR REPLACE VIEW redshift_system.pg_table_def AS
SELECT schema_name AS schemaname, table_name AS tablename, column_name AS "column", full_type AS "type", encoding, distkey, sortkey,
       NOT is_nullable AS "notnull"
FROM redshift_system.redshift_column_keys
WHERE temporary OR list_contains(current_schemas(false), schema_name);

CREATE OR REPLACE VIEW redshift_system.svv_table_info AS
SELECT current_database() AS "database", schema_name AS "schema", table_oid AS table_id, table_name AS "table",
       'Y' AS encoded,
       CASE coalesce(json_extract_string(comment, '$.diststyle'), 'AUTO')
            WHEN 'KEY' THEN 'KEY(' || json_extract_string(comment, '$.distkey') || ')'
            WHEN 'AUTO' THEN 'AUTO(ALL)'
            ELSE json_extract_string(comment, '$.diststyle') END AS diststyle,
       coalesce(json_extract_string(comment, '$.sortkey[0]'), 'AUTO(SORTKEY)') AS sortkey1,
       CAST(0 AS INTEGER) AS max_varchar, CAST(NULL AS VARCHAR) AS sortkey1_enc,
       coalesce(CAST(system.main.json_array_length(comment, '$.sortkey') AS INTEGER), 0) AS sortkey_num,
       CAST(1 AS BIGINT) AS size, CAST(0.0 AS DECIMAL(10, 4)) AS pct_used, CAST(0 AS BIGINT) AS "empty",
       CAST(0.0 AS DECIMAL(5, 2)) AS unsorted, CAST(0.0 AS DECIMAL(5, 2)) AS stats_off,
       CAST(estimated_size AS DECIMAL(38, 0)) AS tbl_rows, CAST(NULL AS DECIMAL(19, 2)) AS skew_sortkey1,
       CAST(1.0 AS DECIMAL(19, 2)) AS skew_rows, CAST(estimated_size AS DECIMAL(38, 0)) AS estimated_visible_rows,
       CAST(NULL AS VARCHAR) AS risk_event, CAST(0.0 AS DECIMAL(12, 2)) AS vacuum_sort_benefit, CAST(NULL AS TIMESTAMP) AS create_time
FROM redshift_system.redshift_relations
WHERE kind = 'BASE TABLE' AND NOT temporary AND estimated_size > 0;

CREATE OR REPLACE VIEW redshift_system.information_schema_tables AS
SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, kind AS table_type
FROM redshift_system.redshift_relations;

CREATE OR REPLACE VIEW redshift_system.information_schema_views AS
SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, definition AS view_definition
FROM redshift_system.redshift_relations WHERE kind = 'VIEW';

CREATE OR REPLACE VIEW redshift_system.information_schema_schemata AS
SELECT current_database() AS catalog_name, s.schema_name,
       coalesce(o.owner, CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS schema_owner
FROM duckdb_schemas() s LEFT JOIN redshift_system.redshift_owners o ON o.schema_name = s.schema_name AND o.object_name = ''
WHERE s.database_name = current_database() AND s.schema_name NOT IN ('redshift_system', 'main');

CREATE OR REPLACE VIEW redshift_system.information_schema_columns AS
SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, column_name, ordinal_position,
       column_default, CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable,
       split_part(full_type, '(', 1) AS data_type,
       CASE WHEN full_type LIKE 'character%' THEN CAST(regexp_extract(full_type, '([0-9]+)', 1) AS INTEGER) END AS character_maximum_length,
       CASE WHEN full_type LIKE 'numeric%' THEN CAST(regexp_extract(full_type, '([0-9]+),', 1) AS INTEGER)
            WHEN full_type = 'smallint' THEN 16 WHEN full_type = 'integer' THEN 32 WHEN full_type = 'bigint' THEN 64
            WHEN full_type = 'real' THEN 24 WHEN full_type = 'double precision' THEN 53 END AS numeric_precision,
       CASE WHEN full_type LIKE 'numeric%' THEN CAST(regexp_extract(full_type, ',([0-9]+)', 1) AS INTEGER)
            WHEN full_type IN ('smallint', 'integer', 'bigint') THEN 0 END AS numeric_scale,
       CAST(NULL AS INTEGER) AS datetime_precision, split_part(full_type, '(', 1) AS udt_name
FROM redshift_system.redshift_relation_columns;

CREATE OR REPLACE VIEW redshift_system.svv_tables AS
SELECT t.table_catalog, t.table_schema, t.table_name, t.table_type, c.comment AS remarks
FROM redshift_system.information_schema_tables t
LEFT JOIN redshift_system.redshift_comments c ON c.schema_name = t.table_schema AND c.object_name = t.table_name AND c.column_name = '';

CREATE OR REPLACE VIEW redshift_system.svv_columns AS
SELECT i.*, c.comment AS remarks FROM redshift_system.information_schema_columns i
LEFT JOIN redshift_system.redshift_comments c ON c.schema_name = i.table_schema AND c.object_name = i.table_name AND c.column_name = i.column_name;

CREATE OR REPLACE VIEW redshift_system.svv_redshift_tables AS
SELECT table_catalog AS database_name, table_schema AS schema_name, table_name,
       CASE table_type WHEN 'BASE TABLE' THEN 'TABLE' ELSE table_type END AS table_type,
       CAST(NULL AS VARCHAR) AS table_acl, remarks
FROM redshift_system.svv_tables;

CREATE OR REPLACE VIEW redshift_system.svv_all_tables AS SELECT * EXCLUDE (table_acl), table_acl FROM redshift_system.svv_redshift_tables;

CREATE OR REPLACE VIEW redshift_system.svv_redshift_columns AS
SELECT c.table_catalog AS database_name, c.table_schema AS schema_name, c.table_name, c.column_name, c.ordinal_position, c.data_type,
       c.column_default, c.is_nullable, k.encoding, coalesce(k.distkey, false) AS distkey, coalesce(k.sortkey, 0) AS sortkey,
       CAST(NULL AS VARCHAR) AS column_acl, c.remarks, c.character_maximum_length, c.numeric_precision, c.numeric_scale
FROM redshift_system.svv_columns c
LEFT JOIN redshift_system.redshift_column_keys k
    ON k.schema_name = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name;

CREATE OR REPLACE VIEW redshift_system.svv_all_columns AS SELECT * FROM redshift_system.svv_redshift_columns;

CREATE OR REPLACE VIEW redshift_system.svv_redshift_schemas AS
SELECT s.catalog_name AS database_name, s.schema_name, coalesce(o.owner_id, 100) AS schema_owner, 'local' AS schema_type,
       CAST(NULL AS VARCHAR) AS schema_acl, CAST(NULL AS VARCHAR) AS source_database, CAST(NULL AS VARCHAR) AS schema_option
FROM redshift_system.information_schema_schemata s
LEFT JOIN redshift_system.redshift_owner_ids o ON o.schema_name = s.schema_name AND o.object_name = '';

CREATE OR REPLACE VIEW redshift_system.svv_all_schemas AS SELECT * FROM redshift_system.svv_redshift_schemas;

CREATE OR REPLACE VIEW redshift_system.svv_external_schemas AS
SELECT 0 AS esoid, 0 AS eskind, CAST(NULL AS VARCHAR) AS schemaname, 0 AS esowner, CAST(NULL AS VARCHAR) AS databasename,
       CAST(NULL AS VARCHAR) AS esoptions WHERE false;

CREATE OR REPLACE VIEW redshift_system.svv_external_tables AS
SELECT CAST(NULL AS VARCHAR) AS schemaname, CAST(NULL AS VARCHAR) AS tablename, CAST(NULL AS VARCHAR) AS location WHERE false;

CREATE OR REPLACE VIEW redshift_system.svv_external_columns AS
SELECT CAST(NULL AS VARCHAR) AS schemaname, CAST(NULL AS VARCHAR) AS tablename, CAST(NULL AS VARCHAR) AS columnname,
       CAST(NULL AS VARCHAR) AS external_type, 0 AS columnnum, 0 AS part_key WHERE false;

CREATE OR REPLACE VIEW redshift_system.svv_transactions AS
SELECT CAST(NULL AS VARCHAR) AS txn_owner, 0 AS xid, 0 AS pid, CAST(NULL AS TIMESTAMP) AS txn_start,
       CAST(NULL AS VARCHAR) AS lock_mode, 0 AS relation WHERE false;

CREATE OR REPLACE VIEW redshift_system.stv_recents AS
SELECT 100 AS userid, CAST(NULL AS VARCHAR) AS status, CAST(NULL AS TIMESTAMP) AS starttime, 0 AS duration,
       CAST(NULL AS VARCHAR) AS user_name, CAST(NULL AS VARCHAR) AS db_name, CAST(NULL AS VARCHAR) AS query, 0 AS pid WHERE false;

CREATE OR REPLACE VIEW redshift_system.stv_sessions AS
SELECT now()::TIMESTAMP AS starttime, 0 AS process, coalesce(CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS user_name,
       current_database() AS db_name, 0 AS timeout_sec WHERE false;

CREATE OR REPLACE VIEW redshift_system.pg_tables AS
SELECT r.schema_name AS schemaname, r.table_name AS tablename,
       coalesce(o.owner, CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS tableowner,
       CAST(NULL AS VARCHAR) AS tablespace, false AS hasindexes, false AS hasrules, false AS hastriggers
FROM redshift_system.redshift_relations r
LEFT JOIN redshift_system.redshift_owners o ON o.schema_name = r.schema_name AND o.object_name = r.table_name
WHERE r.kind = 'BASE TABLE';

CREATE OR REPLACE VIEW redshift_system.pg_views AS
SELECT r.schema_name AS schemaname, r.table_name AS viewname,
       coalesce(o.owner, CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS viewowner, r.definition
FROM redshift_system.redshift_relations r
LEFT JOIN redshift_system.redshift_owners o ON o.schema_name = r.schema_name AND o.object_name = r.table_name
WHERE r.kind = 'VIEW';

CREATE OR REPLACE VIEW redshift_system.pg_user AS
SELECT coalesce(CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS usename, 100 AS usesysid, true AS usecreatedb, true AS usesuper,
       false AS usecatupd, '********' AS passwd, CAST(NULL AS TIMESTAMP) AS valuntil, CAST(NULL AS VARCHAR) AS useconfig
UNION ALL
SELECT name, id, creates_databases, is_superuser, false, '********', valid_until, NULL FROM redshift_system.redshift_users
WHERE name <> coalesce(CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser');

CREATE OR REPLACE VIEW redshift_system.svv_user_info AS
SELECT usename AS user_name, usesysid AS user_id, usecreatedb AS createdb, usesuper AS superuser, false AS catalog_update,
       'UNLIMITED' AS connection_limit, CASE WHEN usesuper THEN 'UNRESTRICTED' ELSE 'RESTRICTED' END AS syslog_access,
       CAST(NULL AS TIMESTAMP) AS last_ddl_timestamp, 0 AS session_timeout, '' AS external_id
FROM redshift_system.pg_user;

CREATE OR REPLACE VIEW redshift_system.pg_user_info AS SELECT * FROM redshift_system.pg_user;

CREATE OR REPLACE VIEW redshift_system.pg_group AS
SELECT g.name AS groname, g.id AS grosysid,
       (SELECT list(u.id ORDER BY u.id) FROM redshift_system.redshift_group_members m JOIN redshift_system.redshift_users u ON u.name = m.user_name
        WHERE m.group_name = g.name) AS grolist
FROM redshift_system.redshift_user_groups g;

-- The catalog of PostgreSQL, as far as drivers look into it.
CREATE OR REPLACE VIEW redshift_system.pg_namespace AS
SELECT * REPLACE (coalesce((SELECT min(o.owner_id) FROM redshift_system.redshift_owner_ids o
                            WHERE o.schema_name = nspname AND o.object_name = ''), 100) AS nspowner)
FROM pg_catalog.pg_namespace WHERE nspname NOT IN ('redshift_system', 'main');

CREATE OR REPLACE VIEW redshift_system.redshift_primary_keys AS
SELECT schema_name, table_name, table_oid, coalesce(json_extract_string(comment, '$.primary_key_name'), table_name || '_pkey') AS name,
       unnest(CAST(json_extract_string(comment, '$.primary_key[*]') AS VARCHAR[])) AS column_name,
       generate_subscripts(CAST(json_extract_string(comment, '$.primary_key[*]') AS VARCHAR[]), 1) AS key_seq
FROM redshift_system.redshift_relations WHERE comment IS NOT NULL;

CREATE OR REPLACE VIEW redshift_system.redshift_unique_keys AS
SELECT schema_name, table_name, table_oid, n, key.columns AS columns, coalesce(key.name, table_name || '_' || key.columns[1] || '_key') AS name
FROM (SELECT schema_name, table_name, table_oid, unnest(keys) AS key, generate_subscripts(keys, 1) AS n
      FROM (SELECT *, CAST(json_extract(comment, '$.unique_keys') AS STRUCT(name VARCHAR, columns VARCHAR[])[]) AS keys
            FROM redshift_system.redshift_relations WHERE comment IS NOT NULL));

-- As they were declared, whether what they name is there or not.
CREATE OR REPLACE VIEW redshift_system.redshift_foreign_key_lists AS
SELECT schema_name, table_name, table_oid, unnest(keys) AS key, generate_subscripts(keys, 1) AS n
FROM (SELECT *, CAST(json_extract(comment, '$.foreign_keys')
          AS STRUCT(name VARCHAR, columns VARCHAR[], schema VARCHAR, "table" VARCHAR, referred VARCHAR[])[]) AS keys
      FROM redshift_system.redshift_relations WHERE comment IS NOT NULL);

CREATE OR REPLACE VIEW redshift_system.redshift_foreign_keys AS
SELECT k.schema_name, k.table_name, k.table_oid, k.n, k.key, coalesce(k.key.name, k.table_name || '_' || k.key.columns[1] || '_fkey') AS name,
       r.table_oid AS referred_oid, r.schema_name AS referred_schema, r.table_name AS referred_table,
       CASE WHEN k.key.referred[1] IS NOT NULL THEN k.key.referred
            ELSE CAST(json_extract_string(r.comment, '$.primary_key[*]') AS VARCHAR[]) END AS referred
FROM redshift_system.redshift_foreign_key_lists k
JOIN redshift_system.redshift_relations r ON r.table_name = k.key."table" AND r.schema_name = coalesce(k.key.schema,
    (SELECT o.schema_name FROM redshift_system.redshift_relations o WHERE o.table_name = k.key."table"
     ORDER BY o.schema_name <> k.schema_name, o.schema_name <> 'public' LIMIT 1));

-- Keys with their columns, and what PostgreSQL would say of them.
CREATE OR REPLACE VIEW redshift_system.redshift_constraints AS
SELECT 1000000 + table_oid * 64 AS oid, name, 'p' AS kind, schema_name, table_name, table_oid,
       list(column_name ORDER BY key_seq) AS columns, 0 AS referred_oid, CAST(NULL AS VARCHAR[]) AS referred,
       'PRIMARY KEY (' || string_agg(column_name, ', ' ORDER BY key_seq) || ')' AS condef,
       'CREATE UNIQUE INDEX ' || name || ' ON ' || schema_name || '.' || table_name || ' USING btree ('
           || string_agg(column_name, ', ' ORDER BY key_seq) || ')' AS indexdef
FROM redshift_system.redshift_primary_keys GROUP BY schema_name, table_name, table_oid, name
UNION ALL
SELECT 1000000 + table_oid * 64 + 32 + n, name, 'u', schema_name, table_name, table_oid, columns, 0, NULL,
       'UNIQUE (' || array_to_string(columns, ', ') || ')',
       'CREATE UNIQUE INDEX ' || name || ' ON ' || schema_name || '.' || table_name || ' USING btree ('
           || array_to_string(columns, ', ') || ')'
FROM redshift_system.redshift_unique_keys
UNION ALL
SELECT 1000000 + table_oid * 64 + n, name, 'f', schema_name, table_name, table_oid, key.columns, referred_oid, referred,
       'FOREIGN KEY (' || array_to_string(key.columns, ', ') || ') REFERENCES ' ||
           CASE WHEN referred_schema = schema_name THEN '' ELSE referred_schema || '.' END || referred_table ||
           '(' || array_to_string(referred, ', ') || ')', NULL
FROM redshift_system.redshift_foreign_keys;

CREATE OR REPLACE VIEW redshift_system.pg_class AS
WITH here AS (
    SELECT * EXCLUDE (relacl)
           REPLACE (coalesce((SELECT min(o.owner_id) FROM redshift_system.redshift_owner_ids o
                              JOIN pg_catalog.pg_namespace n ON n.nspname = o.schema_name
                              WHERE o.object_name = relname AND n.oid = relnamespace), 100) AS relowner,
                    CASE WHEN oid IN (SELECT table_oid FROM redshift_system.redshift_relations WHERE kind = 'VIEW') THEN 'v' ELSE relkind END AS relkind,
                    oid IN (SELECT table_oid FROM redshift_system.redshift_primary_keys) AS relhasindex,
                    oid IN (SELECT unnest([table_oid, referred_oid]) FROM redshift_system.redshift_foreign_keys) AS relhastriggers),
           CAST(coalesce((SELECT CASE json_extract_string(r.comment, '$.diststyle') WHEN 'KEY' THEN 1 WHEN 'ALL' THEN 8
                                      WHEN 'EVEN' THEN 0 ELSE 10 END
                          FROM redshift_system.redshift_relations r WHERE r.table_oid = oid AND r.kind = 'BASE TABLE'), 0) AS SMALLINT) AS reldiststyle,
           CAST(NULL AS VARCHAR) AS relacl
    FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM redshift_system.pg_namespace))
SELECT * FROM here
UNION ALL
SELECT h.* REPLACE (k.oid AS oid, k.name AS relname, 'i' AS relkind, false AS relhasindex, false AS relhastriggers)
FROM here h JOIN redshift_system.redshift_constraints k ON k.table_oid = h.oid WHERE k.kind = 'p';

CREATE OR REPLACE VIEW redshift_system.pg_attribute AS
SELECT a.* EXCLUDE (atttypid, atttypmod),
       CASE WHEN full_type LIKE 'character varying%' THEN 1043 WHEN full_type LIKE 'character%' THEN 1042
            WHEN full_type LIKE 'numeric%' THEN 1700 WHEN full_type = 'smallint' THEN 21 WHEN full_type = 'integer' THEN 23
            WHEN full_type = 'bigint' THEN 20 WHEN full_type = 'real' THEN 700 WHEN full_type = 'double precision' THEN 701
            WHEN full_type = 'boolean' THEN 16 WHEN full_type = 'date' THEN 1082 WHEN full_type LIKE 'time without%' THEN 1083
            WHEN full_type = 'timestamp without time zone' THEN 1114 WHEN full_type = 'timestamp with time zone' THEN 1184
            WHEN full_type = 'super' THEN 4000 ELSE 1043 END AS atttypid,
       CASE WHEN full_type LIKE 'character%' THEN coalesce(TRY_CAST(regexp_extract(full_type, '([0-9]+)', 1) AS INTEGER) + 4, -1)
            WHEN full_type LIKE 'numeric%' THEN (CAST(regexp_extract(full_type, '([0-9]+),', 1) AS INTEGER) << 16)
                + CAST(regexp_extract(full_type, ',([0-9]+)', 1) AS INTEGER) + 4
            ELSE -1 END AS atttypmod,
       coalesce(list_position(['none', 'bytedict', 'delta', 'delta32k', 'lzo', 'mostly8', 'mostly16', 'mostly32', 'runlength',
           'text255', 'text32k', 'zstd', 'az64'], lower(json_extract_string(c.comment, '$.encoding'))), 1) - 1 AS attencodingtype,
       coalesce(json_extract_string(c.table_comment, '$.distkey') = c.column_name, false) AS attisdistkey,
       coalesce(list_position(CAST(json_extract_string(c.table_comment, '$.sortkey[*]') AS VARCHAR[]), c.column_name), 0) AS attsortkeyord
FROM pg_catalog.pg_attribute a
JOIN redshift_system.redshift_relation_columns c ON c.table_oid = a.attrelid AND c.column_name = a.attname;

CREATE OR REPLACE VIEW redshift_system.pg_attrdef AS
SELECT c.table_oid AS oid, c.table_oid AS adrelid, c.ordinal_position AS adnum, c.column_default AS adbin,
       c.column_default AS adsrc
FROM redshift_system.redshift_relation_columns c WHERE c.column_default IS NOT NULL;

CREATE OR REPLACE VIEW redshift_system.pg_indexes AS
SELECT schema_name AS schemaname, table_name AS tablename, name AS indexname, CAST(NULL AS VARCHAR) AS tablespace, indexdef
FROM redshift_system.redshift_constraints WHERE kind = 'p';

CREATE OR REPLACE VIEW redshift_system.redshift_key_places AS
SELECT k.*, (SELECT list(CAST(c.ordinal_position AS SMALLINT) ORDER BY list_position(k.columns, c.column_name))
             FROM redshift_system.redshift_relation_columns c WHERE c.table_oid = k.table_oid AND list_contains(k.columns, c.column_name)) AS conkey,
       (SELECT list(CAST(c.ordinal_position AS SMALLINT) ORDER BY list_position(k.referred, c.column_name))
             FROM redshift_system.redshift_relation_columns c WHERE c.table_oid = k.referred_oid AND list_contains(k.referred, c.column_name)) AS confkey
FROM redshift_system.redshift_constraints k;

CREATE OR REPLACE VIEW redshift_system.pg_index AS
SELECT oid AS indexrelid, table_oid AS indrelid, CAST(list_count(columns) AS SMALLINT) AS indnatts, true AS indisunique, true AS indisprimary,
       false AS indisexclusion, true AS indimmediate, false AS indisclustered, true AS indisvalid, true AS indisready, true AS indislive,
       false AS indisreplident, conkey AS indkey, CAST(NULL AS VARCHAR) AS indclass, CAST(NULL AS VARCHAR) AS indoption,
       CAST(NULL AS VARCHAR) AS indexprs, CAST(NULL AS VARCHAR) AS indpred
FROM redshift_system.redshift_key_places WHERE kind = 'p';

CREATE OR REPLACE VIEW redshift_system.pg_constraint AS
SELECT k.oid, k.name AS conname, n.oid AS connamespace, k.kind AS contype, false AS condeferrable, false AS condeferred, true AS convalidated,
       k.table_oid AS conrelid, 0 AS contypid, CASE k.kind WHEN 'p' THEN k.oid ELSE 0 END AS conindid, 0 AS conparentid,
       k.referred_oid AS confrelid, 'a' AS confupdtype, 'a' AS confdeltype, 's' AS confmatchtype, true AS conislocal, 0 AS coninhcount,
       k.conkey, k.confkey, CAST(NULL AS VARCHAR) AS conbin, CAST(NULL AS VARCHAR) AS consrc
FROM redshift_system.redshift_key_places k JOIN (SELECT nspname, min(oid) AS oid FROM pg_catalog.pg_namespace GROUP BY nspname) n ON n.nspname = k.schema_name;

CREATE OR REPLACE VIEW redshift_system.pg_trigger AS
SELECT 0 AS oid, 0 AS tgrelid, CAST(NULL AS VARCHAR) AS tgname, 'O' AS tgenabled, false AS tgisinternal, 0 AS tgconstraint WHERE false;

CREATE OR REPLACE VIEW redshift_system.pg_database AS
SELECT d.oid, d.datname, 100 AS datdba, 6 AS encoding, d.datistemplate, d.datallowconn, -1 AS datconnlimit, 'C' AS datcollate,
       'C' AS datctype, CAST(NULL AS VARCHAR) AS datconfig, CAST(NULL AS VARCHAR[]) AS datacl
FROM pg_catalog.pg_database d WHERE d.datname = current_database();

CREATE OR REPLACE VIEW redshift_system.pg_proc AS
SELECT 0 AS oid, CAST(NULL AS VARCHAR) AS proname, 0 AS pronamespace, 0 AS proowner, 0 AS prolang, false AS proisagg, false AS proiswindow,
       'f' AS prokind, false AS proretset, 'i' AS provolatile, 0 AS pronargs, 0 AS prorettype, CAST(NULL AS VARCHAR) AS proargtypes,
       CAST(NULL AS VARCHAR[]) AS proargnames, CAST(NULL AS VARCHAR) AS prosrc, CAST(NULL AS VARCHAR) AS proacl WHERE false;

CREATE OR REPLACE VIEW redshift_system.pg_roles AS
SELECT usesysid AS oid, usename AS rolname, true AS rolsuper, true AS rolinherit, true AS rolcreaterole, true AS rolcreatedb,
       true AS rolcanlogin, -1 AS rolconnlimit, CAST(NULL AS TIMESTAMP) AS rolvaliduntil, false AS rolreplication, false AS rolbypassrls
FROM redshift_system.pg_user;

CREATE OR REPLACE VIEW redshift_system.pg_auth_members AS
SELECT 0 AS roleid, 0 AS member, 0 AS grantor, false AS admin_option WHERE false;

CREATE OR REPLACE VIEW redshift_system.pg_language AS SELECT 0 AS oid, CAST(NULL AS VARCHAR) AS lanname WHERE false;

CREATE OR REPLACE VIEW redshift_system.pg_inherits AS
SELECT 0 AS inhrelid, 0 AS inhparent, 0 AS inhseqno, false AS inhdetachpending WHERE false;

-- A view is a rule, which depends on what the view reads.
CREATE OR REPLACE VIEW redshift_system.pg_rewrite AS
SELECT 500000000 + table_oid AS oid, '_RETURN' AS rulename, table_oid AS ev_class, '1' AS ev_type, 'O' AS ev_enabled, true AS is_instead
FROM redshift_system.redshift_relations WHERE kind = 'VIEW';

CREATE OR REPLACE VIEW redshift_system.pg_depend AS
SELECT 2618 AS classid, w.oid AS objid, 0 AS objsubid, 1259 AS refclassid, w.ev_class AS refobjid, 0 AS refobjsubid, 'i' AS deptype
FROM redshift_system.pg_rewrite w
UNION ALL
SELECT 2618, 500000000 + v.table_oid, 0, 1259, r.table_oid, 0, 'n'
FROM redshift_system.redshift_dependencies d
JOIN redshift_system.redshift_relations v ON d.view_name = v.schema_name || '.' || v.table_name
JOIN redshift_system.redshift_relations r ON d.relation_name = r.schema_name || '.' || r.table_name;

CREATE OR REPLACE VIEW redshift_system.pg_proc_info AS
SELECT 0 AS prooid, CAST(NULL AS VARCHAR) AS proname, 0 AS pronamespace, 0 AS proowner, 'f' AS prokind WHERE false;

CREATE OR REPLACE VIEW redshift_system.pg_collation AS
SELECT 0 AS oid, CAST(NULL AS VARCHAR) AS collname, 0 AS collnamespace WHERE false;

CREATE OR REPLACE VIEW redshift_system.svv_mv_info AS
SELECT db_name AS database_name, "schema" AS schema_name, owner_user_name AS user_name, name, CASE WHEN is_stale THEN 't' ELSE 'f' END AS is_stale,
       state, autorewrite, autorefresh
FROM redshift_system.stv_mv_info;

CREATE OR REPLACE VIEW redshift_system.svv_relation_privileges AS
SELECT p.schema_name AS namespace_name, p.object_name AS relation_name, p.privilege AS privilege_type, 100 AS identity_id,
       p.identity AS identity_name, p.identity_type, p.grantable AS admin_option
FROM redshift_system.redshift_privileges p
JOIN redshift_system.redshift_relations r ON r.schema_name = p.schema_name AND r.table_name = p.object_name WHERE p.kind = 'TABLE';

CREATE OR REPLACE VIEW redshift_system.svv_schema_privileges AS
SELECT schema_name AS namespace_name, privilege AS privilege_type, 100 AS identity_id, identity AS identity_name, identity_type,
       grantable AS admin_option
FROM redshift_system.redshift_privileges WHERE kind = 'SCHEMA';

CREATE OR REPLACE VIEW redshift_system.svv_database_privileges AS
SELECT object_name AS database_name, privilege AS privilege_type, 100 AS identity_id, identity AS identity_name, identity_type,
       grantable AS admin_option
FROM redshift_system.redshift_privileges WHERE kind = 'DATABASE';

CREATE OR REPLACE VIEW redshift_system.information_schema_table_privileges AS
SELECT coalesce(CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS grantor, identity_name AS grantee, current_database() AS table_catalog, namespace_name AS table_schema,
       relation_name AS table_name, privilege_type, CASE WHEN admin_option THEN 'YES' ELSE 'NO' END AS is_grantable, 'NO' AS with_hierarchy
FROM redshift_system.svv_relation_privileges;

CREATE OR REPLACE VIEW redshift_system.svv_redshift_databases AS
SELECT current_database() AS database_name, 100 AS database_owner, 'local' AS database_type;

CREATE OR REPLACE VIEW redshift_system.stl_undone AS SELECT 0 AS xact_id, 0 AS xact_id_undone WHERE false;

CREATE OR REPLACE VIEW redshift_system.sys_query_detail AS
SELECT 0 AS query_id, 0 AS table_id, CAST(NULL AS VARCHAR) AS step_name, CAST(NULL AS TIMESTAMP) AS start_time WHERE false;

CREATE OR REPLACE VIEW redshift_system.information_schema_table_constraints AS
SELECT current_database() AS constraint_catalog, schema_name AS constraint_schema, name AS constraint_name,
       current_database() AS table_catalog, schema_name AS table_schema, table_name,
       CASE kind WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE 'FOREIGN KEY' END AS constraint_type, 'NO' AS is_deferrable, 'NO' AS initially_deferred
FROM redshift_system.redshift_constraints;

CREATE OR REPLACE VIEW redshift_system.information_schema_key_column_usage AS
SELECT current_database() AS constraint_catalog, schema_name AS constraint_schema, name AS constraint_name,
       current_database() AS table_catalog, schema_name AS table_schema, table_name, unnest(columns) AS column_name,
       generate_subscripts(columns, 1) AS ordinal_position
FROM redshift_system.redshift_constraints;

CREATE OR REPLACE VIEW redshift_system.information_schema_referential_constraints AS
SELECT current_database() AS constraint_catalog, schema_name AS constraint_schema, name AS constraint_name,
       current_database() AS unique_constraint_catalog, referred_schema AS unique_constraint_schema,
       referred_table || '_pkey' AS unique_constraint_name, 'NONE' AS match_option, 'NO ACTION' AS update_rule, 'NO ACTION' AS delete_rule
FROM redshift_system.redshift_foreign_keys;
