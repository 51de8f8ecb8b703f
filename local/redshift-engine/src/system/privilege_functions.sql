-- HAS_…_PRIVILEGE, from what GRANT recorded. Superusers and owners have every privilege; what has no owner is owned by the admin.

CREATE OR REPLACE MACRO redshift_system.redshift_is_superuser(who) AS
    coalesce((SELECT bool_or(u.is_superuser) FROM redshift_system.redshift_users AS u WHERE u.name = who),
             CASE WHEN who = redshift_user() OR who = redshift_admin() THEN true ELSE CAST(error('user "' || who || '" does not exist') AS BOOLEAN) END);

-- What was granted to a user, to a group or a role of theirs or to everybody, also by a scoped permission. The privilege may end in WITH GRANT OPTION.
CREATE OR REPLACE MACRO redshift_system.redshift_is_granted(who, wanted, on_kind, on_schema, on_object) AS (
    SELECT count(*) > 0
    FROM redshift_system.redshift_privileges AS p
    LEFT JOIN redshift_system.redshift_group_members AS m
        ON p.identity_type = 'group' AND m.group_name = p.identity
    LEFT JOIN redshift_system.redshift_user_roles AS r
        ON p.identity_type = 'role' AND r.role_name = p.identity
    WHERE p.kind = on_kind
      AND (p.object_name = on_object AND p.schema_name = on_schema OR p.object_name = '' AND p.schema_name IN (on_schema, ''))
      AND p.privilege = system.main.replace(wanted, ' WITH GRANT OPTION', '') AND (p.grantable OR NOT ends_with(wanted, ' WITH GRANT OPTION'))
      AND (p.identity_type = 'public' OR p.identity_type = 'user' AND p.identity = who OR m.user_name = who OR r.user_name = who));

CREATE OR REPLACE MACRO redshift_system.redshift_privilege(wanted, known) AS
    CASE WHEN list_contains(known, system.main.replace(system.main.upper(system.main.trim(wanted)), ' WITH GRANT OPTION', '')) THEN system.main.upper(system.main.trim(wanted))
         ELSE error('unrecognized privilege type: "' || wanted || '"') END;

-- A relation by its name, with its schema and its database where they are given, or by its oid. The system's have no number.
CREATE OR REPLACE MACRO redshift_system.redshift_relation_oid(given) AS
    CASE WHEN regexp_full_match(CAST(given AS VARCHAR), '[0-9]+') THEN CAST(CAST(given AS VARCHAR) AS BIGINT) % 600000000
         ELSE TRY_CAST(redshift_regclass(CAST(given AS VARCHAR)) AS BIGINT) END;

CREATE OR REPLACE MACRO redshift_system.redshift_is_system_relation(given) AS
    regexp_matches(system.main.replace(system.main.lower(CAST(given AS VARCHAR)), '"', ''), '(^|[.])(pg_|stl_|stv_|svl_|svv_|svcs_|sys_)[a-z0-9_]+$|^(.*[.])?information_schema[.]');

CREATE OR REPLACE MACRO redshift_system.redshift_has_on_relation(who, given, wanted) AS (
    SELECT CASE WHEN r.table_oid IS NULL AND NOT redshift_is_system_relation(given)
                THEN CAST(error('relation "' || CAST(given AS VARCHAR) || '" does not exist') AS BOOLEAN)
                WHEN asked.is_superuser THEN asked.privilege <> ''
                WHEN r.table_oid IS NULL THEN asked.privilege = 'SELECT'
                ELSE r.owner = who OR redshift_is_granted(who, asked.privilege, 'TABLE', r.schema_name, r.table_name) END
    FROM (SELECT wanted AS privilege, redshift_relation_oid(given) AS oid, redshift_is_superuser(who) AS is_superuser) AS asked
    LEFT JOIN temp.main.redshift_catalog_relations AS r ON r.table_oid = asked.oid);

CREATE OR REPLACE MACRO redshift_system.has_table_privilege(given, wanted) AS
        redshift_has_on_relation(redshift_user(), given, redshift_privilege(wanted,
            ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'DROP', 'REFERENCES', 'ALTER', 'TRUNCATE', 'RULE', 'TRIGGER'])),
    (who, given, wanted) AS
        redshift_has_on_relation(CAST(who AS VARCHAR), given, redshift_privilege(wanted,
            ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'DROP', 'REFERENCES', 'ALTER', 'TRUNCATE', 'RULE', 'TRIGGER']));

