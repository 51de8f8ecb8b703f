//! Objects: an ordered list of versions a key, the newest first.

use bytes::Bytes;
use s3s::dto::ETagCondition;
use s3s::{S3Result, s3_error};

use super::body::{Staged, StagedBody};
use super::buckets::Buckets;
use crate::account::now_millis;
use crate::error::StoreError;
use crate::s3::error::{internal, is_refusal};
use crate::s3::record::bucket::Bucket;
use crate::s3::record::segment::Segment;
use crate::s3::record::version::{Attributes, ONLY, Version, decode, encode, is_no_id, no_id, place};
use crate::store::next_sequence;

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

pub fn check_key(key: &str) -> S3Result<()> {
    match key.len() {
        _ if key.contains('\0') => Err(s3_error!(InvalidURI, "a key must not contain NUL")),
        0 => Err(s3_error!(InvalidURI, "a key must not be empty")),
        1..=1024 => Ok(()),
        _ => Err(s3_error!(KeyTooLongError, "Your key is too long")),
    }
}
