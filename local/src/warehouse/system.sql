-- The schema and the system tables of a new local warehouse. DuckDB's SQL, run once when its file is made.
CREATE SCHEMA IF NOT EXISTS public;
CREATE SCHEMA IF NOT EXISTS redshift_system;

CREATE TABLE IF NOT EXISTS redshift_system.load_errors (
    query_id BIGINT, table_name VARCHAR, start_time TIMESTAMP, file_name VARCHAR, line_number BIGINT,
    column_name VARCHAR, column_type VARCHAR, column_length VARCHAR, error_code INTEGER, error_message VARCHAR,
    raw_line VARCHAR, raw_field_value VARCHAR
);

CREATE TABLE IF NOT EXISTS redshift_system.sys_load_history (
    user_id INTEGER, query_id BIGINT, transaction_id BIGINT, session_id INTEGER, database_name VARCHAR, status VARCHAR,
    table_name VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP, duration BIGINT, data_source VARCHAR,
    file_format VARCHAR, loaded_rows BIGINT, loaded_bytes BIGINT, source_file_count INTEGER, error_count INTEGER
);

CREATE TABLE IF NOT EXISTS redshift_system.stv_slices (node INTEGER, slice INTEGER, localslice INTEGER, type VARCHAR);

CREATE OR REPLACE VIEW redshift_system.sys_load_error_detail AS
SELECT 100 AS user_id, query_id, 0 AS table_id, query_id AS transaction_id, 0 AS session_id,
       current_database() AS database_name, start_time, file_name, line_number, column_name, column_type,
       column_length, 0 AS position, error_code, error_message
FROM redshift_system.load_errors;

CREATE OR REPLACE VIEW redshift_system.stl_load_errors AS
SELECT 100 AS userid, 0 AS slice, 0 AS tbl, start_time AS starttime, 0 AS session, query_id AS query,
       file_name AS filename, line_number, column_name AS colname, column_type AS "type", column_length AS col_length,
       0 AS position, raw_line, raw_field_value, error_code AS err_code, error_message AS err_reason
FROM redshift_system.load_errors;

CREATE OR REPLACE VIEW redshift_system.pg_table_def AS
SELECT c.schema_name AS schemaname, c.table_name AS tablename, c.column_name AS "column",
       coalesce(json_extract_string(c.comment, '$.data_type'), lower(c.data_type)) AS "type",
       coalesce(json_extract_string(c.comment, '$.encoding'), 'none') AS encoding,
       coalesce(json_extract_string(t.comment, '$.distkey') = c.column_name, false) AS distkey,
       coalesce(list_position(CAST(json_extract_string(t.comment, '$.sortkey[*]') AS VARCHAR[]), c.column_name), 0) AS sortkey,
       NOT c.is_nullable AS "notnull"
FROM duckdb_columns() c JOIN duckdb_tables() t
  ON t.database_name = c.database_name AND t.schema_name = c.schema_name AND t.table_name = c.table_name
WHERE c.database_name = current_database() AND c.schema_name <> 'redshift_system';

CREATE OR REPLACE VIEW redshift_system.svv_table_info AS
SELECT database_name AS "database", schema_name AS "schema", table_oid AS table_id, table_name AS "table",
       CASE coalesce(json_extract_string(comment, '$.diststyle'), 'AUTO')
            WHEN 'KEY' THEN 'KEY(' || json_extract_string(comment, '$.distkey') || ')'
            WHEN 'AUTO' THEN 'AUTO(ALL)'
            ELSE json_extract_string(comment, '$.diststyle') END AS diststyle,
       coalesce(json_extract_string(comment, '$.sortkey[0]'), 'AUTO(SORTKEY)') AS sortkey1,
       CAST(estimated_size AS DECIMAL(38, 0)) AS tbl_rows, CAST(1.0 AS DECIMAL(19, 2)) AS skew_rows
FROM duckdb_tables()
WHERE database_name = current_database() AND NOT temporary AND schema_name <> 'redshift_system';
