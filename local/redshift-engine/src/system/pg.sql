-- The catalog of PostgreSQL, as far as drivers and tools look into it: PG_*.

-- What COMMENT ON said.
CREATE OR REPLACE VIEW redshift_system.pg_description AS
SELECT r.table_oid AS objoid, 1259 AS classoid, 0 AS objsubid, c.comment AS description
FROM redshift_system.redshift_comments c
JOIN redshift_system.redshift_relations r ON r.schema_name = c.schema_name AND r.table_name = c.object_name
WHERE c.column_name = ''
UNION ALL
SELECT d.table_oid, 1259, d.column_index, c.comment
FROM redshift_system.redshift_comments c
JOIN duckdb_columns() d ON d.schema_name = c.schema_name AND d.table_name = c.object_name AND d.column_name = c.column_name
WHERE d.database_name = current_database();

-- What the function pg_get_late_binding_view_cols answers.
CREATE OR REPLACE VIEW redshift_system.pg_late_binding_view_columns AS
SELECT schema_name, table_name, column_name, full_type, ordinal_position
FROM redshift_system.redshift_relation_columns WHERE CAST(json_extract(table_comment, '$.late') AS BOOLEAN);

CREATE OR REPLACE VIEW redshift_system.pg_table_def AS
SELECT schema_name AS schemaname, table_name AS tablename, column_name AS "column", full_type AS "type", encoding, distkey, sortkey,
       NOT is_nullable AS "notnull"
FROM redshift_system.redshift_column_keys
WHERE temporary OR list_contains(current_schemas(false), schema_name);

