//! The stand-in's memory on disk: records of the control planes and objects of the buckets, in one
//! log-structured store. A write that was acknowledged survives SIGKILL; a second process is told that the
//! first holds the lock.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use fjall::config::PinningPolicy;
use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::sync::locked;

/// Changes when what is stored is no longer read as it was.
const FORMAT: u32 = 3;

type Result<T> = std::result::Result<T, StoreError>;

/// Bytes of cache for blocks of the store: enough for the control planes, small beside the SQL engine.
const CACHE_BYTES: u64 = 32 << 20;
/// Bytes of journal that are kept before what is in them is sorted away: they are read again when the store is opened.
const JOURNAL_BYTES: u64 = 64 << 20;
/// Bytes of one write buffer.
const MEMTABLE_BYTES: u64 = 16 << 20;

/// Records by kind and id, each a JSON value; object listings and small bodies by ordered binary key.
#[derive(Clone)]
pub struct Store {
    _db: Database,
    records: Keyspace,
    pub objects: Keyspace,
    pub bodies: Keyspace,
    directory: PathBuf,
    changing: Arc<Mutex<()>>,
}

impl Store {
    pub fn open(directory: &Path) -> Result<Self> {
        let io = |source| StoreError::Io { path: directory.display().to_string(), source };
        std::fs::create_dir_all(directory).map_err(io)?;
        let locked = |error: fjall::Error| match error {
            fjall::Error::Locked => StoreError::Locked(directory.display().to_string()),
            other => StoreError::Database(other),
        };
        let db = Database::builder(directory.join("store"))
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .worker_threads(1)
            .open()
            .map_err(locked)?;
        // Where a key lies is known without reading: one block is read for each object, however many there are.
        let options = || {
            KeyspaceCreateOptions::default()
                .max_memtable_size(MEMTABLE_BYTES)
                .filter_block_pinning_policy(PinningPolicy::all(true))
                .index_block_pinning_policy(PinningPolicy::all(true))
        };
        let store = Self {
            records: db.keyspace("records", options)?,
            objects: db.keyspace("objects", options)?,
            bodies: db.keyspace("bodies", options)?,
            _db: db,
            directory: directory.to_owned(),
            changing: Arc::default(),
        };
        store.check_format()?;
        Ok(store)
    }

    /// State that an earlier version made in another form is left alone.
    fn check_format(&self) -> Result<()> {
        match self.get::<u32>("format", "")? {
            Some(FORMAT) => Ok(()),
            None if self.records.is_empty()? => self.put("format", "", &FORMAT),
            _ => Err(StoreError::OtherFormat(self.directory.display().to_string())),
        }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Held while a record is read, changed and written back, so that two requests do not lose each other's change.
    pub fn change(&self) -> MutexGuard<'_, ()> {
        locked(&self.changing)
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
