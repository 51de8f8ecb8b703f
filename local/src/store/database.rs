//! A database of the store. It is opened when it is first asked for, and opened again after a failed write: fjall takes
//! no write after one that failed, in its journal or in the background, until then.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use fjall::{Keyspace, KeyspaceCreateOptions, PersistMode};

use super::mark::Mark;
use super::{CACHE_BYTES, JOURNAL_BYTES, disk};
use crate::error::StoreError;
use crate::sync::locked;

type Result<T> = std::result::Result<T, StoreError>;

/// How long the threads of a database may take to let go of its journal.
const RELEASE: Duration = Duration::from_secs(2);

/// The key of the mark in each keyspace, before all others.
const MARK: &[u8] = b"\0mark";

/// The first key that is not the mark's.
pub const FIRST: &[u8] = b"\x01";

/// How many writes one mark may vouch for: what a truncated journal loses after a kill without being noticed.
const WRITES_PER_MARK: u64 = 32;

pub struct Database {
    /// The directory of the whole state, which errors name.
    state: PathBuf,
    path: PathBuf,
    /// Keyspaces by position.
    keyspaces: &'static [&'static str],
    options: fn() -> KeyspaceCreateOptions,
    open: RwLock<Option<Opened>>,
    /// The file of the mark.
    mark: PathBuf,
    writes: AtomicU64,
    /// Whether an earlier process, or a failed write, may have left files that no record names.
    interrupted: AtomicBool,
}

/// The handles, in the order in which they are dropped: the last one releases the lock of the directory.
struct Opened {
    keyspaces: Vec<Keyspace>,
    db: fjall::Database,
    /// The number of the mark.
    number: Mutex<u64>,
}

impl Opened {
    /// A failed write makes fjall refuse all later ones.
    fn takes_writes(&self) -> bool {
        self.db.persist(PersistMode::Buffer).is_ok()
    }

    /// The lowest number of the mark in any keyspace.
    fn found(&self) -> fjall::Result<u64> {
        self.keyspaces.iter().try_fold(u64::MAX, |lowest, keyspace| {
            let number = keyspace.get(MARK)?.and_then(|bytes| bytes.first_chunk().copied());
            Ok(lowest.min(number.map_or(0, u64::from_be_bytes)))
        })
    }
}

