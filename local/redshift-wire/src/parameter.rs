//! Values that clients bind to parameters, as texts or in binary.

use pgwire::api::Type;
use redshift_engine::{Parameter, ParameterKind};
use redshift_sql::civil;

use crate::types::{DAY_TO_SECOND_OID, EPOCH_DAYS, EPOCH_MICROS, YEAR_TO_MONTH_OID};

/// A value that a client bound, of the type that it declared.
pub fn parameter(value: Option<&[u8]>, is_binary: bool, data_type: Option<&Type>) -> Option<Parameter> {
    let kind = kind_of(data_type);
    let Some(bytes) = value else { return Some(Parameter { value: None, kind }) };
    if !is_binary {
        let text = date_without_zone(std::str::from_utf8(bytes).ok()?).to_owned();
        return Some(Parameter { value: Some(text), kind });
    }
    let text = match data_type {
        Some(&Type::BOOL) => (bytes.first()? == &1).to_string(),
        Some(&Type::INT2) => i16::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Some(&Type::INT4) => i32::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Some(&Type::OID) => u32::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Some(&Type::INT8) => i64::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Some(&Type::FLOAT4) => f32::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Some(&Type::FLOAT8) => f64::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Some(&Type::DATE) => match i32::from_be_bytes(bytes.try_into().ok()?) {
            infinite @ (i32::MAX | i32::MIN) => civil::duck_date(infinite),
            days => civil::duck_date(days.checked_add(EPOCH_DAYS).filter(|days| *days < i32::MAX)?),
        },
        Some(&Type::TIMESTAMP) => duck_timestamp(i64::from_be_bytes(bytes.try_into().ok()?))?,
        // In UTC, whatever the time zone of the session is.
        Some(&Type::TIMESTAMPTZ) => match duck_timestamp(i64::from_be_bytes(bytes.try_into().ok()?))? {
            infinite if infinite.ends_with("infinity") => infinite,
            finite => format!("{finite}+00"),
        },
        Some(&Type::TIME) => {
            let micros = i64::from_be_bytes(bytes.try_into().ok()?);
            (0..=civil::DAY_MICROS).contains(&micros).then(|| civil::time_text(micros))?
        }
        Some(&Type::TIMETZ) => zoned_time(bytes)?,
        Some(kind) if kind.oid() == YEAR_TO_MONTH_OID => {
            format!("{} months", i32::from_be_bytes(bytes.try_into().ok()?))
        }
        Some(kind) if kind.oid() == DAY_TO_SECOND_OID => {
            format!("{} microseconds", i64::from_be_bytes(bytes.try_into().ok()?))
        }
        Some(&Type::NUMERIC) => numeric(bytes)?,
        _ => std::str::from_utf8(bytes).ok()?.to_owned(),
    };
    Some(Parameter { value: Some(text), kind })
}

/// Microseconds, and the seconds of the zone to the west of UTC.
fn zoned_time(bytes: &[u8]) -> Option<String> {
    let micros = i64::from_be_bytes(bytes.get(..8)?.try_into().ok()?);
    let west = i32::from_be_bytes(bytes.get(8..)?.try_into().ok()?);
    let utc = micros.checked_add(i64::from(west) * 1_000_000)?;
    (0..=civil::DAY_MICROS)
        .contains(&micros)
        .then(|| format!("{}+00", civil::time_text(utc.rem_euclid(civil::DAY_MICROS))))
}

