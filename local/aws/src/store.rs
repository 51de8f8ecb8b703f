//! The stand-in's memory on disk: records of the control planes, and objects of the buckets, each in a
//! log-structured store. A write that was acknowledged survives SIGKILL; a second process is told that the
//! first holds the lock.

mod database;
pub mod disk;
mod dump;
mod journal;
mod manifest;
mod mark;
mod opened;
#[cfg(test)]
mod tests;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use fjall::config::PinningPolicy;
use fjall::{Keyspace, KeyspaceCreateOptions};
use redshift_engine::sync::locked;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use database::Database;
pub use mark::FIRST;
use opened::Change;
pub use views::{Lags, View, Views};

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
    records: Arc<Database>,
    /// Opened when it is first asked for: what was last written to it is read again then.
    objects: Arc<Database>,
    directory: PathBuf,
    opened_at: u64,
    changing: Arc<Mutex<()>>,
    views: Views,
    /// The region whose records are kept without its name, as all were before there were several.
    home: Arc<str>,
    /// The region whose records are read and written; `None` for the home region.
    region: Option<Arc<str>>,
}

/// Kinds of records that every region has of its own. Roles and buckets are the account's.
const REGIONAL: [&str; 6] = [
    "ec2-security-group",
    "redshift-cluster",
    "redshift-snapshot",
    "secret",
    "serverless-namespace",
    "serverless-workgroup",
];

/// The record that names the home region.
const HOME: &str = "home-region";

/// Positions of the keyspaces of the objects.
const OBJECT_RECORDS: usize = 0;
const BODIES: usize = 1;

/// Where a key lies is known without reading: one block is read for each object, however many there are.
fn object_options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .max_memtable_size(MEMTABLE_BYTES)
        .filter_block_pinning_policy(PinningPolicy::all(true))
        .index_block_pinning_policy(PinningPolicy::all(true))
}

impl Store {
    pub fn open(directory: &Path) -> Result<Self> {
        disk::make_private(directory).map_err(|source| StoreError::from_io(directory, source))?;
        let records = Database::new(directory, "records", &["records"], KeyspaceCreateOptions::default);
        let objects = Database::new(directory, "objects", &["objects", "bodies"], object_options);
        let store = Self {
            records: Arc::new(records),
            objects: Arc::new(objects),
            directory: directory.to_owned(),
            opened_at: next_sequence(),
            changing: Arc::default(),
            views: Views::default(),
            home: Arc::default(),
            region: None,
        };
        store.check_format()?;
        Ok(store)
    }

    /// The store with views that a test may make late.
    pub fn with_views(self, views: Views) -> Self {
        Self { views, ..self }
    }

    /// The store in `region`, which is the home region of a new state.
    pub fn at_home(self, region: &str) -> Result<Self> {
        let home = match self.get::<String>(HOME, "")? {
            Some(home) => home,
            None => {
                self.put(HOME, "", &region)?;
                region.to_owned()
            }
        };
        Ok(Self { home: home.into(), ..self }.in_region(region))
    }

    /// The same store for what lies in a region.
    pub fn in_region(&self, region: &str) -> Self {
        let region = (*self.home != *region).then(|| region.into());
        Self { region, ..self.clone() }
    }

    /// Every region that has records of its own, the home region first.
    pub fn regions(&self) -> Result<Vec<String>> {
        let mut found = BTreeSet::new();
        for kind in REGIONAL {
            let prefix = format!("{kind}@");
            for entry in self.records.read(0, |records| Ok(records.prefix(&prefix)))? {
                let key = String::from_utf8_lossy(&entry.key()?).into_owned();
                let region = key[prefix.len()..].split('\0').next().unwrap_or_default();
                found.insert(region.to_owned());
            }
        }
        Ok(std::iter::once(self.home.to_string()).chain(found).collect())
    }

    /// A name that no other region has: that of a warehouse's directory and port.
    pub fn unique_name(&self, name: &str) -> String {
        match &self.region {
            Some(region) => format!("{name}@{region}"),
            None => name.to_owned(),
        }
    }

    fn record_key(&self, kind: &str, id: &str) -> Vec<u8> {
        match &self.region {
            Some(region) if REGIONAL.contains(&kind) => format!("{kind}@{region}\0{id}").into_bytes(),
            _ => format!("{kind}\0{id}").into_bytes(),
        }
    }

    /// State that an earlier version made in another form is left alone.
    fn check_format(&self) -> Result<()> {
        // Before the fourth form there was one store for both.
        if self.directory.join("store/keyspaces").exists() {
            return Err(StoreError::OtherFormat(self.directory.display().to_string()));
        }
        match self.get::<u32>("format", "")? {
            Some(FORMAT) => Ok(()),
            None if self.is_new()? => self.put("format", "", &FORMAT),
            _ => Err(StoreError::OtherFormat(self.directory.display().to_string())),
        }
    }

    /// Returns true if there is no record yet.
    fn is_new(&self) -> Result<bool> {
        self.records.read(0, |records| match records.range(FIRST..).next() {
            Some(entry) => entry.key().map(|_| false),
            None => Ok(true),
        })
    }

    /// Reads the records of the objects, by bucket, key and version.
    pub fn read_objects<T>(&self, read: impl FnOnce(&Keyspace) -> fjall::Result<T>) -> Result<T> {
        self.objects.read(OBJECT_RECORDS, read)
    }

