//! A database of the store. It is opened when it is first asked for, and opened again after a failed write: fjall takes
//! no write after one that failed, in its journal or in the background, until then.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use fjall::{Keyspace, KeyspaceCreateOptions, PersistMode};

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
}

/// The handles, in the order in which they are dropped: the last one releases the lock of the directory.
struct Opened {
    keyspaces: Vec<Keyspace>,
    db: fjall::Database,
}

impl Opened {
    /// A failed write makes fjall refuse all later ones.
    fn takes_writes(&self) -> bool {
        self.db.persist(PersistMode::Buffer).is_ok()
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
        let path = state.join("store").join(name);
        Self { state: state.to_owned(), path, keyspaces, options, open: RwLock::default() }
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
                self.read(keyspace, &write)
            }
            other => other,
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
        self.clear_unfinished()?;
        let db = fjall::Database::builder(&self.path)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .worker_threads(1)
            .open()
            .map_err(failed)?;
        let keyspaces = self.keyspaces.iter().map(|name| db.keyspace(name, self.options));
        let keyspaces = keyspaces.collect::<fjall::Result<Vec<_>>>().map_err(failed)?;
        Ok(Opened { keyspaces, db })
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
            assert_eq!(iterator.count(), usize::from(round) + 1, "iterators outlive the handles");
        }
        assert_eq!(things.read(0, |things| things.len()).expect("read"), 3);
    }

    #[test]
    fn a_creation_that_was_cut_short_is_begun_again() {
        let home = tempfile::tempdir().expect("directory");
        let path = home.path().join("store/things");
        std::fs::create_dir_all(path.join("keyspaces")).expect("directories");
        for file in ["lock", "0.jnl", "version"] {
            std::fs::write(path.join(file), "").expect("file");
            let things = database(home.path());
            things.write(0, |things| things.insert("a", "b")).unwrap_or_else(|error| panic!("after {file}: {error}"));
            drop(things);
            std::fs::remove_dir_all(&path).expect("removed");
            std::fs::create_dir_all(path.join("keyspaces")).expect("directories");
            for before in ["lock", "0.jnl"] {
                std::fs::write(path.join(before), "").expect("file");
            }
        }
    }
}
