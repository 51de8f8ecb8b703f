-- What a session sees of the catalog, which fills its tables.

INSERT INTO temp.main.redshift_catalog_schemas BY NAME
SELECT s.schema_name, s.oid, coalesce(o.owner, redshift_system.redshift_admin()) AS owner,
       coalesce(o.owner_id, 100) AS owner_id
FROM duckdb_schemas() s LEFT JOIN redshift_system.redshift_owner_ids o ON o.schema_name = s.schema_name AND o.object_name = ''
WHERE s.database_name = current_database() AND s.schema_name NOT IN ('redshift_system', 'main', 'pg_catalog', 'information_schema')
   OR s.database_name = 'system' AND s.schema_name IN ('pg_catalog', 'information_schema')
ORDER BY s.oid;

INSERT INTO temp.main.redshift_catalog_relations BY NAME
SELECT r.schema_name, r.table_name, r.table_oid, r.schema_oid, r.kind, r.temporary, r.definition, r.comment, r.estimated_size,
       r.column_count, r.is_materialized, r.is_late, c.comment AS remarks,
       coalesce(o.owner, redshift_system.redshift_admin()) AS owner, coalesce(o.owner_id, 100) AS owner_id,
       CASE json_extract_string(r.comment, '$.diststyle') WHEN 'KEY' THEN 1 WHEN 'ALL' THEN 8 WHEN 'EVEN' THEN 0
            ELSE 10 END AS diststyle,
       json_extract_string(r.comment, '$.distkey') AS distkey,
       CAST(json_extract_string(r.comment, '$.sortkey[*]') AS VARCHAR[]) AS sortkey,
       CAST(json_extract_string(r.comment, '$.primary_key[*]') AS VARCHAR[]) AS primary_key,
       json_extract_string(r.comment, '$.primary_key_name') AS primary_key_name,
       CAST(json_extract(r.comment, '$.unique_keys') AS STRUCT(name VARCHAR, columns VARCHAR[])[]) AS unique_keys,
       CAST(json_extract(r.comment, '$.foreign_keys')
           AS STRUCT(name VARCHAR, columns VARCHAR[], schema VARCHAR, "table" VARCHAR, referred VARCHAR[])[]) AS foreign_keys
FROM redshift_system.redshift_relations r
LEFT JOIN redshift_system.redshift_owner_ids o ON o.schema_name = r.schema_name AND o.object_name = r.table_name
LEFT JOIN redshift_system.redshift_comments c ON c.schema_name = r.schema_name AND c.object_name = r.table_name AND c.column_name = ''
ORDER BY r.table_oid;

INSERT INTO temp.main.redshift_catalog_columns BY NAME
SELECT c.* EXCLUDE (comment, encoded), CASE coalesce(encoded, 'raw') WHEN 'raw' THEN 'none' ELSE encoded END AS encoding,
       CASE data_type WHEN 'character varying' THEN 1043 WHEN 'character' THEN 1042 WHEN 'numeric' THEN 1700 WHEN 'smallint' THEN 21
            WHEN 'integer' THEN 23 WHEN 'bigint' THEN 20 WHEN 'real' THEN 700 WHEN 'double precision' THEN 701 WHEN 'boolean' THEN 16
            WHEN 'date' THEN 1082 WHEN 'time without time zone' THEN 1083 WHEN 'time with time zone' THEN 1266 WHEN 'interval' THEN 1186
            WHEN 'intervaly2m' THEN 1188 WHEN 'intervald2s' THEN 1190 WHEN 'binary varying' THEN 6551 WHEN 'timestamp without time zone' THEN 1114
            WHEN 'timestamp with time zone' THEN 1184 WHEN 'super' THEN 4000 ELSE 1043 END AS type_oid,
       CASE WHEN data_type LIKE 'character%' OR data_type = 'binary varying' THEN TRY_CAST(regexp_extract(full_type, '([0-9]+)', 1) AS INTEGER)
            END AS character_maximum_length,
       CASE data_type WHEN 'numeric' THEN TRY_CAST(regexp_extract(full_type, '([0-9]+),', 1) AS INTEGER) WHEN 'smallint' THEN 16
            WHEN 'integer' THEN 32 WHEN 'bigint' THEN 64 WHEN 'real' THEN 24 WHEN 'double precision' THEN 53 END AS numeric_precision,
       CASE data_type WHEN 'numeric' THEN TRY_CAST(regexp_extract(full_type, ',([0-9]+)', 1) AS INTEGER)
            WHEN 'smallint' THEN 0 WHEN 'integer' THEN 0 WHEN 'bigint' THEN 0 END AS numeric_scale
