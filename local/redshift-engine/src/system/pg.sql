-- The catalog of PostgreSQL, as far as drivers and tools look into it: PG_*.

-- What COMMENT ON said.
CREATE TEMP VIEW pg_description AS
SELECT table_oid AS objoid, 1259 AS classoid, 0 AS objsubid, remarks AS description
FROM temp.main.redshift_catalog_relations WHERE remarks IS NOT NULL
UNION ALL
SELECT table_oid, 1259, ordinal_position, remarks FROM temp.main.redshift_catalog_columns WHERE remarks IS NOT NULL;

-- What the function pg_get_late_binding_view_cols answers.
CREATE TEMP VIEW pg_late_binding_view_columns AS
SELECT schema_name, table_name, column_name, full_type, ordinal_position FROM temp.main.redshift_catalog_columns WHERE is_late;

CREATE TEMP VIEW pg_table_def AS
SELECT schema_name AS schemaname, table_name AS tablename, column_name AS "column", full_type AS "type", encoding, distkey, sortkey,
       NOT is_nullable AS "notnull"
FROM temp.main.redshift_catalog_columns
WHERE kind = 'BASE TABLE' AND (temporary OR list_contains(current_schemas(false), schema_name));

CREATE TEMP VIEW pg_tables AS
SELECT schema_name AS schemaname, table_name AS tablename, owner AS tableowner, CAST(NULL AS VARCHAR) AS tablespace,
       false AS hasindexes, false AS hasrules, false AS hastriggers
FROM temp.main.redshift_catalog_relations WHERE kind = 'BASE TABLE';

CREATE TEMP VIEW pg_views AS
SELECT schema_name AS schemaname, table_name AS viewname, owner AS viewowner, definition
FROM temp.main.redshift_catalog_relations WHERE kind = 'VIEW';

CREATE TEMP VIEW pg_user AS
SELECT redshift_system.redshift_admin() AS usename, 100 AS usesysid, true AS usecreatedb, true AS usesuper,
       false AS usecatupd, '********' AS passwd, CAST(NULL AS TIMESTAMP) AS valuntil, CAST(NULL AS VARCHAR) AS useconfig
WHERE usename NOT IN (SELECT name FROM redshift_system.redshift_users)
UNION ALL
SELECT name, id, creates_databases, is_superuser, false, '********', valid_until, NULL FROM redshift_system.redshift_users;

CREATE TEMP VIEW pg_user_info AS SELECT * FROM temp.main.pg_user;

CREATE TEMP VIEW pg_group AS
SELECT g.name AS groname, g.id AS grosysid,
       (SELECT list(u.id ORDER BY u.id) FROM redshift_system.redshift_group_members m JOIN redshift_system.redshift_users u ON u.name = m.user_name
        WHERE m.group_name = g.name) AS grolist
FROM redshift_system.redshift_user_groups g;

CREATE TEMP VIEW pg_namespace AS
SELECT oid, schema_name AS nspname, owner_id AS nspowner, CAST(NULL AS VARCHAR) AS nspacl FROM temp.main.redshift_catalog_schemas;

CREATE TEMP VIEW pg_class AS
WITH relations AS (
    SELECT table_oid AS oid, table_name AS relname, schema_oid AS relnamespace, owner_id AS relowner, estimated_size AS reltuples,
           oid IN (SELECT table_oid FROM temp.main.redshift_catalog_constraints WHERE kind = 'p') AS relhasindex,
           oid IN (SELECT unnest([table_oid, referred_oid]) FROM temp.main.redshift_catalog_constraints WHERE kind = 'f') AS relhastriggers,
           CASE WHEN temporary THEN 't' ELSE 'p' END AS relpersistence, CASE kind WHEN 'VIEW' THEN 'v' ELSE 'r' END AS relkind,
           column_count AS relnatts, list_count(primary_key) > 0 AS relhaspkey, kind = 'VIEW' AS relhasrules,
           CASE kind WHEN 'VIEW' THEN 0 ELSE diststyle END AS reldiststyle
    FROM temp.main.redshift_catalog_relations WHERE schema_oid IN (SELECT oid FROM temp.main.redshift_catalog_schemas)
    UNION ALL
    SELECT k.oid, k.name, r.schema_oid, r.owner_id, r.estimated_size, false, false, 'p', 'i', list_count(k.columns), false, false, 0
    FROM temp.main.redshift_catalog_constraints k JOIN temp.main.redshift_catalog_relations r ON r.table_oid = k.table_oid WHERE k.kind = 'p'
    -- The rows of a materialized view are in a table of their own, where dbt-redshift looks for its keys.
    UNION ALL
    SELECT 600000000 + table_oid, 'mv_tbl__' || table_name || '__0', schema_oid, owner_id, estimated_size, false, false, 'p', 'r',
           column_count, false, false, diststyle
    FROM temp.main.redshift_catalog_relations WHERE is_materialized)
