//! The UNLOAD statement. Every option of the reference is honoured, accepted as having no meaning here, or refused by
//! name.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::copy::copy_options::Compression;
use crate::copy::credential::Credential;
use crate::error::TranslateError;
use crate::parse::token_reader::{TokenReader, near};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnloadCommand {
    /// DuckDB's SQL.
    pub query: String,
    pub to: String,
    pub credential: Option<Credential>,
    pub format: UnloadFormat,
    pub compression: Compression,
    pub delimiter: Option<String>,
    pub header: bool,
    pub add_quotes: bool,
    pub escape: bool,
    pub null: String,
    pub manifest: bool,
    pub verbose: bool,
    pub allow_overwrite: bool,
    pub clean_path: bool,
    /// PARALLEL OFF: one file after the other, numbered from `000`.
    pub serial: bool,
    /// Bytes of a file, before compression.
    pub max_file_bytes: u64,
    pub extension: Option<String>,
    pub partitions: Vec<String>,
    /// PARTITION BY … INCLUDE: the columns stay in the files.
    pub include_partitions: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnloadFormat {
    Delimited,
    Csv,
    /// Widths of the fields.
    FixedWidth(Vec<usize>),
    Json,
    Parquet,
}

/// What Redshift writes into a file at most where nothing is said.
const MAX_FILE_BYTES: u64 = 6_200_000_000;

/// Reads UNLOAD; `translate_query` writes its query for DuckDB.
pub fn parse(
    tokens: &[TokenWithSpan],
    translate_query: impl FnOnce(&str) -> Result<String, TranslateError>,
) -> Result<UnloadCommand, TranslateError> {
    let mut reader = TokenReader::new(tokens);
    reader.tokens.next();
    let open = reader.tokens.next();
    if open.is_none_or(|token| token.token != Token::LParen) {
        return Err(open.map_or_else(|| TranslateError::syntax("syntax error at end of input"), near));
    }
    let query = translate_query(&reader.string()?)?;
    let close = reader.tokens.next();
    if close.is_none_or(|token| token.token != Token::RParen) {
        return Err(close.map_or_else(|| TranslateError::syntax("syntax error at end of input"), near));
    }
    reader.word("TO")?;
    let to = reader.string()?;
    let mut unload = UnloadCommand {
        query,
        to,
        credential: None,
        format: UnloadFormat::Delimited,
        compression: Compression::None,
        delimiter: None,
        header: false,
        add_quotes: false,
        escape: false,
        null: String::new(),
        manifest: false,
        verbose: false,
        allow_overwrite: false,
        clean_path: false,
        serial: false,
        max_file_bytes: MAX_FILE_BYTES,
        extension: None,
        partitions: Vec::new(),
        include_partitions: false,
    };
    while let Some(token) = reader.tokens.next() {
        option(&mut reader, token, &mut unload)?;
    }
    let refused = |what: &str| Err(TranslateError::new("0A000", format!("UNLOAD cannot have {what}")));
    match unload.format {
        UnloadFormat::Csv if unload.escape || unload.add_quotes => refused("CSV with ESCAPE or ADDQUOTES"),
        UnloadFormat::Parquet if unload.compression != Compression::None => {
            refused("FORMAT PARQUET with GZIP, BZIP2 or ZSTD")
        }
        UnloadFormat::Json | UnloadFormat::Parquet if unload.header || unload.delimiter.is_some() => {
            refused("HEADER or DELIMITER with FORMAT JSON or PARQUET")
        }
        _ if unload.allow_overwrite && unload.clean_path => refused("ALLOWOVERWRITE with CLEANPATH"),
        _ => Ok(unload),
    }
}

fn option(
    reader: &mut TokenReader<'_>,
    token: &TokenWithSpan,
    unload: &mut UnloadCommand,
) -> Result<(), TranslateError> {
    let Token::Word(word) = &token.token else { return Err(near(token)) };
    let word = word.value.to_uppercase();
    if Credential::option(reader, &word, &mut unload.credential)? {
        return Ok(());
    }
    match word.as_str() {
        "FORMAT" => {
            reader.take_word("AS");
            unload.format = format(&reader.name()?.to_uppercase())?;
        }
        name @ ("CSV" | "JSON" | "PARQUET") => unload.format = format(name)?,
        "FIXEDWIDTH" => {
            reader.take_word("AS");
            unload.format = UnloadFormat::FixedWidth(reader.widths("0:3,1:100")?);
        }
        "DELIMITER" => {
            reader.take_word("AS");
            let text = reader.string()?;
            unload.delimiter = Some(if text == "\\t" { "\t".into() } else { text });
        }
        "HEADER" => unload.header = true,
        "ADDQUOTES" => unload.add_quotes = true,
        "ESCAPE" => unload.escape = true,
        "NULL" => {
            reader.take_word("AS");
            unload.null = reader.string()?;
        }
        "MANIFEST" => {
            unload.manifest = true;
            unload.verbose = reader.take_word("VERBOSE");
        }
        "GZIP" => unload.compression = Compression::Gzip,
        "BZIP2" => unload.compression = Compression::Bzip2,
        "ZSTD" => unload.compression = Compression::Zstd,
        "ALLOWOVERWRITE" => unload.allow_overwrite = true,
        "CLEANPATH" => unload.clean_path = true,
        "PARALLEL" => {
            unload.serial = reader.take_word("OFF") || reader.take_word("FALSE");
            if !unload.serial {
                let _ = reader.take_word("ON") || reader.take_word("TRUE");
            }
        }
        "MAXFILESIZE" => {
            reader.take_word("AS");
            unload.max_file_bytes = size(reader)?;
        }
        "ROWGROUPSIZE" => {
            reader.take_word("AS");
            size(reader)?;
        }
        "EXTENSION" => {
            reader.take_word("AS");
            unload.extension = Some(reader.string()?);
        }
        "PARTITION" => {
            reader.word("BY")?;
            unload.partitions = reader.columns()?;
            unload.include_partitions = reader.take_word("INCLUDE");
        }
        // Where the bucket is follows from its name here, and what it encrypts with is the bucket's setting.
        "REGION" | "KMS_KEY_ID" => {
            reader.take_word("AS");
            reader.string()?;
        }
        "ENCRYPTED" => {
            let _ = reader.take_word("AUTO");
        }
        known @ ("MASTER_SYMMETRIC_KEY" | "CONFIRM_CREDENTIALS") => {
            return Err(TranslateError::unsupported(&format!("UNLOAD option {known}")));
        }
        _ => return Err(near(token)),
    }
    Ok(())
}

fn format(name: &str) -> Result<UnloadFormat, TranslateError> {
    match name {
        "CSV" => Ok(UnloadFormat::Csv),
        "JSON" => Ok(UnloadFormat::Json),
        "PARQUET" => Ok(UnloadFormat::Parquet),
        other => Err(TranslateError::unsupported(&format!("UNLOAD FORMAT {other}"))),
    }
}

/// `100 MB`, `1.5 GB`; megabytes where no unit is named.
fn size(reader: &mut TokenReader<'_>) -> Result<u64, TranslateError> {
    let number = match reader.tokens.next() {
        Some(token @ TokenWithSpan { token: Token::Number(digits, _), .. }) => {
            digits.parse::<f64>().map_err(|_| near(token))?
        }
        Some(token) => return Err(near(token)),
        None => return Err(TranslateError::syntax("syntax error at end of input")),
    };
    let unit = if reader.take_word("GB") { 1_u64 << 30 } else { 1 << 20 };
    let _ = reader.take_word("MB");
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a size that somebody wrote"
    )]
    let bytes = (number * unit as f64) as u64;
    match (5 << 20..=6_656 << 20).contains(&bytes) {
        true => Ok(bytes),
        false => Err(TranslateError::new("22023", "MAXFILESIZE must be between 5 MB and 6.2 GB")),
    }
}
