//! The stand-in's memory on disk: records of the control planes, and objects of the buckets, each in a
//! log-structured store. A write that was acknowledged survives SIGKILL; a second process is told that the
//! first holds the lock.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use fjall::config::PinningPolicy;
use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::sync::locked;

const RECORDS: &str = "store/records";
const OBJECTS: &str = "store/objects";

/// Changes when what is stored is no longer read as it was.
const FORMAT: u32 = 4;

type Result<T> = std::result::Result<T, StoreError>;

/// Bytes of cache for blocks of the store: enough for the control planes, small beside the SQL engine.
const CACHE_BYTES: u64 = 32 << 20;
/// Bytes of journal that are kept before what is in them is sorted away: they are read again when the store is opened.
const JOURNAL_BYTES: u64 = 64 << 20;
/// Bytes of one write buffer.
const MEMTABLE_BYTES: u64 = 16 << 20;

/// Records by kind and id, each a JSON value.
#[derive(Clone)]
pub struct Store {
    _db: Database,
    records: Keyspace,
    /// Opened when it is first asked for: what was last written to it is read again then.
    objects: Arc<OnceLock<std::result::Result<Objects, Arc<StoreError>>>>,
    directory: PathBuf,
    changing: Arc<Mutex<()>>,
}

/// Objects and bodies by ordered binary key.
struct Objects {
    _db: Database,
    records: Keyspace,
    bodies: Keyspace,
}

impl Objects {
    fn open(directory: &Path) -> Result<Self> {
        let db = open(directory, OBJECTS)?;
        // Where a key lies is known without reading: one block is read for each object, however many there are.
        let options = || {
            KeyspaceCreateOptions::default()
                .max_memtable_size(MEMTABLE_BYTES)
                .filter_block_pinning_policy(PinningPolicy::all(true))
                .index_block_pinning_policy(PinningPolicy::all(true))
        };
        Ok(Self { records: db.keyspace("objects", options)?, bodies: db.keyspace("bodies", options)?, _db: db })
    }
}

/// One of the two stores of a state.
fn open(directory: &Path, store: &str) -> Result<Database> {
    let locked = |error: fjall::Error| match error {
        fjall::Error::Locked => StoreError::Locked(directory.display().to_string()),
        other => StoreError::Database(other),
    };
    Database::builder(directory.join(store))
        .cache_size(CACHE_BYTES)
        .max_journaling_size(JOURNAL_BYTES)
        .worker_threads(1)
        .open()
        .map_err(locked)
}

impl Store {
    pub fn open(directory: &Path) -> Result<Self> {
        let io = |source| StoreError::Io { path: directory.display().to_string(), source };
        std::fs::create_dir_all(directory).map_err(io)?;
        let db = open(directory, RECORDS)?;
        let store = Self {
            records: db.keyspace("records", KeyspaceCreateOptions::default)?,
            objects: Arc::default(),
            _db: db,
            directory: directory.to_owned(),
            changing: Arc::default(),
        };
        store.check_format()?;
        Ok(store)
    }

    /// State that an earlier version made in another form is left alone.
    fn check_format(&self) -> Result<()> {
        // Before the fourth form there was one store for both.
        if self.directory.join("store/keyspaces").exists() {
            return Err(StoreError::OtherFormat(self.directory.display().to_string()));
        }
        match self.get::<u32>("format", "")? {
            Some(FORMAT) => Ok(()),
            None if self.records.is_empty()? => self.put("format", "", &FORMAT),
            _ => Err(StoreError::OtherFormat(self.directory.display().to_string())),
        }
    }

    /// The records of the objects, by bucket, key and version.
    pub fn objects(&self) -> Result<&Keyspace> {
        self.opened().map(|objects| &objects.records)
    }

    /// The bytes of objects that are neither few nor many.
    pub fn bodies(&self) -> Result<&Keyspace> {
        self.opened().map(|objects| &objects.bodies)
    }

    /// Whether there are more objects than the cache holds.
    pub fn may_ask_disk(&self) -> bool {
        self.objects().is_ok_and(|objects| objects.disk_space() > CACHE_BYTES)
    }

    fn opened(&self) -> Result<&Objects> {
        let opened = self.objects.get_or_init(|| Objects::open(&self.directory).map_err(Arc::new));
        opened.as_ref().map_err(|source| StoreError::Objects { source: source.clone() })
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Held while a record is read, changed and written back, so that two requests do not lose each other's change.
    pub fn change(&self) -> MutexGuard<'_, ()> {
        locked(&self.changing)
    }

    /// Reads a record that is always there.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn check_readable(&self) -> Result<()> {
        self.get::<u32>("format", "").map(drop)
    }

    pub fn get<T: DeserializeOwned>(&self, kind: &str, id: &str) -> Result<Option<T>> {
        let Some(bytes) = self.records.get(record_key(kind, id))? else { return Ok(None) };
        parse(kind, id, &bytes).map(Some)
    }

    pub fn put<T: Serialize>(&self, kind: &str, id: &str, value: &T) -> Result<()> {
        let corrupt = |source| StoreError::Corrupt { kind: kind.to_owned(), id: id.to_owned(), source };
        let bytes = serde_json::to_vec(value).map_err(corrupt)?;
        Ok(self.records.insert(record_key(kind, id), bytes)?)
    }

    pub fn delete(&self, kind: &str, id: &str) -> Result<()> {
        Ok(self.records.remove(record_key(kind, id))?)
    }

    /// Every record of a kind, in the order of the ids.
    pub fn list<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<T>> {
        let prefix = record_key(kind, "");
        let mut found = Vec::new();
        for entry in self.records.prefix(&prefix) {
            let (key, value) = entry.into_inner()?;
            let id = String::from_utf8_lossy(&key[prefix.len()..]).into_owned();
            found.push(parse(kind, &id, &value)?);
        }
        Ok(found)
    }
}

fn record_key(kind: &str, id: &str) -> Vec<u8> {
    format!("{kind}\0{id}").into_bytes()
}

fn parse<T: DeserializeOwned>(kind: &str, id: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|source| StoreError::Corrupt {
        kind: kind.to_owned(),
        id: id.to_owned(),
        source,
    })
}
