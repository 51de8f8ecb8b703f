//! The content of an object as COPY reads JSON: one object after the other. What is packed is unpacked, a byte-order mark
//! goes, and a list of objects is opened, which COPY would refuse. Every line stays where it is, for the way back to it.

use std::io::Read;

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::fault::{Fault, malformed};
use crate::zip;

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// NULL in the folder names of Hive.
pub const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// Reads the content. Where `lists_are_rows`, jsonpaths choose the values of a list, and it stays one unless it has objects.
///
/// # Errors
/// Where it cannot be unpacked, or a list in it is not JSON.
pub fn plain(bytes: Bytes, lists_are_rows: bool) -> Result<Bytes, Fault> {
    let bytes = unpacked(bytes)?;
    let start = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let mut signs = bytes[start..].iter().filter(|byte| !byte.is_ascii_whitespace());
    let has_list = signs.next() == Some(&b'[') && (!lists_are_rows || signs.next() == Some(&b'{'));
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
        ListOpener::default().open(&mut bytes);
    }
    Ok(bytes.into())
}

/// Bytes that an object may take when it is unpacked.
pub fn unpacked_size(key: &str, size: u64) -> u64 {
    let is_packed = [".gz", ".zst"].iter().any(|ending| key.ends_with(ending));
    match is_packed {
        // It is read alone, since nothing of its size says how much it has.
        _ if zip::is_archive(key) => u64::MAX,
        true => size.saturating_mul(8),
        false => size,
    }
}

/// The bytes of an object; what gzip or zstd has packed is unpacked.
///
/// # Errors
/// Where it cannot be.
pub fn unpacked(bytes: Bytes) -> Result<Bytes, Fault> {
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

/// The position of a reader in JSON: how many objects and lists are open, and whether a string is.
#[derive(Debug, Default)]
struct NestingCursor {
    depth: u64,
    in_string: bool,
    escaped: bool,
}

impl NestingCursor {
    /// Consumes a byte.
    fn step(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = self.in_string,
            b'"' => self.in_string = !self.in_string,
            b'[' | b'{' if !self.in_string => self.depth += 1,
            b']' | b'}' if !self.in_string => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

/// Puts blanks for the brackets of the outermost lists and for the commas between their values, piece by piece.
#[derive(Debug, Default)]
pub struct ListOpener(NestingCursor);

impl ListOpener {
    pub fn open(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            let (before, in_string) = (self.0.depth, self.0.in_string);
            self.0.step(*byte);
            let is_between = match *byte {
                b'[' => before == 0,
                b']' | b',' => before == 1,
                _ => false,
            };
            if is_between && !in_string {
                *byte = b' ';
            }
        }
    }

    /// Returns true if a list or an object is still open.
    pub fn is_open(&self) -> bool {
        self.0.depth > 0
    }
}

/// The names and values of Hive's folders in a key, `dt=2026-01-01/`, as fields of a JSON object.
fn partitions(key: &str) -> Vec<String> {
    let folders = key.rsplit_once('/').map_or("", |(folders, _)| folders);
    let field = |folder: &str| {
        let (name, value) = folder.split_once('=')?;
        let decoded = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let value = Some(decoded(value)).filter(|value| value != NO_VALUE);
        Some(format!("{}:{}", serde_json::json!(decoded(name)), serde_json::json!(value)))
    };
    folders.split('/').filter_map(field).collect()
}

/// Puts the values of Hive's folders before the fields of each object. It takes JSON objects only.
pub fn with_partitions(bytes: Bytes, key: &str) -> Bytes {
    let fields = partitions(key).join(",");
    if fields.is_empty() {
        return bytes;
    }
    let (mut cursor, mut joined) = (NestingCursor::default(), Vec::with_capacity(bytes.len() + bytes.len() / 4));
    for (at, byte) in bytes.iter().enumerate() {
        let is_outside = cursor.depth == 0;
        cursor.step(*byte);
        joined.push(*byte);
        if *byte == b'{' && is_outside {
            joined.extend_from_slice(fields.as_bytes());
            let next = bytes[at + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
            if next != Some(&b'}') {
                joined.push(b',');
            }
        }
    }
    joined.into()
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
        assert_eq!(plain(list, true), Ok(opened.into()));
        assert_eq!(plain(b"[1, {}]", true), Ok("[1, {}]".into()));
        assert_eq!(plain(b"[]", false), Ok("  ".into()));
        assert_eq!(plain(b"{\"a\": [1, 2]}", false), Ok("{\"a\": [1, 2]}".into()));
        assert_eq!(plain(b"[[1], [2]]", false), Ok(" [1]  [2] ".into()));
    }

    #[test]
    fn the_folders_of_hive_are_fields() {
        let with = |text: &'static str, key| with_partitions(Bytes::from_static(text.as_bytes()), key);
        let joined = with("{\"a\": {\"b\": \"{\"}}\n{ }", "t/dt=2026-01-01/x=a%2Fb\"/a=b.json");
        let fields = "\"dt\":\"2026-01-01\",\"x\":\"a/b\\\"\"";
        assert_eq!(joined, format!("{{{fields},\"a\": {{\"b\": \"{{\"}}}}\n{{{fields} }}"));
        assert_eq!(with("{}", "dt=__HIVE_DEFAULT_PARTITION__/a.json"), "{\"dt\":null}");
        assert_eq!(with("{}", "t/a.json"), "{}");
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
