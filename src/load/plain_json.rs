//! The content of an object as COPY reads JSON: one object after the other. What is packed is unpacked, a byte-order mark
//! goes, and a list of objects is opened, which COPY would refuse. Every line stays where it is, for the way back to it.

use std::io::Read;

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::check_json::{Fault, malformed};

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the content. Where `lists_are_rows`, each list is a row whose values jsonpaths choose, and stays a list.
///
/// # Errors
/// Where it cannot be unpacked, or a list in it is not JSON.
pub fn plain(bytes: Bytes, lists_are_rows: bool) -> Result<Bytes, Fault> {
    let bytes = unpacked(bytes)?;
    let start = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let first = bytes[start..].iter().find(|byte| !byte.is_ascii_whitespace());
    let has_list = !lists_are_rows && first == Some(&b'[');
    if start == 0 && !has_list {
        return Ok(bytes);
    }
    let mut bytes = bytes.to_vec();
    bytes[..start].fill(b' ');
    if has_list {
        let mut values = serde_json::Deserializer::from_slice(&bytes).into_iter::<IgnoredAny>();
        values
            .try_for_each(|value| value.map(drop))
            .map_err(|error| malformed(&error, "the list of JSON objects is cut off"))?;
        open_lists(&mut bytes);
    }
    Ok(bytes.into())
}

/// Bytes that an object may take when it is unpacked.
pub fn unpacked_size(key: &str, size: u64) -> u64 {
    let is_packed = [".gz", ".zst"].iter().any(|ending| key.ends_with(ending));
    if is_packed { size.saturating_mul(8) } else { size }
}

fn unpacked(bytes: Bytes) -> Result<Bytes, Fault> {
    let read = if bytes.starts_with(GZIP) {
        let mut unpacked = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes.as_ref()).read_to_end(&mut unpacked).map(|_| unpacked)
    } else if bytes.starts_with(ZSTD) {
        zstd::decode_all(bytes.as_ref())
    } else {
        return Ok(bytes);
    };
    read.map(Bytes::from).map_err(|error| Fault {
        line: 1,
        column: 1,
        reason: format!("it cannot be unpacked: {error}"),
    })
}

/// Puts blanks for the brackets of the outermost lists, and for the commas between their values. It takes JSON only.
fn open_lists(bytes: &mut [u8]) {
    let (mut depth, mut in_string, mut escaped) = (0_u64, false, false);
    for byte in bytes {
        if in_string {
            match *byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match *byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                if depth == 0 && *byte == b'[' {
                    *byte = b' ';
                }
                depth += 1;
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && *byte == b']' {
                    *byte = b' ';
                }
            }
            b',' if depth == 1 => *byte = b' ',
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &[u8], lists_are_rows: bool) -> Result<String, (u64, String)> {
        let read = super::plain(Bytes::copy_from_slice(text), lists_are_rows);
        read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|fault| (fault.line, fault.reason))
    }

    #[test]
    fn a_list_is_opened_and_every_line_stays() {
        let list = b"[\n {\"a\": [1, 2], \"b\": \"],[\\\"\"},\n {\"a\": {\"c\": []}}\n]\n";
        let opened = " \n {\"a\": [1, 2], \"b\": \"],[\\\"\"} \n {\"a\": {\"c\": []}}\n \n";
        assert_eq!(plain(list, false), Ok(opened.into()));
        assert_eq!(plain(list, true), Ok(String::from_utf8_lossy(list).into_owned()));
        assert_eq!(plain(b"[]", false), Ok("  ".into()));
        assert_eq!(plain(b"{\"a\": [1, 2]}", false), Ok("{\"a\": [1, 2]}".into()));
        assert_eq!(plain(b"[[1], [2]]", false), Ok(" [1]  [2] ".into()));
    }

    #[test]
    fn a_list_that_is_cut_off_is_told_with_its_line() {
        let says = "the list of JSON objects is cut off".to_owned();
        assert_eq!(plain(b"[{\"a\": 1},\n{\"a\": 2}\n", false), Err((3, says)));
        assert_eq!(plain(b"[{\"a\": 1},\n\n,{}]", false).map_err(|(line, _)| line), Err(3));
    }

    #[test]
    fn what_is_packed_is_unpacked_and_a_mark_goes() {
        let text = b"\xef\xbb\xbf[{\"a\": 1}]";
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut gzip, text).expect("gzip");
        let gzip = gzip.finish().expect("gzip");
        let zstd = zstd::encode_all(text.as_slice(), 1).expect("zstd");
        for bytes in [text.as_slice(), &gzip, &zstd] {
            assert_eq!(plain(bytes, false), Ok("    {\"a\": 1} ".into()));
        }
        assert_eq!(plain(b"\xef\xbb\xbf{}", false), Ok("   {}".into()));
        assert!(plain(&gzip[..20], false).is_err_and(|(_, reason)| reason.starts_with("it cannot be unpacked")));
    }
}
