//! A database of the store. It is opened when it is first asked for, and opened again after a failed write: fjall takes
//! no write after one that failed, in its journal or in the background, until then.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use fjall::{Keyspace, KeyspaceCreateOptions};
use redshift_engine::sync::locked;

use super::journal::{self, Run};
use super::manifest;
use super::mark::{Mark, MarkFile};
use super::opened::{self, Change, Opened};
use super::{CACHE_BYTES, JOURNAL_BYTES, disk};
use crate::error::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

/// How long the threads of a database may take to let go of its journal.
const RELEASE: Duration = Duration::from_secs(2);

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
    /// True if an earlier process, or a failed write, may have left files that no record names.
    interrupted: AtomicBool,
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
            interrupted: AtomicBool::new(false),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&Opened) -> fjall::Result<T>) -> Result<T> {
        loop {
            let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(opened) = open.as_ref() {
                return act(opened).map_err(|error| StoreError::from_database(&self.path, error));
            }
            drop(open);
            self.ensure_open()?;
        }
    }

    /// Runs `read` on a keyspace. Iterators may outlive it, handles of the keyspace may not.
    ///
    /// `read` must not use the same database again: the lock that it holds is not reentrant.
    pub fn read<T>(&self, keyspace: usize, read: impl FnOnce(&Keyspace) -> fjall::Result<T>) -> Result<T> {
        self.with(|opened| read(&opened.keyspaces[keyspace]))
    }

    /// Writes what `write` changes in a keyspace, and once more to the reopened database where an earlier write had failed.
    ///
    /// # Errors
    /// `StoreError::Full` where there is no room. Such a write may still take effect, as after S3's InternalError.
    pub fn write(&self, keyspace: usize, write: impl Fn(&mut Change<'_>)) -> Result<()> {
        match self.with(|opened| opened.write(keyspace, &write)) {
            Err(StoreError::Database(fjall::Error::Poisoned)) => {
                self.reopen()?;
                self.with(|opened| opened.write(keyspace, &write))
            }
            other => other,
        }
    }

    /// Returns true if files may be there that no record names.
    pub fn was_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Notes that there are no such files any more.
    pub fn set_collected(&self) {
        self.interrupted.store(false, Ordering::Relaxed);
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
        let runs = match mark {
            Some(_) => self.journal_runs(&self.check_files()?)?,
            None => {
                self.clear_unfinished()?;
                BTreeMap::new()
            }
        };
        let db = fjall::Database::builder(&self.path)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .worker_threads(1)
            .open()
            .map_err(failed)?;
        let keyspaces = self.keyspaces.iter().map(|name| db.keyspace(name, self.options));
        let keyspaces = keyspaces.collect::<fjall::Result<Vec<_>>>().map_err(failed)?;
        let numbers = opened::numbers(&keyspaces).map_err(failed)?;
        let trusted = match &mark {
            Some(mark) => {
                self.check_numbers(mark, &numbers)?;
                if let Some(missing) = opened::missing_before(&keyspaces, mark, &runs).map_err(failed)? {
                    return Err(self.damaged(missing));
                }
                (0..numbers.len()).map(|keyspace| mark.trusted(keyspace)).collect()
            }
            None => numbers.clone(),
        };
        let file = MarkFile::new(&self.mark, numbers, trusted);
        let opened = Opened { keyspaces, db, mark: Mutex::new(file) };
        match mark {
            Some(_) => locked(&opened.mark).write(false),
            None => self.mark_all(&opened),
        }
        self.interrupted.store(mark.map_or(!is_new, |mark| !mark.closed), Ordering::Relaxed);
        Ok(opened)
    }

    /// Marks every keyspace of a database that had no mark. One that cannot be marked yet is marked with its first write.
    fn mark_all(&self, opened: &Opened) {
        if let Err(error) = (0..opened.keyspaces.len()).try_for_each(|keyspace| opened.write(keyspace, |_| ())) {
            tracing::debug!(%error, path = %self.path.display(), "cannot mark the keyspaces");
        }
    }

    /// Refuses a database whose keyspaces have not all that was marked in the file.
    fn check_numbers(&self, mark: &Mark, numbers: &[u64]) -> Result<()> {
        for (position, (name, number)) in self.keyspaces.iter().zip(numbers).enumerate() {
            if let Some(lost @ 1..) = mark.number(position).checked_sub(*number) {
                let what = format!("writes that were acknowledged are missing, the last {lost} to \"{name}\"");
                return Err(self.damaged(what));
            }
        }
        Ok(())
    }

    /// The marks in these journals. The first journal of all begins with the first mark, and ends with what the file says.
    fn journal_runs(&self, journals: &[u64]) -> Result<BTreeMap<u64, Vec<Run>>> {
        if journals == [0_u64] {
            return Ok(BTreeMap::new());
        }
        let paths: Vec<PathBuf> = journals.iter().map(|journal| self.path.join(format!("{journal}.jnl"))).collect();
        journal::runs(&paths).map_err(|error| StoreError::from_io(&self.path, error))
    }

    /// Refuses a database in which files are missing that fjall does not miss: it would begin a new journal without a
    /// word, and delete a keyspace that has no `current`, or a table that its manifest does not name any more. Answers the
    /// numbers of the journals, the oldest first.
    fn check_files(&self) -> Result<Vec<u64>> {
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
            list(&self.path)?.iter().filter(is_journal).filter_map(|path| journal::number(path)).collect();
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
            if journal::number(keyspace).is_none() {
                return Err(self.damaged(format!("{} is no keyspace", keyspace.display())));
            }
            if !keyspace.join("current").is_file() {
                return Err(missing(&keyspace.join("current").display().to_string()));
            }
            if let Some(damage) = manifest::damage(keyspace) {
                return Err(self.damaged(damage));
            }
        }
        // One more than ours: fjall keeps the names in a keyspace of its own.
        match keyspaces.len() > self.keyspaces.len() {
            true => Ok(journals),
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
    /// Notes that the process ended.
    fn drop(&mut self) {
        let open = std::mem::take(self.open.get_mut().unwrap_or_else(PoisonError::into_inner));
        if let Some(opened) = open {
            locked(&opened.mark).write(!self.was_interrupted());
        }
    }
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
