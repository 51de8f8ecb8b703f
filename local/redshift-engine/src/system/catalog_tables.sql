-- The catalog as a session has last seen it, in tables of its own: joins over them are planned with their sizes, and read no
-- catalog of DuckDB's again. A session fills them when it reads a view over them, and drops them when the catalog has changed.

CREATE TEMP TABLE redshift_catalog_schemas (schema_name VARCHAR, oid BIGINT, owner VARCHAR, owner_id INTEGER);

-- Tables and views.
CREATE TEMP TABLE redshift_catalog_relations (
    schema_name VARCHAR, table_name VARCHAR, table_oid BIGINT, schema_oid BIGINT, kind VARCHAR, temporary BOOLEAN, definition VARCHAR,
    comment VARCHAR, estimated_size BIGINT, column_count BIGINT, is_materialized BOOLEAN, is_late BOOLEAN, remarks VARCHAR,
    owner VARCHAR, owner_id INTEGER, diststyle INTEGER, distkey VARCHAR, sortkey VARCHAR[], primary_key VARCHAR[],
    primary_key_name VARCHAR, unique_keys STRUCT(name VARCHAR, columns VARCHAR[])[],
    foreign_keys STRUCT(name VARCHAR, columns VARCHAR[], schema VARCHAR, "table" VARCHAR, referred VARCHAR[])[]
);

CREATE TEMP TABLE redshift_catalog_columns (
    schema_name VARCHAR, table_name VARCHAR, table_oid BIGINT, kind VARCHAR, temporary BOOLEAN, is_late BOOLEAN, column_name VARCHAR,
    ordinal_position INTEGER, column_default VARCHAR, is_nullable BOOLEAN, distkey BOOLEAN, sortkey INTEGER, remarks VARCHAR,
    full_type VARCHAR, data_type VARCHAR, type_oid INTEGER, character_maximum_length INTEGER, numeric_precision INTEGER,
    numeric_scale INTEGER, encoding VARCHAR
);

-- Keys with their columns, and what PostgreSQL would say of them.
CREATE TEMP TABLE redshift_catalog_constraints (
    oid BIGINT, name VARCHAR, kind VARCHAR, schema_name VARCHAR, table_name VARCHAR, table_oid BIGINT, columns VARCHAR[],
    referred_oid BIGINT, referred_schema VARCHAR, referred_table VARCHAR, referred VARCHAR[], conkey SMALLINT[], confkey SMALLINT[],
    condef VARCHAR, indexdef VARCHAR
);
