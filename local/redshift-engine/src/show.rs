//! The answers to SHOW, from the catalog and the session's settings.

use duckdb::{OptionalExt, params};

use super::error::SqlError;
use super::result::{ResultColumn, ResultSet, Value};
use super::session::Session;
use super::setting_defaults::DEFAULTS;
use super::{catalog, procedure};
use redshift_sql::{Grants, Name, Show, literal};

pub fn run(session: &Session, show: &Show) -> Result<ResultSet, SqlError> {
    let query = |sql: &str| ResultSet::query(&session.connection, sql);
    match show {
        Show::Setting(name) => {
            let value = session
                .setting(name)
                .ok_or_else(|| SqlError::new("42704", format!("unrecognized configuration parameter \"{name}\"")))?;
            Ok(texts(&[name], vec![vec![value]]))
        }
        Show::All => {
            let rows =
                DEFAULTS.iter().map(|(name, _)| vec![(*name).to_owned(), session.setting(name).unwrap_or_default()]);
            Ok(texts(&["name", "setting"], rows.collect()))
        }
        Show::Databases => query(
            "SELECT datname AS database_name, datdba AS database_owner, 'local' AS database_type, \
             CAST(NULL AS VARCHAR) AS database_acl, CAST(NULL AS VARCHAR) AS parameters, 'Serializable' AS database_isolation_level FROM temp.main.pg_database ORDER BY 1",
        ),
        Show::Schemas(pattern) => query(&format!(
            "SELECT database_name, schema_name, schema_owner, schema_type, schema_acl, source_database, schema_option \
             FROM temp.main.svv_redshift_schemas WHERE {} ORDER BY schema_name",
            like("schema_name", pattern.as_ref())
        )),
        Show::Tables { schema, pattern } => {
            let filter = format!("WHERE {} {}", like("table_name", pattern.as_ref()), of_schema(schema.as_ref()));
            query(&format!(
                "SELECT current_database() AS database_name, schema_name, table_name, \
                 CASE kind WHEN 'VIEW' THEN kind ELSE 'TABLE' END AS table_type, CAST(NULL AS VARCHAR) AS table_acl, remarks, owner, \
                 CAST(NULL AS TIMESTAMP) AS last_altered_time, CAST(NULL AS TIMESTAMP) AS last_modified_time, \
                 CAST(NULL AS VARCHAR) AS dist_style, \
                 CASE WHEN is_materialized THEN 'MATERIALIZED VIEW' WHEN is_late THEN 'LATE BINDING VIEW' \
                      WHEN kind = 'VIEW' THEN 'REGULAR VIEW' ELSE 'REGULAR TABLE' END AS table_subtype \
                 FROM temp.main.redshift_catalog_relations {filter} ORDER BY schema_name, table_name"
            ))
        }
        Show::Columns(Name { schema, table }) => {
            let (table, of_schema) = (literal(table), of_schema(schema.as_ref()));
            query(&format!(
                "SELECT database_name, schema_name, table_name, column_name, ordinal_position, column_default, is_nullable, \
                 data_type, character_maximum_length, numeric_precision, numeric_scale, remarks, \
                 CAST(NULL AS VARCHAR) AS sort_key_type, sortkey AS sort_key, CASE WHEN distkey THEN 1 ELSE 0 END AS dist_key, \
                 encoding, CAST(NULL AS VARCHAR) AS collation \
                 FROM temp.main.svv_redshift_columns WHERE table_name = {table} {of_schema} ORDER BY ordinal_position"
            ))
        }
        Show::PrimaryKeys(Name { schema, table }) => {
            let (table, of_schema) = (literal(table), of_schema(schema.as_ref()));
            query(&format!(
                "SELECT current_database() AS database_name, schema_name, table_name, unnest(columns) AS column_name, \
                 generate_subscripts(columns, 1) AS key_seq, name AS pk_name FROM temp.main.redshift_catalog_constraints \
                 WHERE kind = 'p' AND table_name = {table} {of_schema} ORDER BY key_seq"
            ))
        }
        Show::ForeignKeys { table: Name { schema, table }, exported } => {
            let side = if *exported { "pk" } else { "fk" };
            let of_schema = match schema {
                Some(schema) => format!("AND {side}_schema_name = {}", literal(schema)),
                None => String::new(),
            };
            query(&format!(
                "SELECT * FROM (SELECT current_database() AS pk_database_name, referred_schema AS pk_schema_name, \
                 referred_table AS pk_table_name, unnest(referred) AS pk_column_name, current_database() AS fk_database_name, \
                 schema_name AS fk_schema_name, table_name AS fk_table_name, unnest(key.columns) AS fk_column_name, \
                 generate_subscripts(key.columns, 1) AS key_seq, 'NO ACTION' AS update_rule, 'NO ACTION' AS delete_rule, \
                 name AS fk_name, referred_table || '_pkey' AS pk_name, 'NOT DEFERRABLE' AS deferrability \
                 FROM redshift_system.redshift_foreign_keys) AS keys WHERE {side}_table_name = {} {of_schema} \
                 ORDER BY pk_schema_name, pk_table_name, key_seq",
                literal(table)
            ))
        }
        Show::Grants(which) => {
            let wanted = match which {
                Grants::On(kind, Name { schema, table }) => {
                    format!("kind = '{kind}' AND object_name = {} {}", literal(table), of_schema(schema.as_ref()))
                }
                Grants::For(identity) => format!("identity = {}", literal(identity)),
            };
            query(&format!(
                "SELECT current_database() AS database_name, schema_name, object_name, kind AS object_type, \
                 privilege AS privilege_type, identity AS identity_name, identity_type, grantable AS admin_option, \
                 coalesce(grantor, redshift_system.redshift_admin()) AS grantor_name FROM redshift_system.redshift_privileges WHERE {wanted} \
                 ORDER BY schema_name, object_name, privilege, identity"
            ))
        }
        Show::Nothing(columns) => Ok(texts(columns, Vec::new())),
        Show::Procedures { schema, pattern } => query(&format!(
            "SELECT current_database() AS database_name, schema_name, procedure_name, \
             CAST(list_count([m FOR m IN modes IF m <> 'o']) AS INTEGER) AS number_of_arguments, \
             array_to_string([types[i] FOR i IN range(1, list_count(types) + 1) IF modes[i] <> 'o'], ', ') AS argument_list, \
             array_to_string([types[i] FOR i IN range(1, list_count(types) + 1) IF modes[i] <> 'i'], ', ') AS return_type, \
             CAST(NULL AS VARCHAR) AS remarks FROM temp.main.redshift_procedure_arguments \
             WHERE schema_name = {} AND {} ORDER BY procedure_name, id",
            literal(schema),
            like("procedure_name", pattern.as_ref())
        )),
        Show::Procedure(name) => {
            procedure::show(session, name).map(|text| texts(&["Stored Procedure Definition"], vec![vec![text]]))
        }
        Show::Definition(name) => {
            definition(session, name).map(|text| texts(&["Show Table DDL statement"], vec![vec![text]]))
        }
    }
}

