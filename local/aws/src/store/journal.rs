//! The marks in the journals of a database. fjall replays the journals that it finds: one that was removed before them, or
//! cut, is no error to it. The numbers of the marks rise by one with each write, so that writes that are missing show.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::mark::MARK;

/// Tags and sizes of fjall's journal entries, in bytes behind the tag.
const START: u8 = 1;
const START_BYTES: i64 = 12;
const ITEM: u8 = 2;
const END: u8 = 3;
const END_BYTES: i64 = 12;
const CLEAR: u8 = 4;
const CLEAR_BYTES: i64 = 8;

/// Marks that follow one on another.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    /// The journal in which it begins.
    pub journal: PathBuf,
    pub first: u64,
    pub last: u64,
}

/// The runs of marks of each keyspace, by its id, in the order of the journals.
///
/// # Errors
/// Where a journal cannot be read. One that ends early is read up to there.
pub fn runs(journals: &[PathBuf]) -> io::Result<BTreeMap<u64, Vec<Run>>> {
    let mut found: BTreeMap<u64, Vec<Run>> = BTreeMap::new();
    for journal in journals {
        read_marks(journal, |keyspace, number| {
            let runs = found.entry(keyspace).or_default();
            match runs.last_mut() {
                Some(run) if number <= run.last + 1 => run.last = run.last.max(number),
                _ => runs.push(Run { journal: journal.clone(), first: number, last: number }),
            }
        })?;
    }
    Ok(found)
}

/// Calls `see` with the keyspace and the number of each mark whose batch is complete.
fn read_marks(journal: &Path, mut see: impl FnMut(u64, u64)) -> io::Result<()> {
    let mut from = BufReader::with_capacity(256 << 10, File::open(journal)?);
    let mut pending = None;
    loop {
        match read_entry(&mut from, &mut pending) {
            Ok(Some(END)) => {
                if let Some((keyspace, number)) = pending.take() {
                    see(keyspace, number);
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Reads an entry, and notes the mark in it. Answers its tag; `None` behind the last entry.
fn read_entry(from: &mut BufReader<File>, mark: &mut Option<(u64, u64)>) -> io::Result<Option<u8>> {
    let [tag] = bytes(from)?;
    match tag {
        START => from.seek_relative(START_BYTES)?,
        END => from.seek_relative(END_BYTES)?,
        CLEAR => from.seek_relative(CLEAR_BYTES)?,
        ITEM => {
            // The kind of the value, and its compression.
            let [_, _] = bytes(from)?;
            let keyspace = u64::from_le_bytes(bytes(from)?);
            let key_bytes = u16::from_le_bytes(bytes(from)?);
            let _uncompressed = u32::from_le_bytes(bytes(from)?);
            let value_bytes = u32::from_le_bytes(bytes(from)?);
            if usize::from(key_bytes) != MARK.len() || value_bytes != 8 {
                from.seek_relative(i64::from(key_bytes) + i64::from(value_bytes))?;
                return Ok(Some(ITEM));
            }
            let key: [u8; MARK.len()] = bytes(from)?;
            let number = u64::from_be_bytes(bytes(from)?);
            if key == MARK {
                *mark = Some((keyspace, number));
            }
        }
        _ => return Ok(None),
    }
    Ok(Some(tag))
}

fn bytes<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The number in the name of a file or directory: `12.jnl`, `keyspaces/1`.
pub fn number(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.parse().ok()
}
