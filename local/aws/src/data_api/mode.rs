//! How the statements of a call run, and how their rows are answered.

/// How the statements of one call stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Single,
    /// All or none.
    Transaction,
    /// Each by itself; the first that fails ends the rest.
    AutoCommit,
}

/// How the rows are asked for: GetStatementResult answers fields, GetStatementResultV2 CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultFormat {
    Json,
    Csv,
}

impl ResultFormat {
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Csv => "CSV",
        }
    }
}
