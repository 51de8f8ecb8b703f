-- Statements of the history, tables and loads, as the STL, STV, SVL and SYS views show them.

-- COPYs that have ended, and those that run.
CREATE TEMP VIEW redshift_copies AS
SELECT query_id, status, table_name, start_time, end_time, duration, data_source, file_format, loaded_rows, loaded_bytes,
       source_file_count, source_file_bytes, file_count_scanned, file_bytes_scanned, error_count, session_id
FROM redshift_system.redshift_loads WHERE status <> 'running'
UNION ALL
SELECT c.query_id, 'running', c.table_name, make_timestamp(c.started), CAST(NULL AS TIMESTAMP), c.elapsed, c.data_source,
       c.file_format, c.loaded_rows, c.loaded_bytes, CAST(c.source_file_count AS INTEGER), c.source_file_bytes,
       CAST(c.file_count_scanned AS INTEGER), c.file_bytes_scanned, 0, CAST(c.session_id AS INTEGER)
FROM (SELECT unnest(redshift_running_copies()) AS c) AS running;

-- The latest statements are in memory; the table has the others, and some of the same.
CREATE TEMP VIEW redshift_query_records AS
WITH latest AS MATERIALIZED (SELECT unnest(redshift_latest_queries()) AS q)
SELECT query_id, user_name, query_type, status, start_time, end_time, elapsed_time, returned_rows, error_message, query_text,
       session_id
FROM redshift_system.redshift_queries WHERE query_id NOT IN (SELECT q.query_id FROM latest) AND redshift_system.redshift_shows(user_name)
UNION ALL
SELECT q.query_id, q.user_name, q.query_type, CASE WHEN q.error_message IS NULL THEN 'success' ELSE 'failed' END,
       make_timestamp(q.started), make_timestamp(q.started + q.elapsed), q.elapsed, q.returned_rows, q.error_message,
       q.query_text, CAST(q.session_id AS INTEGER)
FROM latest WHERE redshift_system.redshift_shows(q.user_name);

-- The number that the STL views have for a query, an INTEGER, and the user's.
CREATE TEMP VIEW redshift_statements AS
SELECT coalesce(u.id, 100) AS userid, r.query_type, r.status, CAST(r.query_id % 2000000000 AS INTEGER) AS query, r.query_id, r.query_id AS xid,
       coalesce(r.session_id, 0) AS pid, r.user_name, r.start_time, r.end_time, r.elapsed_time, r.returned_rows,
       CASE r.status WHEN 'failed' THEN 1 ELSE 0 END AS aborted, r.error_message, r.query_text,
       CASE r.query_type WHEN 'DDL' THEN 'DDL' WHEN 'UTILITY' THEN 'UTILITY' WHEN 'OTHER' THEN 'OTHER' ELSE 'QUERY' END AS kind
FROM temp.main.redshift_query_records r LEFT JOIN redshift_system.redshift_users u ON u.name = r.user_name;

-- Their texts in pieces of 200 characters, as *TEXT have them: in one line.
CREATE TEMP VIEW redshift_statement_texts AS
SELECT * EXCLUDE (whole), substr(whole, sequence * 200 + 1, 200) AS "text"
FROM (SELECT userid, query, xid, pid, start_time, end_time, kind, replace(query_text, chr(10), '\n') AS whole,
             CAST(unnest(range(greatest(1, (length(replace(query_text, chr(10), '\n')) + 199) // 200))) AS INTEGER) AS sequence
      FROM temp.main.redshift_statements);

-- Tables with their rows. Redshift has at least one block for each column and for each of three hidden ones.
CREATE TEMP VIEW redshift_stored_tables AS
SELECT t.schema_name, t.table_name, CAST(t.table_oid AS INTEGER) AS table_id, t.estimated_size AS rows, t.temporary,
       CASE WHEN t.estimated_size > 0 THEN CAST(t.column_count + 3 AS INTEGER) ELSE 0 END AS blocks,
       CASE json_extract_string(t.comment, '$.diststyle') WHEN 'KEY' THEN 1 WHEN 'ALL' THEN 8 WHEN 'EVEN' THEN 0 ELSE 10 END AS dist_style,
       (SELECT min(d.oid) FROM temp.main.pg_database d WHERE d.datname = current_database()) AS db_id
FROM duckdb_tables() t
WHERE NOT t.internal AND t.schema_name <> 'redshift_system' AND (t.temporary OR t.database_name = current_database());

-- Loads: which table each COPY had.
CREATE TEMP VIEW redshift_load_tables AS
SELECT c.query_id, min(t.table_id) AS table_id
FROM temp.main.redshift_copies c
JOIN temp.main.redshift_stored_tables t ON c.table_name IN (t.table_name, t.schema_name || '.' || t.table_name)
GROUP BY c.query_id;
