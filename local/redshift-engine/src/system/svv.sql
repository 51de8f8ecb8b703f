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
FROM temp.main.redshift_catalog_relations;

CREATE TEMP VIEW svv_columns AS
SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, column_name, ordinal_position,
       column_default, CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable, data_type, character_maximum_length,
       numeric_precision, numeric_scale, CAST(NULL AS INTEGER) AS datetime_precision, data_type AS udt_name, remarks
FROM temp.main.redshift_catalog_columns;

CREATE TEMP VIEW svv_redshift_tables AS
SELECT table_catalog AS database_name, table_schema AS schema_name, table_name,
       CASE table_type WHEN 'BASE TABLE' THEN 'TABLE' ELSE table_type END AS table_type,
       CAST(NULL AS VARCHAR) AS table_acl, remarks
FROM temp.main.svv_tables;

CREATE TEMP VIEW svv_all_tables AS SELECT * EXCLUDE (table_acl), table_acl FROM temp.main.svv_redshift_tables;

CREATE TEMP VIEW svv_redshift_columns AS
SELECT current_database() AS database_name, schema_name, table_name, column_name, ordinal_position, data_type, column_default,
       CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable, CASE kind WHEN 'BASE TABLE' THEN encoding END AS encoding,
       distkey, sortkey, CAST(NULL AS VARCHAR) AS column_acl, remarks, character_maximum_length, numeric_precision, numeric_scale
FROM temp.main.redshift_catalog_columns;

CREATE TEMP VIEW svv_all_columns AS SELECT * FROM temp.main.svv_redshift_columns;

CREATE TEMP VIEW svv_redshift_schemas AS
SELECT current_database() AS database_name, schema_name, owner_id AS schema_owner, 'local' AS schema_type,
       CAST(NULL AS VARCHAR) AS schema_acl, CAST(NULL AS VARCHAR) AS source_database, CAST(NULL AS VARCHAR) AS schema_option
FROM temp.main.redshift_catalog_schemas WHERE schema_name NOT IN ('pg_catalog', 'information_schema');

CREATE TEMP VIEW svv_all_schemas AS SELECT * FROM temp.main.svv_redshift_schemas;

CREATE TEMP VIEW svv_external_schemas AS
SELECT 0 AS esoid, 0 AS eskind, CAST(NULL AS VARCHAR) AS schemaname, 0 AS esowner, CAST(NULL AS VARCHAR) AS databasename,
       CAST(NULL AS VARCHAR) AS esoptions WHERE false;

CREATE TEMP VIEW svv_external_tables AS SELECT unnest(CAST([] AS STRUCT(
    redshift_database_name VARCHAR, schemaname VARCHAR, tablename VARCHAR, tabletype VARCHAR, location VARCHAR,
    input_format VARCHAR, output_format VARCHAR, serialization_lib VARCHAR, serde_parameters VARCHAR, compressed INTEGER,
    parameters VARCHAR)[]), recursive := true);

CREATE TEMP VIEW svv_external_columns AS SELECT unnest(CAST([] AS STRUCT(
    redshift_database_name VARCHAR, schemaname VARCHAR, tablename VARCHAR, columnname VARCHAR, external_type VARCHAR,
    columnnum INTEGER, part_key INTEGER, is_nullable VARCHAR)[]), recursive := true);

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
