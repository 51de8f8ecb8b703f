//! Statements that a person asks: found in a text, run one after the other.

use crate::error::{Error, Result};
use crate::warehouse::{Done, Rows, Session, Warehouse};

/// What is done with what a statement answers.
pub trait Answers {
    /// A page of rows; the first has the columns, and there may be none.
    fn page(&mut self, rows: &Rows, is_first: bool) -> Result<()>;
    /// The end of a statement: what it was, and how many rows it returned or changed (-1: that says nothing).
    fn end(&mut self, verb: &str, rows: i64, answered: bool) -> Result<()>;
}

/// Runs the statements of a text. Several share a session, so that they share temporary tables and transactions.
///
/// # Errors
/// At the first statement that fails: those behind it are not run.
pub async fn run(warehouse: &Warehouse, text: &str, answers: &mut dyn Answers) -> Result<()> {
    let statements = statements(text);
    match statements[..] {
        [] => Err(Error::usage("there is no statement to run")),
        [statement] => {
            let done = warehouse
                .run(statement)
                .await?
                .map_err(|error| Error::failed("the statement failed").because(error))?;
            tell(warehouse, statement, &done, answers).await
        }
        _ => {
            let session = warehouse.session("select 1").await?;
            let ended = several(warehouse, &session, &statements, answers).await;
            // A transaction that was left open would hold its locks for as long as the session lives.
            let is_cut_off = ended.as_ref().is_err_and(|error| error.kind.is_cut_off());
            if !is_cut_off && session.to_the_end("rollback").await.is_ok() {
                session.close().await;
            }
            ended
        }
    }
}

async fn several(
    warehouse: &Warehouse,
    session: &Session,
    statements: &[&str],
    answers: &mut dyn Answers,
) -> Result<()> {
    for (at, statement) in statements.iter().enumerate() {
        let failed = |error| {
            let first = statement.lines().next().unwrap_or_default();
            Error::failed(format!("statement {} of {} failed: {first}", at + 1, statements.len())).because(error)
        };
        let done = session.run(statement).await?.map_err(failed)?;
        tell(warehouse, statement, &done, answers).await?;
    }
    Ok(())
}

async fn tell(warehouse: &Warehouse, statement: &str, done: &Done, answers: &mut dyn Answers) -> Result<()> {
    let mut pages = warehouse.pages(done);
    let (mut is_first, mut answered) = (true, false);
    while let Some(rows) = pages.next().await? {
        answers.page(&rows, is_first)?;
        (is_first, answered) = (false, true);
    }
    let verb = verb(statement);
    // Of a COPY, 0 says nothing (R25).
    let says_nothing = done.rows == 0 && verb.eq_ignore_ascii_case("copy");
    answers.end(verb, if says_nothing { -1 } else { done.rows }, answered)
}

/// The first word of a statement, behind its comments.
fn verb(statement: &str) -> &str {
    let start = Reader { text: statement, at: 0 }.skip_blank();
    let rest = &statement[start..];
    &rest[..rest.find(|sign: char| !sign.is_ascii_alphabetic()).unwrap_or(rest.len())]
}

/// The statements of a text, without the semicolons between them. A semicolon in a literal, a name, a comment or a body
/// between dollars ends nothing.
pub fn statements(text: &str) -> Vec<&str> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    let mut reader = Reader { text, at: 0 };
    while reader.at < text.len() {
        if text[reader.at..].starts_with(';') {
            parts.push(&text[begin..reader.at]);
            begin = reader.at + 1;
        }
        reader.step();
    }
    parts.push(&text[begin..]);
    parts.retain(|part| Reader { text: part, at: 0 }.skip_blank() < part.len());
    parts.into_iter().map(str::trim).collect()
}

