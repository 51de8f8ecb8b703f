-- What happened: STL_* and SVL_*. A query has another number here than in the SYS views, an INTEGER (R39).

-- Statements.
CREATE TEMP VIEW stl_query AS
SELECT userid, query, 'default' AS label, xid, pid, current_database() AS "database", query_text AS querytxt,
       start_time AS starttime, end_time AS endtime, aborted, 0 AS insert_pristine, 0 AS concurrency_scaling_status
FROM temp.main.redshift_statements WHERE kind = 'QUERY';

CREATE TEMP VIEW svl_qlog AS
SELECT userid, query, xid, pid, start_time AS starttime, end_time AS endtime, elapsed_time AS elapsed, aborted,
       'default' AS label, left(query_text, 60) AS substring, CAST(NULL AS INTEGER) AS source_query,
       'Main cluster' AS concurrency_scaling_status_txt, CAST(NULL AS INTEGER) AS from_sp_call
FROM temp.main.redshift_statements WHERE kind = 'QUERY';

CREATE TEMP VIEW stl_querytext AS
SELECT userid, xid, pid, query, sequence, "text"
FROM temp.main.redshift_statement_texts WHERE kind = 'QUERY';

CREATE TEMP VIEW stl_ddltext AS
SELECT userid, xid, pid, CAST(NULL AS VARCHAR) AS label, start_time AS starttime, end_time AS endtime, sequence, "text"
FROM temp.main.redshift_statement_texts WHERE kind = 'DDL';

CREATE TEMP VIEW stl_utilitytext AS
SELECT userid, xid, pid, CAST(NULL AS VARCHAR) AS label, start_time AS starttime, end_time AS endtime, sequence, "text"
FROM temp.main.redshift_statement_texts WHERE kind = 'UTILITY';

CREATE TEMP VIEW svl_statementtext AS
SELECT userid, xid, pid, CAST(NULL AS VARCHAR) AS label, start_time AS starttime, end_time AS endtime, sequence,
       kind AS type, "text"
FROM temp.main.redshift_statement_texts WHERE kind IN ('QUERY', 'DDL', 'UTILITY');

-- There is one queue, in which nothing waits: the default queue of automatic WLM.
CREATE TEMP VIEW stl_wlm_query AS
SELECT userid, xid, query AS task, query, 100 AS service_class, 1 AS slot_count, start_time AS service_class_start_time,
       start_time AS queue_start_time, start_time AS queue_end_time, CAST(0 AS BIGINT) AS total_queue_time,
       start_time AS exec_start_time, end_time AS exec_end_time, elapsed_time AS total_exec_time,
       end_time AS service_class_end_time, CAST(NULL AS VARCHAR) AS final_state, CAST(NULL AS BIGINT) AS est_peak_mem,
       'Normal' AS query_priority, 'Default queue' AS service_class_name
FROM temp.main.redshift_statements WHERE kind = 'QUERY';

CREATE TEMP VIEW svl_query_queue_info AS
SELECT current_database() AS "database", query, xid, userid, query_text AS querytxt, start_time AS queue_start_time,
       start_time AS exec_start_time, 100 AS service_class, 1 AS slots, CAST(0 AS BIGINT) AS queue_elapsed,
       elapsed_time AS exec_elapsed, elapsed_time AS wlm_total_elapsed, CAST(NULL AS BIGINT) AS commit_queue_elapsed,
       CAST(NULL AS BIGINT) AS commit_exec_time, 'Default queue' AS service_class_name
FROM temp.main.redshift_statements WHERE kind = 'QUERY';

