//! The mark of a database: a number in each of its keyspaces that rises as it is written to, repeated in a file outside of
//! it. A keyspace with a lower number than the file has lost writes that were acknowledged, whatever took them away.

use std::io::{self, Write};
use std::path::Path;

/// What the file of a database says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// What every keyspace has at least.
    pub number: u64,
    /// Whether the process that wrote it ended, and left nothing to collect.
    pub closed: bool,
}

const CLOSED: &str = "closed";
const OPEN: &str = "opened";

impl Mark {
    /// The mark in a file, if there is one that can be read.
    pub fn read(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let (number, state) = text.trim_end().split_once(' ')?;
        Some(Self { number: number.parse().ok()?, closed: state == CLOSED })
    }

    /// Writes it over the one before, of the same length and in one piece: a kill leaves the one or the other.
    pub fn write(self, path: &Path) -> io::Result<()> {
        let state = if self.closed { CLOSED } else { OPEN };
        let text = format!("{:020} {state}\n", self.number);
        super::disk::open_private(path, false)?.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let home = tempfile::tempdir().expect("directory");
        let path = home.path().join("things.mark");
        assert_eq!(Mark::read(&path), None);
        for mark in [Mark { number: 7, closed: false }, Mark { number: u64::MAX, closed: true }] {
            mark.write(&path).expect("written");
            assert_eq!(Mark::read(&path), Some(mark));
        }
        std::fs::write(&path, "").expect("emptied");
        assert_eq!(Mark::read(&path), None);
    }
}
