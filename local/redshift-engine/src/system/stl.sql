-- What happened: STL_* and SVL_*. A query has another number here than in the SYS views, an INTEGER (R39).

CREATE OR REPLACE VIEW redshift_system.stl_load_errors AS
SELECT 100 AS userid, 0 AS slice, 0 AS tbl, start_time AS starttime, coalesce(session_id, 0) AS session,
       CAST(query_id % 2000000000 AS INTEGER) AS query, file_name AS filename, line_number, column_name AS colname, column_type AS "type", column_length AS col_length,
       0 AS position, raw_line, raw_field_value, error_code AS err_code, error_message AS err_reason
FROM redshift_system.redshift_load_errors;

CREATE OR REPLACE VIEW redshift_system.stl_replacements AS
SELECT 100 AS userid, CAST(query_id % 2000000000 AS INTEGER) AS query, 0 AS slice, 0 AS tbl, start_time AS starttime,
       coalesce(session_id, 0) AS session,
       file_name AS filename, line_number, column_name AS colname, raw_line
FROM redshift_system.redshift_replacements;

CREATE OR REPLACE VIEW redshift_system.stl_load_commits AS
SELECT 100 AS userid, CAST(query_id % 2000000000 AS INTEGER) AS query, 0 AS slice, 0 AS name, file_name AS filename, 0 AS byte_offset,
       lines AS lines_scanned, 0 AS errors, recorded_at AS curtime, 1 AS status
FROM redshift_system.redshift_load_files;

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

CREATE OR REPLACE VIEW redshift_system.stl_undone AS SELECT 0 AS xact_id, 0 AS xact_id_undone WHERE false;
