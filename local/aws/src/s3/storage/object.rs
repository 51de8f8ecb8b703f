//! Objects: an ordered list of versions a key, the newest first.

use std::collections::BTreeMap;

use bytes::Bytes;
use s3s::dto::ETagCondition;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use serde::{Deserialize, Serialize};

use super::body::{Segment, Staged, StagedBody};
use super::bucket::{Bucket, internal};
use crate::account::now_millis;
use crate::error::StoreError;
use crate::s3::Buckets;
use crate::s3::record::encryption::ObjectEncryption;
use crate::store::{FIRST, Store, next_sequence};

/// What a listing tells of an object. `modified` is milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    pub key: String,
    pub size: u64,
    pub etag: String,
    pub modified: i64,
}

/// What is not set, and what its place in the store says, is not written: there may be millions of these.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Version {
    #[serde(skip)]
    pub key: String,
    /// Rises with time: decides which version is the newest.
    #[serde(skip)]
    pub sequence: u64,
    /// `null` where the bucket had no versioning when it was written.
    #[serde(default = "no_id", skip_serializing_if = "is_no_id")]
    pub id: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delete_marker: bool,
    pub etag: String,
    pub modified: i64,
    #[serde(flatten)]
    pub attributes: Attributes,
    /// The bytes, where they are few: they follow the record.
    #[serde(skip)]
    pub bytes: Bytes,
    /// Where they are not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<Segment>,
}

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    /// As HTTP writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Where it is not STANDARD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// The checksum that whoever wrote it declared, as `wire::named_checksum` writes it.
    #[serde(default, rename = "sum", skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// Where it is not AES256.
    #[serde(default, rename = "enc", skip_serializing_if = "Option::is_none")]
    pub encryption: Option<ObjectEncryption>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// What must hold of the newest version for a write or a delete to go through.
#[derive(Debug, Clone, Default)]
pub struct Preconditions {
    pub must_be_absent: bool,
    pub must_match: Option<ETagCondition>,
}

impl Preconditions {
    /// Checks the newest version of a key. A delete marker counts as no object: 404, never 412.
    fn check(&self, newest: Option<&Version>) -> S3Result<()> {
        let current = newest.filter(|version| !version.delete_marker);
        let holds = match (&self.must_match, current) {
            (Some(_), None) => return Err(s3_error!(NoSuchKey, "The specified key does not exist.")),
            (Some(ETagCondition::ETag(etag)), Some(version)) => etag.value() == version.etag,
            (Some(ETagCondition::Any) | None, _) => true,
        };
        match holds && !(self.must_be_absent && current.is_some()) {
            true => Ok(()),
            false => {
                Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold"))
            }
        }
    }
}

/// What a version is made of.
#[derive(Default)]
pub struct Content {
    pub bytes: Bytes,
    pub segments: Vec<Segment>,
    pub etag: String,
    pub attributes: Attributes,
}

