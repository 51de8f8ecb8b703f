//! How far the log of a database must reach. DuckDB replays the log that it finds: where it is missing, or cut, the rows of
//! its commits are missing without an error. What was committed to the log is noted in the mark of the database, with the
//! iteration of its file: each checkpoint raises that, and the log begins anew.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::sync::locked;

/// How the name of a database's log ends, behind a point.
pub const LOG: &str = "duckdb.wal";

/// Kinds of entries of the log, as in DuckDB's `wal_type.hpp`.
const VERSION: u64 = 98;
const CHECKPOINT: u8 = 99;
const FLUSH: u8 = 100;
/// The version of the log that is read here.
const LOG_VERSION: u64 = 2;
/// Bytes before an entry: its size and its checksum.
const ENTRY_HEAD: u64 = 16;
/// Bytes of an entry up to its kind.
const ENTRY_KIND: u64 = 3;
/// Where the two headers of a database's file keep its iteration, behind their checksums; the higher one counts.
const ITERATIONS: [u64; 2] = [4096 + 8, 8192 + 8];
/// Bytes of the headers, before the first block.
const HEADERS: u64 = 3 * 4096;

/// How far a log reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Reach {
    /// The iteration of the file that the log continues.
    iteration: u64,
    /// Bytes up to the end of its last commit.
    bytes: u64,
}

impl Reach {
    /// What a mark says, if it says anything.
    fn read(mark: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(mark).ok()?;
        let (iteration, bytes) = text.trim_end().split_once(' ')?;
        Some(Self { iteration: iteration.parse().ok()?, bytes: bytes.parse().ok()? })
    }
}

/// Notes what is committed to the log of an open database.
pub struct LogMark {
    log: PathBuf,
    mark: PathBuf,
    noted: Mutex<Reach>,
}

impl LogMark {
    pub fn new(directory: &Path, database: &str) -> Self {
        let path = |ending: &str| directory.join(format!("{database}.{ending}"));
        Self { log: path(LOG), mark: path("mark"), noted: Mutex::default() }
    }

    /// Notes the commits that are in the log, before they are answered. That it fails is no failure: what was noted before
    /// is less, and as true.
    pub fn note(&self) {
        if let Err(error) = self.try_note() {
            tracing::debug!(%error, path = %self.mark.display(), "cannot note how far the log reaches");
        }
    }

    fn try_note(&self) -> io::Result<()> {
        let mut noted = locked(&self.noted);
        let Some(mut log) = open(&self.log)? else { return Ok(()) };
        let reach = log.follow(*noted, u64::MAX)?;
        if reach == *noted || reach.bytes == log.header {
            return Ok(());
        }
        // A database that is being dropped has lost its mark first: none is made here.
        let mut file = match File::options().write(true).open(&self.mark) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        // Of one length, and in one piece: a kill leaves this or what was noted before.
        file.write_all(format!("{:020} {:020}\n", reach.iteration, reach.bytes).as_bytes())?;
        *noted = reach;
        Ok(())
    }
}

/// Looks whether the log of a database that is not open has all that was noted; the file is the database's.
///
/// # Errors
/// What is missing.
pub fn check(file: &Path) -> Result<(), String> {
    let Some(noted) = Reach::read(&file.with_extension("mark")) else { return Ok(()) };
    // DuckDB says what is wrong with a file that has no headers.
    let Ok(iteration) = iteration(file) else { return Ok(()) };
    // The last checkpoint has brought the log into the file.
    if iteration > noted.iteration {
        return Ok(());
    }
    if iteration < noted.iteration {
        return Err("it is older than the log that it had, and misses what was committed since".into());
    }
    let path = file.with_extension(LOG);
    let lost = |what: &str| {
        let (path, bytes) = (path.display(), noted.bytes);
        Err(format!("its log {path} {what}: {bytes} bytes of commits that were acknowledged were in it"))
    };
    match open(&path) {
        Ok(Some(log)) if log.iteration != iteration => lost("belongs to another state of the database"),
        Ok(Some(mut log)) => match log.follow(Reach::default(), noted.bytes) {
            Ok(reach) if reach.bytes == noted.bytes => Ok(()),
            Ok(reach) => lost(&format!("can be read for {} bytes only", reach.bytes)),
            Err(error) => lost(&format!("cannot be read ({error})")),
        },
        Ok(None) => lost("is missing, or has no header"),
        Err(error) => lost(&format!("cannot be read ({error})")),
    }
}

/// The iteration of a database's file. Not while it is open: to close the file would release DuckDB's lock.
fn iteration(file: &Path) -> io::Result<u64> {
    let mut file = File::open(file)?;
    if file.metadata()?.len() < HEADERS {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let mut highest = 0;
    for place in ITERATIONS {
        file.seek(io::SeekFrom::Start(place))?;
        highest = highest.max(u64::from_le_bytes(bytes(&mut file)?));
    }
    Ok(highest)
}

struct Log {
    from: BufReader<File>,
    length: u64,
    iteration: u64,
    /// Bytes before the first entry.
    header: u64,
}

/// Opens a log; `None` where there is none, or it says of no file whose log it is, as one without commits.
fn open(path: &Path) -> io::Result<Option<Log>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let length = file.metadata()?.len();
    let mut from = BufReader::with_capacity(16 << 10, file);
    match read_header(&mut from) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Ok(None) => Ok(None),
        Ok(Some((iteration, header))) => Ok(Some(Log { from, length, iteration, header })),
        Err(error) => Err(error),
    }
}

