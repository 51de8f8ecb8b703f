//! Options of COPY that hold for all columns of a table: the word for NULL, and the order of days.

use super::date_order::DateOrder;

/// Words that stand for NULL in CSV, as programs write them. COPY takes the first where nothing is said.
pub const NULL_WORDS: [&str; 11] = ["\\N", "NA", "N/A", "n/a", "NULL", "null", "None", "nan", "NaN", "-", "?"];

/// NULL AS and DATEFORMAT of a COPY, of which each takes one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Convention {
    /// Which of `NULL_WORDS`.
    pub null_word: usize,
    /// `None`: 'auto'.
    pub date_format: Option<String>,
}

impl Convention {
    /// Of a COPY that says so; `None` where it takes another word for NULL than those that are known.
    pub fn new(null_word: &str, date_format: Option<String>) -> Option<Self> {
        let null_word = NULL_WORDS.iter().position(|word| *word == null_word)?;
        Some(Self { null_word, date_format })
    }

    /// NULL AS, where it is not the word that COPY takes anyway.
    pub fn null_as(&self) -> Option<&'static str> {
        if self.null_word == 0 { None } else { NULL_WORDS.get(self.null_word).copied() }
    }

    /// Returns true if COPY takes this one of `NULL_WORDS` for NULL.
    pub fn is_null(&self, word: usize) -> bool {
        self.null_word == word
    }

    /// Returns true if COPY reads days of this order. TIMEFORMAT is 'auto' always.
    pub fn reads(&self, order: &DateOrder, has_times: bool) -> bool {
        match order {
            DateOrder::Auto => has_times || self.date_format.is_none(),
            DateOrder::Pattern(pattern) => self.date_format.as_ref() == Some(pattern),
            DateOrder::Ambiguous | DateOrder::Mixed => false,
        }
    }
}