impl Version {
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64 + self.segments.iter().map(|segment| segment.size).sum::<u64>()
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

/// The version id of what was written where no versions were kept.
const NO_ID: &str = "null";

/// Where a version lies in the store: by key, the newest first.
fn place(bucket: &str, key: &str, sequence: u64) -> Vec<u8> {
    let mut place = format!("{bucket}\0{key}\0").into_bytes();
    place.extend((u64::MAX - sequence).to_be_bytes());
    place
}

/// A record is a line of JSON, and after it the object's bytes where they are few.
const END_OF_RECORD: u8 = b'\n';

fn encode(version: &Version) -> Result<Vec<u8>, StoreError> {
    let corrupt = |source| StoreError::Corrupt { kind: "object".into(), id: version.key.clone(), source };
    let mut record = serde_json::to_vec(version).map_err(corrupt)?;
    record.push(END_OF_RECORD);
    record.extend_from_slice(&version.bytes);
    Ok(record)
}

/// A version, from its place in the store behind the bucket's name, and its record.
fn decode(bucket: &str, place: &[u8], record: &[u8]) -> Result<Version, StoreError> {
    let corrupt = |source| StoreError::Corrupt { kind: "object".into(), id: bucket.to_owned(), source };
    let end = record.iter().position(|byte| *byte == END_OF_RECORD).unwrap_or(record.len());
    let mut version: Version = serde_json::from_slice(&record[..end]).map_err(corrupt)?;
    version.bytes = Bytes::copy_from_slice(record.get(end + 1..).unwrap_or_default());
    if let Some((name, sequence)) = place.get(bucket.len() + 1..).and_then(<[u8]>::split_last_chunk) {
        version.key = String::from_utf8_lossy(name.strip_suffix(b"\0").unwrap_or(name)).into_owned();
        version.sequence = u64::MAX - u64::from_be_bytes(*sequence);
    }
    Ok(version)
}

/// Every version in every bucket, with the bucket's name.
pub fn every_version(
    store: &Store,
) -> Result<impl Iterator<Item = Result<(String, Version), StoreError>> + use<>, StoreError> {
    let objects = store.read_objects(|objects| Ok(objects.range(FIRST..)))?;
    Ok(objects.map(|entry| -> Result<_, StoreError> {
        let (place, record) = entry.into_inner()?;
        let end = place.iter().position(|byte| *byte == 0).unwrap_or_default();
        let bucket = String::from_utf8_lossy(&place[..end]).into_owned();
        let version = decode(&bucket, &place, &record)?;
        Ok((bucket, version))
    }))
}

fn no_id() -> String {
    NO_ID.to_owned()
}

fn is_no_id(id: &String) -> bool {
    id == NO_ID
}

impl Buckets {
    /// Every version of every key from `from` on, in the order of S3: by key, the newest first.
    pub fn versions(&self, bucket: &str, from: &[u8]) -> impl Iterator<Item = Result<Version, StoreError>> + use<> {
        let mut start = format!("{bucket}\0").into_bytes();
        start.extend_from_slice(from);
        self.versions_between(bucket, start, format!("{bucket}\x01").into_bytes())
    }

    fn versions_between(
        &self,
        bucket: &str,
        start: Vec<u8>,
        end: Vec<u8>,
    ) -> impl Iterator<Item = Result<Version, StoreError>> + use<> {
        let name = bucket.to_owned();
        let (objects, unopened) = match self.store.read_objects(|objects| Ok(objects.range(start..end))) {
            Ok(objects) => (Some(objects), None),
            Err(error) => (None, Some(Err(error))),
        };
        let found = objects.into_iter().flatten().map(move |entry| {
            let (place, record) = entry.into_inner()?;
            decode(&name, &place, &record)
        });
        unopened.into_iter().chain(found)
    }

    /// The versions of one key, the newest first.
    pub fn versions_of(&self, bucket: &Bucket, key: &str) -> S3Result<Vec<Version>> {
        let name = bucket.name.as_str();
        // Where versions were never kept there is one at most, and its place is known.
        if bucket.versioning.is_none() {
            let place = place(name, key, ONLY);
            let found = self.store.read_objects(|objects| objects.get(&place)).map_err(internal)?;
            return found.iter().map(|record| decode(name, &place, record).map_err(internal)).collect();
        }
        // A range that ends with the key: most tables of the store hold nothing of it.
        let [start, end] = ["\0", "\x01"].map(|end| format!("{name}\0{key}{end}").into_bytes());
        let versions = self.versions_between(name, start, end);
        versions.collect::<Result<_, _>>().map_err(internal)
    }