CREATE TEMP VIEW svl_query_metrics_summary AS
SELECT userid, query, 100 AS service_class, CAST(NULL AS BIGINT) AS query_cpu_time, CAST(NULL AS BIGINT) AS query_blocks_read,
       elapsed_time // 1000000 AS query_execution_time, CAST(NULL AS DECIMAL(38, 2)) AS query_cpu_usage_percent,
       CAST(NULL AS BIGINT) AS query_temp_blocks_to_disk, CAST(NULL AS BIGINT) AS segment_execution_time,
       CAST(NULL AS DECIMAL(38, 2)) AS cpu_skew, CAST(NULL AS DECIMAL(38, 2)) AS io_skew, CAST(NULL AS BIGINT) AS scan_row_count,
       CAST(NULL AS BIGINT) AS join_row_count, CAST(NULL AS BIGINT) AS nested_loop_join_row_count,
       returned_rows AS return_row_count, CAST(NULL AS BIGINT) AS spectrum_scan_row_count,
       CAST(NULL AS BIGINT) AS spectrum_scan_size_mb, CAST(0 AS BIGINT) AS query_queue_time,
       'Default queue' AS service_class_name
FROM temp.main.redshift_statements WHERE kind = 'QUERY';

-- Loads.
CREATE TEMP VIEW stl_load_errors AS
SELECT 100 AS userid, 0 AS slice, coalesce(t.table_id, 0) AS tbl, e.start_time AS starttime, coalesce(e.session_id, 0) AS session,
       CAST(e.query_id % 2000000000 AS INTEGER) AS query, e.file_name AS filename, e.line_number, e.column_name AS colname,
       e.column_type AS "type", e.column_length AS col_length, 0 AS position, e.raw_line, e.raw_field_value,
       e.error_code AS err_code, e.error_message AS err_reason, 0 AS is_partial, CAST(0 AS BIGINT) AS start_offset,
       CAST(0 AS BIGINT) AS copy_job_id
FROM redshift_system.redshift_load_errors e LEFT JOIN temp.main.redshift_load_tables t ON t.query_id = e.query_id;

CREATE TEMP VIEW stl_loaderror_detail AS
SELECT userid, slice, session, query, filename, line_number, CAST(NULL AS INTEGER) AS field, colname, raw_field_value AS value,
       CAST(NULL AS INTEGER) AS is_null, "type", col_length
FROM temp.main.stl_load_errors;

CREATE TEMP VIEW stl_load_commits AS
SELECT 100 AS userid, CAST(f.query_id % 2000000000 AS INTEGER) AS query, 0 AS slice, CAST(NULL AS VARCHAR) AS name,
       f.file_name AS filename, 0 AS byte_offset, f.lines AS lines_scanned, 0 AS errors, f.recorded_at AS curtime, 1 AS status,
       CASE l.file_format WHEN 'json' THEN 'JSON' WHEN 'parquet' THEN 'Parquet' WHEN 'text' THEN 'Text' END AS file_format,
       0 AS is_partial, CAST(0 AS BIGINT) AS start_offset, CAST(0 AS BIGINT) AS copy_job_id
FROM redshift_system.redshift_load_files f LEFT JOIN redshift_system.redshift_loads l ON l.query_id = f.query_id;

CREATE TEMP VIEW stl_file_scan AS
SELECT 100 AS userid, CAST(query_id % 2000000000 AS INTEGER) AS query, 0 AS slice, file_name AS name, lines, bytes,
       CAST(NULL AS BIGINT) AS loadtime, recorded_at AS curtime, 0 AS is_partial, CAST(0 AS BIGINT) AS start_offset
FROM redshift_system.redshift_load_files;

CREATE TEMP VIEW stl_s3client AS
SELECT 100 AS userid, CAST(f.query_id % 2000000000 AS INTEGER) AS query, 0 AS slice, f.recorded_at AS recordtime,
       coalesce(l.session_id, 0) AS pid, 'GET' AS http_method, split_part(f.file_name, '/', 3) AS bucket,
       regexp_replace(f.file_name, '^s3://[^/]*/', '') AS "key", f.bytes AS transfer_size, CAST(NULL AS BIGINT) AS data_size,
       CAST(NULL AS BIGINT) AS start_time, CAST(NULL AS BIGINT) AS end_time, CAST(NULL AS BIGINT) AS transfer_time,
       CAST(NULL AS BIGINT) AS compression_time, CAST(NULL AS BIGINT) AS connect_time, CAST(NULL AS BIGINT) AS app_connect_time,
       CAST(NULL AS BIGINT) AS retries, CAST(NULL AS VARCHAR) AS request_id, CAST(NULL AS VARCHAR) AS extended_request_id,
       CAST(NULL AS VARCHAR) AS ip_address, 0 AS is_partial, CAST(0 AS BIGINT) AS start_offset, CAST(NULL AS VARCHAR) AS query_uuid
