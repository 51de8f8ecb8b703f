//! Where a JSON object or list ends: by its brackets and strings, byte for byte, without parsing what is in it.

/// Brackets that may be open at once: a file of nothing else ends there.
const DEPTH: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonStep {
    Inside,
    /// This byte closes the object or list.
    Ends,
    /// Not valid JSON, so that its end is unknown.
    Malformed,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum JsonToken {
    #[default]
    Open,
    Comma,
    Colon,
    /// A bracket or a quote that closes, or a part of a number or word.
    Value,
}

/// Walks over an object or list from its first byte.
#[derive(Debug, Default)]
pub struct JsonCursor {
    open: Vec<u8>,
    last: JsonToken,
    in_string: bool,
    is_escaped: bool,
    in_word: bool,
}

impl JsonCursor {
    pub fn step(&mut self, byte: u8) -> JsonStep {
        if self.in_string {
            return self.step_in_string(byte);
        }
        let was_in_word = std::mem::take(&mut self.in_word);
        let is_in_object = self.open.last() == Some(&b'{');
        match byte {
            byte if byte.is_ascii_whitespace() => {}
            b'{' | b'[' if self.last == JsonToken::Value || is_in_object && self.last != JsonToken::Colon => {
                return JsonStep::Malformed;
            }
            b'{' | b'[' if self.open.len() < DEPTH => {
                self.open.push(byte);
                self.last = JsonToken::Open;
            }
            b'"' if self.last != JsonToken::Value => self.in_string = true,
            b'}' | b']' => {
                // The opening brackets are two less in ASCII.
                if self.open.pop() != Some(byte - 2) {
                    return JsonStep::Malformed;
                }
                self.last = JsonToken::Value;
                return if self.open.is_empty() { JsonStep::Ends } else { JsonStep::Inside };
            }
            b',' if self.last == JsonToken::Value => self.last = JsonToken::Comma,
            b':' if self.last == JsonToken::Value && is_in_object => self.last = JsonToken::Colon,
            b'{' | b'[' | b'"' | b',' | b':' => return JsonStep::Malformed,
            _ if self.last == JsonToken::Value && !was_in_word => return JsonStep::Malformed,
            _ => {
                self.in_word = true;
                self.last = JsonToken::Value;
            }
        }
        JsonStep::Inside
    }

    fn step_in_string(&mut self, byte: u8) -> JsonStep {
        match byte {
            b'\n' => return JsonStep::Malformed,
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => {
                self.in_string = false;
                self.last = JsonToken::Value;
            }
            _ => {}
        }
        JsonStep::Inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes it has, or where it is malformed.
    fn end(text: &str) -> Result<usize, usize> {
        let mut cursor = JsonCursor::default();
        for (at, byte) in text.bytes().enumerate() {
            match cursor.step(byte) {
                JsonStep::Inside => {}
                JsonStep::Ends => return Ok(at + 1),
                JsonStep::Malformed => return Err(at),
            }
        }
        Err(text.len())
    }

    #[test]
    fn values_end_with_their_bracket() {
        for text in ["{}", "[6]", "{\"a\\\"}\":[{\"b\": -1.5e3}, null, \"]\"],\n \"c\" : {}}", "[[],[true,false]]"] {
            assert_eq!(end(&format!("{text} {{")), Ok(text.len()), "{text}");
        }
    }

    #[test]
    fn what_is_cut_off_ends_where_the_next_begins() {
        for (text, at) in [
            ("{\"a\":\n{\"a\":2}\n{\"a\":3}", 14),
            ("{\"a\": \"cut\n", 10),
            ("{\"a\": 1\n{\"a\":2}", 8),
            ("{\"a\": 1,\n{\"a\":2}", 9),
            ("{\n{\"a\":2}", 2),
            ("[1}", 2),
            ("[1 2]", 3),
            ("{\"a\" \"b\"}", 5),
        ] {
            assert_eq!(end(text), Err(at), "{text}");
        }
        assert_eq!(end(&"[".repeat(DEPTH + 1)), Err(DEPTH));
    }
}
