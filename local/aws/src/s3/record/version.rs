//! The record of a version of an object: what it is made of, and how it lies in the store.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::encryption::ObjectEncryption;
use super::segment::Segment;
use crate::error::StoreError;
use crate::store::{FIRST, Store};

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
    /// The checksum that whoever wrote it declared, as `named_checksum` writes it.
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

impl Version {
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64 + self.segments.iter().map(|segment| segment.size).sum::<u64>()
    }

    pub fn info(&self) -> ObjectInfo {
        ObjectInfo { key: self.key.clone(), size: self.size(), etag: self.etag.clone(), modified: self.modified }
    }

    pub fn store_key(&self, bucket: &str) -> Vec<u8> {
        place(bucket, &self.key, self.sequence)
    }
}

/// The sequence of an object in a bucket where versions were never kept: older than any that comes when they are.
pub const ONLY: u64 = 0;

/// The version id of what was written where no versions were kept.
const NO_ID: &str = "null";

/// Where a version lies in the store: by key, the newest first.
pub fn place(bucket: &str, key: &str, sequence: u64) -> Vec<u8> {
    let mut place = format!("{bucket}\0{key}\0").into_bytes();
    place.extend((u64::MAX - sequence).to_be_bytes());
    place
}

/// A record is a line of JSON, and after it the object's bytes where they are few.
const END_OF_RECORD: u8 = b'\n';

pub fn encode(version: &Version) -> Result<Vec<u8>, StoreError> {
    let corrupt = |source| StoreError::Corrupt { kind: "object".into(), id: version.key.clone(), source };
    let mut record = serde_json::to_vec(version).map_err(corrupt)?;
    record.push(END_OF_RECORD);
    record.extend_from_slice(&version.bytes);
    Ok(record)
}

/// A version, from its place in the store behind the bucket's name, and its record.
pub fn decode(bucket: &str, place: &[u8], record: &[u8]) -> Result<Version, StoreError> {
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

pub fn no_id() -> String {
    NO_ID.to_owned()
}

pub fn is_no_id(id: &String) -> bool {
    id == NO_ID
}
