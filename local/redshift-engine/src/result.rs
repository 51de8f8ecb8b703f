//! Rows that a statement answered, each value in the type that the Data API gives it.

use duckdb::arrow::array::{Array, AsArray};
use duckdb::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType,
};
use duckdb::arrow::util::display::{ArrayFormatter, FormatOptions};
use duckdb::core::LogicalTypeId;
use duckdb::{Connection, Statement};

use super::error::SqlError;
use jiff::tz::TimeZone;
use redshift_sql::{QueryCommand, Type, VARBYTE_MAX, VARCHAR_MAX, civil, interval, session_zone};

#[derive(Debug, Clone)]
pub struct ResultSet {
    pub columns: Vec<ResultColumn>,
    pub rows: Vec<Vec<Value>>,
}

#[derive(Debug, Clone)]
pub struct ResultColumn {
    pub name: String,
    /// Redshift's short name: `int4`, `varchar`, `timestamp`, …
    pub type_name: &'static str,
    /// Digits of a number, bytes of a text; 0 where there is no limit.
    pub precision: u32,
    pub scale: i8,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    Long(i64),
    Double(f64),
    Text(String),
}

impl Value {
    /// Bytes, roughly as they are sent.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Null | Self::Boolean(_) => 1,
            Self::Long(_) | Self::Double(_) => 8,
        }
    }
}

/// Takes the rows of a statement as they come.
pub trait Rows {
    /// Comes first, and once.
    fn begin(&mut self, columns: Vec<ResultColumn>) -> Result<(), SqlError>;
    fn rows(&mut self, rows: Vec<Vec<Value>>) -> Result<(), SqlError>;
}

/// Keeps all rows.
#[derive(Debug, Default)]
pub struct Collected(pub Option<ResultSet>);

impl Rows for Collected {
    fn begin(&mut self, columns: Vec<ResultColumn>) -> Result<(), SqlError> {
        self.0 = Some(ResultSet { columns, rows: Vec::new() });
        Ok(())
    }

    fn rows(&mut self, rows: Vec<Vec<Value>>) -> Result<(), SqlError> {
        if let Some(set) = &mut self.0 {
            set.rows.extend(rows);
        }
        Ok(())
    }
}

impl ResultSet {
    pub fn query(connection: &Connection, sql: &str) -> Result<Self, SqlError> {
        let mut collected = Collected::default();
        query(connection, &QueryCommand::untyped(sql), None, &mut collected)?;
        collected.0.ok_or_else(|| SqlError::new("XX000", "a query answered nothing"))
    }

    /// Hands the rows on.
    pub fn into_rows(self, to: &mut dyn Rows) -> Result<i64, SqlError> {
        let count = self.rows.len();
        to.begin(self.columns)?;
        to.rows(self.rows)?;
        Ok(counted(count))
    }
}

/// A number of rows as statements answer it.
pub fn counted(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// Bytes of rows that are handed on at once: what waits for a client is a few times as much.
const HANDED_ON_BYTES: usize = 32 << 10;

/// Runs a query and hands its rows on, some at a time; answers how many there were.
pub fn query(
    connection: &Connection,
    query: &QueryCommand,
    zone: Option<&str>,
    to: &mut dyn Rows,
) -> Result<i64, SqlError> {
    let zone = zone.map(session_zone::find).transpose().map_err(|error| SqlError::new("22023", error))?;
    let mut statement = connection.prepare(&query.sql)?;
    let hidden = hidden_types(&statement);
    // As they come: a result of any size is never in memory as a whole.
    let batches = statement.stream_arrow([])?;
    let columns = columns(&batches.get_schema(), &hidden, query);
    let kinds: Vec<ShownAs<'_>> = columns.iter().map(|column| ShownAs::of(column, zone.as_ref())).collect();
    to.begin(columns)?;
    let mut count = 0;
    for batch in batches {
        let batch = batch?;
        let values = || batch.columns().iter().zip(&kinds);
        let row = |row| values().map(|(array, kind)| value(array, row, *kind)).collect::<Result<Vec<_>, _>>();
        let rows = batch.num_rows();
        let step = (rows * HANDED_ON_BYTES).checked_div(batch.get_array_memory_size()).unwrap_or(rows).max(1);
        for start in (0..rows).step_by(step) {
            to.rows((start..rows.min(start + step)).map(row).collect::<Result<_, _>>()?)?;
        }
        count += rows;
    }
    Ok(counted(count))
}

/// The columns that a query would answer, without running it.
pub fn columns_of(connection: &Connection, query: &QueryCommand) -> Result<Vec<ResultColumn>, SqlError> {
    let mut statement = connection.prepare(&format!("SELECT * FROM ({}) LIMIT 0", query.sql))?;
    let hidden = hidden_types(&statement);
    let batches = statement.query_arrow([])?;
    Ok(columns(&batches.get_schema(), &hidden, query))
}

/// What Arrow does not tell of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hidden {
    Nothing,
    /// An integer of 128 bits, as DuckDB sums integers; in Arrow it looks like DECIMAL(38,0).
    IntegerSum,
    /// A TIMETZ, which looks like a TIME.
    ZonedTime,
}

