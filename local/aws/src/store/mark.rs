//! The mark of a database: a number in each of its keyspaces that rises with every write, repeated in a file outside of
//! it. A keyspace with a lower number than the file has lost writes that were acknowledged, whatever took them away.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use super::disk;

/// The key of the mark in each keyspace, before all others.
pub const MARK: &[u8] = b"\0mark";

/// The first key that is not the mark's.
pub const FIRST: &[u8] = b"\x01";

/// What the file of a database says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What each keyspace has at least, by position.
    numbers: Vec<u64>,
    /// The numbers up to which nothing is known of the journals. Earlier versions wrote none.
    trusted: Vec<u64>,
    /// True if the process that wrote it ended, and left nothing to collect.
    pub closed: bool,
}

const CLOSED: &str = "closed";
const OPEN: &str = "opened";

impl Mark {
    /// The mark in a file, if there is one that can be read.
    pub fn read(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let state = words.iter().position(|word| [CLOSED, OPEN].contains(word))?;
        let parse = |words: &[&str]| words.iter().map(|word| word.parse::<u64>()).collect::<Result<Vec<_>, _>>().ok();
        let (numbers, trusted) = (parse(&words[..state])?, parse(&words[state + 1..])?);
        (!numbers.is_empty()).then_some(Self { numbers, trusted, closed: words[state] == CLOSED })
    }

    /// What a keyspace has at least. Earlier versions wrote one number for all.
    pub fn number(&self, keyspace: usize) -> u64 {
        self.numbers.get(keyspace).or(self.numbers.first()).copied().unwrap_or(0)
    }

    /// The number behind which every write of a keyspace has a mark of its own.
    pub fn trusted(&self, keyspace: usize) -> u64 {
        self.trusted.get(keyspace).copied().unwrap_or_else(|| self.number(keyspace))
    }
}

/// The file of a mark, kept open: each write to the database writes it.
pub struct MarkFile {
    path: PathBuf,
    file: Option<File>,
    /// The numbers of the keyspaces, by position.
    pub numbers: Vec<u64>,
    trusted: Vec<u64>,
}

impl MarkFile {
    /// Nothing is written yet.
    pub fn new(path: &Path, numbers: Vec<u64>, trusted: Vec<u64>) -> Self {
        Self { path: path.to_owned(), file: None, numbers, trusted }
    }

    /// Writes the numbers over those before, with as many digits and in one piece: a kill leaves the ones or the others.
    /// That they cannot be written is no failure: those before are lower, and as true.
    pub fn write(&mut self, closed: bool) {
        if let Err(error) = self.try_write(closed) {
            tracing::debug!(%error, path = %self.path.display(), "cannot write the mark");
        }
    }

    fn try_write(&mut self, closed: bool) -> io::Result<()> {
        let mut text = String::with_capacity(21 * (self.numbers.len() + self.trusted.len()) + OPEN.len() + 1);
        let state = if closed { CLOSED } else { OPEN };
        self.numbers.iter().for_each(|number| text.push_str(&format!("{number:020} ")));
        text.push_str(state);
        self.trusted.iter().for_each(|number| text.push_str(&format!(" {number:020}")));
        text.push('\n');
        if self.file.is_none() {
            self.file = Some(disk::open_private(&self.path, false)?);
        }
        if let Some(file) = &mut self.file {
            file.rewind()?;
            file.write_all(text.as_bytes())?;
        }
        Ok(())
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
        let mut file = MarkFile::new(&path, vec![7, 9], vec![0, 3]);
        for (numbers, closed) in [([7, 9], false), ([u64::MAX, 10], false), ([8, 10], true)] {
            file.numbers = numbers.to_vec();
            file.write(closed);
            let mark = Mark::read(&path).expect("mark");
            assert_eq!([mark.number(0), mark.number(1)], numbers);
            assert_eq!((mark.trusted(0), mark.trusted(1), mark.closed), (0, 3, closed));
        }
    }

    #[test]
    fn what_an_earlier_version_wrote_is_a_mark_and_what_is_cut_is_none() {
        let home = tempfile::tempdir().expect("directory");
        let path = home.path().join("things.mark");
        std::fs::write(&path, "00000000000000000012 closed\n").expect("written");
        let mark = Mark::read(&path).expect("mark");
        assert_eq!((mark.number(0), mark.number(1), mark.trusted(1), mark.closed), (12, 12, 12, true));
        for cut in ["", "0000000", "00000000000000000012 00000000000000000", "closed\n", "12 clos"] {
            std::fs::write(&path, cut).expect("cut");
            assert_eq!(Mark::read(&path), None, "{cut}");
        }
    }
}
