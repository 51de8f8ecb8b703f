-- SYS_*. A query has another number here than in the STL views (R39).

CREATE TEMP VIEW sys_query_history AS
SELECT userid AS user_id, query_id, CAST(NULL AS VARCHAR) AS query_label, xid AS transaction_id, pid AS session_id,
       current_database() AS database_name, s.query_type, s.status, false AS result_cache_hit, s.start_time, s.end_time,
       s.elapsed_time, CAST(0 AS BIGINT) AS queue_time, s.elapsed_time AS execution_time, s.error_message, s.returned_rows,
       CAST(NULL AS BIGINT) AS returned_bytes, s.query_text, CAST(NULL AS VARCHAR) AS redshift_version,
       CAST(NULL AS VARCHAR) AS usage_limit, 'primary' AS compute_type, CAST(NULL AS BIGINT) AS compile_time,
       CAST(NULL AS BIGINT) AS planning_time, CAST(NULL AS BIGINT) AS lock_wait_time, 100 AS service_class_id,
       'Default queue' AS service_class_name, 'normal' AS query_priority, 'false' AS short_query_accelerated,
       CAST(NULL AS VARCHAR) AS user_query_hash, CAST(NULL AS VARCHAR) AS generic_query_hash,
       CAST(NULL AS INTEGER) AS query_hash_version, 0 AS result_cache_query_id, s.user_name AS username
FROM temp.main.redshift_statements s;

CREATE TEMP VIEW sys_query_text AS
SELECT userid AS user_id, query_id, xid AS transaction_id, pid AS session_id, start_time, 0 AS sequence,
       replace(query_text, chr(10), '\n') AS "text"
FROM temp.main.redshift_statements;

CREATE TEMP VIEW sys_load_history AS
SELECT 100 AS user_id, query_id, query_id AS transaction_id, coalesce(session_id, 0) AS session_id,
       current_database() AS database_name, status, table_name, start_time, end_time, duration, data_source, file_format,
       loaded_rows, loaded_bytes, source_file_count, source_file_bytes, file_count_scanned, file_bytes_scanned,
       CAST(error_count AS BIGINT) AS error_count, CAST(0 AS BIGINT) AS copy_job_id
FROM temp.main.redshift_copies;

CREATE TEMP VIEW sys_load_error_detail AS
SELECT 100 AS user_id, e.query_id, e.query_id AS transaction_id, coalesce(e.session_id, 0) AS session_id,
       current_database() AS database_name, coalesce(t.table_id, 0) AS table_id, e.start_time, e.file_name, e.line_number,
       e.column_name, e.column_type, e.column_length, 0 AS position, e.error_code, e.error_message
FROM redshift_system.redshift_load_errors e LEFT JOIN temp.main.redshift_load_tables t ON t.query_id = e.query_id;

CREATE TEMP VIEW sys_load_detail AS
SELECT 100 AS user_id, query_id, file_name, bytes AS bytes_scanned, lines AS lines_scanned, recorded_at AS record_time,
       CAST(NULL AS INTEGER) AS splits_scanned, CAST(NULL AS TIMESTAMP) AS start_time, CAST(NULL AS TIMESTAMP) AS end_time,
       CAST(NULL AS VARCHAR) AS file_etag, CAST(NULL AS TIMESTAMP) AS file_last_modified
FROM redshift_system.redshift_load_files;

CREATE TEMP VIEW sys_unload_history AS
SELECT 100 AS user_id, u.query_id, u.query_id AS transaction_id, u.session_id, current_database() AS database_name, u.status,
       u.start_time, u.end_time, date_diff('microsecond', u.start_time, u.end_time) AS duration, u.file_format,
       u.compression AS compression_type, u.location AS unloaded_location, u.unloaded_rows,
       (SELECT count(*) FROM redshift_system.redshift_unload_files f WHERE f.query_id = u.query_id) AS unloaded_files_count,
       (SELECT CAST(coalesce(sum(f.bytes), 0) AS BIGINT) FROM redshift_system.redshift_unload_files f
        WHERE f.query_id = u.query_id) AS unloaded_files_size, u.error_message
FROM redshift_system.redshift_unloads u;

CREATE TEMP VIEW sys_unload_detail AS
SELECT 100 AS user_id, u.query_id, u.session_id, u.query_id AS transaction_id, f.file_name, u.start_time, u.end_time,
       f.rows AS line_count, f.bytes AS transfer_size, u.file_format
FROM redshift_system.redshift_unload_files f JOIN redshift_system.redshift_unloads u ON u.query_id = f.query_id;

CREATE TEMP VIEW sys_connection_log AS
SELECT event, recordtime AS record_time, remotehost AS remote_host, remoteport AS remote_port, pid AS session_id,
       dbname AS database_name, username AS user_name, authmethod AS auth_method, duration, sslversion AS ssl_version,
       sslcipher AS ssl_cipher, mtu, sslcompression AS ssl_compression, sslexpansion AS ssl_expansion,
       iamauthguid AS iam_auth_guid, application_name, driver_version, os_version, plugin_name, protocol_version,
       sessionid AS global_session_id
FROM temp.main.stl_connection_log;

CREATE TEMP VIEW sys_session_history AS
SELECT CAST(user_id AS VARCHAR) AS user_id, pid AS session_id, current_database() AS database_name,
       CASE WHEN ended IS NULL THEN 'active' ELSE 'closed' END AS status, 0 AS session_timeout, started AS start_time,
       ended AS end_time
FROM temp.main.redshift_sessions_known;
