-- SVV_*.

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

CREATE OR REPLACE VIEW redshift_system.svv_external_tables AS SELECT unnest(CAST([] AS STRUCT(
    redshift_database_name VARCHAR, schemaname VARCHAR, tablename VARCHAR, tabletype VARCHAR, location VARCHAR,
    input_format VARCHAR, output_format VARCHAR, serialization_lib VARCHAR, serde_parameters VARCHAR, compressed INTEGER,
    parameters VARCHAR)[]), recursive := true);

CREATE OR REPLACE VIEW redshift_system.svv_external_columns AS SELECT unnest(CAST([] AS STRUCT(
    redshift_database_name VARCHAR, schemaname VARCHAR, tablename VARCHAR, columnname VARCHAR, external_type VARCHAR,
    columnnum INTEGER, part_key INTEGER, is_nullable VARCHAR)[]), recursive := true);

CREATE OR REPLACE VIEW redshift_system.svv_user_info AS
SELECT usename AS user_name, usesysid AS user_id, usecreatedb AS createdb, usesuper AS superuser, false AS catalog_update,
       'UNLIMITED' AS connection_limit, CASE WHEN usesuper THEN 'UNRESTRICTED' ELSE 'RESTRICTED' END AS syslog_access,
       CAST(NULL AS TIMESTAMP) AS last_ddl_timestamp, 0 AS session_timeout, '' AS external_id
FROM redshift_system.pg_user;

CREATE OR REPLACE VIEW redshift_system.svv_mv_info AS
SELECT db_name AS database_name, "schema" AS schema_name, owner_user_name AS user_name, name, CASE WHEN is_stale THEN 't' ELSE 'f' END AS is_stale,
       state, autorewrite, autorefresh
FROM redshift_system.stv_mv_info;

CREATE OR REPLACE VIEW redshift_system.svv_redshift_databases AS
SELECT current_database() AS database_name, 100 AS database_owner, 'local' AS database_type;

CREATE OR REPLACE VIEW redshift_system.svv_diskusage AS
SELECT p.db_id, p.name, b.slice, b.col, b.tbl, b.blocknum, b.num_values, b.minvalue, b.maxvalue, b.sb_pos, b.pinned, b.on_disk,
       b.modified, b.hdr_modified, b.unsorted, b.tombstone, b.preferred_diskno, b.temporary, b.newblock
FROM redshift_system.stv_blocklist b JOIN redshift_system.stv_tbl_perm p ON p.id = b.tbl AND p.slice = b.slice;

CREATE OR REPLACE VIEW redshift_system.svv_query_inflight AS
SELECT i.userid, i.slice, i.query, i.pid, i.starttime, i.suspended, left(i."text", 200) AS "text", 0 AS sequence
FROM redshift_system.stv_inflight i;

CREATE OR REPLACE VIEW redshift_system.svv_mv_dependency AS
SELECT db_name AS database_name, "schema" AS schema_name, name, ref_database_name AS dependent_database_name,
       ref_schema AS dependent_schema_name, ref_name AS dependent_name
FROM redshift_system.stv_mv_deps;
