//! Redshift's types on the wire: their OIDs, and values as text or in binary.

use bytes::{BufMut, BytesMut};
use pgwire::api::Type;
use pgwire::api::portal::Format;
use pgwire::api::results::{FieldFormat, FieldInfo};
use pgwire::messages::data::DataRow;
use redshift_engine::{ResultColumn, Value, double_text};

use redshift_sql::{civil, interval};

use crate::arrays;

/// Between 1970 and 2000, where the protocol's times begin.
pub const EPOCH_DAYS: i32 = 10_957;
pub const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// By Redshift's short name of a type.
pub fn oid_type(name: &str) -> Type {
    match name {
        "bool" => Type::BOOL,
        "int2" => Type::INT2,
        "_int2" => Type::INT2_ARRAY,
        "int4" => Type::INT4,
        "int8" => Type::INT8,
        "float4" => Type::FLOAT4,
        "float8" => Type::FLOAT8,
        "numeric" => Type::NUMERIC,
        "date" => Type::DATE,
        "time" => Type::TIME,
        "timetz" => Type::TIMETZ,
        "timestamp" => Type::TIMESTAMP,
        "timestamptz" => Type::TIMESTAMPTZ,
        "bpchar" => Type::BPCHAR,
        "interval" => Type::INTERVAL,
        "intervaly2m" => redshift_type("intervaly2m", YEAR_TO_MONTH_OID),
        "intervald2s" => redshift_type("intervald2s", DAY_TO_SECOND_OID),
        "super" => redshift_type("super", SUPER_OID),
        "varbyte" => redshift_type("varbyte", VARBYTE_OID),
        _ => Type::VARCHAR,
    }
}

/// The types that PostgreSQL does not have, by the numbers that Redshift's drivers know.
const SUPER_OID: u32 = 4000;
const VARBYTE_OID: u32 = 6551;
pub const YEAR_TO_MONTH_OID: u32 = 1188;
pub const DAY_TO_SECOND_OID: u32 = 1190;
/// What a modifier counts beside the length.
const HEADER_BYTES: i32 = 4;

fn redshift_type(name: &str, oid: u32) -> Type {
    Type::new(name.to_owned(), oid, Type::VARCHAR.kind().clone(), "pg_catalog".to_owned())
}

fn length(column: &ResultColumn) -> i32 {
    i32::try_from(column.precision).unwrap_or(i32::MAX)
}

/// How the columns are described, in the formats that the client asks for.
pub fn fields(columns: &[ResultColumn], formats: &Format) -> Vec<FieldInfo> {
    let field = |(at, column): (usize, &ResultColumn)| {
        let data_type = oid_type(column.type_name);
        let (size, modifier) = match column.type_name {
            "bool" => (1, -1),
            "int2" => (2, -1),
            "int4" | "float4" | "date" | "intervaly2m" => (4, -1),
            "interval" => (12, -1),
            "int8" | "float8" | "time" | "timetz" | "intervald2s" | "timestamp" | "timestamptz" => (8, -1),
            "numeric" => (-1, (length(column) << 16 | i32::from(column.scale)) + HEADER_BYTES),
            "varchar" | "bpchar" | "varbyte" if column.precision > 0 => (-1, length(column) + HEADER_BYTES),
            _ => (-1, -1),
        };
        let format = format_of(formats, at);
        FieldInfo::new(column.name.clone(), None, None, data_type, format)
            .with_type_size(size)
            .with_type_modifier(modifier)
    };
    columns.iter().enumerate().map(field).collect()
}

/// The format of a column; text where a client names too few.
fn format_of(formats: &Format, at: usize) -> FieldFormat {
    match formats {
        Format::Individual(codes) => codes.get(at).map_or(FieldFormat::Text, |code| FieldFormat::from(*code)),
        unified => unified.format_for(at),
    }
}

/// One row as it is sent, with so many digits of floats beside the usual ones.
pub fn row(values: &[Value], fields: &[FieldInfo], extra_digits: i32) -> DataRow {
    let mut bytes = BytesMut::with_capacity(values.len() * 12);
    for (value, field) in values.iter().zip(fields) {
        let place = bytes.len();
        bytes.put_i32(-1);
        if *value == Value::Null {
            continue;
        }
        let binary = field.format() == FieldFormat::Binary && put_binary(&mut bytes, value, field.datatype());
        if !binary {
            bytes.truncate(place + 4);
            put_text(&mut bytes, value, digits_of(field.datatype(), extra_digits));
        }
        let length = i32::try_from(bytes.len() - place - 4).unwrap_or(i32::MAX);
        bytes[place..place + 4].copy_from_slice(&length.to_be_bytes());
    }
    DataRow::new(bytes, i16::try_from(values.len()).unwrap_or(i16::MAX))
}

