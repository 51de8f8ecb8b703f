-- SVV_*.

CREATE TEMP VIEW svv_table_info AS
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
WHERE (kind = 'BASE TABLE' OR is_materialized) AND NOT temporary AND estimated_size > 0;

CREATE TEMP VIEW svv_tables AS
SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, kind AS table_type, remarks
FROM temp.main.redshift_catalog_relations
UNION ALL
SELECT redshift_database_name, schemaname, tablename, 'EXTERNAL TABLE', NULL FROM temp.main.svv_external_tables;

CREATE TEMP VIEW svv_columns AS
SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, column_name, ordinal_position,
       column_default, CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable, data_type, character_maximum_length,
       numeric_precision, numeric_scale, CAST(NULL AS INTEGER) AS datetime_precision, data_type AS udt_name, remarks
FROM temp.main.redshift_catalog_columns
UNION ALL
SELECT redshift_database_name, schemaname, tablename, columnname, columnnum, NULL, 'YES', data_type, character_maximum_length,
       numeric_precision, numeric_scale, NULL, data_type, NULL
FROM temp.main.redshift_external_columns;

CREATE TEMP VIEW svv_redshift_tables AS
SELECT table_catalog AS database_name, table_schema AS schema_name, table_name,
       CASE table_type WHEN 'BASE TABLE' THEN 'TABLE' ELSE table_type END AS table_type,
       CAST(NULL AS VARCHAR) AS table_acl, remarks
FROM temp.main.svv_tables WHERE table_type <> 'EXTERNAL TABLE';

CREATE TEMP VIEW svv_all_tables AS
SELECT * EXCLUDE (table_acl), table_acl FROM temp.main.svv_redshift_tables
UNION ALL
SELECT table_catalog, table_schema, table_name, table_type, remarks, NULL
FROM temp.main.svv_tables WHERE table_type = 'EXTERNAL TABLE';

CREATE TEMP VIEW svv_redshift_columns AS
SELECT current_database() AS database_name, schema_name, table_name, column_name, ordinal_position, data_type, column_default,
       CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable, CASE kind WHEN 'BASE TABLE' THEN encoding END AS encoding,
       distkey, sortkey, CAST(NULL AS VARCHAR) AS column_acl, remarks, character_maximum_length, numeric_precision, numeric_scale
FROM temp.main.redshift_catalog_columns;

CREATE TEMP VIEW svv_all_columns AS
SELECT * FROM temp.main.svv_redshift_columns
UNION ALL
SELECT redshift_database_name, schemaname, tablename, columnname, columnnum, data_type, NULL, 'YES', NULL, NULL, NULL, NULL, NULL,
       character_maximum_length, numeric_precision, numeric_scale
FROM temp.main.redshift_external_columns;

CREATE TEMP VIEW svv_redshift_schemas AS
SELECT current_database() AS database_name, schema_name, owner_id AS schema_owner, 'local' AS schema_type,
       CAST(NULL AS VARCHAR) AS schema_acl, CAST(NULL AS VARCHAR) AS source_database, CAST(NULL AS VARCHAR) AS schema_option
FROM temp.main.redshift_catalog_schemas
WHERE schema_name NOT IN ('pg_catalog', 'information_schema')
  AND schema_name NOT IN (SELECT e.schema_name FROM redshift_system.redshift_external_schemas e);

CREATE TEMP VIEW svv_all_schemas AS
SELECT * FROM temp.main.svv_redshift_schemas
UNION ALL
SELECT current_database(), schemaname, esowner, 'external', NULL, databasename, esoptions FROM temp.main.svv_external_schemas;

CREATE TEMP VIEW svv_external_schemas AS
SELECT n.oid AS esoid, 1 AS eskind, s.schema_name AS schemaname, n.nspowner AS esowner, s.database_name AS databasename,
       CAST(json_merge_patch(json_object('IAM_ROLE', s.role), json_object('CATALOG_ROLE', s.catalog_role, 'REGION', s.region)) AS VARCHAR) AS esoptions
FROM redshift_system.redshift_external_schemas s JOIN temp.main.pg_namespace n ON n.nspname = s.schema_name;

CREATE TEMP VIEW svv_external_databases AS
SELECT 1 AS eskind, CAST(NULL AS VARCHAR) AS esoptions, database_name AS databasename, CAST(NULL AS VARCHAR) AS location,
       CAST(NULL AS VARCHAR) AS parameters
FROM redshift_system.redshift_external_databases;

CREATE TEMP VIEW svv_external_tables AS
SELECT current_database() AS redshift_database_name, s.schema_name AS schemaname, t.table_name AS tablename, 'TABLE' AS tabletype,
       json_extract_string(t.definition, '$.location') AS location, json_extract_string(t.definition, '$.input_format') AS input_format,
       json_extract_string(t.definition, '$.output_format') AS output_format,
       json_extract_string(t.definition, '$.serialization_lib') AS serialization_lib,
       CAST(json_extract(t.definition, '$.serde_parameters') AS VARCHAR) AS serde_parameters, 0 AS compressed,
       CAST(json_merge_patch('{"EXTERNAL":"TRUE"}', json_extract(t.definition, '$.parameters')) AS VARCHAR) AS parameters
FROM redshift_system.redshift_external_schemas s
JOIN redshift_system.redshift_external_tables t ON t.database_name = s.database_name;

-- Types are those of Redshift, `external_type` is that of the data catalog.
CREATE TEMP VIEW redshift_external_columns AS
WITH columns AS (
    SELECT s.schema_name, t.table_name, json_extract(t.definition, '$.columns[*]') AS of_files,
           json_extract(t.definition, '$.partition_keys[*]') AS keys
    FROM redshift_system.redshift_external_schemas s
    JOIN redshift_system.redshift_external_tables t ON t.database_name = s.database_name),
