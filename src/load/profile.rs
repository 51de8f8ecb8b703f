//! A profile of the star's columns: NULLs, distinct values, the least and the greatest. For `load --report` alone: one
//! statement a table, which reads it once.

use tokio::time::Instant;

use super::sql::literal;
use crate::error::Result;
use crate::event::{Event, Events};
use crate::init::words::quoted;
use crate::load_report::TableReport;
use crate::warehouse::Warehouse;

/// Rows up to which distinct values are counted. Of a larger table Redshift estimates them, with an error of about 2 %
/// (<https://docs.aws.amazon.com/redshift/latest/dg/r_COUNT.html>).
const COUNTED_ROWS: u64 = 1_000_000;
/// Columns of a table that are asked for; a statement of this many with the longest names has 60 kB (R21 allows 100).
const COLUMNS_MAX: usize = 100;
/// Characters of the least and the greatest text.
const TEXT_CHARACTERS: usize = 40;

/// The columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableProfile {
    pub table: String,
    pub rows: u64,
    /// Distinct values are estimated.
    pub is_estimated: bool,
    pub columns: Vec<ColumnProfile>,
    /// Columns behind the first hundred.
    pub left_out: usize,
}

/// A column. `None` is what cannot be asked of its type, and the least and the greatest of no values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnProfile {
    pub name: String,
    /// As Redshift writes it: `character varying(256)`.
    pub type_name: String,
    pub nulls: u64,
    pub distinct: Option<u64>,
    pub least: Option<String>,
    pub greatest: Option<String>,
}

/// Statistics that a column's type supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// MIN and MAX.
    Ordered,
    /// The same, of which the beginning is enough.
    Text,
    /// MIN and MAX take any type but this (<https://docs.aws.amazon.com/redshift/latest/dg/r_MIN.html>).
    Boolean,
    /// SUPER, GEOMETRY, VARBYTE and others: whether there is a value.
    Opaque,
}

impl Class {
    fn from_type(data_type: &str) -> Self {
        match data_type {
            "boolean" => Self::Boolean,
            "character varying" | "character" => Self::Text,
            "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" | "date" => Self::Ordered,
            other if other.starts_with("time") => Self::Ordered,
            _ => Self::Opaque,
        }
    }
}

/// A column of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ProfiledColumn {
    table: String,
    name: String,
    type_name: String,
    class: Class,
}

impl ProfiledColumn {
    /// Reads a row of (table, column, type, characters, precision, scale).
    fn from_row(row: &[Option<String>]) -> Option<Self> {
        let text = |at: usize| row.get(at).and_then(Option::as_deref);
        let data_type = text(2)?;
        let type_name = match (text(3), text(4), text(5)) {
            (Some(length), ..) if data_type.starts_with("character") => format!("{data_type}({length})"),
            (_, Some(precision), Some(scale)) if data_type == "numeric" => format!("numeric({precision},{scale})"),
            _ => data_type.to_owned(),
        };
        let class = Class::from_type(data_type);
        Some(Self { table: text(0)?.to_owned(), name: text(1)?.to_owned(), type_name, class })
    }

    /// SQL of its statistics, in the order in which `read` expects them.
    fn expressions(&self, is_estimated: bool) -> Vec<String> {
        let name = quoted(&self.name);
        let approximate = if is_estimated { "approximate " } else { "" };
        let (filled, distinct) = (format!("count({name})"), format!("{approximate}count(distinct {name})"));
        let text = |function: &str| format!("left({function}({name}), {TEXT_CHARACTERS})");
        match self.class {
            Class::Ordered => vec![filled, distinct, format!("min({name})"), format!("max({name})")],
            Class::Text => vec![filled, distinct, text("min"), text("max")],
            Class::Boolean => vec![filled, distinct, format!("bool_and({name})"), format!("bool_or({name})")],
            Class::Opaque => vec![filled],
        }
    }

