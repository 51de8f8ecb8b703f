//! Pages of a statement's rows, as fields or as CSV.

use redshift_engine::{ResultColumn, StoredRows, Value, double_text};
use serde_json::{Value as Json, json};

use super::error::{invalid, refused};
use super::mode::ResultFormat;
use super::statement::{Shared, Status};
use crate::error::{ApiError, ApiResult};

impl Shared {
    /// A page of the result.
    pub fn page(
        &self,
        part: Option<usize>,
        token: Option<&str>,
        limit: usize,
        format: ResultFormat,
    ) -> ApiResult<Json> {
        let statement = self.lock();
        let missing = |message: &str| ApiError::invalid("ResourceNotFoundException", message.to_owned());
        if statement.status != Status::Finished {
            let message = format!("Query is not in FINISHED state but {}", statement.status.name());
            return Err(missing(&message));
        }
        if statement.format != format {
            let (operation, wanted) = match statement.format {
                ResultFormat::Json => ("GetStatementResult", "JSON"),
                ResultFormat::Csv => ("GetStatementResultV2", "CSV"),
            };
            let message = format!("the result of this statement is {wanted}: ask for it with {operation}");
            return Err(invalid(message));
        }
        let index = part.map_or(statement.parts.len(), |number| number);
        let rows = index.checked_sub(1).and_then(|at| statement.parts.get(at)).and_then(|part| part.rows.as_ref());
        let rows = rows
            .ok_or_else(|| missing("Query does not have result. Please check query status with DescribeStatement."))?;
        let start: usize = match token {
            Some(token) => token.parse().map_err(|_| invalid("NextToken is not valid"))?,
            None => 0,
        };
        let count = rows.count();
        let end = count.min(start.saturating_add(limit));
        let shown = rows.page(start, limit).map_err(refused)?;
        let records: Vec<Json> = match format {
            ResultFormat::Json => shown.iter().map(|row| record(row)).collect(),
            ResultFormat::Csv => vec![json!({ "CSVRecords": csv(rows, &shown, start == 0) })],
        };
        let mut answer = json!({ "Records": records, "ColumnMetadata": column_metadata(rows), "TotalNumRows": count });
        if format == ResultFormat::Csv {
            answer["ResultFormat"] = json!("CSV");
        }
        if end < count {
            answer["NextToken"] = json!(end.to_string());
        }
        Ok(answer)
    }
}

/// Rows as CSV, with the names of the columns before the first.
fn csv(rows: &StoredRows, shown: &[Vec<Value>], with_names: bool) -> String {
    let quoted = |text: &str| match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    let mut written = String::new();
    if with_names {
        let names: Vec<String> = rows.columns.iter().map(|column| quoted(&column.name)).collect();
        written.push_str(&format!("{}\n", names.join(",")));
    }
    for row in shown {
        let value = |value: &Value| match value {
            Value::Null => String::new(),
            Value::Boolean(flag) => flag.to_string(),
            Value::Long(number) => number.to_string(),
            Value::Double(number) => double_text(*number),
            Value::Text(text) => quoted(text),
        };
        written.push_str(&format!("{}\n", row.iter().map(value).collect::<Vec<_>>().join(",")));
    }
    written
}

fn column_metadata(rows: &StoredRows) -> Vec<Json> {
    let column = |column: &ResultColumn| {
        json!({ "name": column.name, "label": column.name, "typeName": column.type_name, "nullable": 1,
            "precision": column.precision, "scale": column.scale, "length": 0, "schemaName": "", "tableName": "",
            "isCaseSensitive": matches!(column.type_name, "varchar" | "bpchar"), "isCurrency": false, "isSigned": true })
    };
    rows.columns.iter().map(column).collect()
}

fn record(row: &[Value]) -> Json {
    let field = |value: &Value| match value {
        Value::Null => json!({ "isNull": true }),
        Value::Boolean(flag) => json!({ "booleanValue": flag }),
        Value::Long(number) => json!({ "longValue": number }),
        Value::Double(number) if number.is_finite() => json!({ "doubleValue": number }),
        // JSON has no such numbers: AWS's protocols write them as these texts.
        Value::Double(number) => json!({ "doubleValue": double_text(*number) }),
        Value::Text(text) => json!({ "stringValue": text }),
    };
    row.iter().map(field).collect()
}
