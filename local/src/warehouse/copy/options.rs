//! The COPY statement. Every option of the reference is honoured, accepted as having no meaning here, or refused
//! by name; none is skipped in silence.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::credential::Credential;
use super::reader::{Reader, near};
use crate::warehouse::error::SqlError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyCommand {
    pub schema: Option<String>,
    pub table: String,
    pub columns: Vec<String>,
    pub from: String,
    pub credential: Option<Credential>,
    pub region: Option<String>,
    pub format: Format,
    pub compression: Compression,
    pub manifest: bool,
    pub max_errors: u64,
    pub no_load: bool,
    pub truncate_columns: bool,
    pub empty_as_null: bool,
    pub blanks_as_null: bool,
    pub explicit_ids: bool,
    pub time_format: Option<String>,
    pub date_format: Option<String>,
    /// ACCEPTANYDATE: what is no date is NULL.
    pub any_date: bool,
    /// ROUNDEC: else places beyond the column's are cut off.
    pub round: bool,
    /// TRIMBLANKS
    pub trim_blanks: bool,
    /// ACCEPTINVCHARS: what stands for bytes that are no UTF-8.
    pub replacement: Option<char>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    Json(JsonFormat),
    Text(TextFormat),
    Parquet,
}

/// Lines of fields: delimited text, CSV, or fields of fixed width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFormat {
    pub shape: TextShape,
    pub delimiter: Option<String>,
    pub escape: bool,
    pub remove_quotes: bool,
    /// What is NULL; `\\N` where nothing is said.
    pub null: String,
    pub skipped_lines: u64,
    pub skip_blank_lines: bool,
    pub fill: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextShape {
    Delimited,
    /// The quote.
    Csv(u8),
    /// Characters of each field.
    FixedWidth(Vec<usize>),
}

impl TextFormat {
    fn new() -> Self {
        Self {
            shape: TextShape::Delimited,
            delimiter: None,
            escape: false,
            remove_quotes: false,
            null: "\\N".into(),
            skipped_lines: 0,
            skip_blank_lines: false,
            fill: false,
        }
    }
}

/// How the keys of a JSON object find their columns (C7, C8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonFormat {
    Auto,
    AutoIgnoreCase,
    /// The address of a jsonpaths file.
    Paths(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Bzip2,
    Zstd,
}

/// C12: more than this MAXERROR does not take.
const MAX_MAXERROR: u64 = 100_000;

/// Options of COPY that the stand-in knows by name and does not honour.
const REFUSED: &[&str] = &["AVRO", "ENCRYPTED", "LZOP", "MASTER_SYMMETRIC_KEY", "ORC", "READRATIO", "SHAPEFILE", "SSH"];

pub fn parse(tokens: &[TokenWithSpan]) -> Result<CopyCommand, SqlError> {
    let mut reader = Reader::new(tokens);
    reader.tokens.next();
    let (schema, table) = reader.table()?;
    let columns = reader.columns()?;
    reader.word("FROM")?;
    let from = reader.string()?;
    if !from.starts_with("s3://") {
        return Err(SqlError::unsupported(&format!("COPY from '{from}' (only s3:// addresses)")));
    }
    let mut copy = CopyCommand {
        schema,
        table,
        columns,
        from,
        credential: None,
        region: None,
        format: Format::Text(TextFormat::new()),
        compression: Compression::None,
        manifest: false,
        max_errors: 0,
        no_load: false,
        truncate_columns: false,
        empty_as_null: false,
        blanks_as_null: false,
        explicit_ids: false,
        time_format: None,
        date_format: None,
        any_date: false,
        round: false,
        trim_blanks: false,
        replacement: None,
    };
    // Options of text may stand before the format that they belong to.
    let mut text = TextFormat::new();
    let mut names_text = false;
    while let Some(token) = reader.tokens.next() {
        names_text |= text_option(&mut reader, token, &mut text)? || option(&mut reader, token, &mut copy, &mut text)?;
    }
    if let Format::Text(found) = &mut copy.format {
        *found = text;
    } else if names_text {
        return Err(SqlError::new("0A000", "an option of delimited text cannot stand beside FORMAT JSON or PARQUET"));
    }
    if let Format::Text(TextFormat { shape: TextShape::Csv(_), escape: true, .. }) = copy.format {
        return Err(SqlError::new("0A000", "CSV is not supported with ESCAPE"));
    }
    Ok(copy)
}

/// An option of delimited text, CSV and fixed width; `false` where the token is none.
fn text_option(reader: &mut Reader<'_>, token: &TokenWithSpan, text: &mut TextFormat) -> Result<bool, SqlError> {
    let Token::Word(word) = &token.token else { return Ok(false) };
    match word.value.to_uppercase().as_str() {
        "CSV" => text.shape = TextShape::Csv(reader.quote()?),
        "DELIMITER" => {
            reader.take_word("AS");
            text.delimiter = Some(unescaped(&reader.string()?));
        }
        "FIXEDWIDTH" => {
            reader.take_word("AS");
            text.shape = TextShape::FixedWidth(reader.widths("label:width,label:width")?);
        }
        "QUOTE" => {
            reader.take_word("AS");
            let quote = reader.string()?;
            match (quote.as_bytes(), &mut text.shape) {
                ([byte], TextShape::Csv(quote)) => *quote = *byte,
                _ => return Err(SqlError::syntax("QUOTE must be a single character, and stands behind CSV")),
            }
        }
        "ESCAPE" => text.escape = true,
        "REMOVEQUOTES" => text.remove_quotes = true,
        "NULL" => {
            reader.take_word("AS");
            text.null = unescaped(&reader.string()?);
        }
        "IGNOREHEADER" => {
            reader.take_word("AS");
            text.skipped_lines = reader.number()?;
        }
        "IGNOREBLANKLINES" => text.skip_blank_lines = true,
        "FILLRECORD" => text.fill = true,
        _ => return Ok(false),
    }
    Ok(true)
}