    /// Reads the column's statistics from the row.
    fn read(self, rows: u64, values: &mut impl Iterator<Item = Option<String>>) -> Option<ColumnProfile> {
        let nulls = rows.checked_sub(values.next()??.parse().ok()?)?;
        let (distinct, least, greatest) = match self.class {
            Class::Opaque => (None, None, None),
            _ => (Some(values.next()??.parse().ok()?), values.next()?, values.next()?),
        };
        Some(ColumnProfile { name: self.name, type_name: self.type_name, nulls, distinct, least, greatest })
    }
}

/// The columns of these tables, as the catalog has them for names without a schema.
fn columns_statement(tables: &[TableReport]) -> String {
    let names: Vec<String> = tables.iter().map(|table| literal(&table.table.to_lowercase())).collect();
    format!(
        "select table_name, column_name, data_type, character_maximum_length, numeric_precision, numeric_scale \
         from svv_columns where table_schema = current_schema() and table_name in ({}) \
         order by table_name, ordinal_position",
        names.join(", ")
    )
}

/// One row: the count of rows, and what is asked of each column.
fn statement(table: &str, columns: &[ProfiledColumn], is_estimated: bool) -> String {
    let asked: Vec<String> = columns.iter().flat_map(|column| column.expressions(is_estimated)).collect();
    format!("select count(*), {} from {table}", asked.join(", "))
}

/// The profile in the row that the statement answers; `None` where it is not such a row.
fn read(
    table: &str,
    columns: Vec<ProfiledColumn>,
    is_estimated: bool,
    row: Vec<Option<String>>,
) -> Option<TableProfile> {
    let mut values = row.into_iter();
    let rows: u64 = values.next()??.parse().ok()?;
    let columns: Option<Vec<ColumnProfile>> =
        columns.into_iter().map(|column| column.read(rows, &mut values)).collect();
    Some(TableProfile { table: table.to_owned(), rows, is_estimated, columns: columns?, left_out: 0 })
}

