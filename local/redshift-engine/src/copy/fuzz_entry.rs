//! For tests with random input: the readers of files, without a warehouse behind them.

use std::io::Cursor;

use super::columns::Column;
use super::convert::Rules;
use super::json::Layout;
use super::json_values::for_each_value;
use super::parse::Parser;
use super::text::{TextRecords, fields};
use crate::Type;
use redshift_sql::{Command, CopyCommand, Format, JsonFormat, Parameters, TextFormat, TranslateOptions, translate};

fn columns() -> Vec<Column> {
    let types = [
        Type::Integer,
        Type::Varchar(8),
        Type::Decimal(8, 2),
        Type::Timestamp,
        Type::Super,
        Type::Boolean,
        Type::Date,
        Type::Double,
    ];
    let column = |(at, data_type): (usize, &Type)| Column {
        name: char::from(b'a' + at as u8).to_string(),
        data_type: *data_type,
        not_null: at == 0,
    };
    types.iter().enumerate().map(column).collect()
}

fn command(options: &str) -> CopyCommand {
    let sql = format!("copy t from 's3://b/k' {options}");
    match translate(&sql, &Parameters::default(), TranslateOptions::default()) {
        Ok(Command::Copy(copy)) => *copy,
        other => panic!("{options}: {other:?}"),
    }
}

pub fn read_json(bytes: &[u8]) {
    let columns = columns();
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    for (options, paths) in
        [("json 'auto ignorecase' timeformat 'auto'", None), ("json 'auto' timeformat 'epochmillisecs'", Some(bytes))]
    {
        let copy = command(options);
        let rules = Rules::of(&copy).expect("rules");
        let format = if paths.is_some() { JsonFormat::Paths("s3://b/p".into()) } else { JsonFormat::AutoIgnoreCase };
        let paths = paths.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let Ok(layout) = Layout::new(&format, paths.as_deref(), &names) else { continue };
        let _ = Parser { columns: &columns, layout: &layout, rules: &rules }.parse(bytes);
        let _ = for_each_value(
            Box::new(Cursor::new(bytes.to_vec())),
            "s3://b/k",
            |value, _| {
                for (raw, column) in layout.record(value).unwrap_or_default().iter().zip(&columns) {
                    let _ = rules.convert(*raw, column.data_type);
                }
                Ok(())
            },
            |_| Ok(()),
        );
    }
}

pub fn read_text(bytes: &[u8]) {
    for options in [
        "csv",
        "escape delimiter '|'",
        "removequotes delimiter ','",
        "fixedwidth 'a:3,b:10'",
        "ignoreheader 1 ignoreblanklines",
    ] {
        let copy = command(options);
        let rules = Rules::of(&copy).expect("rules");
        let Format::Text(format) = &copy.format else { panic!("{options}") };
        let format: &TextFormat = format;
        let mut records = TextRecords::new(Box::new(Cursor::new(bytes.to_vec())), format);
        while let Ok(Some(record)) = records.next() {
            for (field, column) in fields(&record.raw, format).unwrap_or_default().iter().zip(columns()) {
                let _ = rules.convert_text(String::from_utf8_lossy(&field.bytes), column.data_type);
            }
        }
    }
}