SELECT oid, relname, relnamespace, 0 AS reltype, 0 AS reloftype, relowner, 0 AS relam, oid AS relfilenode, 0 AS reltablespace,
       0 AS relpages, CAST(reltuples AS FLOAT) AS reltuples, 0 AS relallvisible, 0 AS reltoastrelid, 0 AS reltoastidxid, relhasindex,
       false AS relisshared, relpersistence, relkind, CAST(relnatts AS SMALLINT) AS relnatts, CAST(0 AS SMALLINT) AS relchecks,
       false AS relhasoids, coalesce(relhaspkey, false) AS relhaspkey, relhasrules, relhastriggers, false AS relhassubclass,
       false AS relrowsecurity, true AS relispopulated, CAST(NULL AS VARCHAR) AS relreplident, false AS relispartition, 0 AS relrewrite,
       0 AS relfrozenxid, CAST(NULL AS INTEGER) AS relminmxid, CAST(NULL AS VARCHAR) AS reloptions, CAST(NULL AS VARCHAR) AS relpartbound,
       CAST(reldiststyle AS SMALLINT) AS reldiststyle, CAST(NULL AS VARCHAR) AS relacl
FROM relations;

-- The types that columns have, by the numbers that drivers know them by.
CREATE TEMP VIEW pg_type AS
SELECT CAST(t.oid AS BIGINT) AS oid, t.typname, (SELECT min(n.oid) FROM temp.main.redshift_catalog_schemas n WHERE n.schema_name = 'pg_catalog') AS typnamespace,
       1 AS typowner, CAST(t.typlen AS SMALLINT) AS typlen, t.typlen BETWEEN 1 AND 8 AS typbyval, 'b' AS typtype, t.typcategory,
       true AS typisdefined, ',' AS typdelim, CAST(0 AS BIGINT) AS typrelid, CAST(0 AS BIGINT) AS typelem, CAST(0 AS BIGINT) AS typarray,
       t.typname || 'in' AS typinput, t.typname || 'out' AS typoutput, '-' AS typreceive, '-' AS typsend, '-' AS typanalyze, 'i' AS typalign,
       CASE WHEN t.typlen < 0 THEN 'x' ELSE 'p' END AS typstorage, false AS typnotnull, CAST(0 AS BIGINT) AS typbasetype, -1 AS typtypmod,
       0 AS typndims, CAST(0 AS BIGINT) AS typcollation, CAST(NULL AS VARCHAR) AS typdefaultbin, CAST(NULL AS VARCHAR) AS typdefault
FROM (VALUES (16, 'bool', 1, 'B'), (18, 'char', 1, 'S'), (19, 'name', 64, 'S'), (20, 'int8', 8, 'N'), (21, 'int2', 2, 'N'), (23, 'int4', 4, 'N'),
      (24, 'regproc', 4, 'N'), (25, 'text', -1, 'S'), (26, 'oid', 4, 'N'), (700, 'float4', 4, 'N'), (701, 'float8', 8, 'N'), (705, 'unknown', -2, 'X'),
      (1042, 'bpchar', -1, 'S'), (1043, 'varchar', -1, 'S'), (1082, 'date', 4, 'D'), (1083, 'time', 8, 'D'), (1114, 'timestamp', 8, 'D'),
      (1184, 'timestamptz', 8, 'D'), (1186, 'interval', 12, 'T'), (1188, 'intervaly2m', 4, 'T'), (1190, 'intervald2s', 8, 'T'), (1266, 'timetz', 8, 'D'), (1700, 'numeric', -1, 'N'), (4000, 'super', -1, 'U'), (6551, 'varbyte', -1, 'U')) AS t (oid, typname, typlen, typcategory);