/// Looks at the columns of the tables. The load is done by then: a table that cannot be looked at is left out with a
/// warning.
///
/// # Errors
/// Those that end a run: a signal, no credentials, no answer.
pub async fn run(warehouse: &Warehouse, tables: &[TableReport], events: &Events) -> Result<Vec<TableProfile>> {
    const STAGE: &str = "profile";
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    events.emit(Event::StageStarted { stage: STAGE.to_owned() });
    let started = Instant::now();
    let warn = |what: &str, why: &dyn std::fmt::Display| {
        events.emit(Event::Warning { message: format!("{what} not in the report: {why}") });
    };
    let mut profiles = Vec::new();
    let catalog = match warehouse.query(&columns_statement(tables)).await? {
        Ok(found) => found.rows.iter().filter_map(|row| ProfiledColumn::from_row(row)).collect::<Vec<_>>(),
        Err(error) => {
            warn("the columns of the tables are", &error);
            Vec::new()
        }
    };
    for table in tables {
        let (name, is_estimated) = (&table.table, table.rows > COUNTED_ROWS);
        let mut columns: Vec<ProfiledColumn> =
            catalog.iter().filter(|column| column.table == name.to_lowercase()).cloned().collect();
        let left_out = columns.len().saturating_sub(COLUMNS_MAX);
        columns.truncate(COLUMNS_MAX);
        if columns.is_empty() {
            continue;
        }
        let rows = match warehouse.query(&statement(name, &columns, is_estimated)).await? {
            Ok(rows) => rows,
            Err(error) => {
                warn(&format!("the columns of {name} are"), &error);
                continue;
            }
        };
        let profile = rows.rows.into_iter().next().and_then(|row| read(name, columns, is_estimated, row));
        profiles.extend(profile.map(|profile| TableProfile { left_out, ..profile }));
    }
    let columns: usize = profiles.iter().map(|profile| profile.columns.len()).sum();
    let detail = format!("{columns} columns of {} tables", profiles.len());
    events.emit(Event::StageDone { stage: STAGE.to_owned(), detail, took: started.elapsed() });
    Ok(profiles)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[Option<&str>]) -> Vec<Option<String>> {
        values.iter().map(|value| value.map(str::to_owned)).collect()
    }

    fn column(name: &str, data_type: &str) -> ProfiledColumn {
        ProfiledColumn::from_row(&row(&[Some("t"), Some(name), Some(data_type), None, None, None])).expect("column")
    }

    #[test]
    fn each_type_is_asked_what_redshift_answers_for_it() {
        let columns = [
            column("id", "bigint"),
            column("order", "character varying"),
            column("is_new", "boolean"),
            column("raw", "super"),
        ];
        assert_eq!(
            statement("t", &columns, false),
            "select count(*), count(id), count(distinct id), min(id), max(id), \
             count(\"order\"), count(distinct \"order\"), left(min(\"order\"), 40), left(max(\"order\"), 40), \
             count(is_new), count(distinct is_new), bool_and(is_new), bool_or(is_new), count(\"raw\") from t"
        );
        for (data_type, class) in [
            ("timestamp without time zone", Class::Ordered),
            ("time with time zone", Class::Ordered),
            ("numeric", Class::Ordered),
            ("character", Class::Text),
            ("binary varying", Class::Opaque),
            ("geometry", Class::Opaque),
            ("hllsketch", Class::Opaque),
            ("interval day to second", Class::Opaque),
        ] {
            assert_eq!(Class::from_type(data_type), class, "{data_type}");
        }
    }

    #[test]
    fn of_a_large_table_distinct_values_are_estimated() {
        let sql = statement("t", &[column("id", "bigint")], true);
        assert_eq!(sql, "select count(*), count(id), approximate count(distinct id), min(id), max(id) from t");
    }

    #[test]
    fn the_widest_statement_fits_the_data_api() {
        let columns = vec![column(&"é".repeat(63), "character varying"); COLUMNS_MAX];
        assert!(statement(&"t".repeat(127), &columns, true).len() < super::super::sql::STATEMENT_BYTES);
    }

    #[test]
    fn types_are_written_as_redshift_writes_them() {
        let type_name =
            |values: [Option<&str>; 6]| ProfiledColumn::from_row(&row(&values)).map(|column| column.type_name);
        let text = [Some("t"), Some("c"), Some("character varying"), Some("256"), None, None];
        assert_eq!(type_name(text).as_deref(), Some("character varying(256)"));
        let number = [Some("t"), Some("c"), Some("numeric"), None, Some("18"), Some("2")];
        assert_eq!(type_name(number).as_deref(), Some("numeric(18,2)"));
        let whole = [Some("t"), Some("c"), Some("integer"), None, Some("32"), Some("0")];
        assert_eq!(type_name(whole).as_deref(), Some("integer"));
    }

    #[test]
    fn an_answer_becomes_a_profile() {
        let columns = vec![column("id", "bigint"), column("raw", "super"), column("at", "date")];
        let answer = row(&[
            Some("10"),
            Some("10"),
            Some("9"),
            Some("-1"),
            Some("7"),
            Some("4"),
            Some("0"),
            Some("0"),
            None,
            None,
        ]);
        let profile = read("t", columns.clone(), false, answer).expect("profile");
        let told = |at: usize| {
            let column = &profile.columns[at];
            (column.nulls, column.distinct, column.least.as_deref(), column.greatest.as_deref())
        };
        assert_eq!(told(0), (0, Some(9), Some("-1"), Some("7")));
        assert_eq!(told(1), (6, None, None, None));
        assert_eq!(told(2), (10, Some(0), None, None));
        assert_eq!(read("t", columns, false, row(&[Some("10"), Some("11")])), None);
    }

    #[test]
    fn a_name_is_a_literal_of_the_catalogs_statement() {
        let table = TableReport { table: "It's".into(), title: String::new(), rows: 0, changes: None };
        assert!(columns_statement(&[table]).contains("table_name in ('it''s')"));
    }
}
