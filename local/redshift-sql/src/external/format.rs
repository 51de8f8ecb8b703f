//! How the files of an external table are read: by its input format, its serializer and its properties.

use super::table::ExternalTable;
use crate::copy::copy_format::{Format, JsonFormat, TextFormat, TextShape};
use crate::error::TranslateError;

const TEXT_INPUT: &str = "org.apache.hadoop.mapred.TextInputFormat";
const TEXT_OUTPUT: &str = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";
const PARQUET_INPUT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";
const PARQUET_OUTPUT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat";

const DELIMITED: &str = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";
const OPEN_CSV: &str = "org.apache.hadoop.hive.serde2.OpenCSVSerde";
const JSON: &str = "org.openx.data.jsonserde.JsonSerDe";
const PARQUET: &str = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";

/// Hive's delimiter where none is named.
const USUAL_DELIMITER: &str = "\u{1}";

/// Properties that change what is read, with the only value that is honoured (r_CREATE_EXTERNAL_TABLE). What data handling
/// does by itself is `SET_TO_NULL`, and texts that are too long are NULL without it.
const HANDLING: [(&str, &str); 6] = [
    ("column_count_mismatch_handling", "SET_TO_NULL"),
    ("invalid_char_handling", "FAIL"),
    ("numeric_overflow_handling", "SET_TO_NULL"),
    ("surplus_bytes_handling", "SET_TO_NULL"),
    ("surplus_char_handling", "SET_TO_NULL"),
    ("skip.footer.line.count", "0"),
];

/// The classes behind STORED AS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFormat {
    pub input_format: String,
    pub output_format: String,
}

impl FileFormat {
    pub fn text() -> Self {
        Self { input_format: TEXT_INPUT.into(), output_format: TEXT_OUTPUT.into() }
    }

    /// # Errors
    /// 0A000 for those that are not read here.
    pub fn named(name: &str) -> Result<Self, TranslateError> {
        match name {
            "textfile" => Ok(Self::text()),
            "parquet" => Ok(Self { input_format: PARQUET_INPUT.into(), output_format: PARQUET_OUTPUT.into() }),
            other => Err(TranslateError::unsupported(&format!("STORED AS {}", other.to_uppercase()))),
        }
    }
}

/// The class that reads the records of a format where no other is named.
pub fn serde_of(format: &FileFormat) -> &'static str {
    if format.input_format == PARQUET_INPUT { PARQUET } else { DELIMITED }
}

impl ExternalTable {
    /// How its files are read, where that is known here.
    ///
    /// # Errors
    /// 0A000 for a class or a property that is not honoured.
    pub fn format(&self) -> Result<Format, TranslateError> {
        for (property, honoured) in HANDLING {
            if let Some(value) = self.parameters.get(property)
                && !value.eq_ignore_ascii_case(honoured)
            {
                return Err(TranslateError::unsupported(&format!("TABLE PROPERTIES ('{property}'='{value}')")));
            }
        }
        self.skipped_lines()?;
        match (self.input_format.as_str(), self.serialization_lib.as_str()) {
            (TEXT_INPUT, DELIMITED) => self.delimited(),
            (TEXT_INPUT, OPEN_CSV) => self.csv(),
            (TEXT_INPUT, JSON) => {
                self.only_serde_parameters(&["ignore.malformed.json", "case.insensitive", "paths"])?;
                match self.serde_parameters.get("case.insensitive").map(|value| value.eq_ignore_ascii_case("true")) {
                    Some(false) => Err(TranslateError::unsupported("SERDEPROPERTIES ('case.insensitive'='false')")),
                    _ => Ok(Format::Json(JsonFormat::AutoIgnoreCase)),
                }
            }
            (PARQUET_INPUT, PARQUET) => Ok(Format::Parquet),
            (TEXT_INPUT | PARQUET_INPUT, serde) => {
                Err(TranslateError::unsupported(&format!("ROW FORMAT SERDE '{serde}'")))
            }
            (input, _) => Err(TranslateError::unsupported(&format!("INPUTFORMAT '{input}'"))),
        }
    }

    /// `skip.header.line.count`.
    ///
    /// # Errors
    /// 22023 where it is no number.
    pub fn skipped_lines(&self) -> Result<u64, TranslateError> {
        let Some(count) = self.parameters.get("skip.header.line.count") else { return Ok(0) };
        let invalid = || TranslateError::new("22023", format!("skip.header.line.count '{count}' must be a number"));
        count.parse().map_err(|_| invalid())
    }

    /// True where a line that is no JSON is a row of NULLs; else it ends the statement.
    pub fn ignores_malformed_json(&self) -> bool {
        self.serde_parameters.get("ignore.malformed.json").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The sign that escapes in OpenCSVSerde.
    pub fn escape(&self) -> Option<u8> {
        let is_csv = self.serialization_lib == OPEN_CSV;
        let escape = self.serde_parameters.get("escapeChar").map_or("\\", String::as_str);
        let quote = self.serde_parameters.get("quoteChar").map_or("\"", String::as_str);
        escape.bytes().next().filter(|_| is_csv && escape != quote)
    }

    /// True where fields of OpenCSVSerde may have line ends.
    pub fn is_whole_file(&self) -> bool {
        self.serde_parameters.get("wholeFile").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn delimited(&self) -> Result<Format, TranslateError> {
        self.only_serde_parameters(&["field.delim", "serialization.format", "line.delim"])?;
        let named = |key: &str| self.serde_parameters.get(key);
        let delimiter = named("field.delim").or_else(|| named("serialization.format"));
        let delimiter = one_sign("FIELDS TERMINATED BY", delimiter.map_or(USUAL_DELIMITER, String::as_str))?;
        self.text(TextShape::Delimited, &delimiter)
    }

    fn csv(&self) -> Result<Format, TranslateError> {
        self.only_serde_parameters(&["separatorChar", "quoteChar", "escapeChar", "serialization.format", "wholeFile"])?;
        let named =
            |key: &str, usual: &str| one_sign(key, self.serde_parameters.get(key).map_or(usual, String::as_str));
        named("escapeChar", "\\")?;
        let quote = named("quoteChar", "\"")?.bytes().next().unwrap_or(b'"');
        self.text(TextShape::Csv(quote), &named("separatorChar", ",")?)
    }

    fn text(&self, shape: TextShape, delimiter: &str) -> Result<Format, TranslateError> {
        let null = self.parameters.get("serialization.null.format");
        Ok(Format::Text(TextFormat {
            shape,
            delimiter: Some(delimiter.to_owned()),
            null: null.map_or("\\N", String::as_str).to_owned(),
            skipped_lines: self.skipped_lines()?,
            fill: true,
            ..TextFormat::new()
        }))
    }

    fn only_serde_parameters(&self, known: &[&str]) -> Result<(), TranslateError> {
        match self.serde_parameters.keys().find(|key| !known.contains(&key.as_str())) {
            Some(other) => Err(TranslateError::unsupported(&format!("SERDEPROPERTIES ('{other}')"))),
            None => Ok(()),
        }
    }
}

fn one_sign(what: &str, sign: &str) -> Result<String, TranslateError> {
    match sign.len() {
        1 => Ok(sign.to_owned()),
        _ => Err(TranslateError::unsupported(&format!("{what} '{sign}' (only one sign of ASCII)"))),
    }
}