impl Database {
    /// The database in `store/NAME` of a state.
    pub fn new(
        state: &Path,
        name: &'static str,
        keyspaces: &'static [&'static str],
        options: fn() -> KeyspaceCreateOptions,
    ) -> Self {
        Self {
            state: state.to_owned(),
            path: state.join("store").join(name),
            keyspaces,
            options,
            open: RwLock::default(),
            mark: state.join(format!("{name}.mark")),
            writes: AtomicU64::new(0),
            interrupted: AtomicBool::new(false),
        }
    }

    /// Runs `read` on a keyspace. Iterators may outlive it, handles of the keyspace may not.
    ///
    /// `read` must not use the same database again: the lock that it holds is not reentrant.
    pub fn read<T>(&self, keyspace: usize, read: impl FnOnce(&Keyspace) -> fjall::Result<T>) -> Result<T> {
        loop {
            let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(opened) = open.as_ref() {
                return read(&opened.keyspaces[keyspace]).map_err(|error| StoreError::from_database(&self.path, error));
            }
            drop(open);
            self.ensure_open()?;
        }
    }

    /// Runs `write` on a keyspace, and once more on the reopened database where an earlier write had failed.
    ///
    /// # Errors
    /// `StoreError::Full` where there is no room. Such a write may still take effect, as after S3's InternalError.
    pub fn write(&self, keyspace: usize, write: impl Fn(&Keyspace) -> fjall::Result<()>) -> Result<()> {
        match self.read(keyspace, &write) {
            Err(StoreError::Database(fjall::Error::Poisoned)) => {
                self.reopen()?;
                self.read(keyspace, &write)?;
            }
            other => other?,
        }
        if self.writes.fetch_add(1, Ordering::Relaxed) % WRITES_PER_MARK == WRITES_PER_MARK - 1
            && let Some(opened) = self.open.read().unwrap_or_else(PoisonError::into_inner).as_ref()
        {
            self.raise_mark(opened, false);
        }
        Ok(())
    }

    /// Whether files may be there that no record names.
    pub fn was_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Notes that there are no such files any more.
    pub fn set_collected(&self) {
        self.interrupted.store(false, Ordering::Relaxed);
    }

    /// Writes a higher mark into every keyspace, and then into the file. One that cannot be written is no failure: the one
    /// before is lower, and as true.
    fn raise_mark(&self, opened: &Opened, closed: bool) {
        let mut number = locked(&opened.number);
        let next = *number + 1;
        let raise = |keyspace: &Keyspace| keyspace.insert(MARK, next.to_be_bytes());
        if opened.keyspaces.iter().try_for_each(raise).is_ok() {
            *number = next;
            self.write_mark(next, closed);
        }
    }

    fn write_mark(&self, number: u64, closed: bool) {
        if let Err(error) = (Mark { number, closed }).write(&self.mark) {
            tracing::debug!(%error, path = %self.mark.display(), "cannot write the mark");
        }
    }

    fn ensure_open(&self) -> Result<()> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if open.is_none() {
            *open = Some(self.open_now()?);
        }
        Ok(())
    }

    /// Opens the database anew, once there is room: until then it can still be read.
    fn reopen(&self) -> Result<()> {
        disk::check_room(&self.path)?;
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        // Another request may have been first.
        if open.as_ref().is_some_and(Opened::takes_writes) {
            return Ok(());
        }
        if let Some(opened) = open.take() {
            release(opened);
        }
        *open = Some(self.open_now()?);
        tracing::warn!(path = %self.path.display(), "opened again after a failed write");
        Ok(())
    }

    fn open_now(&self) -> Result<Opened> {
        let failed = |error| match error {
            fjall::Error::Locked => self.locked(),
            other => StoreError::from_database(&self.path, other),
        };
        let mark = Mark::read(&self.mark);
        let is_new = !self.path.join("version").exists();
        match mark {
            Some(_) => self.check_files()?,
            None => self.clear_unfinished()?,
        }
        let db = fjall::Database::builder(&self.path)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .worker_threads(1)
            .open()
            .map_err(failed)?;
        let keyspaces = self.keyspaces.iter().map(|name| db.keyspace(name, self.options));
        let keyspaces = keyspaces.collect::<fjall::Result<Vec<_>>>().map_err(failed)?;
        let opened = Opened { keyspaces, db, number: Mutex::default() };
        let found = opened.found().map_err(failed)?;
        *locked(&opened.number) = found;
        match mark {
            Some(mark) if found < mark.number => {
                return Err(self.damaged("writes that were acknowledged are missing".into()));
            }
            Some(_) => self.write_mark(found, false),
            None => self.raise_mark(&opened, false),
        }
        self.interrupted.store(mark.map_or(!is_new, |mark| !mark.closed), Ordering::Relaxed);
        Ok(opened)
    }

    /// Refuses a database in which files are missing that fjall does not miss: it would begin a new journal without a
    /// word, and delete a keyspace that has no `current`.
    fn check_files(&self) -> Result<()> {
        let missing = |file: &str| self.damaged(format!("{file} is missing"));
        let list = |directory: &Path| -> Result<Vec<PathBuf>> {
            let entries = std::fs::read_dir(directory).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
            let entries = entries.map_err(|error| self.damaged(format!("{}: {error}", directory.display())))?;
            Ok(entries.into_iter().map(|entry| entry.path()).collect())
        };
        if !self.path.join("version").is_file() {
            return Err(missing("version"));
        }
        let is_journal = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "jnl");
        let mut journals: Vec<u64> =
            list(&self.path)?.iter().filter(is_journal).filter_map(|path| number(path)).collect();
        journals.sort_unstable();
        if journals.is_empty() {
            return Err(missing("the journal"));
        }
        // They are removed from the oldest on.
        if let Some(pair) = journals.windows(2).find(|pair| pair[1] != pair[0] + 1) {
            return Err(missing(&format!("{}.jnl", pair[0] + 1)));
        }
        let mut keyspaces = list(&self.path.join("keyspaces"))?;
        keyspaces.retain(|path| path.is_dir());
        for keyspace in &keyspaces {
            if number(keyspace).is_none() {
                return Err(self.damaged(format!("{} is no keyspace", keyspace.display())));
            }
            if !keyspace.join("current").is_file() {
                return Err(missing(&keyspace.join("current").display().to_string()));
            }
        }
        // One more than ours: fjall keeps the names in a keyspace of its own.
        match keyspaces.len() > self.keyspaces.len() {
            true => Ok(()),
            false => Err(missing("a directory in keyspaces")),
        }
    }

    fn damaged(&self, what: String) -> StoreError {
        let (path, mark) = (self.path.display().to_string(), self.mark.display().to_string());
        StoreError::Damaged { path, what, mark }
    }

    /// Removes what a creation left that was cut short before its last file, the version: the next one would fail at it.
    fn clear_unfinished(&self) -> Result<()> {
        let (version, journal) = (self.path.join("version"), self.path.join("0.jnl"));
        let is_finished = std::fs::metadata(&version).is_ok_and(|version| version.len() > 0);
        let holds_keyspaces =
            || std::fs::read_dir(self.path.join("keyspaces")).is_ok_and(|mut dir| dir.next().is_some());
        if is_finished || !journal.exists() || holds_keyspaces() {
            return Ok(());
        }
        let failed = |source| StoreError::from_io(&self.path, source);
        let lock = File::options().read(true).write(true).open(self.path.join("lock")).map_err(failed)?;
        // Another process may be creating it right now.
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => self.locked(),
            TryLockError::Error(source) => failed(source),
        })?;
        for file in [version, journal] {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        Ok(())
    }

    fn locked(&self) -> StoreError {
        StoreError::Locked(self.state.display().to_string())
    }
}

