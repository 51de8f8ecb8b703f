//! Times that DuckDB reads otherwise than Redshift: before Christ, of a year with more than four digits, and Julian days.

use crate::time::civil;

/// Such a time as DuckDB reads it, and one that is out of Redshift's range as no time any more (r_Datetime_types). `None`
/// for any other text.
pub fn duck_text(text: &str, is_zoned: bool) -> Option<String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let has_long_year = digits > 4 && text[digits..].starts_with('-');
    let is_julian = text.starts_with(['J', 'j']) && text[1..].starts_with(|sign: char| sign.is_ascii_digit());
    let has_era = digits > 0 && civil::without_era(text).0.len() < text.len();
    if !has_era && !has_long_year && !is_julian {
        return None;
    }
    let read = match civil::parse_date(text) {
        Some(days) => Some(civil::duck_date(days)),
        None if is_julian => civil::parse_julian(text).map(civil::duck_timestamp),
        None => civil::parse_timestamp(text, is_zoned).map(civil::duck_timestamp),
    };
    Some(read.unwrap_or_else(|| format!("out of range: {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_duckdb_reads_them() {
        for (text, is_zoned, read) in [
            ("0044-03-15 BC", false, "0044-03-15 (BC)"),
            ("0044-03-15 10:00:00.5 bc", false, "0044-03-15 (BC) 10:00:00.5"),
            ("0044-03-15 10:00:00+02 BC", true, "0044-03-15 (BC) 08:00:00"),
            ("0044-03-15 10:00:00+02 BC", false, "0044-03-15 (BC) 10:00:00"),
            ("2018-11-01 AD", false, "2018-11-01"),
            ("294276-12-31", false, "294276-12-31"),
            ("12345-01-02T03:04:05Z", true, "12345-01-02 03:04:05"),
            ("J2345678 04:05:06.789", false, "1710-02-23 04:05:06.789"),
            ("294277-01-01", false, "out of range: 294277-01-01"),
            ("4714-12-31 00:00:00 BC", false, "out of range: 4714-12-31 00:00:00 BC"),
        ] {
            assert_eq!(duck_text(text, is_zoned).as_deref(), Some(read), "{text}");
        }
        for text in ["2018-11-01", "20181101", "June", "Jan-15-2008", "", "BC", "hello BC", "é", "12345"] {
            assert_eq!(duck_text(text, false), None, "{text}");
        }
    }
}
