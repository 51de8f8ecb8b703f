//! Objects: an ordered list of versions a key, the newest first.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

use super::Buckets;
use super::body::{Segment, Staged};
use super::bucket::{Bucket, internal};
use crate::account::now_millis;
use crate::error::StoreError;

/// What a listing tells of an object. `modified` is milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    pub key: String,
    pub size: u64,
    pub etag: String,
    pub modified: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Version {
    pub key: String,
    /// Rises with time: decides which version is the newest.
    pub sequence: u64,
    /// `null` where the bucket had no versioning when it was written.
    pub id: String,
    pub delete_marker: bool,
    pub etag: String,
    pub modified: i64,
    pub attributes: Attributes,
    pub segments: Vec<Segment>,
}

/// What is not set is not written: there may be millions of these.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Attributes {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// What must hold of the newest version for a write to go through.
#[derive(Debug, Clone, Default)]
pub struct Preconditions {
    pub must_be_absent: bool,
    pub must_match: Option<String>,
}

impl Version {
    pub fn size(&self) -> u64 {
        self.segments.iter().map(|segment| segment.size).sum()
    }

    pub fn info(&self) -> ObjectInfo {
        ObjectInfo { key: self.key.clone(), size: self.size(), etag: self.etag.clone(), modified: self.modified }
    }

    fn store_key(&self, bucket: &str) -> Vec<u8> {
        place(bucket, &self.key, self.sequence)
    }
}

/// The sequence of an object in a bucket where versions were never kept: older than any that comes when they are.
const ONLY: u64 = 0;

/// Where a version lies in the store: by key, the newest first.
fn place(bucket: &str, key: &str, sequence: u64) -> Vec<u8> {
    let mut place = format!("{bucket}\0{key}\0").into_bytes();
    place.extend((u64::MAX - sequence).to_be_bytes());
    place
}

fn parse(bucket: &str, bytes: &[u8]) -> Result<Version, StoreError> {
    let corrupt = |source| StoreError::Corrupt { kind: "object".into(), id: bucket.to_owned(), source };
    serde_json::from_slice(bytes).map_err(corrupt)
}

impl Buckets {
    /// Every version of every key from `from` on, in the order of S3: by key, the newest first.
    pub fn versions(&self, bucket: &str, from: &str) -> impl Iterator<Item = Result<Version, StoreError>> + use<> {
        self.versions_between(bucket, format!("{bucket}\0{from}"), format!("{bucket}\x01"))
    }

    fn versions_between(
        &self,
        bucket: &str,
        start: String,
        end: String,
    ) -> impl Iterator<Item = Result<Version, StoreError>> + use<> {
        let name = bucket.to_owned();
        self.store.objects.range(start.into_bytes()..end.into_bytes()).map(move |entry| {
            let bytes = entry.value()?;
            parse(&name, &bytes)
        })
    }

    /// The versions of one key, the newest first.
    pub fn versions_of(&self, bucket: &str, key: &str) -> S3Result<Vec<Version>> {
        // Where versions were never kept there is one at most, and its place is known.
        if self.bucket(bucket)?.versioning.is_none() {
            let found = self.store.objects.get(place(bucket, key, ONLY)).map_err(|error| internal(error.into()))?;
            return found.iter().map(|bytes| parse(bucket, bytes).map_err(internal)).collect();
        }
        // A range that ends with the key: most tables of the store hold nothing of it.
        let versions = self.versions_between(bucket, format!("{bucket}\0{key}\0"), format!("{bucket}\0{key}\x01"));
        versions.collect::<Result<_, _>>().map_err(internal)
    }

    /// The version that a GET answers: the named one, or the newest.
    pub fn version(&self, bucket: &str, key: &str, id: Option<&str>) -> S3Result<Version> {
        let mut versions = self.versions_of(bucket, key)?.into_iter();
        match id {
            Some(id) => versions
                .find(|version| version.id == id)
                .ok_or_else(|| s3_error!(NoSuchVersion, "The specified version does not exist.")),
            None => versions
                .next()
                .filter(|newest| !newest.delete_marker)
                .ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist.")),
        }
    }

    pub fn write(
        &self,
        bucket: &Bucket,
        key: &str,
        staged: Staged,
        attributes: Attributes,
        conditions: &Preconditions,
    ) -> S3Result<Version> {
        check_key(key)?;
        let segments = vec![staged.segment];
        let written = self.add_version(bucket, key, Some((segments.clone(), staged.etag, attributes)), conditions);
        if written.is_err() {
            self.discard(&bucket.name, &segments)?;
        }
        written
    }

