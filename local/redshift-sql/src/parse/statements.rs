//! Where the statements of a text begin and end, and their tokens, without a look at what they mean: nothing is refused,
//! for Redshift may know what the parser does not.

/// The first word of a statement, behind its comments.
pub fn first_word(statement: &str) -> &str {
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

fn starts_word(sign: char) -> bool {
    sign.is_alphabetic() || sign == '_'
}

/// A `$` within a word begins no body.
fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '_' | '$')
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    /// Past one character, or all of a word, a literal, a quoted name, a comment.
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        let end = |found: Option<usize>| found.unwrap_or(rest.len());
        self.at += match rest.as_bytes() {
            [b'-', b'-', ..] => end(rest.find('\n').map(|at| at + 1)),
            [b'/', b'*', ..] => comment(rest),
            [b'\'', ..] => quoted(rest, b'\'', true),
            [b'"', ..] => quoted(rest, b'"', false),
            [b'$', ..] => dollars(rest),
            _ if rest.starts_with(starts_word) => end(rest.find(|sign: char| !is_word(sign))),
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
        assert_eq!(statements("select a$$ ; select b$c$"), ["select a$$", "select b$c$"]);
        assert_eq!(first_word("-- a\n /* b */ Insert into t"), "Insert");
        assert_eq!(first_word("(select 1)"), "");
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
