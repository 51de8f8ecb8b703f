//! Checks of S3's promises about listings, whatever server answers: keys that can be decoded, in order, each once.

use std::borrow::Cow;

use aws_sdk_s3::types::EncodingType;

use crate::error::{Error, Result};

/// Checks the keys of one listing, page after page.
#[derive(Debug, Default)]
pub struct KeyOrder {
    previous: Option<(String, String)>,
}

impl KeyOrder {
    /// Checks the next key of the listing, with its version where versions are listed.
    ///
    /// # Errors
    /// Where it does not come after the one before: something would be counted or loaded twice, or not at all.
    pub fn check(&mut self, bucket: &str, key: &str, version: &str) -> Result<()> {
        let Some((last_key, last_version)) = &mut self.previous else {
            self.previous = Some((key.to_owned(), version.to_owned()));
            return Ok(());
        };
        let message = match last_key.as_str().cmp(key) {
            std::cmp::Ordering::Greater => {
                format!("the listing of the bucket {bucket} is out of order: {key:?} comes after {last_key:?}")
            }
            std::cmp::Ordering::Equal if last_version == version => {
                format!("the listing of the bucket {bucket} names a key twice: {key:?} comes after {last_key:?}")
            }
            _ => {
                key.clone_into(last_key);
                version.clone_into(last_version);
                return Ok(());
            }
        };
        Err(Error::failed(message).hint(
            "Objects could be taken twice or not at all. S3 lists each key once, in the order of their UTF-8 bytes; \
             directory buckets of S3 Express do not, nor do some other servers. Copy the objects to a general purpose \
             bucket, or to a server that lists as S3 does.",
        ))
    }
}

/// A name from a listing that was asked for with `encoding-type=url`; as it is where the server answers without.
///
/// # Errors
/// Where it is not UTF-8.
pub fn decoded(name: String, encoding: Option<&EncodingType>) -> Result<String> {
    if encoding != Some(&EncodingType::Url) || !name.contains(['%', '+']) {
        return Ok(name);
    }
    let spaced = name.replace('+', " ");
    let text = percent_encoding::percent_decode_str(&spaced).decode_utf8().map(Cow::into_owned);
    text.map_err(|error| Error::failed(format!("cannot read the name {name:?} in a listing")).because(error))
}

/// Where a listing that has more pages goes on.
///
/// # Errors
/// Where the server does not say it.
pub fn next_marker(marker: Option<String>, encoding: Option<&EncodingType>, bucket: &str) -> Result<String> {
    match marker.filter(|marker| !marker.is_empty()) {
        Some(marker) => decoded(marker, encoding),
        None => Err(cut_off(bucket)),
    }
}

/// The server says that there is more, and not where.
pub fn cut_off(bucket: &str) -> Error {
    Error::failed(format!(
        "the listing of the bucket {bucket} is incomplete: it has more pages, and the next has no name"
    ))
    .hint("The server does not page as S3 does: use another one, or ask whoever runs it.")
}

/// Returns true if a key can stand in the XML of DeleteObjects: XML 1.0 has no control characters.
pub fn fits_xml(key: &str) -> bool {
    key.chars().all(|letter| {
        matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error at the first key that is out of order.
    fn checked(keys: &[(&str, &str)]) -> Result<()> {
        let mut order = KeyOrder::default();
        keys.iter().try_for_each(|(key, version)| order.check("raw", key, version))
    }

    #[test]
    fn keys_come_once_and_in_the_order_of_their_bytes() {
        // In UTF-16, which some servers sort by, the last two would change places.
        assert!(checked(&[("A", ""), ("a", ""), ("a-", ""), ("a/", ""), ("\u{ffff}", ""), ("\u{10000}", "")]).is_ok());
        assert!(checked(&[("a", "2"), ("a", "1"), ("b", "1")]).is_ok());
        for (keys, says) in [
            (vec![("a", ""), ("b", ""), ("b", "")], r#"names a key twice: "b" comes after "b""#),
            (vec![("a/x", ""), ("a-x", "")], r#"is out of order: "a-x" comes after "a/x""#),
            (vec![("a", "1"), ("b", "1"), ("b", "1")], "names a key twice"),
        ] {
            let error = checked(&keys).expect_err("refused");
            let text = error.to_string();
            assert!(text.contains("the bucket raw") && text.contains(says), "{text}");
            assert!(error.hints[0].contains("S3 Express"), "{:?}", error.hints);
        }
    }

    #[test]
    fn names_are_read_as_they_were_written() {
        let read = |name: &str, encoding: Option<&EncodingType>| decoded(name.to_owned(), encoding);
        let url = Some(&EncodingType::Url);
        assert_eq!(read("a/b", url).expect("name"), "a/b");
        assert_eq!(read("a%01b+c%2Bd%C3%A9", url).expect("name"), "a\u{1}b c+d\u{e9}");
        assert_eq!(read("a%01b+c", None).expect("name"), "a%01b+c");
        assert!(read("%ff", url).is_err());
        assert!(next_marker(Some(String::new()), url, "raw").is_err());
    }

    #[test]
    fn control_characters_are_not_for_xml() {
        assert!(fits_xml("a\tb\r\n\u{e9}\u{10000}") && !fits_xml("a\u{1}") && !fits_xml("\u{ffff}"));
    }
}
