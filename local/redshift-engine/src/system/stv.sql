-- What is: STV_*.

CREATE TEMP VIEW stv_load_state AS
SELECT 100 AS userid, coalesce(session_id, 0) AS session, CAST(query_id % 2000000000 AS INTEGER) AS query, 0 AS slice,
       coalesce(session_id, 0) AS pid, start_time AS recordtime,
       source_file_bytes AS bytes_to_load, file_bytes_scanned AS bytes_loaded,
       source_file_bytes AS bytes_to_load_compressed, file_bytes_scanned AS bytes_loaded_compressed,
       loaded_rows AS lines, source_file_count AS num_files, file_count_scanned AS num_files_complete,
       data_source AS current_file,
       CAST(100 * file_bytes_scanned // greatest(source_file_bytes, 1) AS INTEGER) AS pct_complete
FROM temp.main.redshift_copies
WHERE status = 'running';

CREATE TEMP VIEW stv_mv_info AS
SELECT current_database() AS db_name, split_part(name, '.', 1) AS "schema", split_part(name, '.', 2) AS name,
       0 AS updated_upto_xid, false AS is_stale,
       redshift_system.redshift_admin() AS owner_user_name, 1 AS state, 'f' AS autorewrite,
       CASE WHEN auto_refresh THEN 't' ELSE 'f' END AS autorefresh
FROM redshift_system.redshift_materialized_views;

CREATE TEMP VIEW stv_mv_deps AS
SELECT current_database() AS db_name, split_part(m.name, '.', 1) AS "schema", split_part(m.name, '.', 2) AS name,
       split_part(d.relation_name, '.', 1) AS ref_schema, split_part(d.relation_name, '.', 2) AS ref_name,
       current_database() AS ref_database_name
FROM redshift_system.redshift_materialized_views m
JOIN redshift_system.redshift_dependencies d ON d.view_name = m.name;

-- Tables. All rows of one are on the first slice, and as many blocks as Redshift has for few rows.
CREATE TEMP VIEW stv_tbl_perm AS
SELECT 0 AS slice, table_id AS id, table_name AS name, rows, rows AS sorted_rows, CAST(temporary AS INTEGER) AS temp, db_id,
       CAST(NULL AS INTEGER) AS insert_pristine, CAST(NULL AS INTEGER) AS delete_pristine, 1 AS backup, dist_style,
       blocks AS block_count
FROM temp.main.redshift_stored_tables;

CREATE TEMP VIEW stv_blocklist AS
SELECT 0 AS slice, CAST(unnest(range(blocks)) AS INTEGER) AS col, table_id AS tbl, 0 AS blocknum,
       CAST(least(rows, 2147483647) AS INTEGER) AS num_values, CAST(NULL AS INTEGER) AS extended_limits,
       CAST(NULL AS BIGINT) AS minvalue, CAST(NULL AS BIGINT) AS maxvalue, CAST(NULL AS INTEGER) AS sb_pos, 0 AS pinned,
       1 AS on_disk, 0 AS modified, 0 AS hdr_modified, 0 AS unsorted, 0 AS tombstone, CAST(NULL AS INTEGER) AS preferred_diskno,
       CAST(temporary AS INTEGER) AS temporary, 0 AS newblock, CAST(NULL AS INTEGER) AS num_readers, CAST(NULL AS INTEGER) AS flags
FROM temp.main.redshift_stored_tables;

-- A file of DuckDB's has no size that it may not exceed: the capacity is not known.
CREATE TEMP VIEW stv_node_storage_capacity AS
SELECT s.node, CAST(CASE s.node WHEN 0 THEN (SELECT coalesce(sum(blocks), 0) FROM temp.main.redshift_stored_tables) ELSE 0 END
            AS INTEGER) AS used, CAST(NULL AS INTEGER) AS capacity
FROM (SELECT DISTINCT node FROM redshift_system.stv_slices) AS s;

CREATE TEMP VIEW stv_partitions AS
SELECT node AS owner, node AS host, 0 AS diskno, CAST(NULL AS BIGINT) AS part_begin, CAST(NULL AS BIGINT) AS part_end, used,
       0 AS tossed, capacity, CAST(NULL AS BIGINT) AS reads, CAST(NULL AS BIGINT) AS writes, CAST(NULL AS INTEGER) AS seek_forward,
       CAST(NULL AS INTEGER) AS seek_back, 0 AS is_san, 0 AS failed, CAST(NULL AS INTEGER) AS mbps, CAST(NULL AS VARCHAR) AS mount
FROM temp.main.stv_node_storage_capacity;

-- The queues of a cluster whose parameter group has no wlm_json_configuration.
CREATE TEMP VIEW stv_wlm_service_class_config AS
SELECT service_class, CAST(NULL AS VARCHAR) AS queueing_strategy, -1 AS num_query_tasks, -1 AS target_num_query_tasks,
       CAST(NULL AS VARCHAR) AS evictable, CAST(NULL AS BIGINT) AS eviction_threshold, -1 AS query_working_mem,
       -1 AS target_query_working_mem, CAST(NULL AS INTEGER) AS min_step_mem, name, CAST(0 AS BIGINT) AS max_execution_time,
       false AS user_group_wild_card, false AS query_group_wild_card, 'off' AS concurrency_scaling, 'Normal' AS query_priority,
       false AS user_role_wild_card
FROM (VALUES (5, 'Service class for super user'), (100, 'Default queue')) AS queues (service_class, name);

CREATE TEMP VIEW stv_wlm_classification_config AS
SELECT service_class AS id, condition, 0 AS action_seq, 'assign' AS action, service_class AS action_service_class
FROM (VALUES (5, '(super user) and (query group: superuser)'), (100, '(querytype: any)')) AS rules (service_class, condition);

-- The open sessions, each with the statement that it runs and its transaction, and the locks on tables. A transaction has
-- the number of its first statement.
CREATE TEMP VIEW redshift_open_sessions AS
SELECT coalesce(u.id, 100) AS userid, CAST(s.session_id AS INTEGER) AS pid, s.user_name, make_timestamp(s.started) AS start_time,
       s.query_id, CAST(s.query_id % 2000000000 AS INTEGER) AS query, make_timestamp(s.query_started) AS query_start, s.query_text,
       s.xid, make_timestamp(s.transaction_started) AS transaction_start
FROM (SELECT unnest(redshift_backends()) AS s) AS backends LEFT JOIN redshift_system.redshift_users u ON u.name = s.user_name;

CREATE TEMP VIEW redshift_table_locks AS
SELECT l.table_name, CAST(t.table_oid AS INTEGER) AS table_id, CAST(l.session_id AS INTEGER) AS pid, l.mode, l.granted
FROM (SELECT unnest(redshift_locks()) AS l) AS locks
LEFT JOIN (SELECT schema_name || '.' || table_name AS name, table_oid FROM duckdb_tables() WHERE database_name = current_database()
           UNION ALL SELECT schema_name || '.' || view_name, view_oid FROM duckdb_views() WHERE database_name = current_database()) AS t
    ON t.name = l.table_name;

-- Sessions, what they run, and the locks that they hold.
CREATE TEMP VIEW stv_sessions AS
SELECT start_time AS starttime, pid AS process, user_name, current_database() AS db_name, 0 AS timeout_sec
FROM temp.main.redshift_open_sessions;

CREATE TEMP VIEW stv_inflight AS
SELECT userid, 0 AS slice, query, 'default' AS label, xid, pid, query_start AS starttime, substr(query_text, 1, 100) AS "text",
       0 AS suspended, 0 AS insert_pristine, 0 AS concurrency_scaling_status
FROM temp.main.redshift_open_sessions WHERE query IS NOT NULL;

CREATE TEMP VIEW stv_recents AS
SELECT userid, 'Running' AS status, query_start AS starttime,
       CAST(least(date_diff('microsecond', query_start, CAST(now() AS TIMESTAMP)), 2147483647) AS INTEGER) AS duration,
       user_name, current_database() AS db_name, substr(query_text, 1, 600) AS query, pid
FROM temp.main.redshift_open_sessions WHERE query_id IS NOT NULL
UNION ALL
SELECT userid, 'Done', start_time, CAST(least(elapsed_time, 2147483647) AS INTEGER), user_name, current_database(),
       substr(query_text, 1, 600), -1
FROM (FROM temp.main.redshift_statements ORDER BY start_time DESC LIMIT 100);

CREATE TEMP VIEW stv_locks AS
SELECT CAST(l.table_id AS BIGINT) AS table_id, CAST(NULL AS TIMESTAMP) AS last_commit, CAST(NULL AS TIMESTAMP) AS last_update,
       s.xid AS lock_owner, CAST(l.pid AS BIGINT) AS lock_owner_pid, s.transaction_start AS lock_owner_start_ts,
       CAST(NULL AS TIMESTAMP) AS lock_owner_end_ts,
       CASE WHEN l.granted THEN 'Holding write lock' ELSE 'Waiting for write lock' END AS lock_status
FROM temp.main.redshift_table_locks l JOIN temp.main.redshift_open_sessions s ON s.pid = l.pid
WHERE l.mode <> 'AccessShareLock';

CREATE TEMP VIEW stv_db_isolation_level AS
SELECT current_database() AS db_name,
       coalesce((SELECT min(level) FROM redshift_system.redshift_isolation), 'Snapshot Isolation') AS isolation_level;

CREATE TEMP VIEW stv_wlm_query_state AS
SELECT xid, query AS task, query, 100 AS service_class, 1 AS slot_count, starttime AS wlm_start_time, 'Running' AS state,
       CAST(0 AS BIGINT) AS queue_time, date_diff('microsecond', starttime, CAST(now() AS TIMESTAMP)) AS exec_time,
       'Normal' AS query_priority
FROM temp.main.stv_inflight;

CREATE TEMP VIEW stv_wlm_service_class_state AS
SELECT c.service_class, 0 AS num_queued_queries,
       CAST(CASE c.service_class WHEN 100 THEN (SELECT count(*) FROM temp.main.stv_inflight) ELSE 0 END AS INTEGER) AS num_executing_queries,
       CAST(CASE c.service_class WHEN 100 THEN (SELECT count(*) FROM temp.main.stl_query) ELSE 0 END AS INTEGER) AS num_serviced_queries,
       CAST(CASE c.service_class WHEN 100 THEN (SELECT count(*) FROM temp.main.stl_query) ELSE 0 END AS INTEGER) AS num_executed_queries,
       0 AS num_evicted_queries, 0 AS num_concurrency_scaling_queries
FROM temp.main.stv_wlm_service_class_config c;