fn hidden_types(statement: &Statement<'_>) -> Vec<Hidden> {
    let hidden = |at| match statement.column_logical_type(at).id() {
        LogicalTypeId::Hugeint => Hidden::IntegerSum,
        LogicalTypeId::TimeTZ => Hidden::ZonedTime,
        _ => Hidden::Nothing,
    };
    (0..statement.column_count()).map(hidden).collect()
}

fn columns(schema: &duckdb::arrow::datatypes::Schema, hidden: &[Hidden], query: &QueryCommand) -> Vec<ResultColumn> {
    let bound = query.columns.as_deref().filter(|bound| bound.len() == schema.fields().len()).unwrap_or_default();
    let column = |(at, (field, hidden)): (usize, (&std::sync::Arc<duckdb::arrow::datatypes::Field>, &Hidden))| {
        let declared = bound.get(at).and_then(|bound| bound.known());
        let (type_name, precision, scale) = describe(field.data_type(), *hidden, declared);
        ResultColumn { name: field.name().clone(), type_name, precision, scale }
    };
    schema.fields().iter().zip(hidden).enumerate().map(column).collect()
}

/// What the engine answers, by the type that the binder has found where both agree.
fn describe(data_type: &DataType, hidden: Hidden, declared: Option<Type>) -> (&'static str, u32, i8) {
    match (data_type, declared) {
        (DataType::Utf8, Some(Type::Varchar(length))) if length < VARCHAR_MAX => ("varchar", bytes(length), 0),
        (DataType::Utf8, Some(Type::Char(length))) => ("bpchar", bytes(length), 0),
        (DataType::Binary, Some(Type::Varbyte(length))) if length < VARBYTE_MAX => ("varbyte", bytes(length), 0),
        (DataType::Interval(_), Some(kind @ Type::Interval(_))) => (kind.short_name(), 0, 0),
        (DataType::Utf8, Some(Type::Super)) => ("super", 0, 0),
        (DataType::Decimal128(..), Some(Type::Decimal(precision, scale)))
            if hidden == Hidden::IntegerSum && scale == 0 =>
        {
            ("numeric", precision.into(), 0)
        }
        (DataType::Decimal128(_, shown), Some(Type::Decimal(precision, scale)))
            if i8::try_from(scale) == Ok(*shown) =>
        {
            ("numeric", precision.into(), *shown)
        }
        _ => describe_alone(data_type, hidden),
    }
}

fn bytes(length: u64) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn describe_alone(data_type: &DataType, hidden: Hidden) -> (&'static str, u32, i8) {
    match data_type {
        DataType::Boolean => ("bool", 1, 0),
        DataType::Int8 | DataType::Int16 => ("int2", 5, 0),
        DataType::Int32 => ("int4", 10, 0),
        DataType::Int64 => ("int8", 19, 0),
        // DuckDB sums integers into 128 bits where Redshift has a bigint.
        DataType::Decimal128(38, 0) if hidden == Hidden::IntegerSum => ("int8", 19, 0),
        DataType::Float32 => ("float4", 8, 8),
        DataType::Float64 => ("float8", 17, 17),
        DataType::Decimal128(precision, scale) => ("numeric", (*precision).into(), *scale),
        DataType::Binary => ("varbyte", 0, 0),
        DataType::Interval(_) => ("interval", 0, 0),
        DataType::Date32 => ("date", 13, 0),
        DataType::Time64(_) if hidden == Hidden::ZonedTime => ("timetz", 21, 6),
        DataType::Time64(_) => ("time", 15, 6),
        DataType::Timestamp(_, None) => ("timestamp", 29, 6),
        DataType::Timestamp(_, Some(_)) => ("timestamptz", 35, 6),
        // The columns of keys in PG_CONSTRAINT.
        DataType::List(item) if item.data_type() == &DataType::Int16 => ("_int2", 0, 0),
        _ => ("varchar", 0, 0),
    }
}

/// How the values of a column are shown, beside what their own type says.
#[derive(Debug, Clone, Copy)]
enum ShownAs<'z> {
    Itself,
    /// An integer of 128 bits as one of 64.
    BigInt,
    /// A CHAR with blanks up to its length.
    Padded(usize),
    /// A TIMETZ, which is kept in UTC.
    ZonedTime,
    /// A TIMESTAMPTZ in a zone other than UTC.
    InZone(&'z TimeZone),
}

impl<'z> ShownAs<'z> {
    fn of(column: &ResultColumn, zone: Option<&'z TimeZone>) -> Self {
        if let ("timestamptz", Some(zone)) = (column.type_name, zone) {
            return Self::InZone(zone);
        }
        match column.type_name {
            "int8" => Self::BigInt,
            "timetz" => Self::ZonedTime,
            "bpchar" => Self::Padded(usize::try_from(column.precision).unwrap_or(0)),
            _ => Self::Itself,
        }
    }
}