CREATE OR REPLACE VIEW redshift_system.pg_tables AS
SELECT r.schema_name AS schemaname, r.table_name AS tablename,
       coalesce(o.owner, CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS tableowner,
       CAST(NULL AS VARCHAR) AS tablespace, false AS hasindexes, false AS hasrules, false AS hastriggers
FROM redshift_system.redshift_relations r
LEFT JOIN redshift_system.redshift_owners o ON o.schema_name = r.schema_name AND o.object_name = r.table_name
WHERE r.kind = 'BASE TABLE';

CREATE OR REPLACE VIEW redshift_system.pg_views AS
SELECT r.schema_name AS schemaname, r.table_name AS viewname,
       coalesce(o.owner, CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS viewowner, r.definition
FROM redshift_system.redshift_relations r
LEFT JOIN redshift_system.redshift_owners o ON o.schema_name = r.schema_name AND o.object_name = r.table_name
WHERE r.kind = 'VIEW';

CREATE OR REPLACE VIEW redshift_system.pg_user AS
SELECT coalesce(CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser') AS usename, 100 AS usesysid, true AS usecreatedb, true AS usesuper,
       false AS usecatupd, '********' AS passwd, CAST(NULL AS TIMESTAMP) AS valuntil, CAST(NULL AS VARCHAR) AS useconfig
UNION ALL
SELECT name, id, creates_databases, is_superuser, false, '********', valid_until, NULL FROM redshift_system.redshift_users
WHERE name <> coalesce(CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser');

CREATE OR REPLACE VIEW redshift_system.pg_user_info AS SELECT * FROM redshift_system.pg_user;

CREATE OR REPLACE VIEW redshift_system.pg_group AS
SELECT g.name AS groname, g.id AS grosysid,
       (SELECT list(u.id ORDER BY u.id) FROM redshift_system.redshift_group_members m JOIN redshift_system.redshift_users u ON u.name = m.user_name
        WHERE m.group_name = g.name) AS grolist
FROM redshift_system.redshift_user_groups g;

CREATE OR REPLACE VIEW redshift_system.pg_namespace AS
SELECT * REPLACE (coalesce((SELECT min(o.owner_id) FROM redshift_system.redshift_owner_ids o
                            WHERE o.schema_name = nspname AND o.object_name = ''), 100) AS nspowner)
FROM pg_catalog.pg_namespace WHERE nspname NOT IN ('redshift_system', 'main');

CREATE OR REPLACE VIEW redshift_system.pg_class AS
WITH here AS (
    SELECT * EXCLUDE (relacl)
           REPLACE (coalesce((SELECT min(o.owner_id) FROM redshift_system.redshift_owner_ids o
                              JOIN pg_catalog.pg_namespace n ON n.nspname = o.schema_name
                              WHERE o.object_name = relname AND n.oid = relnamespace), 100) AS relowner,
                    CASE WHEN oid IN (SELECT table_oid FROM redshift_system.redshift_relations WHERE kind = 'VIEW') THEN 'v' ELSE relkind END AS relkind,
                    oid IN (SELECT table_oid FROM redshift_system.redshift_primary_keys) AS relhasindex,
                    oid IN (SELECT unnest([table_oid, referred_oid]) FROM redshift_system.redshift_foreign_keys) AS relhastriggers),
           CAST(coalesce((SELECT CASE json_extract_string(r.comment, '$.diststyle') WHEN 'KEY' THEN 1 WHEN 'ALL' THEN 8
                                      WHEN 'EVEN' THEN 0 ELSE 10 END
                          FROM redshift_system.redshift_relations r WHERE r.table_oid = oid AND r.kind = 'BASE TABLE'), 0) AS SMALLINT) AS reldiststyle,
           CAST(NULL AS VARCHAR) AS relacl
    FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM redshift_system.pg_namespace))
SELECT * FROM here
UNION ALL
SELECT h.* REPLACE (k.oid AS oid, k.name AS relname, 'i' AS relkind, false AS relhasindex, false AS relhastriggers)
FROM here h JOIN redshift_system.redshift_constraints k ON k.table_oid = h.oid WHERE k.kind = 'p';

CREATE OR REPLACE VIEW redshift_system.pg_attribute AS
SELECT a.* EXCLUDE (atttypid, atttypmod),
       CASE WHEN full_type LIKE 'character varying%' THEN 1043 WHEN full_type LIKE 'character%' THEN 1042
            WHEN full_type LIKE 'numeric%' THEN 1700 WHEN full_type = 'smallint' THEN 21 WHEN full_type = 'integer' THEN 23
            WHEN full_type = 'bigint' THEN 20 WHEN full_type = 'real' THEN 700 WHEN full_type = 'double precision' THEN 701
            WHEN full_type = 'boolean' THEN 16 WHEN full_type = 'date' THEN 1082 WHEN full_type LIKE 'time without%' THEN 1083
            WHEN full_type = 'timestamp without time zone' THEN 1114 WHEN full_type = 'timestamp with time zone' THEN 1184
            WHEN full_type = 'super' THEN 4000 ELSE 1043 END AS atttypid,
       CASE WHEN full_type LIKE 'character%' THEN coalesce(TRY_CAST(regexp_extract(full_type, '([0-9]+)', 1) AS INTEGER) + 4, -1)
            WHEN full_type LIKE 'numeric%' THEN (CAST(regexp_extract(full_type, '([0-9]+),', 1) AS INTEGER) << 16)
                + CAST(regexp_extract(full_type, ',([0-9]+)', 1) AS INTEGER) + 4
            ELSE -1 END AS atttypmod,
       coalesce(list_position(['none', 'bytedict', 'delta', 'delta32k', 'lzo', 'mostly8', 'mostly16', 'mostly32', 'runlength',
           'text255', 'text32k', 'zstd', 'az64'], lower(json_extract_string(c.comment, '$.encoding'))), 1) - 1 AS attencodingtype,
       coalesce(json_extract_string(c.table_comment, '$.distkey') = c.column_name, false) AS attisdistkey,
       coalesce(list_position(CAST(json_extract_string(c.table_comment, '$.sortkey[*]') AS VARCHAR[]), c.column_name), 0) AS attsortkeyord
FROM pg_catalog.pg_attribute a
JOIN redshift_system.redshift_relation_columns c ON c.table_oid = a.attrelid AND c.column_name = a.attname;

CREATE OR REPLACE VIEW redshift_system.pg_attrdef AS
SELECT c.table_oid AS oid, c.table_oid AS adrelid, c.ordinal_position AS adnum, c.column_default AS adbin,
       c.column_default AS adsrc
FROM redshift_system.redshift_relation_columns c WHERE c.column_default IS NOT NULL;

CREATE OR REPLACE VIEW redshift_system.pg_indexes AS
SELECT schema_name AS schemaname, table_name AS tablename, name AS indexname, CAST(NULL AS VARCHAR) AS tablespace, indexdef
FROM redshift_system.redshift_constraints WHERE kind = 'p';

CREATE OR REPLACE VIEW redshift_system.pg_index AS
SELECT oid AS indexrelid, table_oid AS indrelid, CAST(list_count(columns) AS SMALLINT) AS indnatts, true AS indisunique, true AS indisprimary,
       false AS indisexclusion, true AS indimmediate, false AS indisclustered, true AS indisvalid, true AS indisready, true AS indislive,
       false AS indisreplident, conkey AS indkey, CAST(NULL AS VARCHAR) AS indclass, CAST(NULL AS VARCHAR) AS indoption,
       CAST(NULL AS VARCHAR) AS indexprs, CAST(NULL AS VARCHAR) AS indpred
FROM redshift_system.redshift_key_places WHERE kind = 'p';

CREATE OR REPLACE VIEW redshift_system.pg_constraint AS
SELECT k.oid, k.name AS conname, n.oid AS connamespace, k.kind AS contype, false AS condeferrable, false AS condeferred, true AS convalidated,
       k.table_oid AS conrelid, 0 AS contypid, CASE k.kind WHEN 'p' THEN k.oid ELSE 0 END AS conindid, 0 AS conparentid,
       k.referred_oid AS confrelid, 'a' AS confupdtype, 'a' AS confdeltype, 's' AS confmatchtype, true AS conislocal, 0 AS coninhcount,
       k.conkey, k.confkey, CAST(NULL AS VARCHAR) AS conbin, CAST(NULL AS VARCHAR) AS consrc
FROM redshift_system.redshift_key_places k JOIN (SELECT nspname, min(oid) AS oid FROM pg_catalog.pg_namespace GROUP BY nspname) n ON n.nspname = k.schema_name;

CREATE OR REPLACE VIEW redshift_system.pg_trigger AS
SELECT 0 AS oid, 0 AS tgrelid, CAST(NULL AS VARCHAR) AS tgname, 'O' AS tgenabled, false AS tgisinternal, 0 AS tgconstraint WHERE false;

CREATE OR REPLACE VIEW redshift_system.pg_database AS
SELECT d.oid, d.datname, 100 AS datdba, 6 AS encoding, d.datistemplate, d.datallowconn, -1 AS datconnlimit, 'C' AS datcollate,
       'C' AS datctype, CAST(NULL AS VARCHAR) AS datconfig, CAST(NULL AS VARCHAR[]) AS datacl
FROM pg_catalog.pg_database d WHERE d.datname = current_database();

CREATE OR REPLACE VIEW redshift_system.pg_proc AS
SELECT 0 AS oid, CAST(NULL AS VARCHAR) AS proname, 0 AS pronamespace, 0 AS proowner, 0 AS prolang, false AS proisagg, false AS proiswindow,
       'f' AS prokind, false AS proretset, 'i' AS provolatile, 0 AS pronargs, 0 AS prorettype, CAST(NULL AS VARCHAR) AS proargtypes,
       CAST(NULL AS VARCHAR[]) AS proargnames, CAST(NULL AS VARCHAR) AS prosrc, CAST(NULL AS VARCHAR) AS proacl WHERE false;

CREATE OR REPLACE VIEW redshift_system.pg_roles AS
SELECT usesysid AS oid, usename AS rolname, true AS rolsuper, true AS rolinherit, true AS rolcreaterole, true AS rolcreatedb,
       true AS rolcanlogin, -1 AS rolconnlimit, CAST(NULL AS TIMESTAMP) AS rolvaliduntil, false AS rolreplication, false AS rolbypassrls
FROM redshift_system.pg_user;

CREATE OR REPLACE VIEW redshift_system.pg_auth_members AS
SELECT 0 AS roleid, 0 AS member, 0 AS grantor, false AS admin_option WHERE false;

CREATE OR REPLACE VIEW redshift_system.pg_language AS SELECT unnest(CAST([] AS STRUCT(
    oid INTEGER, lanname VARCHAR, lanispl BOOLEAN, lanpltrusted BOOLEAN, lanplcallfoid INTEGER, lanvalidator INTEGER,
    lanacl VARCHAR[])[]), recursive := true);

CREATE OR REPLACE VIEW redshift_system.pg_inherits AS
SELECT 0 AS inhrelid, 0 AS inhparent, 0 AS inhseqno, false AS inhdetachpending WHERE false;

-- A view is a rule, which depends on what the view reads.
CREATE OR REPLACE VIEW redshift_system.pg_rewrite AS
SELECT 500000000 + table_oid AS oid, '_RETURN' AS rulename, table_oid AS ev_class, '1' AS ev_type, 'O' AS ev_enabled, true AS is_instead
FROM redshift_system.redshift_relations WHERE kind = 'VIEW';

CREATE OR REPLACE VIEW redshift_system.pg_depend AS
SELECT 2618 AS classid, w.oid AS objid, 0 AS objsubid, 1259 AS refclassid, w.ev_class AS refobjid, 0 AS refobjsubid, 'i' AS deptype
FROM redshift_system.pg_rewrite w
UNION ALL
SELECT 2618, 500000000 + v.table_oid, 0, 1259, r.table_oid, 0, 'n'
FROM redshift_system.redshift_dependencies d
JOIN redshift_system.redshift_relations v ON d.view_name = v.schema_name || '.' || v.table_name
JOIN redshift_system.redshift_relations r ON d.relation_name = r.schema_name || '.' || r.table_name;

CREATE OR REPLACE VIEW redshift_system.pg_proc_info AS
SELECT 0 AS prooid, CAST(NULL AS VARCHAR) AS proname, 0 AS pronamespace, 0 AS proowner, 'f' AS prokind WHERE false;

CREATE OR REPLACE VIEW redshift_system.pg_collation AS
SELECT 0 AS oid, CAST(NULL AS VARCHAR) AS collname, 0 AS collnamespace WHERE false;

-- What Redshift adds to them.
CREATE OR REPLACE VIEW redshift_system.pg_database_info AS
SELECT d.* EXCLUDE (datconnlimit), d.oid AS datid, 'UNLIMITED' AS datconnlimit FROM redshift_system.pg_database d;

CREATE OR REPLACE VIEW redshift_system.pg_attribute_info AS
SELECT a.*, CAST(NULL AS VARCHAR[]) AS attacl FROM redshift_system.pg_attribute a;

CREATE OR REPLACE VIEW redshift_system.pg_class_info AS
SELECT c.*, CAST(NULL AS TIMESTAMP) AS relcreationtime, c.reldiststyle AS releffectivediststyle FROM redshift_system.pg_class c;

CREATE OR REPLACE VIEW redshift_system.pg_default_acl AS
SELECT 0 AS oid, 0 AS defacluser, 0 AS defaclnamespace, CAST(NULL AS VARCHAR) AS defaclobjtype, CAST(NULL AS VARCHAR[]) AS defaclacl
WHERE false;
