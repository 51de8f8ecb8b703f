-- Tables and views of the users' as they are now. DuckDB's functions make them anew for every query: what many views read is in
-- catalog_tables.sql. Temporary views are the system's: Redshift has none.
CREATE OR REPLACE VIEW redshift_system.redshift_relations AS
SELECT t.schema_name, t.table_name, t.table_oid, CASE WHEN m.name IS NULL THEN 'BASE TABLE' ELSE 'VIEW' END AS kind, t.comment,
       t.estimated_size, t.temporary, m.definition, t.schema_oid, t.column_count, m.name IS NOT NULL AS is_materialized, false AS is_late
FROM duckdb_tables() t LEFT JOIN redshift_system.redshift_materialized_views m ON m.name = t.schema_name || '.' || t.table_name
WHERE NOT t.internal AND t.schema_name <> 'redshift_system' AND NOT starts_with(t.table_name, 'redshift_catalog_')
  AND NOT (t.temporary AND starts_with(t.table_name, 'external:'))
  AND (t.temporary OR t.database_name = current_database())
UNION ALL
SELECT schema_name, view_name, view_oid, 'VIEW', comment, 0, temporary, coalesce(json_extract_string(comment, '$.definition'), sql),
       schema_oid, column_count, false, coalesce(CAST(json_extract(comment, '$.late') AS BOOLEAN), false)
FROM duckdb_views()
WHERE NOT internal AND schema_name <> 'redshift_system' AND database_name = current_database();

-- As they were declared, whether what they name is there or not.
CREATE OR REPLACE VIEW redshift_system.redshift_foreign_key_lists AS
SELECT schema_name, table_name, table_oid, unnest(keys) AS key, generate_subscripts(keys, 1) AS n
FROM (SELECT *, CAST(json_extract(comment, '$.foreign_keys')
          AS STRUCT(name VARCHAR, columns VARCHAR[], schema VARCHAR, "table" VARCHAR, referred VARCHAR[])[]) AS keys
      FROM redshift_system.redshift_relations WHERE comment IS NOT NULL);

CREATE OR REPLACE VIEW redshift_system.redshift_foreign_keys AS
SELECT k.schema_name, k.table_name, k.table_oid, k.n, k.key, coalesce(k.key.name, k.table_name || '_' || k.key.columns[1] || '_fkey') AS name,
       r.table_oid AS referred_oid, r.schema_name AS referred_schema, r.table_name AS referred_table,
       CASE WHEN k.key.referred[1] IS NOT NULL THEN k.key.referred
            ELSE CAST(json_extract_string(r.comment, '$.primary_key[*]') AS VARCHAR[]) END AS referred
FROM redshift_system.redshift_foreign_key_lists k
JOIN redshift_system.redshift_relations r ON r.table_name = k.key."table" AND r.schema_name = coalesce(k.key.schema,
    (SELECT o.schema_name FROM redshift_system.redshift_relations o WHERE o.table_name = k.key."table"
     ORDER BY o.schema_name <> k.schema_name, o.schema_name <> 'public' LIMIT 1));