CREATE TEMP VIEW pg_attribute AS
SELECT table_oid AS attrelid, column_name AS attname, 0 AS attstattarget, CAST(NULL AS SMALLINT) AS attlen, ordinal_position AS attnum,
       0 AS attndims, -1 AS attcacheoff, false AS attbyval, CAST(NULL AS VARCHAR) AS attstorage, CAST(NULL AS VARCHAR) AS attalign,
       NOT is_nullable AS attnotnull, column_default IS NOT NULL AS atthasdef, false AS atthasmissing, '' AS attidentity,
       '' AS attgenerated, false AS attisdropped, true AS attislocal, 0 AS attinhcount, 0 AS attcollation,
       CAST(NULL AS VARCHAR) AS attcompression, CAST(NULL AS VARCHAR) AS attacl, CAST(NULL AS VARCHAR) AS attoptions,
       CAST(NULL AS VARCHAR) AS attfdwoptions, CAST(NULL AS VARCHAR) AS attmissingval, type_oid AS atttypid,
       CASE type_oid WHEN 1700 THEN (numeric_precision << 16) + numeric_scale + 4
            ELSE coalesce(character_maximum_length + 4, -1) END AS atttypmod,
       coalesce(list_position(['none', 'bytedict', 'delta', 'delta32k', 'lzo', 'mostly8', 'mostly16', 'mostly32', 'runlength',
           'text255', 'text32k', 'zstd', 'az64'], encoding), 1) - 1 AS attencodingtype,
       distkey AS attisdistkey, sortkey AS attsortkeyord
FROM (SELECT * FROM temp.main.redshift_catalog_columns WHERE NOT is_late
      UNION ALL
      SELECT c.* REPLACE (600000000 + table_oid AS table_oid) FROM temp.main.redshift_catalog_columns c
      WHERE table_oid IN (SELECT r.table_oid FROM temp.main.redshift_catalog_relations r WHERE r.is_materialized));

CREATE TEMP VIEW pg_attrdef AS
SELECT table_oid AS oid, table_oid AS adrelid, ordinal_position AS adnum, column_default AS adbin, column_default AS adsrc
FROM temp.main.redshift_catalog_columns WHERE column_default IS NOT NULL;

CREATE TEMP VIEW pg_indexes AS
SELECT schema_name AS schemaname, table_name AS tablename, name AS indexname, CAST(NULL AS VARCHAR) AS tablespace, indexdef
FROM temp.main.redshift_catalog_constraints WHERE kind = 'p';

CREATE TEMP VIEW pg_index AS
SELECT oid AS indexrelid, table_oid AS indrelid, CAST(list_count(columns) AS SMALLINT) AS indnatts, true AS indisunique, true AS indisprimary,
       false AS indisexclusion, true AS indimmediate, false AS indisclustered, true AS indisvalid, true AS indisready, true AS indislive,
       false AS indisreplident, conkey AS indkey, CAST(NULL AS VARCHAR) AS indclass, CAST(NULL AS VARCHAR) AS indoption,
       CAST(NULL AS VARCHAR) AS indexprs, CAST(NULL AS VARCHAR) AS indpred
FROM temp.main.redshift_catalog_constraints WHERE kind = 'p';

CREATE TEMP VIEW pg_constraint AS
SELECT k.oid, k.name AS conname, n.oid AS connamespace, k.kind AS contype, false AS condeferrable, false AS condeferred, true AS convalidated,
       k.table_oid AS conrelid, 0 AS contypid, CASE k.kind WHEN 'p' THEN k.oid ELSE 0 END AS conindid, 0 AS conparentid,
       k.referred_oid AS confrelid, 'a' AS confupdtype, 'a' AS confdeltype, 's' AS confmatchtype, true AS conislocal, 0 AS coninhcount,
       k.conkey, k.confkey, CAST(NULL AS VARCHAR) AS conbin, CAST(NULL AS VARCHAR) AS consrc