    pub fn write_objects(&self, write: impl Fn(&mut Change<'_>)) -> Result<()> {
        self.objects.write(OBJECT_RECORDS, write)
    }

    /// Reads the bytes of objects that are neither few nor many.
    pub fn read_bodies<T>(&self, read: impl FnOnce(&Keyspace) -> fjall::Result<T>) -> Result<T> {
        self.objects.read(BODIES, read)
    }

    pub fn write_bodies(&self, write: impl Fn(&mut Change<'_>)) -> Result<()> {
        self.objects.write(BODIES, write)
    }

    /// Returns true if there are more objects than the cache holds.
    pub fn may_ask_disk(&self) -> bool {
        self.read_objects(|objects| Ok(objects.disk_space())).is_ok_and(|bytes| bytes > CACHE_BYTES)
    }

    /// The number of `next_sequence` before all that this process wrote.
    pub fn opened_at(&self) -> u64 {
        self.opened_at
    }

    /// Returns true if an earlier process ended half-way, or a write failed: files of objects may be left that no
    /// record names.
    pub fn objects_were_interrupted(&self) -> Result<bool> {
        // It is known once they are open.
        self.read_objects(|_| Ok(()))?;
        Ok(self.objects.was_interrupted())
    }

    /// Notes that no such file is left.
    pub fn set_objects_collected(&self) {
        self.objects.set_collected();
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
        let found = self.records.read(0, |records| records.get(self.record_key(kind, id)))?;
        let Some(bytes) = found else { return Ok(None) };
        parse(kind, id, &bytes).map(Some)
    }

    pub fn put<T: Serialize>(&self, kind: &str, id: &str, value: &T) -> Result<()> {
        let corrupt = |source| StoreError::Corrupt { kind: kind.to_owned(), id: id.to_owned(), source };
        let bytes = serde_json::to_vec(value).map_err(corrupt)?;
        self.remember(kind, id)?;
        self.records.write(0, |records| records.insert(self.record_key(kind, id), bytes.as_slice()))
    }

    pub fn delete(&self, kind: &str, id: &str) -> Result<()> {
        self.remember(kind, id)?;
        self.records.write(0, |records| records.remove(self.record_key(kind, id)))
    }

    /// Keeps a record for the views that see its change late.
    fn remember(&self, kind: &str, id: &str) -> Result<()> {
        if self.views.are_late(kind) {
            let before = self.records.read(0, |records| records.get(self.record_key(kind, id)))?;
            self.views.remember(kind, id, before.map(|bytes| bytes.to_vec()));
        }
        Ok(())
    }

    /// A record as it was, where this view still shows it so; `Some(None)` where it does not show it yet.
    pub fn old<T: DeserializeOwned>(&self, view: View, kind: &str, id: &str) -> Result<Option<Option<T>>> {
        let Some(old) = self.views.look(view, id) else { return Ok(None) };
        old.map(|bytes| parse(kind, id, &bytes)).transpose().map(Some)
    }

    /// A record as this view shows it.
    pub fn seen<T: DeserializeOwned>(&self, view: View, kind: &str, id: &str) -> Result<Option<T>> {
        match self.old(view, kind, id)? {
            Some(old) => Ok(old),
            None => self.get(kind, id),
        }
    }

    /// Every record of a kind as this view shows them, in the order of the ids.
    pub fn list_seen<T: DeserializeOwned>(&self, view: View, kind: &str) -> Result<Vec<T>> {
        let mut found: BTreeMap<String, T> = self.list_by_id(kind)?.into_iter().collect();
        for id in self.views.ids(view) {
            match self.old(view, kind, &id)? {
                Some(Some(old)) => drop(found.insert(id, old)),
                Some(None) => drop(found.remove(&id)),
                None => {}
            }
        }
        Ok(found.into_values().collect())
    }

    /// Every record, by kind and id, as JSON.
    pub fn every_record(&self) -> Result<impl Iterator<Item = Result<(String, String, Vec<u8>)>> + use<>> {
        let records = self.records.read(0, |records| Ok(records.range(FIRST..)))?;
        Ok(records.map(|entry| -> Result<_> {
            let (key, json) = entry.into_inner()?;
            let key = String::from_utf8_lossy(&key);
            let (kind, id) = key.split_once('\0').unwrap_or((&key, ""));
            Ok((kind.to_owned(), id.to_owned(), json.to_vec()))
        }))
    }

    /// Removes every record of these kinds, in every region.
    pub fn remove_kinds(&self, kinds: &[&str]) -> Result<()> {
        let _guard = self.change();
        for record in self.every_record()? {
            let (kind, id, _) = record?;
            if kinds.contains(&kind.split('@').next().unwrap_or_default()) {
                let key = format!("{kind}\0{id}").into_bytes();
                self.records.write(0, |records| records.remove(key.as_slice()))?;
            }
        }
        Ok(())
    }

    /// Every record of a kind, in the order of the ids.
    pub fn list<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<T>> {
        Ok(self.list_by_id(kind)?.into_iter().map(|(_, record)| record).collect())
    }

    fn list_by_id<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<(String, T)>> {
        let prefix = self.record_key(kind, "");
        let mut found = Vec::new();
        for entry in self.records.read(0, |records| Ok(records.prefix(&prefix)))? {
            let (key, value) = entry.into_inner()?;
            let id = String::from_utf8_lossy(&key[prefix.len()..]).into_owned();
            let record = parse(kind, &id, &value)?;
            found.push((id, record));
        }
        Ok(found)
    }
}

fn parse<T: DeserializeOwned>(kind: &str, id: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|source| StoreError::Corrupt {
        kind: kind.to_owned(),
        id: id.to_owned(),
        source,
    })
}

/// A number that rises with time, and is not given twice in a process.
pub fn next_sequence() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX / 2);
    let last = LAST.fetch_max(now, Ordering::Relaxed);
    if last < now { now } else { LAST.fetch_add(1, Ordering::Relaxed) + 1 }
}
