//! The format that a COPY reads, and whether objects of it can be joined.

use redshift_sql::tokens;

use crate::config::Compression;

/// C2: text shrinks to about a fifth, so that packed objects are five times as many bytes.
pub const SHRINKS_TO: u64 = 5;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopyFormat {
    pub kind: CopyKind,
    /// The COPY unpacks its files.
    is_packed: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CopyKind {
    #[default]
    Json,
    /// CSV, delimited text, or text of fixed width.
    Text(TextRules),
    Parquet,
    /// Read in place, because its COPY has this option.
    InPlace(&'static str),
}

/// Options with which lines or bytes mean something else than joining keeps.
const NOT_JOINED: &[&str] =
    &["AVRO", "BZIP2", "ENCRYPTED", "ESCAPE", "LZOP", "MANIFEST", "ORC", "REGION", "REMOVEQUOTES", "SHAPEFILE", "SSH"];

/// Options of text, and words that stand beside them, that ask nothing of the way in which lines are joined.
const JOINED: &[&str] = &[
    "ACCEPTANYDATE",
    "ACCEPTINVCHARS",
    "ACCESS_KEY_ID",
    "AS",
    "BLANKSASNULL",
    "COMPROWS",
    "COMPUPDATE",
    "CREDENTIALS",
    "CSV",
    "DATEFORMAT",
    "DEFAULT",
    "DELIMITER",
    "EMPTYASNULL",
    "ENCODING",
    "EXPLICIT_IDS",
    "FALSE",
    "FILLRECORD",
    "FIXEDWIDTH",
    "FORMAT",
    "GZIP",
    "IAM_ROLE",
    "IGNOREALLERRORS",
    "IGNOREBLANKLINES",
    "IGNOREHEADER",
    "MAXERROR",
    "NOLOAD",
    "NULL",
    "OFF",
    "ON",
    "PRESET",
    "QUOTE",
    "ROUNDEC",
    "SECRET_ACCESS_KEY",
    "SESSION_TOKEN",
    "STATUPDATE",
    "TIMEFORMAT",
    "TRIMBLANKS",
    "TRUE",
    "TRUNCATECOLUMNS",
    "UTF8",
    "WITH",
    "ZSTD",
];

/// How lines become records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextRules {
    /// None in text of fixed width.
    pub delimiter: Option<u8>,
    /// The quote of CSV, within which a line may end.
    pub quote: Option<u8>,
    /// IGNOREHEADER: lines that are no records.
    pub header_lines: u64,
    /// IGNOREBLANKLINES
    pub ignores_blank_lines: bool,
    /// FILLRECORD: records may have fewer fields than the table has columns.
    pub fills_records: bool,
}

impl CopyFormat {
    pub fn new(statement: &str) -> Self {
        let options = Options::new(statement);
        let is_packed = options.has("GZIP") || options.has("ZSTD");
        let kind = options.kind().unwrap_or_else(CopyKind::InPlace);
        Self { kind, is_packed }
    }

    /// The option of the COPY that keeps objects from being joined.
    pub fn obstacle(&self) -> Option<&'static str> {
        match self.kind {
            CopyKind::InPlace(obstacle) => Some(obstacle),
            CopyKind::Json | CopyKind::Text(_) | CopyKind::Parquet => None,
        }
    }

    /// Bytes of a source when they are unpacked, by estimate.
    pub fn unpacked_bytes(&self, bytes: u64) -> u64 {
        if self.is_packed || self.kind == CopyKind::Parquet { bytes.saturating_mul(SHRINKS_TO) } else { bytes }
    }

    /// The ending of a part's name: its format and compression.
    pub fn part_ending(&self, compression: Compression) -> String {
        let kind = match self.kind {
            CopyKind::Text(TextRules { quote: Some(_), .. }) => "csv",
            CopyKind::Text(_) => "txt",
            CopyKind::Json | CopyKind::InPlace(_) => "json",
            CopyKind::Parquet => return "parquet".to_owned(),
        };
        match compression {
            Compression::Zstd => format!("{kind}.zst"),
            Compression::Gzip => format!("{kind}.gz"),
        }
    }

    /// How COPY reads parts: by their manifest, and unpacked. Parquet unpacks itself.
    pub fn part_options(&self, compression: Compression) -> &'static str {
        match (self.kind, compression) {
            (CopyKind::Parquet, _) => "manifest",
            (_, Compression::Zstd) => "manifest zstd",
            (_, Compression::Gzip) => "manifest gzip",
        }
    }

    /// Part of a name: the same objects make other parts by other rules.
    pub fn suffix(&self) -> String {
        let rules = match self.kind {
            CopyKind::Text(rules) => rules,
            CopyKind::Parquet => return "-parquet".to_owned(),
            CopyKind::Json | CopyKind::InPlace(_) => return String::new(),
        };
        let sign = |byte: Option<u8>| byte.map(|byte| format!("{byte:02x}")).unwrap_or_default();
        let blank = if rules.ignores_blank_lines { "b" } else { "" };
        format!("-text-{}-{}-{}{blank}", sign(rules.delimiter), sign(rules.quote), rules.header_lines)
    }
}