/// `\t` and `\001` as the signs that they stand for.
fn unescaped(text: &str) -> String {
    match text.strip_prefix('\\') {
        Some("t") => "\t".into(),
        Some("n") => "\n".into(),
        Some("0") => "\0".into(),
        Some(octal) if octal.len() == 3 => {
            let code = u8::from_str_radix(octal, 8).ok().filter(u8::is_ascii);
            code.map_or_else(|| text.to_owned(), |code| char::from(code).to_string())
        }
        _ => text.to_owned(),
    }
}

/// Any other option. Answers whether it made the format one of text.
fn option(
    reader: &mut Reader<'_>,
    token: &TokenWithSpan,
    copy: &mut CopyCommand,
    text: &mut TextFormat,
) -> Result<bool, SqlError> {
    let Token::Word(word) = &token.token else { return Err(near(token)) };
    let word = word.value.to_uppercase();
    if Credential::option(reader, &word, &mut copy.credential)? {
        return Ok(false);
    }
    match word.as_str() {
        "REGION" => {
            reader.take_word("AS");
            copy.region = Some(reader.string()?);
        }
        "FORMAT" => {
            reader.take_word("AS");
            if reader.take_word("JSON") {
                copy.format = Format::Json(json_format(reader)?);
            } else if reader.take_word("CSV") {
                text.shape = TextShape::Csv(reader.quote()?);
                return Ok(true);
            } else if reader.take_word("PARQUET") {
                copy.format = Format::Parquet;
            } else {
                return match reader.tokens.next() {
                    Some(TokenWithSpan { token: Token::Word(word), .. }) => {
                        Err(SqlError::unsupported(&format!("COPY FORMAT {}", word.value.to_uppercase())))
                    }
                    Some(token) => Err(near(token)),
                    None => Err(SqlError::syntax("syntax error at end of input")),
                };
            }
        }
        "JSON" => copy.format = Format::Json(json_format(reader)?),
        "PARQUET" => copy.format = Format::Parquet,
        "MANIFEST" => copy.manifest = true,
        "GZIP" => copy.compression = Compression::Gzip,
        "BZIP2" => copy.compression = Compression::Bzip2,
        "ZSTD" => copy.compression = Compression::Zstd,
        "MAXERROR" => {
            reader.take_word("AS");
            copy.max_errors = reader.number()?;
            if copy.max_errors > MAX_MAXERROR {
                return Err(SqlError::new(
                    "22023",
                    format!("MAXERROR {} is out of range: 0 to {MAX_MAXERROR}", copy.max_errors),
                ));
            }
        }
        "IGNOREALLERRORS" => copy.max_errors = u64::MAX,
        "NOLOAD" => copy.no_load = true,
        "TRUNCATECOLUMNS" => copy.truncate_columns = true,
        "EMPTYASNULL" => copy.empty_as_null = true,
        "BLANKSASNULL" => copy.blanks_as_null = true,
        "EXPLICIT_IDS" => copy.explicit_ids = true,
        "TIMEFORMAT" => {
            reader.take_word("AS");
            copy.time_format = Some(reader.string()?);
        }
        "DATEFORMAT" => {
            reader.take_word("AS");
            copy.date_format = Some(reader.string()?);
        }
        "ACCEPTANYDATE" => copy.any_date = true,
        "ROUNDEC" => copy.round = true,
        "TRIMBLANKS" => copy.trim_blanks = true,
        "ACCEPTINVCHARS" => {
            reader.take_word("AS");
            let text = if reader.next_is_string() { reader.string()? } else { "?".into() };
            copy.replacement = text.chars().next();
        }
        "ENCODING" => {
            reader.take_word("AS");
            let encoding = reader.word_or_string()?;
            if !encoding.eq_ignore_ascii_case("UTF8") {
                return Err(SqlError::unsupported(&format!("COPY option ENCODING {encoding}")));
            }
        }
        // Statistics, encodings and how long an upload waits: nothing to do with what is loaded.
        "COMPUPDATE" | "STATUPDATE" => {
            let _ = ["ON", "OFF", "TRUE", "FALSE", "PRESET"].iter().any(|value| reader.take_word(value));
        }
        "COMPROWS" => drop(reader.number()?),
        known if REFUSED.contains(&known) => return Err(SqlError::unsupported(&format!("COPY option {known}"))),
        _ => return Err(near(token)),
    }
    Ok(false)
}

fn json_format(reader: &mut Reader<'_>) -> Result<JsonFormat, SqlError> {
    reader.take_word("AS");
    if !reader.next_is_string() {
        return Ok(JsonFormat::Auto);
    }
    let text = reader.string()?;
    match text.as_str() {
        "auto" => Ok(JsonFormat::Auto),
        "auto ignorecase" => Ok(JsonFormat::AutoIgnoreCase),
        "noshred" => Err(SqlError::unsupported("COPY option JSON 'noshred'")),
        address if address.starts_with("s3://") => Ok(JsonFormat::Paths(text)),
        other => Err(SqlError::new(
            "22023",
            format!("Invalid JSON option '{other}': expected 'auto', 'auto ignorecase' or s3://…"),
        )),
    }
}
