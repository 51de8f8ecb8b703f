//! Bytes that are no UTF-8: what COPY says of them, and what ACCEPTINVCHARS puts in their places
//! (multi-byte-character-load-errors, copy-parameters-data-conversion).

use super::convert::{Rejection, rejection};

/// Puts the character in the place of each such byte, so that the text is as long as the bytes are.
pub fn replaced(bytes: &[u8], by: char) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n(by, chunk.invalid().len()));
    }
    text
}

/// Why these bytes are rejected: the first that are no UTF-8, and the number of what is wrong with them.
pub fn reason(bytes: &[u8]) -> Rejection {
    let mut valid = 0;
    let chunk = bytes.utf8_chunks().find(|chunk| {
        valid += chunk.valid().len();
        !chunk.invalid().is_empty()
    });
    let invalid = chunk.as_ref().map_or(&b""[..], |chunk| chunk.invalid());
    let is_at_end = valid + invalid.len() == bytes.len();
    let number = match (invalid.first(), bytes.get(valid + 1)) {
        (Some(0x80..=0xBF | 0xFE | 0xFF), _) => 3,
        (Some(0xF8..=0xFD), _) => 1,
        (Some(0xED), Some(0xA0..=0xBF)) => 5,
        (Some(0xC0 | 0xC1 | 0xF5..=0xF7), _) | (Some(0xF4), Some(0x90..=0xBF)) => 6,
        _ if is_at_end => 2,
        _ => 4,
    };
    let hex: Vec<String> = invalid.iter().map(|byte| format!("{byte:02x}")).collect();
    let hex = hex.join(" ");
    let message = "String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence:";
    rejection(1220, format!("{message} {hex} (error {number})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_replaced_by_one_character() {
        for (bytes, text) in [
            (&b"caf\xe9"[..], "caf?"),
            (b"\xff\xfe ok", "?? ok"),
            (b"\xe2\x82 x", "?? x"),
            (b"\xed\xa0\x80", "???"),
            ("plain é \u{fffd}".as_bytes(), "plain é \u{fffd}"),
        ] {
            assert_eq!(replaced(bytes, '?'), text);
            assert_eq!(replaced(bytes, '?').len(), bytes.len());
        }
    }

    #[test]
    fn reasons_name_the_bytes() {
        for (bytes, says) in [
            (&b"caf\xe9"[..], "e9 (error 2)"),
            (b"caf\xe9 x", "e9 (error 4)"),
            (b"a\x84b", "84 (error 3)"),
            (b"a\xf8b", "f8 (error 1)"),
            (b"\xed\xa0\x80", "ed (error 5)"),
            (b"\xe2\x82", "e2 82 (error 2)"),
        ] {
            let Rejection { code, message } = reason(bytes);
            let start = "String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: ";
            assert_eq!((code, message), (1220, format!("{start}{says}")));
        }
    }
}