/// Words, literals, names in quotes and signs of a statement, without blanks and comments.
pub fn tokens(statement: &str) -> Vec<&str> {
    let (mut tokens, mut begin) = (Vec::new(), 0);
    let is_word = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '$');
    loop {
        begin = Reader { text: statement, at: begin }.skip_blank();
        let Some(rest) = statement.get(begin..).filter(|rest| !rest.is_empty()) else { return tokens };
        let end = match rest.find(|sign: char| !is_word(sign)) {
            Some(0) => {
                let mut reader = Reader { text: statement, at: begin };
                reader.step();
                // A doubled quote does not end it.
                while rest.starts_with(['\'', '"']) && statement[reader.at..].starts_with(&rest[..1]) {
                    reader.step();
                }
                reader.at
            }
            Some(length) => begin + length,
            None => statement.len(),
        };
        tokens.push(&statement[begin..end]);
        begin = end;
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    /// Past one character, or all of a literal, a quoted name, a comment.
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        let end = |found: Option<usize>| found.unwrap_or(rest.len());
        self.at += match rest.as_bytes() {
            [b'-', b'-', ..] => end(rest.find('\n').map(|at| at + 1)),
            [b'/', b'*', ..] => comment(rest),
            [b'\'', ..] => quoted(rest, b'\'', true),
            [b'"', ..] => quoted(rest, b'"', false),
            [b'$', ..] => dollars(rest),
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
    }

    /// Where something begins that is neither blank nor comment.
    fn skip_blank(mut self) -> usize {
        while let Some(rest) = self.text.get(self.at..).filter(|rest| !rest.is_empty()) {
            let is_blank = rest.starts_with(char::is_whitespace) || rest.starts_with("--") || rest.starts_with("/*");
            if !is_blank {
                break;
            }
            self.step();
        }
        self.at
    }
}

/// Bytes of a literal or a name up to its closing sign. A backslash escapes in Redshift's literals.
fn quoted(text: &str, sign: u8, escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 2,
            byte if byte == sign => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Comments may lie in comments.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    text.len()
}

/// `$$ … $$` or `$tag$ … $tag$`; a `$1` is a parameter.
fn dollars(text: &str) -> usize {
    let Some(close) = text[1..].find('$').map(|at| at + 2) else { return 1 };
    let tag = &text[..close];
    let is_tag = tag[1..close - 1].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !tag[1..].starts_with(|sign: char| sign.is_ascii_digit());
    match is_tag {
        true => text[close..].find(tag).map_or(text.len(), |at| close + at + close),
        false => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_in_something_else_ends_nothing() {
        let text = "select ';', \"a;b\" -- c;\n/* ; /* ; */ ; */; insert into t values ('it''s; \\'; ');\n;; select $$ ; $$, $1 ; -- the end\n";
        let found = [
            "select ';', \"a;b\" -- c;\n/* ; /* ; */ ; */",
            "insert into t values ('it''s; \\'; ')",
            "select $$ ; $$, $1",
        ];
        assert_eq!(statements(text), found);
        assert_eq!(statements(" ;\n-- nothing\n;"), Vec::<&str>::new());
        assert_eq!(verb("-- a\n /* b */ Insert into t"), "Insert");
        assert_eq!(verb("(select 1)"), "");
    }

    #[test]
    fn tokens_are_words_literals_names_and_signs() {
        let found = tokens("copy \"a b\".t (x,y) -- from\n/* z */from :'fr om' a1_$ 'it''s'");
        assert_eq!(
            found,
            ["copy", "\"a b\"", ".", "t", "(", "x", ",", "y", ")", "from", ":", "'fr om'", "a1_$", "'it''s'"]
        );
        assert_eq!(tokens(" -- nothing"), Vec::<&str>::new());
    }

    proptest::proptest! {
        /// No text makes it fail, and nothing but semicolons, blanks and comments gets lost.
        #[test]
        fn any_text_is_divided(text in "[a-z;'\"$\\-/*\\\\ \né]{0,40}") {
            let all: String = statements(&text).concat();
            proptest::prop_assert!(all.len() <= text.len());
            proptest::prop_assert!(tokens(&text).concat().len() <= text.len());
        }
    }
}
