//! Members of an archive as objects of their own: COPY reads no ZIP, so that gathering unpacks it.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use bytes::Bytes;

use super::fault::Fault;
use crate::config::Source;
use crate::zip::{self, Member, PACKED_MAX, UNPACKED_MAX};

/// The fault of an archive that is too large to be read: it is held in memory as a whole.
pub fn too_large(key: &str, size: u64) -> Option<Fault> {
    let reason = || format!("the archive has {size} bytes, and {PACKED_MAX} are taken: unpack it first, or divide it");
    (zip::is_archive(key) && size > PACKED_MAX).then(|| Fault { line: 1, column: 1, reason: reason() })
}

/// The members of an archive that a source takes, each with its key: that of the archive, and its own name behind.
///
/// # Errors
/// With the key of what cannot be unpacked: an archive that is cut off, has none of the source's members or too many bytes of
/// them, or a member that is there twice, encrypted, or packed in another way than DEFLATE.
pub fn members(bytes: &Bytes, key: &str, source: &Source) -> Result<Vec<(String, Bytes)>, (String, Fault)> {
    let fault = |key: &str, reason: String| (key.to_owned(), Fault { line: 1, column: 1, reason });
    let all = zip::members(&mut Cursor::new(bytes.clone())).map_err(|error| fault(key, error.to_string()))?;
    let with_key = |(name, member): (String, Member)| (format!("{key}/{name}"), member);
    let taken: Vec<(String, Member)> =
        all.into_iter().map(with_key).filter(|(member, _)| source.takes_member(key, member)).collect();
    if taken.is_empty() {
        return Err(fault(key, "none of its members is one of the source".to_owned()));
    }
    let mut names = BTreeSet::new();
    for (member, _) in &taken {
        if !names.insert(member) {
            return Err(fault(member, "its archive has it twice: pack it again, with one of them".to_owned()));
        }
    }
    let size = taken.iter().fold(0_u64, |size, (_, member)| size.saturating_add(member.size));
    if size > UNPACKED_MAX {
        let reason =
            format!("its members have {size} bytes when unpacked, and {UNPACKED_MAX} are taken: unpack it first");
        return Err(fault(key, reason));
    }
    let unpacked = |(key, member): (String, Member)| {
        let mut content = Vec::new();
        let read =
            zip::open(Cursor::new(bytes.clone()), member).and_then(|mut reader| reader.read_to_end(&mut content));
        match read {
            Ok(_) => Ok((key, Bytes::from(content))),
            Err(error) => Err(fault(&key, format!("it cannot be unpacked: {error}"))),
        }
    };
    taken.into_iter().map(unpacked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_that_is_too_large_is_not_read() {
        assert_eq!(too_large("a.zip", PACKED_MAX), None);
        assert_eq!(too_large("a.csv", PACKED_MAX + 1), None);
        let fault = too_large("a.ZIP", PACKED_MAX + 1).expect("a fault");
        let says = "the archive has 1073741825 bytes, and 1073741824 are taken: unpack it first, or divide it";
        assert_eq!(fault.reason, says);
    }
}