FROM temp.main.redshift_catalog_constraints k JOIN temp.main.redshift_catalog_schemas n ON n.schema_name = k.schema_name;

CREATE TEMP VIEW pg_trigger AS
SELECT 0 AS oid, 0 AS tgrelid, CAST(NULL AS VARCHAR) AS tgname, 'O' AS tgenabled, false AS tgisinternal, 0 AS tgconstraint WHERE false;

CREATE TEMP VIEW pg_database AS
SELECT CAST(100000 + hash(d.name) % 900000 AS INTEGER) AS oid, d.name AS datname, 100 AS datdba, 6 AS encoding, false AS datistemplate,
       true AS datallowconn, -1 AS datconnlimit, 'C' AS datcollate, 'C' AS datctype, CAST(NULL AS VARCHAR) AS datconfig,
       CAST(NULL AS VARCHAR[]) AS datacl
FROM (SELECT unnest(redshift_databases(), recursive := true)) AS d;

-- The arguments of the procedures: their names, modes and types in lists of the same order.
CREATE TEMP VIEW redshift_procedure_arguments AS
SELECT id, schema_name, procedure_name, owner, source, [coalesce(json_extract_string(a, '$[0]'), '') FOR a IN listed] AS names,
       [CASE json_extract_string(a, '$[1]') WHEN 'Out' THEN 'o' WHEN 'InOut' THEN 'b' ELSE 'i' END FOR a IN listed] AS modes,
       [regexp_replace(json_extract_string(a, '$[2]'), '[(].*', '') FOR a IN listed] AS types
FROM (SELECT *, CAST(json_extract(definition, '$.arguments') AS JSON[]) AS listed FROM redshift_system.redshift_procedures);

CREATE TEMP VIEW pg_proc AS
SELECT p.id AS oid, p.procedure_name AS proname, CAST(n.oid AS INTEGER) AS pronamespace,
       coalesce((SELECT u.id FROM redshift_system.redshift_users u WHERE u.name = p.owner), 100) AS proowner, 100125 AS prolang,
       false AS proisagg, false AS proiswindow, 'p' AS prokind, false AS proretset, 'v' AS provolatile,
       CAST(list_count([m FOR m IN modes IF m <> 'o']) AS INTEGER) AS pronargs, 0 AS prorettype,
       coalesce(array_to_string(redshift_system.redshift_type_oids([types[i] FOR i IN range(1, list_count(types) + 1) IF modes[i] <> 'o']), ' '),
                '') AS proargtypes,
       CASE WHEN list_count([name FOR name IN names IF name <> '']) > 0 THEN names END AS proargnames, p.source AS prosrc, CAST(NULL AS VARCHAR) AS proacl
FROM temp.main.redshift_procedure_arguments p
JOIN temp.main.redshift_catalog_schemas n ON n.schema_name = p.schema_name;

CREATE TEMP VIEW pg_roles AS
SELECT usesysid AS oid, usename AS rolname, true AS rolsuper, true AS rolinherit, true AS rolcreaterole, true AS rolcreatedb,
       true AS rolcanlogin, -1 AS rolconnlimit, CAST(NULL AS TIMESTAMP) AS rolvaliduntil, false AS rolreplication, false AS rolbypassrls
FROM temp.main.pg_user;

CREATE TEMP VIEW pg_auth_members AS
SELECT 0 AS roleid, 0 AS member, 0 AS grantor, false AS admin_option WHERE false;

CREATE TEMP VIEW pg_language AS SELECT unnest(CAST([] AS STRUCT(
    oid INTEGER, lanname VARCHAR, lanispl BOOLEAN, lanpltrusted BOOLEAN, lanplcallfoid INTEGER, lanvalidator INTEGER,
    lanacl VARCHAR[])[]), recursive := true);