fn value(array: &dyn Array, row: usize, kind: ShownAs<'_>) -> Result<Value, SqlError> {
    if array.is_null(row) || array.data_type() == &DataType::Null {
        return Ok(Value::Null);
    }
    Ok(match array.data_type() {
        DataType::Boolean => Value::Boolean(array.as_boolean().value(row)),
        DataType::Int8 => Value::Long(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Value::Long(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Value::Long(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Long(array.as_primitive::<Int64Type>().value(row)),
        // The number that its digits say, and not what it is when it is widened.
        DataType::Float32 => {
            let number = array.as_primitive::<Float32Type>().value(row);
            Value::Double(number.to_string().parse().unwrap_or_else(|_| number.into()))
        }
        DataType::Float64 => Value::Double(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(38, 0) if matches!(kind, ShownAs::BigInt) => {
            let whole = array.as_primitive::<Decimal128Type>().value(row);
            let overflow = || SqlError::new("22003", "bigint out of range");
            Value::Long(i64::try_from(whole).map_err(|_| overflow())?)
        }
        _ => match kind {
            ShownAs::InZone(zone) => {
                let times = array.as_primitive_opt::<TimestampMicrosecondType>();
                let times = times.ok_or_else(|| SqlError::new("XX000", "a time that is none"))?;
                Value::Text(session_zone::text_of(times.value(row), zone))
            }
            ShownAs::ZonedTime => Value::Text(displayed(array, row)? + "+00"),
            ShownAs::Padded(length) => Value::Text(padded(displayed(array, row)?, length)),
            _ => Value::Text(displayed(array, row)?),
        },
    })
}

/// A CHAR has as many bytes as its type.
fn padded(mut text: String, length: usize) -> String {
    let missing = length.saturating_sub(text.len());
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// A float as PostgreSQL and Redshift write it.
pub fn double_text(number: f64) -> String {
    match number {
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        number => number.to_string(),
    }
}

/// A value as a text, which is how Redshift shows it.
pub fn displayed(array: &dyn Array, row: usize) -> Result<String, SqlError> {
    let unknown = || SqlError::new("XX000", format!("a value of {} cannot be shown", array.data_type()));
    Ok(match array.data_type() {
        // VARBYTE is printed in hexadecimal digits (r_VARBYTE_type).
        DataType::Binary => {
            let bytes = array.as_binary_opt::<i32>().ok_or_else(unknown)?;
            bytes.value(row).iter().map(|byte| format!("{byte:02x}")).collect()
        }
        DataType::Interval(_) => {
            let spans = array.as_primitive_opt::<IntervalMonthDayNanoType>().ok_or_else(unknown)?;
            let span = spans.value(row);
            let micros = i64::from(span.days) * civil::DAY_MICROS + span.nanoseconds / 1_000;
            interval::text_of(interval::Span { months: span.months.into(), micros })
        }
        DataType::Date32 => civil::date_text(array.as_primitive::<Date32Type>().value(row)),
        DataType::Time64(_) => {
            let times = array.as_primitive_opt::<Time64MicrosecondType>().ok_or_else(unknown)?;
            civil::time_text(times.value(row))
        }
        DataType::Timestamp(_, zone) => {
            let times = array.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(unknown)?;
            civil::timestamp_text(times.value(row), zone.is_some())
        }
        DataType::Float32 if !array.as_primitive::<Float32Type>().value(row).is_finite() => {
            double_text(array.as_primitive::<Float32Type>().value(row).into())
        }
        DataType::Float64 if !array.as_primitive::<Float64Type>().value(row).is_finite() => {
            double_text(array.as_primitive::<Float64Type>().value(row))
        }
        DataType::List(_) => array_text(array.as_list::<i32>().value(row).as_ref())?,
        _ => formatted(array, row)?,
    })
}

/// An array of the catalog as PostgreSQL writes it: `{1,2}`, with quotes where an element needs them.
fn array_text(elements: &dyn Array) -> Result<String, SqlError> {
    let element = |at: usize| {
        if elements.is_null(at) {
            return Ok("NULL".to_owned());
        }
        let text = displayed(elements, at)?;
        let is_plain = |sign: char| !sign.is_whitespace() && !"{},\"\\".contains(sign);
        Ok(match !text.is_empty() && text.chars().all(is_plain) && !text.eq_ignore_ascii_case("null") {
            true => text,
            false => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        })
    };
    let elements = (0..elements.len()).map(element).collect::<Result<Vec<String>, SqlError>>()?;
    Ok(format!("{{{}}}", elements.join(",")))
}

fn formatted(array: &dyn Array, row: usize) -> Result<String, SqlError> {
    let broken = |error: duckdb::arrow::error::ArrowError| SqlError::new("XX000", error.to_string());
    let formatter = ArrayFormatter::try_new(array, &FormatOptions::default()).map_err(broken)?;
    formatter.value(row).try_to_string().map_err(broken)
}