/// The iteration in the header of a log, and the length of the header. `None` where DuckDB wrote it for a file of a version
/// that has none.
fn read_header(from: &mut impl Read) -> io::Result<Option<(u64, u64)>> {
    let mut read = 0;
    if field(from, &mut read)? != 100 || leb128(from, &mut read)? != VERSION {
        return Ok(None);
    }
    if field(from, &mut read)? != 101 || leb128(from, &mut read)? != LOG_VERSION {
        return Ok(None);
    }
    // The identifier of the database.
    if field(from, &mut read)? != 102 {
        return Ok(None);
    }
    for _ in 0..leb128(from, &mut read)? {
        leb128(from, &mut read)?;
    }
    if field(from, &mut read)? != 103 {
        return Ok(None);
    }
    let iteration = leb128(from, &mut read)?;
    Ok((field(from, &mut read)? == u16::MAX).then_some((iteration, read)))
}

fn field(from: &mut impl Read, read: &mut u64) -> io::Result<u16> {
    *read += 2;
    Ok(u16::from_le_bytes(bytes(from)?))
}

/// A number of seven bits a byte, the lowest first.
fn leb128(from: &mut impl Read, read: &mut u64) -> io::Result<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = bytes(from)?;
        *read += 1;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(ErrorKind::InvalidData.into())
}

fn bytes<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

impl Log {
    /// How far the commits reach within the first `most` bytes, from where they reached when they were `known`. What comes
    /// behind the mark of a checkpoint does not count: it goes when the checkpoint has failed.
    fn follow(&mut self, known: Reach, most: u64) -> io::Result<Reach> {
        let length = self.length.min(most);
        let is_known = known.iteration == self.iteration && (self.header..=length).contains(&known.bytes);
        let mut reach = Reach { iteration: self.iteration, bytes: if is_known { known.bytes } else { self.header } };
        let mut at = reach.bytes;
        self.skip(at - self.header)?;
        while at + ENTRY_HEAD + ENTRY_KIND <= length {
            let size = u64::from_le_bytes(bytes(&mut self.from)?);
            let _checksum: [u8; 8] = bytes(&mut self.from)?;
            let Some(end) = (at + ENTRY_HEAD).checked_add(size).filter(|end| *end <= length) else { break };
            let [_, _, kind] = bytes(&mut self.from)?;
            match kind {
                CHECKPOINT => break,
                FLUSH => reach.bytes = end,
                _ => {}
            }
            self.skip(size.saturating_sub(ENTRY_KIND))?;
            at = end;
        }
        Ok(reach)
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.from.seek_relative(i64::try_from(bytes).map_err(io::Error::other)?)
    }
}

#[cfg(test)]
mod tests {
    use duckdb::Connection;

    use super::*;

    fn copy(from: &Path, to: &Path) {
        for ending in ["duckdb", LOG, "mark"] {
            let _ = std::fs::remove_file(to.join(format!("a.{ending}")));
            let _ = std::fs::copy(from.join(format!("a.{ending}")), to.join(format!("a.{ending}")));
        }
    }

    #[test]
    fn a_log_that_has_lost_a_commit_is_missed() {
        let [home, killed] = [(); 2].map(|()| tempfile::tempdir().expect("directory"));
        let (file, left) = (home.path().join("a.duckdb"), killed.path().join("a.duckdb"));
        std::fs::write(home.path().join("a.mark"), "").expect("mark");
        let mark = LogMark::new(home.path(), "a");
        // Without a log there is nothing to note.
        mark.note();
        let connection = Connection::open(&file).expect("opened");
        let run = |sql: &str| connection.execute_batch(sql).expect("run");
        run("CREATE TABLE t AS SELECT range AS a FROM range(10)");
        for round in 0..3 {
            run("INSERT INTO t VALUES (1)");
            mark.note();
            // What was committed since may be lost: it was not answered.
            run("INSERT INTO t VALUES (2)");
            copy(home.path(), killed.path());
            assert_eq!(check(&left), Ok(()), "round {round}");
            let noted = Reach::read(&left.with_extension("mark")).expect("noted");
            let log = left.with_extension(LOG);
            let whole = std::fs::read(&log).expect("log");
            let behind = usize::try_from(noted.bytes).expect("small");
            std::fs::write(&log, &whole[..behind]).expect("cut");
            assert_eq!(check(&left), Ok(()), "round {round}");
            for bytes in [0, 1, 30, behind / 2, behind - 1] {
                std::fs::write(&log, &whole[..bytes]).expect("cut");
                let told = check(&left).expect_err("cut");
                assert!(told.contains("a.duckdb.wal") && told.contains(&behind.to_string()), "{told}");
            }
            // The size of an entry, with which DuckDB would take the rest for torn.
            let mut changed = whole.clone();
            changed[behind - 16 - 5 + 3] ^= 0x55;
            std::fs::write(&log, changed).expect("changed");
            assert!(check(&left).expect_err("changed").contains("bytes only"));
            std::fs::remove_file(&log).expect("removed");
            assert!(check(&left).expect_err("missing").contains("is missing"));
            // The log of another state, as after a copy from an older one.
            std::fs::write(&log, &whole).expect("log");
            run("CHECKPOINT; INSERT INTO t VALUES (3)");
            mark.note();
            copy(home.path(), killed.path());
            std::fs::write(&log, whole).expect("log");
            assert!(check(&left).expect_err("older log").contains("another state"));
            // Once it is in the file, no log is missed.
            run("CHECKPOINT");
            copy(home.path(), killed.path());
            assert!(!log.exists(), "DuckDB has removed it");
            assert_eq!(check(&left), Ok(()), "round {round}");
        }
        // A file from before the last checkpoints.
        let old = std::fs::read(&file).expect("file");
        run("INSERT INTO t VALUES (4); CHECKPOINT; INSERT INTO t VALUES (5)");
        mark.note();
        copy(home.path(), killed.path());
        std::fs::write(&left, old).expect("file");
        assert!(check(&left).expect_err("older file").contains("older"));
    }
}