CREATE TEMP VIEW pg_inherits AS
SELECT 0 AS inhrelid, 0 AS inhparent, 0 AS inhseqno, false AS inhdetachpending WHERE false;

-- A view is a rule, which depends on what the view reads.
CREATE TEMP VIEW pg_rewrite AS
SELECT 500000000 + table_oid AS oid, '_RETURN' AS rulename, table_oid AS ev_class, '1' AS ev_type, 'O' AS ev_enabled, true AS is_instead
FROM temp.main.redshift_catalog_relations WHERE kind = 'VIEW';

CREATE TEMP VIEW pg_depend AS
SELECT 2618 AS classid, w.oid AS objid, 0 AS objsubid, 1259 AS refclassid, w.ev_class AS refobjid, 0 AS refobjsubid, 'i' AS deptype
FROM temp.main.pg_rewrite w
UNION ALL
SELECT 2618, 500000000 + v.table_oid, 0, 1259, r.table_oid, 0, 'n'
FROM redshift_system.redshift_dependencies d
JOIN temp.main.redshift_catalog_relations v ON d.view_name = v.schema_name || '.' || v.table_name
JOIN temp.main.redshift_catalog_relations r ON d.relation_name = r.schema_name || '.' || r.table_name;

CREATE TEMP VIEW pg_proc_info AS
SELECT p.oid AS prooid, p.* EXCLUDE (oid), CASE WHEN list_count([m FOR m IN modes IF m <> 'i']) > 0 THEN modes END AS proargmodes,
       CASE WHEN list_count([m FOR m IN modes IF m <> 'i']) > 0 THEN redshift_system.redshift_type_oids(types) END AS proallargtypes
FROM temp.main.pg_proc p JOIN temp.main.redshift_procedure_arguments a ON a.id = p.oid;

CREATE TEMP VIEW pg_collation AS
SELECT 0 AS oid, CAST(NULL AS VARCHAR) AS collname, 0 AS collnamespace WHERE false;

-- What Redshift adds to them.
CREATE TEMP VIEW pg_database_info AS
SELECT d.* EXCLUDE (datconnlimit), d.oid AS datid, 'UNLIMITED' AS datconnlimit FROM temp.main.pg_database d;

CREATE TEMP VIEW pg_attribute_info AS
SELECT a.*, CAST(NULL AS VARCHAR[]) AS attacl FROM temp.main.pg_attribute a;

CREATE TEMP VIEW pg_class_info AS
SELECT c.*, CAST(NULL AS TIMESTAMP) AS relcreationtime, c.reldiststyle AS releffectivediststyle FROM temp.main.pg_class c;

CREATE TEMP VIEW pg_default_acl AS
SELECT 0 AS oid, 0 AS defacluser, 0 AS defaclnamespace, CAST(NULL AS VARCHAR) AS defaclobjtype, CAST(NULL AS VARCHAR[]) AS defaclacl
WHERE false;

CREATE TEMP VIEW pg_locks AS
SELECT l.table_id AS relation, CAST(d.oid AS INTEGER) AS "database", CAST(NULL AS BIGINT) AS "transaction", l.pid, l.mode, l.granted
FROM temp.main.redshift_table_locks l, (SELECT oid FROM temp.main.pg_database WHERE datname = current_database()) AS d
UNION ALL
SELECT NULL, NULL, xid, pid, 'ExclusiveLock', true FROM temp.main.redshift_open_sessions WHERE xid IS NOT NULL;

CREATE TEMP VIEW pg_stat_activity AS
SELECT CAST(d.oid AS INTEGER) AS datid, current_database() AS datname, s.pid AS procpid, s.userid AS usesysid, s.user_name AS usename,
       coalesce(s.query_text, '<IDLE>') AS current_query, s.query_start
FROM temp.main.redshift_open_sessions s, (SELECT oid FROM temp.main.pg_database WHERE datname = current_database()) AS d;

CREATE TEMP VIEW pg_external_schema AS
SELECT esoid, eskind, databasename AS esdbname, esoptions FROM temp.main.svv_external_schemas;
