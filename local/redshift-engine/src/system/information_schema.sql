-- information_schema, whose views have its name in front of their own.

CREATE OR REPLACE VIEW redshift_system.information_schema_tables AS
SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, kind AS table_type
FROM redshift_system.redshift_relations;

CREATE OR REPLACE VIEW redshift_system.information_schema_views AS
SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, definition AS view_definition
FROM redshift_system.redshift_relations WHERE kind = 'VIEW';

CREATE OR REPLACE VIEW redshift_system.information_schema_schemata AS
SELECT current_database() AS catalog_name, s.schema_name,
       coalesce(o.owner, CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS schema_owner
FROM duckdb_schemas() s LEFT JOIN redshift_system.redshift_owners o ON o.schema_name = s.schema_name AND o.object_name = ''
WHERE s.database_name = current_database() AND s.schema_name NOT IN ('redshift_system', 'main');

CREATE OR REPLACE VIEW redshift_system.information_schema_columns AS
SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, column_name, ordinal_position,
       column_default, CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable,
       split_part(full_type, '(', 1) AS data_type,
       CASE WHEN full_type LIKE 'character%' THEN CAST(regexp_extract(full_type, '([0-9]+)', 1) AS INTEGER) END AS character_maximum_length,
       CASE WHEN full_type LIKE 'numeric%' THEN CAST(regexp_extract(full_type, '([0-9]+),', 1) AS INTEGER)
            WHEN full_type = 'smallint' THEN 16 WHEN full_type = 'integer' THEN 32 WHEN full_type = 'bigint' THEN 64
            WHEN full_type = 'real' THEN 24 WHEN full_type = 'double precision' THEN 53 END AS numeric_precision,
       CASE WHEN full_type LIKE 'numeric%' THEN CAST(regexp_extract(full_type, ',([0-9]+)', 1) AS INTEGER)
            WHEN full_type IN ('smallint', 'integer', 'bigint') THEN 0 END AS numeric_scale,
       CAST(NULL AS INTEGER) AS datetime_precision, split_part(full_type, '(', 1) AS udt_name
FROM redshift_system.redshift_relation_columns;

CREATE OR REPLACE VIEW redshift_system.information_schema_table_constraints AS
SELECT current_database() AS constraint_catalog, schema_name AS constraint_schema, name AS constraint_name,
       current_database() AS table_catalog, schema_name AS table_schema, table_name,
       CASE kind WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE 'FOREIGN KEY' END AS constraint_type, 'NO' AS is_deferrable, 'NO' AS initially_deferred
FROM redshift_system.redshift_constraints;

CREATE OR REPLACE VIEW redshift_system.information_schema_key_column_usage AS
SELECT current_database() AS constraint_catalog, schema_name AS constraint_schema, name AS constraint_name,
       current_database() AS table_catalog, schema_name AS table_schema, table_name, unnest(columns) AS column_name,
       generate_subscripts(columns, 1) AS ordinal_position
FROM redshift_system.redshift_constraints;

CREATE OR REPLACE VIEW redshift_system.information_schema_referential_constraints AS
SELECT current_database() AS constraint_catalog, schema_name AS constraint_schema, name AS constraint_name,
       current_database() AS unique_constraint_catalog, referred_schema AS unique_constraint_schema,
       referred_table || '_pkey' AS unique_constraint_name, 'NONE' AS match_option, 'NO ACTION' AS update_rule, 'NO ACTION' AS delete_rule
FROM redshift_system.redshift_foreign_keys;