impl Drop for Database {
    /// Leaves a mark that vouches for everything that was written.
    fn drop(&mut self) {
        let open = std::mem::take(self.open.get_mut().unwrap_or_else(PoisonError::into_inner));
        let Some(opened) = open else { return };
        let closed = !self.was_interrupted();
        match self.writes.load(Ordering::Relaxed) {
            0 => self.write_mark(*locked(&opened.number), closed),
            _ => self.raise_mark(&opened, closed),
        }
    }
}

/// The number in the name of a file or directory: `12.jnl`, `keyspaces/1`.
fn number(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.parse().ok()
}

/// Closes a database, and waits until nothing can write to its journal any more: the bytes that a failed write left in
/// a buffer are written when it is dropped, which a thread of fjall's may do last.
fn release(opened: Opened) {
    let journal_users = Arc::downgrade(&opened.db.supervisor.keyspaces);
    drop(opened);
    let start = Instant::now();
    while journal_users.strong_count() > 0 && start.elapsed() < RELEASE {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(directory: &Path) -> Database {
        Database::new(directory, "things", &["things"], KeyspaceCreateOptions::default)
    }

    #[test]
    fn a_database_that_is_opened_again_has_what_was_written() {
        let home = tempfile::tempdir().expect("directory");
        let things = database(home.path());
        for round in 0..3_u8 {
            things.write(0, |things| things.insert([round], [round])).expect("written");
            let iterator = things.read(0, |things| Ok(things.iter())).expect("read");
            let open = things.open.write().expect("lock").take();
            release(open.expect("open"));
            assert_eq!(iterator.count(), usize::from(round) + 1 + 1, "iterators outlive the handles; and the mark");
        }
        assert_eq!(things.read(0, |things| things.len()).expect("read"), 3 + 1, "and the mark");
    }

    #[test]
    fn a_creation_that_was_cut_short_is_begun_again() {
        for written in 1..=3 {
            let home = tempfile::tempdir().expect("directory");
            let path = home.path().join("store/things");
            std::fs::create_dir_all(path.join("keyspaces")).expect("directories");
            for file in ["lock", "0.jnl", "version"].iter().take(written) {
                std::fs::write(path.join(file), "").expect("file");
            }
            let things = database(home.path());
            let inserted = things.write(0, |things| things.insert("a", "b"));
            inserted.unwrap_or_else(|error| panic!("after {written} files: {error}"));
        }
    }
}