/// How a COPY of text cuts lines into records; `None` where its options are not known here.
pub fn text_rules(statement: &str) -> Option<TextRules> {
    Options::new(statement).rules().ok()
}

/// The ENCODING of a COPY, where it is not UTF-8.
pub fn other_encoding(statement: &str) -> Option<String> {
    Options::new(statement).other_encoding().map(str::to_owned)
}

/// The words of a COPY behind its address, in upper case where they are no literals.
struct Options(Vec<String>);

impl Options {
    fn new(statement: &str) -> Self {
        let tokens = tokens(statement);
        let mut behind = tokens.iter().skip_while(|token| !token.eq_ignore_ascii_case("from")).skip(1);
        let mut words = Vec::new();
        while let Some(token) = behind.next() {
            match *token {
                // A variable: what it is called says nothing.
                ":" => _ = behind.next(),
                literal if literal.starts_with('\'') => words.push(literal.to_owned()),
                word => words.push(word.to_uppercase()),
            }
        }
        Self(words)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|word| word == name)
    }

    /// The value behind an option; a literal without its quotes.
    fn value(&self, name: &str) -> Option<&str> {
        let at = self.0.iter().position(|word| word == name)?;
        let value = self.0[at + 1..].iter().find(|word| *word != "AS")?;
        Some(value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')).unwrap_or(value))
    }

    /// ENCODING, where it is not UTF-8.
    fn other_encoding(&self) -> Option<&str> {
        self.value("ENCODING").filter(|encoding| !encoding.eq_ignore_ascii_case("UTF8"))
    }

    /// # Errors
    /// The option that keeps its objects from being joined.
    fn kind(&self) -> Result<CopyKind, &'static str> {
        if let Some(obstacle) = NOT_JOINED.iter().find(|option| self.has(option)) {
            return Err(*obstacle);
        }
        if self.has("PARQUET") {
            return Ok(CopyKind::Parquet);
        }
        if self.has("JSON") {
            return if self.has("IGNOREHEADER") { Err("IGNOREHEADER beside JSON") } else { Ok(CopyKind::Json) };
        }
        let is_known = |word: &String| {
            word.starts_with('\'') || word.bytes().all(|byte| byte.is_ascii_digit()) || JOINED.contains(&word.as_str())
        };
        if !self.0.iter().all(is_known) {
            return Err("an option that is not known here");
        }
        if self.other_encoding().is_some() {
            return Err("ENCODING");
        }
        self.rules().map(CopyKind::Text)
    }

    fn rules(&self) -> Result<TextRules, &'static str> {
        let (is_csv, is_fixed) = (self.has("CSV"), self.has("FIXEDWIDTH"));
        let delimiter = match self.value("DELIMITER") {
            Some(delimiter) => Some(sign(delimiter).ok_or("a DELIMITER of several characters")?),
            None if is_fixed => None,
            None => Some(if is_csv { b',' } else { b'|' }),
        };
        let quote = match self.value("QUOTE") {
            Some(quote) => sign(quote).ok_or("a QUOTE of several characters")?,
            None => b'"',
        };
        let header_lines = self.value("IGNOREHEADER").map_or(Ok(0), str::parse);
        Ok(TextRules {
            delimiter,
            quote: is_csv.then_some(quote),
            header_lines: header_lines.map_err(|_| "an IGNOREHEADER that is no number")?,
            ignores_blank_lines: self.has("IGNOREBLANKLINES"),
            fills_records: self.has("FILLRECORD"),
        })
    }
}

/// The sign that a literal stands for: itself, `\t`, or by its number, `\001`.
fn sign(literal: &str) -> Option<u8> {
    match literal.as_bytes() {
        [byte] if byte.is_ascii() => Some(*byte),
        b"''" => Some(b'\''),
        b"\\t" => Some(b'\t'),
        [b'\\', digits @ ..] if digits.len() == 3 => {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 8).ok().filter(u8::is_ascii)
        }
        _ => None,
    }
}

/// The COPY as it reads parts, which have no headers: without IGNOREHEADER, and without the packing of its objects.
pub fn for_parts(statement: &str) -> String {
    without(statement, &["GZIP", "ZSTD"], "IGNOREHEADER")
}

/// The COPY as it reads records from a single object beside the cluster: without MANIFEST, and without another REGION.
pub fn for_records(statement: &str) -> String {
    without(statement, &["MANIFEST"], "REGION")
}

