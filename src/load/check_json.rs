//! Whether an object is JSON objects and nothing else, before it is joined with others: what COPY would only say of
//! the part it was gathered into.

use serde::de::IgnoredAny;

/// What is wrong with an object's content, and where in the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub line: u64,
    pub column: u64,
    pub reason: String,
}

/// The number of JSON objects in `bytes`.
pub fn count_objects(bytes: &[u8]) -> Result<u64, Fault> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    let mut count = 0;
    loop {
        let start = values.byte_offset();
        match values.next() {
            None => return Ok(count),
            Some(Ok(_)) => {
                let blank = bytes[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                if bytes.get(start + blank) != Some(&b'{') {
                    return Err(fault(bytes, start + blank, "a JSON object was expected"));
                }
                count += 1;
            }
            Some(Err(error)) => {
                let text = error.to_string();
                let reason = match error.is_eof() {
                    true => "the JSON object is cut off",
                    false => text.split(" at line ").next().unwrap_or(&text),
                };
                let (line, column) = (error.line() as u64, error.column() as u64);
                return Err(Fault { line, column, reason: reason.to_owned() });
            }
        }
    }
}

fn fault(bytes: &[u8], at: usize, reason: &str) -> Fault {
    let before = &bytes[..at];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    Fault { line, column: (at - line_start) as u64 + 1, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_counted_however_they_are_joined() {
        assert_eq!(count_objects(b"{\"a\":1}"), Ok(1));
        assert_eq!(count_objects(b"{\"a\":1}{\"b\":{}}\n\n {\n}\n"), Ok(3));
        assert_eq!(count_objects(b" \n"), Ok(0));
    }

    #[test]
    fn anything_else_is_told_with_its_place() {
        let place = |bytes: &[u8]| count_objects(bytes).map_err(|fault| (fault.line, fault.reason));
        assert_eq!(place(b"{\"a\":1}\n[1]"), Err((2, "a JSON object was expected".into())));
        assert_eq!(place(b"{\"a\":1},\n{\"a\":2}").map_err(|(line, _)| line), Err(1));
        assert_eq!(place(b"{\"a\":1}\n{\"a\":"), Err((2, "the JSON object is cut off".into())));
    }
}
