//! The COPY statement. Every option of the reference is honoured, accepted as having no meaning here, or refused
//! by name; none is skipped in silence.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::warehouse::error::SqlError;
use crate::warehouse::sql::is_word;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyCommand {
    pub schema: Option<String>,
    pub table: String,
    pub columns: Vec<String>,
    pub from: String,
    pub role: Option<String>,
    pub region: Option<String>,
    pub format: JsonFormat,
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
    Zstd,
}

struct Reader<'a> {
    tokens: std::slice::Iter<'a, TokenWithSpan>,
}

/// C12: more than this MAXERROR does not take.
const MAX_MAXERROR: u64 = 100_000;

/// Options of COPY that the stand-in knows by name and does not honour.
const REFUSED: &[&str] = &[
    "ACCEPTINVCHARS",
    "ACCESS_KEY_ID",
    "AVRO",
    "BZIP2",
    "CSV",
    "DELIMITER",
    "ENCODING",
    "ENCRYPTED",
    "ESCAPE",
    "FILLRECORD",
    "FIXEDWIDTH",
    "IGNOREALLERRORS",
    "IGNOREBLANKLINES",
    "IGNOREHEADER",
    "LZOP",
    "MASTER_SYMMETRIC_KEY",
    "NULL",
    "ORC",
    "PARQUET",
    "QUOTE",
    "READRATIO",
    "REMOVEQUOTES",
    "ROUNDEC",
    "SECRET_ACCESS_KEY",
    "SESSION_TOKEN",
    "SHAPEFILE",
    "SSH",
    "TRIMBLANKS",
];

pub fn parse(tokens: &[TokenWithSpan]) -> Result<CopyCommand, SqlError> {
    let mut reader = Reader { tokens: tokens.iter() };
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
        role: None,
        region: None,
        format: JsonFormat::Auto,
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
    };
    let mut has_format = false;
    while let Some(token) = reader.tokens.next() {
        reader.option(token, &mut copy, &mut has_format)?;
    }
    match has_format {
        true => Ok(copy),
        false => Err(SqlError::unsupported("COPY of delimited text (only FORMAT JSON)")),
    }
}