-- GRANT on columns is not asked: who has a privilege on the table has it on each column.
CREATE OR REPLACE MACRO redshift_system.has_any_column_privilege(given, wanted) AS
        redshift_has_on_relation(redshift_user(), given, redshift_privilege(wanted, ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'])),
    (who, given, wanted) AS
        redshift_has_on_relation(CAST(who AS VARCHAR), given, redshift_privilege(wanted, ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']));
CREATE OR REPLACE MACRO redshift_system.has_column_privilege(given, col, wanted) AS has_any_column_privilege(given, wanted),
    (who, given, col, wanted) AS has_any_column_privilege(who, given, wanted);

-- Everybody may read the schemas of the system.
CREATE OR REPLACE MACRO redshift_system.redshift_has_on_schema(who, given, wanted) AS (
    SELECT CASE WHEN s.oid IS NULL THEN CAST(error('schema "' || given || '" does not exist') AS BOOLEAN)
                WHEN asked.is_superuser THEN asked.privilege <> ''
                WHEN given IN ('pg_catalog', 'information_schema') THEN asked.privilege = 'USAGE'
                ELSE s.owner = who OR redshift_is_granted(who, asked.privilege, 'SCHEMA', given, given) END
    FROM (SELECT wanted AS privilege, redshift_is_superuser(who) AS is_superuser) AS asked
    LEFT JOIN temp.main.redshift_catalog_schemas AS s ON s.schema_name = given);
CREATE OR REPLACE MACRO redshift_system.has_schema_privilege(given, wanted) AS
        redshift_has_on_schema(redshift_user(), CAST(given AS VARCHAR), redshift_privilege(wanted, ['CREATE', 'USAGE', 'ALTER', 'DROP'])),
    (who, given, wanted) AS
        redshift_has_on_schema(CAST(who AS VARCHAR), CAST(given AS VARCHAR), redshift_privilege(wanted, ['CREATE', 'USAGE', 'ALTER', 'DROP']));

CREATE OR REPLACE MACRO redshift_system.redshift_has_on_database(who, given, wanted) AS
    redshift_is_granted(who, wanted, 'DATABASE', given, given) OR redshift_is_superuser(who);
CREATE OR REPLACE MACRO redshift_system.has_database_privilege(given, wanted) AS
        redshift_has_on_database(redshift_user(), CAST(given AS VARCHAR), redshift_privilege(
            CASE system.main.upper(wanted) WHEN 'TEMP' THEN 'TEMPORARY' ELSE wanted END, ['CREATE', 'TEMPORARY', 'USAGE', 'ALTER', 'DROP'])),
    (who, given, wanted) AS
        redshift_has_on_database(CAST(who AS VARCHAR), CAST(given AS VARCHAR), redshift_privilege(
            CASE system.main.upper(wanted) WHEN 'TEMP' THEN 'TEMPORARY' ELSE wanted END, ['CREATE', 'TEMPORARY', 'USAGE', 'ALTER', 'DROP']));

-- Everybody may execute functions, and use SQL for them; GRANT on functions and languages is not asked.
CREATE OR REPLACE MACRO redshift_system.has_function_privilege(given, wanted) AS redshift_privilege(wanted, ['EXECUTE']) = 'EXECUTE',
    (who, given, wanted) AS redshift_is_superuser(CAST(who AS VARCHAR)) OR redshift_privilege(wanted, ['EXECUTE']) = 'EXECUTE';
CREATE OR REPLACE MACRO redshift_system.has_language_privilege(given, wanted) AS
        redshift_is_superuser(redshift_user()) OR redshift_privilege(wanted, ['USAGE']) = 'USAGE' AND system.main.lower(given) IN ('sql', 'plpgsql'),
    (who, given, wanted) AS
        redshift_is_superuser(CAST(who AS VARCHAR)) OR redshift_privilege(wanted, ['USAGE']) = 'USAGE' AND system.main.lower(given) IN ('sql', 'plpgsql');
