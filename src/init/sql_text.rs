//! The files of `sql/` that load a table and look at it.

use super::draft::{DraftColumn, TableDraft, path};
use super::records::Form;
use super::words;

/// Where jsonpaths files lie.
pub const JSONPATHS: &str = "sql/jsonpaths";

pub fn schema(table: &TableDraft) -> String {
    let names: Vec<String> = table.columns.iter().map(|column| words::quoted(&column.name)).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    let column = |(name, column): (&String, &DraftColumn)| format!("    {name:width$} {}", column.data_type);
    let columns: Vec<String> = names.iter().zip(&table.columns).map(column).collect();
    format!(
        "-- One row: one record of {0}, as it was written. Types and lengths follow from what was seen of it.\n\
         create table if not exists {0} (\n{1}\n)\ndiststyle auto;\n",
        table.name,
        columns.join(",\n")
    )
}

pub fn copy(table: &TableDraft) -> String {
    let name = &table.name;
    let columns = || {
        let names: Vec<String> = table.columns.iter().map(|column| words::quoted(&column.name)).collect();
        format!(" ({})", names.join(", "))
    };
    let (list, options, times) = match table.form {
        Form::Json => (String::new(), json(table), times(table)),
        Form::Csv(delimiter, has_header) => (columns(), csv(table, delimiter, has_header), times(table)),
        // COPY of Parquet fails as a whole, and its types are the file's.
        Form::Parquet => {
            let has_super = table.columns.iter().any(|column| column.data_type == "super");
            let nested = if has_super { " serializetojson" } else { "" };
            (String::new(), format!("format as parquet{nested}"), String::new())
        }
    };
    let hint = match table.form {
        Form::Parquet => "",
        _ => " `maxerror 100` before :options lets up to 99 bad ones pass.",
    };
    format!(
        "-- One row: one record.{hint}\n-- source: {name}\ncopy {name}{list}\nfrom :'from'\niam_role :'iam_role'\n\
         {options}{times}\n:options;\n"
    )
}

fn json(table: &TableDraft) -> String {
    let keys = match (table.needs_paths, table.ignores_case) {
        (true, _) => ":'jsonpaths'",
        (false, true) => "'auto ignorecase'",
        (false, false) => "'auto'",
    };
    let packed = table.packed.option().filter(|_| !table.is_gathered);
    let cut_off = if table.has_long_texts { " truncatecolumns" } else { "" };
    format!("format as json {keys}{cut_off}{}", packed.map(|packed| format!("\n{packed}")).unwrap_or_default())
}

fn csv(table: &TableDraft, delimiter: u8, has_header: bool) -> String {
    let mut text = "format as csv".to_owned();
    match delimiter {
        b',' => {}
        b'\t' => text.push_str(" delimiter '\\t'"),
        sign => text.push_str(&format!(" delimiter '{}'", char::from(sign))),
    }
    if has_header {
        text.push_str(&format!(" ignoreheader {}", table.header_lines.max(1)));
    }
    text.push_str(" emptyasnull ignoreblanklines");
    if let Some(word) = table.convention.null_as() {
        text.push_str(&format!(" null as '{word}'"));
    }
    if table.has_short_rows {
        text.push_str(" fillrecord");
    }
    if table.has_invalid_utf8 {
        text.push_str(" acceptinvchars");
    }
    if table.has_long_texts {
        text.push_str(" truncatecolumns");
    }
    text.push_str(&table.packed.option().map(|packed| format!("\n{packed}")).unwrap_or_default());
    text
}

fn times(table: &TableDraft) -> String {
    let is_any = table.columns.iter().any(|column| column.is_time);
    let days = table.convention.date_format.as_deref().unwrap_or("auto");
    if is_any { format!("\ntimeformat 'auto' dateformat '{days}'") } else { String::new() }
}

/// The jsonpaths file, where the table has one.
pub fn jsonpaths(table: &TableDraft) -> Option<String> {
    let paths: Vec<String> = table.columns.iter().filter_map(|column| path(&column.key)).collect();
    let text = serde_json::to_string_pretty(&serde_json::json!({ "jsonpaths": paths })).ok()?;
    table.needs_paths.then(|| text + "\n")
}

pub fn check(table: &TableDraft) -> String {
    format!(
        "-- Is {0} empty? Then the source was not what it should be.\nselect '{0}' as empty where not exists (select 1 from {0});\n",
        table.name
    )
}

pub fn analysis(table: &TableDraft) -> String {
    let mut columns = vec!["count(*) as \"rows\"".to_owned()];
    if let Some(column) = table.columns.iter().find(|column| column.is_time) {
        let name = words::quoted(&column.name);
        columns.push(format!("min({name}) as first"));
        columns.push(format!("max({name}) as last"));
    }
    format!("-- How many rows has {0}, and from when to when?\nselect {1} from {0};\n", table.name, columns.join(", "))
}