fn definition(session: &Session, name: &Name) -> Result<String, SqlError> {
    let sql = "SELECT schema_name, definition, is_late OR is_materialized FROM redshift_system.redshift_relations \
               WHERE kind = 'VIEW' AND table_name = ? AND schema_name = coalesce(?, schema_name)";
    let row = |row: &duckdb::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?));
    if let Some((schema, definition, is_whole)) =
        session.connection.query_row(sql, params![name.table, name.schema], row).optional()?
    {
        // One that is bound late, or materialized, is kept with all its words.
        return Ok(match is_whole {
            true => definition,
            false => format!("CREATE VIEW {schema}.{} AS {definition}", name.table),
        });
    }
    let table = catalog::table(&session.connection, name.schema.as_deref(), &name.table)?;
    let column = |column: &catalog::Column| {
        let mut text = format!("    {} {}", column.name, column.data_type.name());
        if let Some(identity) = &column.attributes.identity {
            let kind = if identity.by_default { "GENERATED BY DEFAULT AS IDENTITY" } else { "IDENTITY" };
            text.push_str(&format!(" {kind}({},{})", identity.seed, identity.step));
        } else if let Some(default) = column.attributes.default.as_ref().or(column.default.as_ref()) {
            text.push_str(&format!(" DEFAULT {default}"));
        }
        if column.not_null {
            text.push_str(" NOT NULL");
        }
        text.push_str(&format!(" ENCODE {}", column.attributes.encoding.as_deref().unwrap_or("raw")));
        text
    };
    let mut parts: Vec<String> = table.columns.iter().map(column).collect();
    let keys = "SELECT '    ' || condef FROM temp.main.redshift_catalog_constraints WHERE (schema_name, table_name) = (?, ?) \
                ORDER BY kind <> 'p', kind <> 'u', oid";
    let mut keys = session.connection.prepare(keys)?;
    for key in keys.query_map([&table.schema, &table.name], |row| row.get(0))? {
        parts.push(key?);
    }
    let mut text = format!("CREATE TABLE {}.{} (\n{}\n)", table.schema, table.name, parts.join(",\n"));
    match (&table.attributes.diststyle, &table.attributes.distkey) {
        (_, Some(key)) => text.push_str(&format!("\nDISTSTYLE KEY\nDISTKEY ({key})")),
        (Some(style), None) => text.push_str(&format!("\nDISTSTYLE {style}")),
        (None, None) => text.push_str("\nDISTSTYLE AUTO"),
    }
    if !table.attributes.sortkey.is_empty() {
        text.push_str(&format!("\nSORTKEY ( {} )", table.attributes.sortkey.join(", ")));
    }
    text.push(';');
    Ok(text)
}

fn like(column: &str, pattern: Option<&String>) -> String {
    pattern.map_or("true".to_owned(), |pattern| format!("{column} LIKE {} ESCAPE '\\'", literal(pattern)))
}

fn of_schema(schema: Option<&String>) -> String {
    schema.map_or(String::new(), |schema| format!("AND schema_name = {}", literal(schema)))
}

/// Rows of texts.
pub fn texts(names: &[&str], rows: Vec<Vec<String>>) -> ResultSet {
    let column = |name: &&str| ResultColumn { name: (*name).to_owned(), type_name: "varchar", precision: 0, scale: 0 };
    let row = |row: Vec<String>| row.into_iter().map(Value::Text).collect();
    ResultSet { columns: names.iter().map(column).collect(), rows: rows.into_iter().map(row).collect() }
}
