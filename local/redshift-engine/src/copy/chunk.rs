//! A stream of JSON values cut into pieces that end between two values, so that they can be parsed side by side.

use std::io::Read;

/// Bytes of a piece, give or take a value.
const CHUNK_BYTES: usize = 2 << 20;

/// Where the last value of some bytes ends. It knows strings and depth, and nothing else of JSON: what is malformed is
/// cut anywhere.
#[derive(Debug, Default)]
struct Boundary {
    depth: u64,
    in_string: bool,
    escaped: bool,
}

impl Boundary {
    /// The end of the last object that is complete within the bytes.
    fn last_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut end = None;
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    at += 1;
                    continue;
                }
                match bytes[at..].iter().position(|&byte| byte == b'"' || byte == b'\\') {
                    None => return end,
                    Some(found) => {
                        at += found + 1;
                        match bytes[at - 1] {
                            b'"' => self.in_string = false,
                            _ => self.escaped = true,
                        }
                    }
                }
                continue;
            }
            match bytes[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        end = Some(at + 1);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        end
    }
}

/// The pieces of a stream, one after the other.
pub struct Chunks {
    input: Box<dyn Read + Send>,
    /// What came after the end of the last piece.
    rest: Vec<u8>,
    ended: bool,
    limit: usize,
}

impl Chunks {
    /// Pieces of a stream whose values are at most `limit` bytes long.
    pub fn new(input: Box<dyn Read + Send>, limit: usize) -> Self {
        Self { input, rest: Vec::new(), ended: false, limit }
    }

    /// The next piece; `None` at the end. `Err(None)` where a value is longer than the limit.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, Option<std::io::Error>> {
        if self.ended {
            return Ok(None);
        }
        let mut piece = std::mem::take(&mut self.rest);
        // The rest of the last piece has no end in it yet, but it may hold the beginning of strings and objects.
        let mut boundary = Boundary::default();
        boundary.last_end(&piece);
        loop {
            let before = piece.len();
            piece.reserve(CHUNK_BYTES);
            (&mut self.input).take(CHUNK_BYTES as u64).read_to_end(&mut piece).map_err(Some)?;
            if piece.len() - before < CHUNK_BYTES {
                self.ended = true;
                return Ok(Some(piece));
            }
            if let Some(end) = boundary.last_end(&piece[before..]) {
                self.rest = piece.split_off(before + end);
                return Ok(Some(piece));
            }
            if piece.len() > self.limit + CHUNK_BYTES {
                return Err(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_between_two_values_and_lose_nothing() {
        let mut text = String::new();
        let mut values = 0;
        while text.len() < 3 * CHUNK_BYTES {
            let filler = "x}{\\\"]".repeat(1 + values % 50);
            text.push_str(&format!("{{\"a\": [\"{filler}\", {{\"b\": {values}}}]}}"));
            text.push_str(["", "\n", " \n\n"][values % 3]);
            values += 1;
        }
        let mut chunks = Chunks::new(Box::new(std::io::Cursor::new(text.clone().into_bytes())), 4 << 20);
        let (mut joined, mut seen, mut pieces) = (Vec::new(), 0, 0);
        while let Some(piece) = chunks.next().expect("read") {
            let parsed = serde_json::Deserializer::from_slice(&piece).into_iter::<serde::de::IgnoredAny>();
            parsed.for_each(|value| {
                value.expect("whole");
                seen += 1;
            });
            joined.extend(piece);
            pieces += 1;
        }
        assert!(pieces > 2);
        assert_eq!((seen, joined.len()), (values, text.len()));
        assert!(joined == text.into_bytes());
    }

    #[test]
    fn a_value_that_is_too_long_ends_it() {
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(3 * CHUNK_BYTES));
        let mut chunks = Chunks::new(Box::new(std::io::Cursor::new(long.into_bytes())), 1 << 20);
        assert!(matches!(chunks.next(), Err(None)));
    }
}
