-- information_schema, whose views have its name in front of their own.

CREATE TEMP VIEW information_schema_tables AS
SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, kind AS table_type
FROM temp.main.redshift_catalog_relations;

CREATE TEMP VIEW information_schema_views AS
SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, definition AS view_definition,
       'NONE' AS check_option, 'NO' AS is_updatable
FROM temp.main.redshift_catalog_relations WHERE kind = 'VIEW';

CREATE TEMP VIEW information_schema_schemata AS
SELECT current_database() AS catalog_name, schema_name, owner AS schema_owner
FROM temp.main.redshift_catalog_schemas WHERE schema_name NOT IN ('pg_catalog', 'information_schema');

CREATE TEMP VIEW information_schema_columns AS
SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, column_name, ordinal_position,
       column_default, CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable, data_type, character_maximum_length,
       numeric_precision, numeric_scale, CAST(NULL AS INTEGER) AS datetime_precision, data_type AS udt_name
FROM temp.main.redshift_catalog_columns WHERE NOT is_late;

CREATE TEMP VIEW information_schema_table_constraints AS
SELECT current_database() AS constraint_catalog, schema_name AS constraint_schema, name AS constraint_name,
       current_database() AS table_catalog, schema_name AS table_schema, table_name,
       CASE kind WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE 'FOREIGN KEY' END AS constraint_type, 'NO' AS is_deferrable, 'NO' AS initially_deferred
FROM temp.main.redshift_catalog_constraints;

CREATE TEMP VIEW information_schema_key_column_usage AS
SELECT current_database() AS constraint_catalog, schema_name AS constraint_schema, name AS constraint_name,
       current_database() AS table_catalog, schema_name AS table_schema, table_name, unnest(columns) AS column_name,
       generate_subscripts(columns, 1) AS ordinal_position
FROM temp.main.redshift_catalog_constraints;

CREATE TEMP VIEW information_schema_referential_constraints AS
SELECT current_database() AS constraint_catalog, schema_name AS constraint_schema, name AS constraint_name,
       current_database() AS unique_constraint_catalog, referred_schema AS unique_constraint_schema,
       referred_table || '_pkey' AS unique_constraint_name, 'NONE' AS match_option, 'NO ACTION' AS update_rule, 'NO ACTION' AS delete_rule
FROM temp.main.redshift_catalog_constraints WHERE kind = 'f';
