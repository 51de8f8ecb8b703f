//! Which line of a gathered part came from which line of which object.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The line at which each object begins in a part, ascending, and the object's key.
pub type Lines = Vec<(u64, String)>;

/// Lies beside the parts, compressed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    pub records: u64,
    /// By the part's key.
    pub parts: BTreeMap<String, Lines>,
}

impl Index {
    /// The object and line behind a line of a part. Lines count from 1.
    pub fn origin(&self, part: &str, line: u64) -> Option<(&str, u64)> {
        let objects = self.parts.get(part)?;
        let after = objects.partition_point(|(first, _)| *first <= line);
        let (first, key) = objects.get(after.checked_sub(1)?)?;
        Some((key, line - first + 1))
    }

    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let unwritable = |cause: std::io::Error| Error::failed("cannot write the index of the parts").because(cause);
        let json = serde_json::to_vec(self).map_err(|error| unwritable(error.into()))?;
        zstd::encode_all(json.as_slice(), 3).map_err(unwritable)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let unreadable = |cause: std::io::Error| Error::failed("cannot read the index of the parts").because(cause);
        let json = zstd::decode_all(bytes).map_err(unreadable)?;
        serde_json::from_slice(&json).map_err(|error| unreadable(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_leads_back_to_its_object() {
        let lines = vec![(1, "a".to_owned()), (2, "b".to_owned()), (7, "c".to_owned())];
        let index = Index { records: 9, parts: BTreeMap::from([("p".to_owned(), lines)]) };
        assert_eq!(index.origin("p", 1), Some(("a", 1)));
        assert_eq!(index.origin("p", 6), Some(("b", 5)));
        assert_eq!(index.origin("p", 8), Some(("c", 2)));
        assert_eq!(index.origin("q", 1), None);
        let read = Index::from_bytes(&index.to_bytes().expect("written")).expect("read");
        assert_eq!(read, index);
    }
}
