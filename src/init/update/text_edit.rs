//! Changes of a file's text at some places, which leave everything else of it as it is.

use std::ops::Range;

use redshift_sql::tokens;

/// A word, literal, name or sign of SQL, and where it stands.
#[derive(Debug, Clone)]
pub struct SqlToken<'a> {
    pub text: &'a str,
    pub at: Range<usize>,
}

impl SqlToken<'_> {
    pub fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }

    /// A name as Redshift folds it.
    pub fn name(&self) -> String {
        let quoted = self.text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        quoted.map_or_else(|| self.text.to_owned(), |name| name.replace("\"\"", "\"")).to_lowercase()
    }

    /// The text of a literal.
    pub fn literal(&self) -> Option<String> {
        let inside = self.text.strip_prefix('\'')?.strip_suffix('\'')?;
        Some(inside.replace("''", "'").replace("\\\\", "\\"))
    }
}

/// The tokens of SQL, without blanks and comments.
pub fn placed<'a>(text: &'a str) -> Vec<SqlToken<'a>> {
    let begin = text.as_ptr().addr();
    let token = |token: &'a str| {
        let start = token.as_ptr().addr() - begin;
        SqlToken { text: token, at: start..start + token.len() }
    };
    tokens(text).into_iter().map(token).collect()
}

/// A text in the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub at: Range<usize>,
    pub text: String,
}

impl Edit {
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { at: at..at, text: text.into() }
    }
}

/// The text with its changes, which do not overlap. Of those at one place the first comes first.
pub fn edited(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
    let (mut changed, mut done) = (String::new(), 0);
    for edit in edits {
        changed.push_str(text.get(done..edit.at.start).unwrap_or_default());
        changed.push_str(&edit.text);
        done = edit.at.end;
    }
    changed.push_str(text.get(done..).unwrap_or_default());
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_know_their_places_and_edits_leave_the_rest() {
        let text = "-- a (b\ncopy t (\"a b\", é) -- b\nfrom :'from';\n";
        let tokens = placed(text);
        assert!(tokens.iter().all(|token| text[token.at.clone()] == *token.text));
        let name = tokens.iter().find(|token| token.name() == "a b").expect("name");
        let last = tokens.iter().find(|token| token.text == "é").expect("name");
        let edits = vec![Edit::insert(last.at.end, ", c"), Edit { at: name.at.clone(), text: "x".into() }];
        assert_eq!(edited(text, edits), "-- a (b\ncopy t (x, é, c) -- b\nfrom :'from';\n");
        assert_eq!(SqlToken { text: r"'\\N'", at: 0..0 }.literal().as_deref(), Some(r"\N"));
    }
}
