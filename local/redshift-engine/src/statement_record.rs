//! The record that the history keeps of a statement, without its secrets.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use regex::Regex;

use super::error::SqlError;
use super::history::QueryRecord;
use super::session::Session;
use crate::clock::now_millis;

/// Characters of a statement's text that the history keeps.
const TEXT_CHARACTERS: usize = 4000;

impl Session {
    /// Notes a statement that has ended.
    pub(super) fn note_query(
        &self,
        id: i64,
        kind: &'static str,
        text: &str,
        started: Instant,
        outcome: &Result<i64, SqlError>,
    ) {
        let elapsed = i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.system.note_query(QueryRecord {
            id,
            session: self.pid(),
            user: self.user().to_owned(),
            kind,
            started: now_millis() * 1000 - elapsed,
            elapsed,
            rows: *outcome.as_ref().unwrap_or(&0),
            error: outcome.as_ref().err().map(ToString::to_string),
            text: text.into(),
        });
    }
}

/// The text of a statement as others may see it.
pub fn shown(text: &str) -> Arc<str> {
    beginning(&without_secrets(text), TEXT_CHARACTERS).into()
}

/// Masks passwords and keys.
fn without_secrets(text: &str) -> Cow<'_, str> {
    static SECRETS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let words = "password|credentials|access_key_id|secret_access_key|session_token";
        Regex::new(&format!(r"(?i)\b({words})(\s+as)?\s*'(?:[^']|'')*'")).ok()
    });
    SECRETS.as_ref().map_or(Cow::Borrowed(text), |secrets| secrets.replace_all(text, "$1$2 '***'"))
}

/// The first characters of a text.
fn beginning(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}
