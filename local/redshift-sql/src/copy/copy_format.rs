//! Formats of the files that COPY reads.

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
    pub(crate) fn new() -> Self {
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