FROM (SELECT *, system.main.split_part(full_type, '(', 1) AS data_type,
             system.main.lower(json_extract_string(comment, '$.encoding')) AS encoded
      FROM (SELECT r.schema_name, r.table_name, r.table_oid, r.kind, r.temporary, r.is_late, d.column_name, d.column_index AS ordinal_position,
                   CASE WHEN json_extract(d.comment, '$.identity.seed') IS NOT NULL
                        THEN '"identity"(' || d.table_oid || ', 0, ' || '''' || json_extract_string(d.comment, '$.identity.seed') || ',' ||
                             json_extract_string(d.comment, '$.identity.step') || '''' || '::text)'
                        ELSE coalesce(json_extract_string(d.comment, '$.default'),
                            CASE WHEN d.column_default = 'NULL' THEN NULL ELSE d.column_default END) END AS column_default,
                   -- An IDENTITY takes no NULL, and is not said to be NOT NULL.
                   d.is_nullable OR coalesce(CAST(json_extract_string(d.comment, '$.identity.is_nullable') AS BOOLEAN), false)
                       AND NOT coalesce(list_contains(r.primary_key, d.column_name), false) AS is_nullable,
                   d.comment, coalesce(r.distkey = d.column_name, false) AS distkey,
                   -- Those of an interleaved key are positive and negative by turns (r_PG_TABLE_DEF).
                   coalesce(list_position(r.sortkey, d.column_name), 0) *
                       CASE WHEN json_extract_string(r.comment, '$.sortstyle') = 'INTERLEAVED'
                                 AND list_position(r.sortkey, d.column_name) % 2 = 0 THEN -1 ELSE 1 END AS sortkey, t.comment AS remarks,
                   coalesce(json_extract_string(d.comment, '$.data_type'),
                       CASE d.data_type WHEN 'VARCHAR' THEN 'character varying(65535)' WHEN 'HUGEINT' THEN 'numeric(38,0)'
                           WHEN 'TIMESTAMP' THEN 'timestamp without time zone' WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp with time zone'
                           WHEN 'DOUBLE' THEN 'double precision' WHEN 'FLOAT' THEN 'real' WHEN 'TIME' THEN 'time without time zone'
                           WHEN 'TIME WITH TIME ZONE' THEN 'time with time zone' WHEN 'BLOB' THEN 'binary varying(16777216)'
                           WHEN 'JSON' THEN 'super' ELSE system.main.replace(system.main.lower(d.data_type), 'decimal', 'numeric') END) AS full_type
            FROM duckdb_columns() d JOIN temp.main.redshift_catalog_relations r ON r.table_oid = d.table_oid
            LEFT JOIN redshift_system.redshift_comments t
                ON t.schema_name = d.schema_name AND t.object_name = d.table_name AND t.column_name = d.column_name)) c
ORDER BY table_oid, ordinal_position;

INSERT INTO temp.main.redshift_catalog_constraints BY NAME
WITH keys AS (
    SELECT 1000000 + table_oid * 64 AS oid, coalesce(primary_key_name, table_name || '_pkey') AS name,
           'p' AS kind, schema_name, table_name, table_oid, primary_key AS columns, 0 AS referred_oid,
           CAST(NULL AS VARCHAR) AS referred_schema, CAST(NULL AS VARCHAR) AS referred_table, CAST(NULL AS VARCHAR[]) AS referred
    FROM temp.main.redshift_catalog_relations WHERE list_count(primary_key) > 0
    UNION ALL
    SELECT 1000000 + table_oid * 64 + 32 + n, coalesce(key.name, table_name || '_' || key.columns[1] || '_key'), 'u', schema_name,
           table_name, table_oid, key.columns, 0, NULL, NULL, NULL
    FROM (SELECT schema_name, table_name, table_oid, unnest(unique_keys) AS key, generate_subscripts(unique_keys, 1) AS n
          FROM temp.main.redshift_catalog_relations)
    UNION ALL
    SELECT 1000000 + k.table_oid * 64 + n, coalesce(key.name, k.table_name || '_' || key.columns[1] || '_fkey'), 'f', k.schema_name,
           k.table_name, k.table_oid, key.columns, r.table_oid, r.schema_name, r.table_name,
           CASE WHEN key.referred[1] IS NOT NULL THEN key.referred ELSE r.primary_key END
    FROM (SELECT schema_name, table_name, table_oid, unnest(foreign_keys) AS key, generate_subscripts(foreign_keys, 1) AS n
          FROM temp.main.redshift_catalog_relations) k
    JOIN temp.main.redshift_catalog_relations r ON r.table_name = key."table" AND r.schema_name = coalesce(key.schema, r.schema_name)
    QUALIFY row_number() OVER (PARTITION BY k.table_oid, n ORDER BY r.schema_name <> k.schema_name, r.schema_name <> 'public') = 1),
places AS (
    SELECT table_oid, list(CAST(ordinal_position AS SMALLINT) ORDER BY ordinal_position) AS places,
           list(column_name ORDER BY ordinal_position) AS names
    FROM temp.main.redshift_catalog_columns WHERE kind = 'BASE TABLE' GROUP BY table_oid)
SELECT k.*, list_transform(k.columns, lambda name: p.places[list_position(p.names, name)]) AS conkey,
       list_transform(k.referred, lambda name: q.places[list_position(q.names, name)]) AS confkey,
       CASE k.kind WHEN 'p' THEN 'PRIMARY KEY (' || array_to_string(k.columns, ', ') || ')'
           WHEN 'u' THEN 'UNIQUE (' || array_to_string(k.columns, ', ') || ')'
           ELSE 'FOREIGN KEY (' || array_to_string(k.columns, ', ') || ') REFERENCES ' ||
               CASE WHEN k.referred_schema = k.schema_name THEN '' ELSE k.referred_schema || '.' END || k.referred_table ||
               '(' || array_to_string(k.referred, ', ') || ')' END AS condef,
       CASE WHEN k.kind <> 'f' THEN 'CREATE UNIQUE INDEX ' || k.name || ' ON ' || k.schema_name || '.' || k.table_name ||
           ' USING btree (' || array_to_string(k.columns, ', ') || ')' END AS indexdef
FROM keys k LEFT JOIN places p ON p.table_oid = k.table_oid LEFT JOIN places q ON q.table_oid = k.referred_oid
ORDER BY oid;
