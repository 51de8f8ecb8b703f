-- What is: STV_*.

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

CREATE OR REPLACE VIEW redshift_system.stv_mv_info AS
SELECT current_database() AS db_name, split_part(name, '.', 1) AS "schema", split_part(name, '.', 2) AS name,
       0 AS updated_upto_xid, false AS is_stale,
       coalesce(CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS owner_user_name, 1 AS state, 'f' AS autorewrite,
       CASE WHEN auto_refresh THEN 't' ELSE 'f' END AS autorefresh
FROM redshift_system.redshift_materialized_views;

CREATE TABLE IF NOT EXISTS redshift_system.stv_slices (node INTEGER, slice INTEGER, localslice INTEGER, type VARCHAR);

CREATE OR REPLACE VIEW redshift_system.stv_recents AS
SELECT 100 AS userid, CAST(NULL AS VARCHAR) AS status, CAST(NULL AS TIMESTAMP) AS starttime, 0 AS duration,
       CAST(NULL AS VARCHAR) AS user_name, CAST(NULL AS VARCHAR) AS db_name, CAST(NULL AS VARCHAR) AS query, 0 AS pid WHERE false;

CREATE OR REPLACE VIEW redshift_system.stv_sessions AS
SELECT now()::TIMESTAMP AS starttime, 0 AS process, coalesce(CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS user_name,
       current_database() AS db_name, 0 AS timeout_sec WHERE false;