/// The digits of a float that are sure; `None` for all that tell it from every other.
fn digits_of(data_type: &Type, extra: i32) -> Option<usize> {
    let usual = if *data_type == Type::FLOAT4 { 6 } else { 15 };
    if extra > 0 { None } else { usize::try_from(usual + extra).ok().filter(|digits| *digits > 0) }
}

/// A number in so many digits, as C's `%g` writes it.
fn general(number: f64, digits: usize) -> String {
    let scientific = format!("{number:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    let places = i32::try_from(digits).unwrap_or(i32::MAX) - 1 - exponent;
    match usize::try_from(places) {
        Ok(places) if exponent >= -4 => trimmed(&format!("{number:.places$}")),
        _ => format!("{}e{}{:02}", trimmed(mantissa), if exponent < 0 { '-' } else { '+' }, exponent.abs()),
    }
}

/// A value as it is sent as a text, with the usual digits of floats; `None` for NULL.
#[cfg(test)]
pub fn value_text(value: &Value, column: &ResultColumn) -> Option<String> {
    let mut bytes = BytesMut::new();
    put_text(&mut bytes, value, digits_of(&oid_type(column.type_name), 0));
    (*value != Value::Null).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

fn put_text(bytes: &mut BytesMut, value: &Value, digits: Option<usize>) {
    match value {
        Value::Null => {}
        Value::Boolean(flag) => bytes.put_u8(if *flag { b't' } else { b'f' }),
        Value::Long(number) => bytes.put_slice(number.to_string().as_bytes()),
        Value::Double(number) if !number.is_finite() => bytes.put_slice(double_text(*number).as_bytes()),
        Value::Double(number) => {
            bytes.put_slice(digits.map_or_else(|| number.to_string(), |digits| general(*number, digits)).as_bytes())
        }
        Value::Text(text) => bytes.put_slice(text.as_bytes()),
    }
}

/// `false` where the type has no binary form here: nothing counts then.
#[expect(clippy::cast_possible_truncation, reason = "the type says how wide the value is")]
pub fn put_binary(bytes: &mut BytesMut, value: &Value, data_type: &Type) -> bool {
    match (value, data_type) {
        (Value::Boolean(flag), _) => bytes.put_u8(u8::from(*flag)),
        (Value::Long(number), &Type::INT2) => bytes.put_i16(*number as i16),
        (Value::Long(number), &Type::INT4) => bytes.put_i32(*number as i32),
        (Value::Long(number), _) => bytes.put_i64(*number),
        (Value::Double(number), &Type::FLOAT4) => bytes.put_f32(*number as f32),
        (Value::Double(number), _) => bytes.put_f64(*number),
        (Value::Text(text), &Type::DATE) => match days(text) {
            Some(days) => bytes.put_i32(days),
            None => return false,
        },
        (Value::Text(text), &Type::TIMESTAMPTZ) if !text.contains("+00") && !text.ends_with("infinity") => {
            match civil::parse_timestamp(text, true) {
                Some(micros) => bytes.put_i64(micros - EPOCH_MICROS),
                None => return false,
            }
        }
        (Value::Text(text), &Type::TIMESTAMP | &Type::TIMESTAMPTZ) => match micros(text) {
            Some(micros) => bytes.put_i64(micros),
            None => return false,
        },
        (Value::Text(text), &Type::TIME) => match civil::read_time(text) {
            Some(micros) => bytes.put_i64(micros),
            None => return false,
        },
        (Value::Text(text), &Type::TIMETZ) => match text.strip_suffix("+00").and_then(civil::read_time) {
            Some(micros) => {
                bytes.put_i64(micros);
                bytes.put_i32(0);
            }
            None => return false,
        },
        (Value::Text(text), &Type::NUMERIC) => return put_numeric(bytes, text),
        (Value::Text(text), &Type::INT2_ARRAY) => arrays::put_smallints(bytes, text),
        (Value::Text(text), kind) if is_interval(kind) => match interval::read(text, None) {
            Some(span) => return put_interval(bytes, span, kind),
            None => return false,
        },
        (Value::Text(digits), kind) if kind.oid() == VARBYTE_OID => return put_hex(bytes, digits),
        (Value::Text(text), _) => bytes.put_slice(text.as_bytes()),
        (Value::Null, _) => {}
    }
    true
}

/// The protocol's days and microseconds, which have infinity at their ends.
fn days(text: &str) -> Option<i32> {
    match text {
        "infinity" => Some(i32::MAX),
        "-infinity" => Some(i32::MIN),
        _ => civil::parse_date(text).map(|days| days - EPOCH_DAYS),
    }
}

fn micros(text: &str) -> Option<i64> {
    match text {
        "infinity" => Some(i64::MAX),
        "-infinity" => Some(i64::MIN),
        _ => civil::read_timestamp(text).map(|micros| micros - EPOCH_MICROS),
    }
}

fn is_interval(kind: &Type) -> bool {
    [Type::INTERVAL.oid(), YEAR_TO_MONTH_OID, DAY_TO_SECOND_OID].contains(&kind.oid())
}

/// As redshift_connector reads them: months in 32 bits, microseconds in 64, and both of an interval without a qualifier,
/// whose days are among its microseconds.
fn put_interval(bytes: &mut BytesMut, span: interval::Span, kind: &Type) -> bool {
    let Ok(months) = i32::try_from(span.months) else { return false };
    if kind.oid() != YEAR_TO_MONTH_OID {
        bytes.put_i64(span.micros);
    }
    if kind.oid() != DAY_TO_SECOND_OID {
        bytes.put_i32(months);
    }
    true
}

/// The bytes of a VARBYTE, whose text is their hexadecimal digits.
fn put_hex(bytes: &mut BytesMut, digits: &str) -> bool {
    (0..digits.len()).step_by(2).all(|at| {
        let byte = digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        byte.is_some_and(|byte| {
            bytes.put_u8(byte);
            true
        })
    })
}

/// Digits of base 10,000 with weight, sign and scale.
pub fn put_numeric(bytes: &mut BytesMut, text: &str) -> bool {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (0x4000_u16, digits),
        None => (0, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let padded_whole = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
    let padded_fraction = format!("{fraction}{}", "0".repeat((4 - fraction.len() % 4) % 4));
    let group = |chunk: &[u8]| std::str::from_utf8(chunk).ok().and_then(|text| text.parse::<i16>().ok()).unwrap_or(0);
    let mut groups: Vec<i16> =
        padded_whole.as_bytes().chunks(4).chain(padded_fraction.as_bytes().chunks(4)).map(group).collect();
    let mut weight = i16::try_from(padded_whole.len() / 4).unwrap_or(0) - 1;
    while groups.first() == Some(&0) && !groups.is_empty() {
        groups.remove(0);
        weight -= 1;
    }
    while groups.last() == Some(&0) {
        groups.pop();
    }
    if groups.is_empty() {
        weight = 0;
    }
    bytes.put_i16(i16::try_from(groups.len()).unwrap_or(0));
    bytes.put_i16(weight);
    bytes.put_u16(if groups.is_empty() { 0 } else { sign });
    bytes.put_u16(u16::try_from(fraction.len()).unwrap_or(0));
    groups.into_iter().for_each(|group| bytes.put_i16(group));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_described_as_redshift_describes_them() {
        let column = |type_name, precision, scale| ResultColumn { name: "c".into(), type_name, precision, scale };
        let columns = [
            column("varchar", 10, 0),
            column("varchar", 0, 0),
            column("bpchar", 5, 0),
            column("numeric", 38, 2),
            column("super", 0, 0),
        ];
        let fields = fields(&columns, &Format::UnifiedText);
        let described: Vec<_> = fields.iter().map(|field| (field.datatype().oid(), field.type_modifier())).collect();
        assert_eq!(described, [(1043, 14), (1043, -1), (1042, 9), (1700, (38 << 16 | 2) + 4), (4000, -1)]);
    }

    #[test]
    fn floats_in_the_digits_that_are_sure() {
        for (number, digits, text) in [
            (std::f64::consts::PI, 15, "3.14159265358979"),
            (0.1 + 0.2, 15, "0.3"),
            (1e20, 15, "1e+20"),
            (0.00001, 15, "1e-05"),
            (123_456.789, 6, "123457"),
            (19_999.99, 6, "20000"),
            (-1999.99, 6, "-1999.99"),
            (0.0, 15, "0"),
            (218.93179, 15, "218.93179"),
        ] {
            assert_eq!(general(number, digits), text);
        }
    }
}