    /// Adds the newest version of a key: an object, or a delete marker. Without versioning it takes the place of
    /// the one before.
    pub fn add_version(
        &self,
        bucket: &Bucket,
        key: &str,
        content: Option<(Vec<Segment>, String, Attributes)>,
        conditions: &Preconditions,
    ) -> S3Result<Version> {
        let _guard = self.store.change();
        let before = self.versions_of(&bucket.name, key)?;
        let newest = before.first().filter(|version| !version.delete_marker);
        if conditions.must_be_absent && newest.is_some() {
            return Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold"));
        }
        if let Some(etag) = &conditions.must_match {
            match newest {
                None => return Err(s3_error!(NoSuchKey, "The specified key does not exist.")),
                Some(version) if version.etag != *etag => {
                    return Err(s3_error!(
                        PreconditionFailed,
                        "At least one of the pre-conditions you specified did not hold"
                    ));
                }
                Some(_) => {}
            }
        }
        let versioned = bucket.versioning.as_deref() == Some("Enabled");
        let sequence = if bucket.versioning.is_some() { next_sequence() } else { ONLY };
        let (segments, etag, attributes, delete_marker) = match content {
            Some((segments, etag, attributes)) => (segments, etag, attributes, false),
            None => (Vec::new(), String::new(), Attributes::default(), true),
        };
        let version = Version {
            key: key.to_owned(),
            sequence,
            id: if versioned { format!("{sequence:016x}{:016x}", fastrand::u64(..)) } else { "null".to_owned() },
            delete_marker,
            etag,
            modified: now_millis(),
            attributes,
            segments,
        };
        self.save_version(&bucket.name, &version).map_err(internal)?;
        if sequence == ONLY {
            // The record took the place of the one before; only its bytes are left of it.
            before.iter().try_for_each(|replaced| self.discard(&bucket.name, &replaced.segments))?;
        } else if !versioned {
            for replaced in before.iter().filter(|version| version.id == "null") {
                self.remove_version(&bucket.name, replaced)?;
            }
        }
        Ok(version)
    }

    pub fn save_version(&self, bucket: &str, version: &Version) -> Result<(), StoreError> {
        let corrupt = |source| StoreError::Corrupt { kind: "object".into(), id: version.key.clone(), source };
        let bytes = serde_json::to_vec(version).map_err(corrupt)?;
        Ok(self.store.objects.insert(version.store_key(bucket), bytes)?)
    }

    /// The record goes before the bytes: a kill in between leaves bytes nobody sees, never a record without bytes.
    pub fn remove_version(&self, bucket: &str, version: &Version) -> S3Result<()> {
        self.store.objects.remove(version.store_key(bucket)).map_err(|error| internal(error.into()))?;
        self.discard(bucket, &version.segments)
    }

    /// Deletes as S3 does: a named version for good; else a marker where versions are kept, and the object where not.
    /// Answers the version that was removed or the marker that was set.
    pub fn delete_object(&self, bucket: &Bucket, key: &str, id: Option<&str>) -> S3Result<Option<Version>> {
        if let Some(id) = id {
            let _guard = self.store.change();
            let found = self.versions_of(&bucket.name, key)?.into_iter().find(|version| version.id == id);
            if let Some(version) = &found {
                self.remove_version(&bucket.name, version)?;
            }
            return Ok(found);
        }
        if bucket.versioning.is_some() {
            return self.add_version(bucket, key, None, &Preconditions::default()).map(Some);
        }
        let _guard = self.store.change();
        for version in self.versions_of(&bucket.name, key)? {
            self.remove_version(&bucket.name, &version)?;
        }
        Ok(None)
    }
}

fn check_key(key: &str) -> S3Result<()> {
    match key.len() {
        _ if key.contains('\0') => Err(s3_error!(InvalidURI, "a key must not contain NUL")),
        0 => Err(s3_error!(InvalidURI, "a key must not be empty")),
        1..=1024 => Ok(()),
        _ => Err(s3_error!(KeyTooLongError, "Your key is too long")),
    }
}

pub fn next_sequence() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX / 2);
    let last = LAST.fetch_max(now, Ordering::Relaxed);
    if last < now { now } else { LAST.fetch_add(1, Ordering::Relaxed) + 1 }
}
