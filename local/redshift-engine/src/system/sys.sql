-- SYS_*. A query has another number here than in the STL views (R39).

CREATE OR REPLACE VIEW redshift_system.sys_load_history AS
SELECT 100 AS user_id, query_id, status, coalesce(session_id, 0) AS session_id, query_id AS transaction_id,
       current_database() AS database_name, table_name, start_time, end_time, duration, data_source, file_format,
       loaded_rows, loaded_bytes, source_file_count, source_file_bytes, file_count_scanned, file_bytes_scanned,
       error_count
FROM redshift_system.redshift_copies;

CREATE OR REPLACE VIEW redshift_system.sys_load_error_detail AS
SELECT 100 AS user_id, query_id, 0 AS table_id, query_id AS transaction_id, coalesce(session_id, 0) AS session_id,
       current_database() AS database_name, start_time, file_name, line_number, column_name, column_type,
       column_length, 0 AS position, error_code, error_message
FROM redshift_system.redshift_load_errors;

CREATE OR REPLACE VIEW redshift_system.sys_load_detail AS
SELECT 100 AS user_id, query_id, file_name, bytes AS bytes_scanned, lines AS lines_scanned,
       recorded_at AS record_time
FROM redshift_system.redshift_load_files;

CREATE OR REPLACE VIEW redshift_system.sys_query_history AS
SELECT 100 AS user_id, query_id, CAST(NULL AS VARCHAR) AS query_label, query_id AS transaction_id,
       coalesce(session_id, 0) AS session_id,
       current_database() AS database_name, query_type, status, false AS result_cache_hit, start_time, end_time,
       elapsed_time, CAST(0 AS BIGINT) AS queue_time, elapsed_time AS execution_time, error_message, returned_rows,
       CAST(NULL AS BIGINT) AS returned_bytes, query_text, user_name AS username
FROM redshift_system.redshift_query_records;

CREATE OR REPLACE VIEW redshift_system.sys_query_detail AS
SELECT 0 AS query_id, 0 AS table_id, CAST(NULL AS VARCHAR) AS step_name, CAST(NULL AS TIMESTAMP) AS start_time WHERE false;