/// JDBC's driver writes a day as `2018-11-30 +00`, which PostgreSQL reads and DuckDB does not.
fn date_without_zone(text: &str) -> &str {
    let Some((day, zone)) = text.split_once(' ') else { return text };
    let is_zone = zone.starts_with(['+', '-']) && zone[1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    if is_zone && civil::read_date(day, false).is_some() { day } else { text }
}

fn kind_of(data_type: Option<&Type>) -> ParameterKind {
    match data_type {
        Some(&Type::INT2 | &Type::INT4 | &Type::INT8 | &Type::OID | &Type::FLOAT4 | &Type::FLOAT8 | &Type::NUMERIC) => {
            ParameterKind::Number
        }
        Some(&Type::BOOL) => ParameterKind::Typed("boolean"),
        Some(&Type::DATE) => ParameterKind::Typed("date"),
        Some(&Type::TIME) => ParameterKind::Typed("time"),
        Some(&Type::TIMETZ) => ParameterKind::Typed("timetz"),
        Some(kind) if kind.oid() == YEAR_TO_MONTH_OID => ParameterKind::Typed("interval year to month"),
        Some(kind) if kind.oid() == DAY_TO_SECOND_OID => ParameterKind::Typed("interval day to second"),
        Some(&Type::TIMESTAMP) => ParameterKind::Typed("timestamp"),
        Some(&Type::TIMESTAMPTZ) => ParameterKind::Typed("timestamptz"),
        _ => ParameterKind::Text,
    }
}

/// What stands for a parameter while a statement is described: a value of its type.
pub fn stand_in(data_type: Option<&Type>) -> Parameter {
    let kind = kind_of(data_type);
    match kind {
        ParameterKind::Number => Parameter { value: Some("1".into()), kind },
        _ => Parameter { value: None, kind },
    }
}

fn numeric(bytes: &[u8]) -> Option<String> {
    let word = |at: usize| Some(i16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let (count, weight, sign, scale) = (word(0)?, word(2)?, word(4)?, usize::try_from(word(6)?).ok()?);
    let mut whole = String::new();
    let mut fraction = String::new();
    for at in 0..i32::from(count).max(i32::from(weight) + 1) {
        let digit = if at < i32::from(count) { word(8 + 2 * usize::try_from(at).ok()?)? } else { 0 };
        let place = if at <= i32::from(weight) { &mut whole } else { &mut fraction };
        place.push_str(&format!("{digit:04}"));
    }
    if weight < -1 {
        fraction = format!("{}{fraction}", "0000".repeat(usize::try_from(-i32::from(weight) - 1).ok()?));
    }
    fraction.truncate(scale);
    let fraction = format!("{fraction:0<scale$}");
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if scale > 0 { "." } else { "" };
    let minus = if sign == 0x4000 { "-" } else { "" };
    Some(format!("{minus}{whole}{point}{fraction}"))
}

/// A timestamp as DuckDB reads it, of microseconds since 2000.
fn duck_timestamp(micros: i64) -> Option<String> {
    match micros {
        i64::MAX => return Some("infinity".into()),
        i64::MIN => return Some("-infinity".into()),
        _ => {}
    }
    civil::in_range(micros.checked_add(EPOCH_MICROS)?).map(civil::duck_timestamp)
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use redshift_engine::Value;

    use super::*;
    use crate::types::{oid_type, put_binary, put_numeric};

    #[test]
    fn numerics_in_binary_and_back() {
        for text in
            ["0", "1", "-1.50", "12345678.0009", "0.0001", "10000", "99999999999999999999.123456789", "100000000"]
        {
            let mut bytes = BytesMut::new();
            assert!(put_numeric(&mut bytes, text));
            assert_eq!(numeric(&bytes).as_deref(), Some(text));
        }
    }

    #[test]
    fn times_in_binary_and_back() {
        let mut bytes = BytesMut::new();
        assert!(put_binary(&mut bytes, &Value::Text("2018-11-30 01:02:03.5".into()), &Type::TIMESTAMP));
        let back = parameter(Some(&bytes), true, Some(&Type::TIMESTAMP)).and_then(|parameter| parameter.value);
        assert_eq!(back.as_deref(), Some("2018-11-30 01:02:03.5"));
    }

    #[test]
    fn the_ends_of_time_in_binary_and_back() {
        for (data_type, shown, read) in [
            (Type::DATE, "9999-12-31", "9999-12-31"),
            (Type::DATE, "294276-12-31", "294276-12-31"),
            (Type::DATE, "0044-03-15 BC", "0044-03-15 (BC)"),
            (Type::DATE, "-infinity", "-infinity"),
            (Type::TIMESTAMP, "9999-12-31 23:59:59", "9999-12-31 23:59:59"),
            (Type::TIMESTAMPTZ, "9999-12-31 23:59:59+00", "9999-12-31 23:59:59+00"),
            (Type::TIMESTAMP, "4713-01-01 00:00:00 BC", "4713-01-01 (BC) 00:00:00"),
            (Type::TIMESTAMP, "infinity", "infinity"),
            (Type::TIME, "24:00:00", "24:00:00"),
        ] {
            let mut bytes = BytesMut::new();
            assert!(put_binary(&mut bytes, &Value::Text(shown.into()), &data_type), "{shown}");
            let back = parameter(Some(&bytes), true, Some(&data_type)).and_then(|parameter| parameter.value);
            assert_eq!(back.as_deref(), Some(read));
        }
        // Beyond any day of Redshift's.
        assert!(parameter(Some(&i64::MAX.wrapping_sub(1).to_be_bytes()), true, Some(&Type::TIMESTAMP)).is_none());
        assert!(parameter(Some(&(i32::MAX - 1).to_be_bytes()), true, Some(&Type::DATE)).is_none());
        assert!(parameter(Some(&(civil::DAY_MICROS + 1).to_be_bytes()), true, Some(&Type::TIME)).is_none());
    }

    #[test]
    fn intervals_in_binary_and_back() {
        for (kind, shown, read) in [
            ("intervaly2m", "1 year 2 mons", "14 months"),
            ("intervald2s", "-1 days -00:00:01.5", "-86401500000 microseconds"),
        ] {
            let mut bytes = BytesMut::new();
            let kind = oid_type(kind);
            assert!(put_binary(&mut bytes, &Value::Text(shown.into()), &kind));
            let back = parameter(Some(&bytes), true, Some(&kind)).and_then(|parameter| parameter.value);
            assert_eq!(back.as_deref(), Some(read));
        }
        let mut bytes = BytesMut::new();
        assert!(put_binary(&mut bytes, &Value::Text("1 mon 1 day".into()), &Type::INTERVAL));
        assert_eq!(bytes.len(), 12);
    }

    #[test]
    fn times_with_a_zone_in_binary_and_back() {
        let mut bytes = BytesMut::new();
        assert!(put_binary(&mut bytes, &Value::Text("04:05:06.5+00".into()), &Type::TIMETZ));
        let back = parameter(Some(&bytes), true, Some(&Type::TIMETZ)).and_then(|parameter| parameter.value);
        assert_eq!(back.as_deref(), Some("04:05:06.5+00"));
        // Five hours to the west.
        let five = [&3_600_000_000_i64.to_be_bytes()[..], &18_000_i32.to_be_bytes()].concat();
        let back = parameter(Some(&five), true, Some(&Type::TIMETZ)).and_then(|parameter| parameter.value);
        assert_eq!(back.as_deref(), Some("06:00:00+00"));
    }

    #[test]
    fn bytes_in_binary() {
        let mut bytes = BytesMut::new();
        assert!(put_binary(&mut bytes, &Value::Text("00ff61".into()), &oid_type("varbyte")));
        assert_eq!(bytes[..], [0, 255, 97]);
    }
}