/// A COPY without these options, and without one that has a value.
fn without(statement: &str, options: &[&str], option_with_value: &str) -> String {
    let tokens = tokens(statement);
    let begin = |token: &str| token.as_ptr().addr() - statement.as_ptr().addr();
    let mut at = tokens.iter().position(|token| token.eq_ignore_ascii_case("from")).unwrap_or(tokens.len());
    let (mut kept, mut done) = (String::new(), 0);
    while let Some(token) = tokens.get(at) {
        let has_as = tokens.get(at + 1).is_some_and(|next| next.eq_ignore_ascii_case("as"));
        let removed = match token.to_uppercase().as_str() {
            option if options.contains(&option) => 1,
            option if option == option_with_value => 2 + usize::from(has_as),
            _ => 0,
        };
        if let Some(last) = tokens[at..].iter().take(removed).next_back() {
            kept.push_str(&statement[done..begin(token)]);
            done = begin(last) + last.len();
        }
        // A variable's name is no option.
        at += if *token == ":" { 2 } else { removed.max(1) };
    }
    kept.push_str(&statement[done..]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(options: &str) -> CopyFormat {
        CopyFormat::new(&format!("copy t (json, escape) from :'from' iam_role :'iam_role' {options} :options"))
    }

    const CSV: TextRules = TextRules {
        delimiter: Some(b','),
        quote: Some(b'"'),
        header_lines: 0,
        ignores_blank_lines: false,
        fills_records: false,
    };

    #[test]
    fn kinds_that_can_be_joined() {
        let text = |rules| CopyKind::Text(rules);
        for (options, expected) in [
            ("format as json 'auto'", CopyKind::Json),
            ("JSON :'jsonpaths' timeformat 'auto' GZIP", CopyKind::Json),
            ("csv", text(CSV)),
            (
                "format as csv delimiter '\\t' quote as '%'",
                text(TextRules { delimiter: Some(b'\t'), quote: Some(b'%'), ..CSV }),
            ),
            (
                "csv ignoreheader as 2 ignoreblanklines zstd",
                text(TextRules { header_lines: 2, ignores_blank_lines: true, ..CSV }),
            ),
            ("", text(TextRules { delimiter: Some(b'|'), quote: None, ..CSV })),
            (
                "delimiter '\\001' null as '\\N' compupdate off",
                text(TextRules { delimiter: Some(1), quote: None, ..CSV }),
            ),
            ("fixedwidth 'a:3,b:4' encoding utf8", text(TextRules { delimiter: None, quote: None, ..CSV })),
            ("csv escape", CopyKind::InPlace("ESCAPE")),
            ("delimiter '|' removequotes", CopyKind::InPlace("REMOVEQUOTES")),
            ("delimiter '||'", CopyKind::InPlace("a DELIMITER of several characters")),
            ("csv encoding utf16", CopyKind::InPlace("an option that is not known here")),
            ("csv encoding 'utf16'", CopyKind::InPlace("ENCODING")),
            ("json 'auto' bzip2", CopyKind::InPlace("BZIP2")),
            ("json 'auto' ignoreheader 1", CopyKind::InPlace("IGNOREHEADER beside JSON")),
            ("format as parquet", CopyKind::Parquet),
            ("format orc", CopyKind::InPlace("ORC")),
            ("csv region 'eu-west-1'", CopyKind::InPlace("REGION")),
        ] {
            assert_eq!(format(options).kind, expected, "{options}");
        }
        assert_eq!(format("csv gzip").unpacked_bytes(10), 50);
        assert_eq!(format("csv").unpacked_bytes(10), 10);
        assert_eq!(format("parquet").unpacked_bytes(10), 50);
    }

    #[test]
    fn other_rules_have_other_names() {
        let names =
            ["json 'auto'", "csv", "csv ignoreheader 1", "csv ignoreblanklines", "delimiter ','", "csv quote ''''"];
        let names = names.map(|options| format(options).suffix());
        assert_eq!(names[..3], ["", "-text-2c-22-0", "-text-2c-22-1"]);
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), 6, "{names:?}");
    }

    #[test]
    fn a_copy_of_parts_has_neither_header_nor_packing() {
        let copy =
            "copy gzip\nfrom :'from' iam_role :'zstd' csv IgnoreHeader AS 1\ngzip null as 'gzip' -- zstd\n:options";
        let expected = "copy gzip\nfrom :'from' iam_role :'zstd' csv \n null as 'gzip' -- zstd\n:options";
        assert_eq!(for_parts(copy), expected);
        let copy =
            "copy region\nfrom :'from' csv Region as 'eu-west-1' ignoreheader 1 manifest null 'manifest' :options";
        let expected = "copy region\nfrom :'from' csv  ignoreheader 1  null 'manifest' :options";
        assert_eq!(for_records(copy), expected);
        assert_eq!(for_parts("copy t from :'from' csv ignoreheader"), "copy t from :'from' csv ");
        assert_eq!(for_parts("copy t from :'from' json 'auto' :options"), "copy t from :'from' json 'auto' :options");
    }
}