    /// The version that a GET answers: the named one, or the newest.
    pub fn version(&self, bucket: &Bucket, key: &str, id: Option<&str>) -> S3Result<Version> {
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
        let (bytes, segments) = match staged.body {
            StagedBody::Inline(bytes) => (bytes, Vec::new()),
            StagedBody::Segment(segment) => (Bytes::new(), vec![segment]),
        };
        if let Err(refusal) = check_key(key) {
            self.discard(&bucket.name, &segments)?;
            return Err(refusal);
        }
        let content = Content { bytes, segments: segments.clone(), etag: staged.etag, attributes };
        let written = self.add_version(bucket, key, Some(content), conditions);
        if written.as_ref().is_err_and(is_refusal) {
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
        content: Option<Content>,
        conditions: &Preconditions,
    ) -> S3Result<Version> {
        let _guard = self.store.change();
        // While the bytes came in it may have been deleted, or its versioning changed.
        let bucket = self.bucket(&bucket.name)?;
        if let Some(content) = &content {
            self.leases.check_kept(&content.segments)?;
        }
        self.add_version_locked(&bucket, key, content, conditions)
    }

    /// As `add_version`, for a bucket that was read under the lock of `Store::change`.
    pub fn add_version_locked(
        &self,
        bucket: &Bucket,
        key: &str,
        content: Option<Content>,
        conditions: &Preconditions,
    ) -> S3Result<Version> {
        let before = self.versions_of(bucket, key)?;
        conditions.check(before.first())?;
        let versioned = bucket.versioning.as_deref() == Some("Enabled");
        // Behind the one before, also where the clock was set back.
        let next = || next_sequence().max(before.first().map_or(0, |newest| newest.sequence + 1));
        let sequence = if bucket.versioning.is_some() { next() } else { ONLY };
        let delete_marker = content.is_none();
        let Content { bytes, segments, etag, attributes } = content.unwrap_or_default();
        let version = Version {
            key: key.to_owned(),
            sequence,
            id: if versioned { format!("{sequence:016x}{:016x}", fastrand::u64(..)) } else { no_id() },
            delete_marker,
            etag,
            modified: now_millis(),
            attributes,
            bytes,
            segments,
        };
        self.save_version(&bucket.name, &version).map_err(internal)?;
        if sequence == ONLY {
            // The record took the place of the one before; only its bytes are left of it.
            before.iter().try_for_each(|replaced| self.discard(&bucket.name, &replaced.segments))?;
        } else if !versioned {
            for replaced in before.iter().filter(|version| is_no_id(&version.id)) {
                self.remove_version(&bucket.name, replaced)?;
            }
        }
        Ok(version)
    }

    pub fn save_version(&self, bucket: &str, version: &Version) -> Result<(), StoreError> {
        let record = encode(version)?;
        self.store.write_objects(|objects| objects.insert(version.store_key(bucket), record.as_slice()))
    }

    /// The record goes before the bytes: a kill in between leaves bytes nobody sees, never a record without bytes.
    pub fn remove_version(&self, bucket: &str, version: &Version) -> S3Result<()> {
        self.store.write_objects(|objects| objects.remove(version.store_key(bucket))).map_err(internal)?;
        self.discard(bucket, &version.segments)
    }

    /// Deletes as S3 does: a named version for good; else a marker where versions are kept, and the object where not.
    /// Conditions are about the newest version. Answers the version that was removed or the marker that was set.
    pub fn delete_object(
        &self,
        bucket: &Bucket,
        key: &str,
        id: Option<&str>,
        conditions: &Preconditions,
    ) -> S3Result<Option<Version>> {
        let _guard = self.store.change();
        let bucket = &self.bucket(&bucket.name)?;
        if let Some(id) = id {
            let found = self.versions_of(bucket, key)?.into_iter().find(|version| version.id == id);
            if let Some(version) = &found {
                self.remove_version(&bucket.name, version)?;
            }
            return Ok(found);
        }
        if bucket.versioning.is_some() {
            return self.add_version_locked(bucket, key, None, conditions).map(Some);
        }
        let versions = self.versions_of(bucket, key)?;
        conditions.check(versions.first())?;
        for version in versions {
            self.remove_version(&bucket.name, &version)?;
        }
        Ok(None)
    }
}

/// Whether an error left nothing written. A record whose write failed may be there all the same once the store is opened
/// again: its bytes stay.
pub fn is_refusal(error: &S3Error) -> bool {
    !matches!(error.code(), S3ErrorCode::InternalError | S3ErrorCode::ServiceUnavailable)
}

pub fn check_key(key: &str) -> S3Result<()> {
    match key.len() {
        _ if key.contains('\0') => Err(s3_error!(InvalidURI, "a key must not contain NUL")),
        0 => Err(s3_error!(InvalidURI, "a key must not be empty")),
        1..=1024 => Ok(()),
        _ => Err(s3_error!(KeyTooLongError, "Your key is too long")),
    }
}
