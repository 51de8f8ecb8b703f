//! What databases, schemas, tables and columns there are, as the Data API lists them.

use redshift_engine::{Parameter, Parameters, Value, double_text};
use serde_json::{Value as Json, json};

use super::DataApi;
use super::error::refused;
use super::input::{ConnectionInput, ListInput, SchemaFilter, SessionInput, TableFilter, TableInput};
use crate::error::ApiResult;

impl DataApi {
    pub(super) fn list_databases(&self, (connection, paging): ListInput) -> ApiResult<Json> {
        let place = self.target((connection, SessionInput::default()))?.place;
        let names = self.redshift.warehouses.databases(&place);
        paging.page("Databases", names.into_iter().map(Json::from).collect())
    }

    pub(super) fn list_schemas(&self, ((connection, paging), schemas): (ListInput, SchemaFilter)) -> ApiResult<Json> {
        let sql = "SELECT schema_name FROM svv_redshift_schemas WHERE schema_name LIKE :pattern ORDER BY 1";
        let rows = self.ask(connection, sql, &[("pattern", pattern(schemas.schema_pattern))])?;
        paging.page("Schemas", rows.into_iter().flatten().map(Json::from).collect())
    }

    pub(super) fn list_tables(
        &self,
        ((connection, paging), schemas, tables): (ListInput, SchemaFilter, TableFilter),
    ) -> ApiResult<Json> {
        let sql = "SELECT schema_name, table_name, table_type FROM svv_redshift_tables \
                   WHERE schema_name LIKE :schema AND table_name LIKE :table ORDER BY 1, 2";
        let values = [("schema", pattern(schemas.schema_pattern)), ("table", pattern(tables.table_pattern))];
        let table = |row: Vec<String>| json!({ "schema": row[0], "name": row[1], "type": row[2] });
        paging.page("Tables", self.ask(connection, sql, &values)?.into_iter().map(table).collect())
    }

    pub(super) fn describe_table(
        &self,
        ((connection, paging), TableInput { schema, table: name }): (ListInput, TableInput),
    ) -> ApiResult<Json> {
        let sql = "SELECT schema_name, column_name, data_type, is_nullable, nvl(column_default, ''), \
                   nvl(character_maximum_length, 0), nvl(numeric_precision, 0), nvl(numeric_scale, 0) \
                   FROM svv_redshift_columns WHERE table_name = :table AND schema_name LIKE :schema ORDER BY ordinal_position";
        let values = [("table", name.clone()), ("schema", pattern(schema))];
        let column = |row: Vec<String>| {
            let number = |at: usize| row[at].parse::<i64>().unwrap_or_default();
            let mut column = json!({
                "schemaName": row[0], "name": row[1], "label": row[1], "tableName": name, "typeName": short(&row[2]),
                "nullable": i32::from(row[3] != "NO"), "length": number(5), "precision": number(6), "scale": number(7),
                "isCaseSensitive": row[2].starts_with("character"), "isCurrency": false, "isSigned": number(6) > 0,
            });
            if !row[4].is_empty() {
                column["columnDefault"] = json!(row[4]);
            }
            column
        };
        let columns = self.ask(connection, sql, &values)?.into_iter().map(column).collect();
        let mut answer = paging.page("ColumnList", columns)?;
        answer["TableName"] = json!(name);
        Ok(answer)
    }

    /// The rows of a query in a session of its own, as texts. Waits for a session that is busy.
    fn ask(&self, connection: ConnectionInput, sql: &str, values: &[(&str, String)]) -> ApiResult<Vec<Vec<String>>> {
        let target = self.target((connection, SessionInput::default()))?;
        let parameter = |(name, value): &(&str, String)| ((*name).to_owned(), Parameter::text(value));
        let parameters: Parameters = values.iter().map(parameter).collect();
        let mut session = target.session.blocking_lock();
        let outcome = session.run_with(sql, &parameters, &target.access, target.query()).map_err(refused)?;
        let text = |value: Value| match value {
            Value::Text(text) => text,
            Value::Long(number) => number.to_string(),
            Value::Boolean(flag) => flag.to_string(),
            Value::Double(number) => double_text(number),
            Value::Null => String::new(),
        };
        let rows = outcome.rows.map(|rows| rows.rows).unwrap_or_default();
        Ok(rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect())
    }
}

/// A pattern of LIKE; everything where none is given.
fn pattern(given: Option<String>) -> String {
    given.unwrap_or_else(|| "%".to_owned())
}

/// Redshift's short name for a type.
fn short(name: &str) -> &str {
    match (redshift_engine::Type::from_name(name), name) {
        (Some(found), _) => found.short_name(),
        (None, "character varying") => "varchar",
        (None, "character") => "bpchar",
        (None, other) => other,
    }
}
