-- Tables, views and columns of the users', with Redshift's names of types.
CREATE OR REPLACE VIEW redshift_system.redshift_relations AS
SELECT t.schema_name, t.table_name, t.table_oid, CASE WHEN m.name IS NULL THEN 'BASE TABLE' ELSE 'VIEW' END AS kind, t.comment,
       t.estimated_size, t.temporary, m.definition
FROM duckdb_tables() t LEFT JOIN redshift_system.redshift_materialized_views m ON m.name = t.schema_name || '.' || t.table_name
WHERE NOT t.internal AND t.schema_name <> 'redshift_system' AND (t.temporary OR t.database_name = current_database())
UNION ALL
SELECT schema_name, view_name, view_oid, 'VIEW', comment, 0, temporary, coalesce(json_extract_string(comment, '$.definition'), sql)
FROM duckdb_views()
WHERE NOT internal AND schema_name <> 'redshift_system' AND (temporary OR database_name = current_database());

CREATE OR REPLACE VIEW redshift_system.redshift_relation_columns AS
SELECT c.schema_name, c.table_name, c.table_oid, c.column_name, c.column_index AS ordinal_position,
       CASE WHEN json_extract(c.comment, '$.identity.seed') IS NOT NULL
            THEN '"identity"(' || c.table_oid || ', 0, ' || chr(39) || json_extract_string(c.comment, '$.identity.seed') || ',' ||
                 json_extract_string(c.comment, '$.identity.step') || chr(39) || '::text)'
            ELSE coalesce(json_extract_string(c.comment, '$.default'),
                CASE WHEN c.column_default = 'NULL' THEN NULL ELSE c.column_default END) END AS column_default,
       c.is_nullable, c.comment AS comment,
       coalesce(json_extract_string(c.comment, '$.data_type'),
           CASE c.data_type WHEN 'VARCHAR' THEN 'character varying(65535)' WHEN 'HUGEINT' THEN 'numeric(38,0)'
               WHEN 'TIMESTAMP' THEN 'timestamp without time zone' WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp with time zone'
               WHEN 'DOUBLE' THEN 'double precision' WHEN 'FLOAT' THEN 'real' WHEN 'TIME' THEN 'time without time zone'
               WHEN 'JSON' THEN 'super' ELSE replace(lower(c.data_type), 'decimal', 'numeric') END) AS full_type,
       r.kind, r.comment AS table_comment, r.temporary
FROM duckdb_columns() c JOIN redshift_system.redshift_relations r ON r.table_oid = c.table_oid AND r.table_name = c.table_name
    AND r.schema_name = c.schema_name
WHERE NOT c.internal;

CREATE OR REPLACE VIEW redshift_system.redshift_column_keys AS
SELECT schema_name, table_name, table_oid, column_name, full_type, is_nullable, temporary,
       CASE lower(coalesce(json_extract_string(comment, '$.encoding'), 'raw')) WHEN 'raw' THEN 'none'
           ELSE lower(json_extract_string(comment, '$.encoding')) END AS encoding,
       coalesce(json_extract_string(table_comment, '$.distkey') = column_name, false) AS distkey,
       coalesce(list_position(CAST(json_extract_string(table_comment, '$.sortkey[*]') AS VARCHAR[]), column_name), 0) AS sortkey
FROM redshift_system.redshift_relation_columns
WHERE kind = 'BASE TABLE';

CREATE OR REPLACE VIEW redshift_system.redshift_primary_keys AS
SELECT schema_name, table_name, table_oid, coalesce(json_extract_string(comment, '$.primary_key_name'), table_name || '_pkey') AS name,
       unnest(CAST(json_extract_string(comment, '$.primary_key[*]') AS VARCHAR[])) AS column_name,
       generate_subscripts(CAST(json_extract_string(comment, '$.primary_key[*]') AS VARCHAR[]), 1) AS key_seq
FROM redshift_system.redshift_relations WHERE comment IS NOT NULL;

CREATE OR REPLACE VIEW redshift_system.redshift_unique_keys AS
SELECT schema_name, table_name, table_oid, n, key.columns AS columns, coalesce(key.name, table_name || '_' || key.columns[1] || '_key') AS name
FROM (SELECT schema_name, table_name, table_oid, unnest(keys) AS key, generate_subscripts(keys, 1) AS n
      FROM (SELECT *, CAST(json_extract(comment, '$.unique_keys') AS STRUCT(name VARCHAR, columns VARCHAR[])[]) AS keys
            FROM redshift_system.redshift_relations WHERE comment IS NOT NULL));

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

-- Keys with their columns, and what PostgreSQL would say of them.
CREATE OR REPLACE VIEW redshift_system.redshift_constraints AS
SELECT 1000000 + table_oid * 64 AS oid, name, 'p' AS kind, schema_name, table_name, table_oid,
       list(column_name ORDER BY key_seq) AS columns, 0 AS referred_oid, CAST(NULL AS VARCHAR[]) AS referred,
       'PRIMARY KEY (' || string_agg(column_name, ', ' ORDER BY key_seq) || ')' AS condef,
       'CREATE UNIQUE INDEX ' || name || ' ON ' || schema_name || '.' || table_name || ' USING btree ('
           || string_agg(column_name, ', ' ORDER BY key_seq) || ')' AS indexdef
FROM redshift_system.redshift_primary_keys GROUP BY schema_name, table_name, table_oid, name
UNION ALL
SELECT 1000000 + table_oid * 64 + 32 + n, name, 'u', schema_name, table_name, table_oid, columns, 0, NULL,
       'UNIQUE (' || array_to_string(columns, ', ') || ')',
       'CREATE UNIQUE INDEX ' || name || ' ON ' || schema_name || '.' || table_name || ' USING btree ('
           || array_to_string(columns, ', ') || ')'
FROM redshift_system.redshift_unique_keys
UNION ALL
SELECT 1000000 + table_oid * 64 + n, name, 'f', schema_name, table_name, table_oid, key.columns, referred_oid, referred,
       'FOREIGN KEY (' || array_to_string(key.columns, ', ') || ') REFERENCES ' ||
           CASE WHEN referred_schema = schema_name THEN '' ELSE referred_schema || '.' END || referred_table ||
           '(' || array_to_string(referred, ', ') || ')', NULL
FROM redshift_system.redshift_foreign_keys;

CREATE OR REPLACE VIEW redshift_system.redshift_key_places AS
SELECT k.*, (SELECT list(CAST(c.ordinal_position AS SMALLINT) ORDER BY list_position(k.columns, c.column_name))
             FROM redshift_system.redshift_relation_columns c WHERE c.table_oid = k.table_oid AND list_contains(k.columns, c.column_name)) AS conkey,
       (SELECT list(CAST(c.ordinal_position AS SMALLINT) ORDER BY list_position(k.referred, c.column_name))
             FROM redshift_system.redshift_relation_columns c WHERE c.table_oid = k.referred_oid AND list_contains(k.referred, c.column_name)) AS confkey
FROM redshift_system.redshift_constraints k;