impl Reader<'_> {
    fn option(&mut self, token: &TokenWithSpan, copy: &mut CopyCommand, has_format: &mut bool) -> Result<(), SqlError> {
        let Token::Word(word) = &token.token else { return Err(near(token)) };
        match word.value.to_uppercase().as_str() {
            "IAM_ROLE" => {
                if self.take_word("DEFAULT") {
                    return Err(SqlError::unsupported("IAM_ROLE default"));
                }
                copy.role = Some(self.string()?);
            }
            // The older form. Keys have no place in a statement, so that only a role is taken from it.
            "CREDENTIALS" => {
                self.take_word("AS");
                let text = self.string()?;
                let role = text.strip_prefix("aws_iam_role=");
                copy.role =
                    Some(role.ok_or_else(|| SqlError::unsupported("COPY with access keys in CREDENTIALS"))?.to_owned());
            }
            "REGION" => {
                self.take_word("AS");
                copy.region = Some(self.string()?);
            }
            "FORMAT" => {
                self.take_word("AS");
                self.word("JSON")?;
                copy.format = self.json_format()?;
                *has_format = true;
            }
            "JSON" => {
                copy.format = self.json_format()?;
                *has_format = true;
            }
            "MANIFEST" => copy.manifest = true,
            "GZIP" => copy.compression = Compression::Gzip,
            "ZSTD" => copy.compression = Compression::Zstd,
            "MAXERROR" => {
                self.take_word("AS");
                copy.max_errors = self.number()?;
                if copy.max_errors > MAX_MAXERROR {
                    return Err(SqlError::new(
                        "22023",
                        format!("MAXERROR {} is out of range: 0 to {MAX_MAXERROR}", copy.max_errors),
                    ));
                }
            }
            "NOLOAD" => copy.no_load = true,
            "TRUNCATECOLUMNS" => copy.truncate_columns = true,
            "EMPTYASNULL" => copy.empty_as_null = true,
            "BLANKSASNULL" => copy.blanks_as_null = true,
            "EXPLICIT_IDS" => copy.explicit_ids = true,
            "TIMEFORMAT" => {
                self.take_word("AS");
                copy.time_format = Some(self.string()?);
            }
            "DATEFORMAT" => {
                self.take_word("AS");
                copy.date_format = Some(self.string()?);
            }
            // Statistics, encodings and how long an upload waits: nothing to do with what is loaded.
            "COMPUPDATE" | "STATUPDATE" => {
                let _ = ["ON", "OFF", "TRUE", "FALSE", "PRESET"].iter().any(|value| self.take_word(value));
            }
            "COMPROWS" => drop(self.number()?),
            "ACCEPTANYDATE" => return Err(SqlError::unsupported("COPY option ACCEPTANYDATE")),
            known if REFUSED.contains(&known) => return Err(SqlError::unsupported(&format!("COPY option {known}"))),
            _ => return Err(near(token)),
        }
        Ok(())
    }

    fn json_format(&mut self) -> Result<JsonFormat, SqlError> {
        self.take_word("AS");
        let Some(Token::SingleQuotedString(_)) = self.tokens.as_slice().first().map(|next| &next.token) else {
            return Ok(JsonFormat::Auto);
        };
        let text = self.string()?;
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

    fn table(&mut self) -> Result<(Option<String>, String), SqlError> {
        let first = self.name()?;
        if self.tokens.as_slice().first().is_some_and(|next| next.token == Token::Period) {
            self.tokens.next();
            return Ok((Some(first), self.name()?));
        }
        Ok((None, first))
    }

    fn columns(&mut self) -> Result<Vec<String>, SqlError> {
        if self.tokens.as_slice().first().is_none_or(|next| next.token != Token::LParen) {
            return Ok(Vec::new());
        }
        self.tokens.next();
        let mut columns = vec![self.name()?];
        loop {
            match self.tokens.next() {
                Some(token) if token.token == Token::Comma => columns.push(self.name()?),
                Some(token) if token.token == Token::RParen => return Ok(columns),
                Some(token) => return Err(near(token)),
                None => return Err(SqlError::syntax("syntax error at end of input")),
            }
        }
    }

    fn name(&mut self) -> Result<String, SqlError> {
        match self.tokens.next() {
            Some(TokenWithSpan { token: Token::Word(word), .. }) => Ok(word.value.to_lowercase()),
            Some(token) => Err(near(token)),
            None => Err(SqlError::syntax("syntax error at end of input")),
        }
    }

    fn string(&mut self) -> Result<String, SqlError> {
        match self.tokens.next() {
            Some(TokenWithSpan { token: Token::SingleQuotedString(text), .. }) => Ok(text.clone()),
            Some(token) => Err(near(token)),
            None => Err(SqlError::syntax("syntax error at end of input")),
        }
    }

    fn number(&mut self) -> Result<u64, SqlError> {
        match self.tokens.next() {
            Some(token @ TokenWithSpan { token: Token::Number(digits, _), .. }) => {
                digits.parse().map_err(|_| near(token))
            }
            Some(token) => Err(near(token)),
            None => Err(SqlError::syntax("syntax error at end of input")),
        }
    }

    fn word(&mut self, keyword: &str) -> Result<(), SqlError> {
        match self.tokens.next() {
            Some(token) if is_word(&token.token, keyword) => Ok(()),
            Some(token) => Err(near(token)),
            None => Err(SqlError::syntax("syntax error at end of input")),
        }
    }

    fn take_word(&mut self, keyword: &str) -> bool {
        let next = self.tokens.as_slice().first().is_some_and(|token| is_word(&token.token, keyword));
        if next {
            self.tokens.next();
        }
        next
    }
}

fn near(token: &TokenWithSpan) -> SqlError {
    SqlError::syntax(format!("syntax error at or near \"{}\"", token.token))
}