numbered AS (
    SELECT schema_name, table_name, unnest(list_concat(of_files, keys)) AS definition,
           generate_subscripts(list_concat(of_files, keys), 1) AS n, system.main.len(of_files) AS of_files
    FROM columns)
SELECT current_database() AS redshift_database_name, schema_name AS schemaname, table_name AS tablename,
       json_extract_string(definition, '$.name') AS columnname, json_extract_string(definition, '$.external_type') AS external_type,
       CAST(n AS INTEGER) AS columnnum, CAST(greatest(n - of_files, 0) AS INTEGER) AS part_key,
       regexp_replace(json_extract_string(definition, '$.data_type'), '[(].*', '') AS data_type,
       CAST(nullif(regexp_extract(json_extract_string(definition, '$.data_type'), '^character.*[(]([0-9]+)[)]', 1), '') AS INTEGER)
           AS character_maximum_length,
       CAST(nullif(regexp_extract(json_extract_string(definition, '$.data_type'), '^numeric[(]([0-9]+),', 1), '') AS INTEGER)
           AS numeric_precision,
       CAST(nullif(regexp_extract(json_extract_string(definition, '$.data_type'), '^numeric[(][0-9]+,([0-9]+)', 1), '') AS INTEGER)
           AS numeric_scale
FROM numbered;

CREATE TEMP VIEW svv_external_columns AS
SELECT redshift_database_name, schemaname, tablename, columnname, external_type, columnnum, part_key, '' AS is_nullable
FROM temp.main.redshift_external_columns;

CREATE TEMP VIEW svv_external_partitions AS
SELECT s.schema_name AS schemaname, p.table_name AS tablename,
       CAST(to_json(list_transform(json_extract_string(t.definition, '$.partition_keys[*].name'),
            lambda redshift_key : json_extract_string(p.partition_values, '/' || redshift_key))) AS VARCHAR) AS "values",
       system.main.substring(p.location, 1, 128) AS location, json_extract_string(t.definition, '$.input_format') AS input_format,
       json_extract_string(t.definition, '$.output_format') AS output_format,
       json_extract_string(t.definition, '$.serialization_lib') AS serialization_lib,
       CAST(json_extract(t.definition, '$.serde_parameters') AS VARCHAR) AS serde_parameters, 0 AS compressed,
       CAST(NULL AS VARCHAR) AS parameters
FROM redshift_system.redshift_external_schemas s
JOIN redshift_system.redshift_external_tables t ON t.database_name = s.database_name
JOIN redshift_system.redshift_external_partitions p ON p.database_name = t.database_name AND p.table_name = t.table_name;

CREATE TEMP VIEW svv_user_info AS
SELECT usename AS user_name, usesysid AS user_id, usecreatedb AS createdb, usesuper AS superuser, false AS catalog_update,
       'UNLIMITED' AS connection_limit, CASE WHEN usesuper OR coalesce(u.reads_system_log, false) THEN 'UNRESTRICTED' ELSE 'RESTRICTED' END AS syslog_access,
       CAST(NULL AS TIMESTAMP) AS last_ddl_timestamp, 0 AS session_timeout, '' AS external_id
FROM temp.main.pg_user LEFT JOIN redshift_system.redshift_users u ON u.name = usename;

CREATE TEMP VIEW svv_mv_info AS
SELECT db_name AS database_name, "schema" AS schema_name, owner_user_name AS user_name, name, CASE WHEN is_stale THEN 't' ELSE 'f' END AS is_stale,
       state, autorewrite, autorefresh
FROM temp.main.stv_mv_info;

CREATE TEMP VIEW svv_redshift_databases AS
SELECT datname AS database_name, datdba AS database_owner, 'local' AS database_type FROM temp.main.pg_database;

CREATE TEMP VIEW svv_diskusage AS
SELECT p.db_id, p.name, b.slice, b.col, b.tbl, b.blocknum, b.num_values, b.minvalue, b.maxvalue, b.sb_pos, b.pinned, b.on_disk,
       b.modified, b.hdr_modified, b.unsorted, b.tombstone, b.preferred_diskno, b.temporary, b.newblock
FROM temp.main.stv_blocklist b JOIN temp.main.stv_tbl_perm p ON p.id = b.tbl AND p.slice = b.slice;

CREATE TEMP VIEW svv_query_inflight AS
SELECT i.userid, i.slice, i.query, i.pid, i.starttime, i.suspended, left(i."text", 200) AS "text", 0 AS sequence
FROM temp.main.stv_inflight i;

CREATE TEMP VIEW svv_mv_dependency AS
SELECT db_name AS database_name, "schema" AS schema_name, name, ref_database_name AS dependent_database_name,
       ref_schema AS dependent_schema_name, ref_name AS dependent_name
FROM temp.main.stv_mv_deps;

CREATE TEMP VIEW svv_transactions AS
SELECT s.user_name AS txn_owner, current_database() AS txn_db, s.xid, s.pid, s.transaction_start AS txn_start,
       l.mode AS lock_mode, 'relation' AS lockable_object_type, l.table_id AS relation, l.granted
FROM temp.main.redshift_table_locks l JOIN temp.main.redshift_open_sessions s ON s.pid = l.pid
UNION ALL
SELECT user_name, current_database(), xid, pid, transaction_start, 'ExclusiveLock', 'transactionid', NULL, true
FROM temp.main.redshift_open_sessions WHERE xid IS NOT NULL;
