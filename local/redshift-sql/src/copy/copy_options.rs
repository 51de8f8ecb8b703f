//! The COPY statement. Every option of the reference is honoured, accepted as having no meaning here, or refused
//! by name; none is skipped in silence.

use std::collections::BTreeSet;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::copy::copy_conflicts;
use crate::copy::copy_format::{Format, JsonFormat, TextFormat, TextShape};
use crate::copy::credential::Credential;
use crate::error::TranslateError;
use crate::parse::token_reader::{TokenReader, near};

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
    /// IGNOREHEADER, beside JSON too.
    pub ignored_lines: u64,
    /// FILLRECORD, beside Parquet too.
    pub fill_record: bool,
    /// SERIALIZETOJSON: Parquet's values may become SUPER values.
    pub serialize_to_json: bool,
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
const REFUSED: &[&str] =
    &["AVRO", "ENCRYPTED", "JOB", "LZOP", "MASTER_SYMMETRIC_KEY", "ORC", "READRATIO", "SHAPEFILE", "SSH"];

pub fn parse(tokens: &[TokenWithSpan]) -> Result<CopyCommand, TranslateError> {
    let mut reader = TokenReader::new(tokens);
    reader.tokens.next();
    let (schema, table) = reader.table()?;
    let columns = reader.columns()?;
    reader.word("FROM")?;
    let from = reader.string()?;
    if !from.starts_with("s3://") {
        return Err(TranslateError::unsupported(&format!("COPY from '{from}' (only s3:// addresses)")));
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
        ignored_lines: 0,
        fill_record: false,
        serialize_to_json: false,
    };
    // Options of text may stand before the format that they belong to.
    let mut text = TextFormat::new();
    let mut named = BTreeSet::new();
    while let Some(token) = reader.tokens.next() {
        let Token::Word(word) = &token.token else { return Err(near(token)) };
        let mut option_name = word.value.to_uppercase();
        if option_name == "FORMAT" {
            option_name = format_name(&mut reader)?;
        }
        if !text_option(&mut reader, &option_name, &mut text)? {
            option(&mut reader, token, &option_name, &mut copy)?;
        }
        named.insert(option_name);
    }
    (copy.ignored_lines, copy.fill_record) = (text.skipped_lines, text.fill);
    if let Format::Text(found) = &mut copy.format {
        *found = text;
    }
    copy_conflicts::check(&copy.format, &named)?;
    Ok(copy)
}

/// The format behind FORMAT, which may stand alone as well.
fn format_name(reader: &mut TokenReader<'_>) -> Result<String, TranslateError> {
    reader.take_word("AS");
    let name = reader.name()?.to_uppercase();
    match name.as_str() {
        "CSV" | "DELIMITER" | "FIXEDWIDTH" | "JSON" | "PARQUET" => Ok(name),
        _ => Err(TranslateError::unsupported(&format!("COPY FORMAT {name}"))),
    }
}

/// An option of delimited text, CSV and fixed width; `false` where the word is none.
fn text_option(reader: &mut TokenReader<'_>, name: &str, text: &mut TextFormat) -> Result<bool, TranslateError> {
    match name {
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
                _ => return Err(TranslateError::syntax("QUOTE must be a single character, and stands behind CSV")),
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
pub(crate) fn unescaped(text: &str) -> String {
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

/// Any other option.
fn option(
    reader: &mut TokenReader<'_>,
    token: &TokenWithSpan,
    name: &str,
    copy: &mut CopyCommand,
) -> Result<(), TranslateError> {
    if Credential::option(reader, name, &mut copy.credential)? {
        return Ok(());
    }
    match name {
        "REGION" => {
            reader.take_word("AS");
            copy.region = Some(reader.string()?);
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
                return Err(TranslateError::new(
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
        "SERIALIZETOJSON" => copy.serialize_to_json = true,
        "ACCEPTINVCHARS" => {
            reader.take_word("AS");
            copy.replacement = Some(if reader.next_is_string() { replacement(&reader.string()?)? } else { '?' });
        }
        "ENCODING" => {
            reader.take_word("AS");
            let encoding = reader.word_or_string()?;
            if !encoding.eq_ignore_ascii_case("UTF8") {
                return Err(TranslateError::unsupported(&format!("COPY option ENCODING {encoding}")));
            }
        }
        // Statistics, encodings and how long an upload waits: nothing to do with what is loaded.
        "COMPUPDATE" | "STATUPDATE" => {
            let _ = ["ON", "OFF", "TRUE", "FALSE", "PRESET"].iter().any(|value| reader.take_word(value));
        }
        "COMPROWS" => drop(reader.number()?),
        known if REFUSED.contains(&known) => return Err(TranslateError::unsupported(&format!("COPY option {known}"))),
        _ => return Err(near(token)),
    }
    Ok(())
}

/// The character of ACCEPTINVCHARS: any of ASCII but NUL (copy-parameters-data-conversion).
fn replacement(text: &str) -> Result<char, TranslateError> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(one @ '\u{1}'..='\u{7f}'), None) => Ok(one),
        _ => Err(TranslateError::new(
            "22023",
            format!("ACCEPTINVCHARS '{text}' must be a single ASCII character, not NUL"),
        )),
    }
}

fn json_format(reader: &mut TokenReader<'_>) -> Result<JsonFormat, TranslateError> {
    reader.take_word("AS");
    if !reader.next_is_string() {
        return Ok(JsonFormat::Auto);
    }
    let text = reader.string()?;
    match text.as_str() {
        "auto" => Ok(JsonFormat::Auto),
        "auto ignorecase" => Ok(JsonFormat::AutoIgnoreCase),
        "noshred" => Err(TranslateError::unsupported("COPY option JSON 'noshred'")),
        address if address.starts_with("s3://") => Ok(JsonFormat::Paths(text)),
        other => Err(TranslateError::new(
            "22023",
            format!("Invalid JSON option '{other}': expected 'auto', 'auto ignorecase' or s3://…"),
        )),
    }
}