FROM redshift_system.redshift_load_files f LEFT JOIN redshift_system.redshift_loads l ON l.query_id = f.query_id;

CREATE TEMP VIEW stl_replacements AS
SELECT 100 AS userid, CAST(query_id % 2000000000 AS INTEGER) AS query, 0 AS slice, 0 AS tbl, start_time AS starttime,
       coalesce(session_id, 0) AS session,
       file_name AS filename, line_number, column_name AS colname, raw_line
FROM redshift_system.redshift_replacements;

CREATE TEMP VIEW stl_unload_log AS
SELECT 100 AS userid, CAST(u.query_id % 2000000000 AS INTEGER) AS query, 0 AS slice, u.session_id AS pid, f.file_name AS path,
       u.start_time, u.end_time, f.rows AS line_count, f.bytes AS transfer_size, u.file_format, u.query_id AS user_query_id,
       u.query_id AS transaction_id
FROM redshift_system.redshift_unload_files f JOIN redshift_system.redshift_unloads u ON u.query_id = f.query_id;

-- Sessions since the program was started. From where and how they connected is not known.
CREATE TEMP VIEW redshift_sessions_known AS
SELECT CAST(c.session_id AS INTEGER) AS pid, c.user_name, make_timestamp(c.started) AS started,
       CASE WHEN c.ended IS NOT NULL THEN make_timestamp(c.ended) END AS ended, coalesce(u.id, 100) AS user_id,
       CAST(least(c.ended - c.started, 2147483647) AS INTEGER) AS duration
FROM (SELECT unnest(redshift_connections()) AS c) AS sessions LEFT JOIN redshift_system.redshift_users u ON u.name = c.user_name
WHERE redshift_system.redshift_shows(c.user_name);

CREATE TEMP VIEW stl_connection_log AS
SELECT event, recordtime, CAST(NULL AS VARCHAR) AS remotehost, CAST(NULL AS VARCHAR) AS remoteport, pid,
       current_database() AS dbname, user_name AS username, CAST(NULL AS VARCHAR) AS authmethod, duration,
       CAST(NULL AS VARCHAR) AS sslversion, CAST(NULL AS VARCHAR) AS sslcipher, CAST(NULL AS INTEGER) AS mtu,
       CAST(NULL AS VARCHAR) AS sslcompression, CAST(NULL AS VARCHAR) AS sslexpansion, CAST(NULL AS VARCHAR) AS iamauthguid,
       CAST(NULL AS VARCHAR) AS application_name, CAST(NULL AS VARCHAR) AS os_version, CAST(NULL AS VARCHAR) AS driver_version,
       CAST(NULL AS VARCHAR) AS plugin_name, CAST(NULL AS INTEGER) AS protocol_version, CAST(NULL AS VARCHAR) AS sessionid,
       CAST(NULL AS VARCHAR) AS compression
FROM (SELECT 'initiating session' AS event, started AS recordtime, pid, user_name, 0 AS duration
      FROM temp.main.redshift_sessions_known
      UNION ALL
      SELECT 'disconnecting session', ended, pid, user_name, duration
      FROM temp.main.redshift_sessions_known WHERE ended IS NOT NULL) AS events;

CREATE TEMP VIEW stl_sessions AS
SELECT user_id AS userid, started AS starttime, ended AS endtime, pid AS process, user_name, current_database() AS db_name,
       0 AS timeout_sec, CAST(NULL AS INTEGER) AS timed_out
FROM temp.main.redshift_sessions_known WHERE ended IS NOT NULL;

CREATE TEMP VIEW svcs_unload_log AS SELECT * FROM temp.main.stl_unload_log;
