//! Uploads in parts: kept until they are completed, when their parts become one object without being copied.

use std::collections::BTreeMap;

use bytes::Bytes;
use s3s::dto::*;
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

use super::body::Staged;

use super::buckets::Buckets;
use super::listing::Query;
use super::object::{Content, Preconditions, check_key};
use crate::account::now_millis;
use crate::error::StoreError;
use crate::s3::error::{internal, is_refusal};
use crate::s3::record::bucket::Bucket;
use crate::s3::record::checksum::named_checksum;
use crate::s3::record::encryption::ObjectEncryption;
use crate::s3::record::segment::Segment;
use crate::s3::record::version::{Attributes, Version};
use crate::store::{Store, next_sequence};

const KIND: &str = "upload";
/// Every part but the last has at least this many bytes.
const MIN_PART_BYTES: u64 = 5 << 20;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Upload {
    pub id: String,
    pub bucket: String,
    pub key: String,
    pub started: i64,
    attributes: Attributes,
    parts: BTreeMap<i32, Part>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Part {
    etag: String,
    segment: Segment,
    /// As `named_checksum` writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
}

/// What a CompleteMultipartUpload says of the object.
pub struct Completion<'r> {
    pub parts: &'r [CompletedPart],
    pub conditions: &'r Preconditions,
    pub expected_size: Option<i64>,
    /// As it was declared and found to be right.
    pub checksum: Option<String>,
}

/// A page of the open uploads of a bucket.
#[derive(Default)]
pub struct UploadPage {
    pub uploads: Vec<Upload>,
    pub prefixes: Vec<String>,
    pub truncated: bool,
    /// The last key or prefix shown, and of a key which upload.
    pub last: (String, Option<String>),
}

impl Upload {
    /// Where the bytes of its parts are.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.parts.values().map(|part| &part.segment)
    }
}

/// The uploads of all buckets.
pub fn every_upload(store: &Store) -> Result<Vec<Upload>, StoreError> {
    store.list(KIND)
}

/// Removes the record of an upload. The files of its parts are left.
pub fn forget_upload(store: &Store, upload: &Upload) -> Result<(), StoreError> {
    store.delete(KIND, &record_id(&upload.bucket, &upload.id))
}

impl Buckets {
    pub fn start_upload(&self, bucket: &str, key: &str, attributes: Attributes) -> S3Result<Upload> {
        check_key(key)?;
        let upload = Upload {
            // S3 lists the uploads of a key as they were started, and goes on behind an id.
            id: format!("{:016x}{:016x}", next_sequence(), fastrand::u64(..)),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            started: now_millis(),
            attributes,
            parts: BTreeMap::new(),
        };
        self.store.put(KIND, &record_id(bucket, &upload.id), &upload).map_err(internal)?;
        Ok(upload)
    }

    fn upload(&self, bucket: &str, key: &str, id: &str) -> S3Result<Upload> {
        let found: Option<Upload> = self.store.get(KIND, &record_id(bucket, id)).map_err(internal)?;
        found
            .filter(|upload| upload.key == key)
            .ok_or_else(|| s3_error!(NoSuchUpload, "The specified upload does not exist."))
    }

    /// How the object of an upload will be encrypted.
    pub fn upload_encryption(&self, bucket: &str, key: &str, id: &str) -> S3Result<Option<ObjectEncryption>> {
        Ok(self.upload(bucket, key, id)?.attributes.encryption)
    }

    /// The open uploads of a bucket, by key.
    pub fn uploads(&self, bucket: &str) -> S3Result<Vec<Upload>> {
        let all = every_upload(&self.store).map_err(internal)?;
        let mut here: Vec<Upload> = all.into_iter().filter(|upload| upload.bucket == bucket).collect();
        here.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
        Ok(here)
    }

    /// A page of the open uploads, after the upload `id` of the key that the query begins behind.
    pub fn upload_page(&self, bucket: &str, query: &Query, id: Option<&str>) -> S3Result<UploadPage> {
        let mut page = UploadPage::default();
        if query.limit == 0 {
            return Ok(page);
        }
        let (start, within) = (query.start(), query.within(id));
        let is_behind = |upload: &Upload| {
            upload.key.as_bytes() >= start.as_slice()
                || (upload.key == query.after && within.is_some_and(|id| upload.id.as_str() > id))
        };
        let uploads = self.uploads(bucket)?.into_iter().filter(|upload| upload.key.starts_with(&query.prefix));
        for upload in uploads.filter(is_behind) {
            let prefix = query.rolled_up(&upload.key).map(str::to_owned);
            if prefix.is_some() && page.prefixes.last() == prefix.as_ref() {
                continue;
            }
            if page.uploads.len() + page.prefixes.len() >= query.limit {
                page.truncated = true;
                break;
            }
            match prefix {
                Some(prefix) => {
                    page.last = (prefix.clone(), None);
                    page.prefixes.push(prefix);
                }
                None => {
                    page.last = (upload.key.clone(), Some(upload.id.clone()));
                    page.uploads.push(upload);
                }
            }
        }
        Ok(page)
    }

    /// Number, ETag and size of the parts of an upload.
    pub fn parts(&self, bucket: &str, key: &str, id: &str) -> S3Result<Vec<(i32, String, u64)>> {
        let parts = self.upload(bucket, key, id)?.parts.into_iter();
        Ok(parts.map(|(number, part)| (number, part.etag, part.segment.size)).collect())
    }

    pub fn add_part(&self, bucket: &str, key: &str, id: &str, number: i32, staged: Staged) -> S3Result<String> {
        let checksum = named_checksum(&staged.checksum);
        let segment = self.as_segment(bucket, staged.body)?;
        let part = Part { etag: staged.etag, segment: segment.clone(), checksum };
        let added = self.record_part(bucket, key, id, number, part);
        if added.as_ref().is_err_and(is_refusal) {
            self.discard(bucket, &[segment])?;
        }
        added
    }

    fn record_part(&self, bucket: &str, key: &str, id: &str, number: i32, part: Part) -> S3Result<String> {
        let _guard = self.store.change();
        let mut upload = self.upload(bucket, key, id)?;
        self.leases.check_kept(std::slice::from_ref(&part.segment))?;
        let etag = part.etag.clone();
        let replaced = upload.parts.insert(number, part);
        self.store.put(KIND, &record_id(bucket, id), &upload).map_err(internal)?;
        replaced.map_or(Ok(()), |part| self.discard(bucket, &[part.segment]))?;
        Ok(etag)
    }

    /// Bytes and checksums of those of the listed parts that are there.
    pub fn listed_parts(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        listed: &[CompletedPart],
    ) -> S3Result<Vec<(Segment, Option<String>)>> {
        let mut parts = self.upload(bucket, key, id)?.parts;
        let stored = listed.iter().filter_map(|part| parts.remove(&part.part_number?));
        Ok(stored.map(|part| (part.segment, part.checksum)).collect())
    }

    pub fn complete_upload(
        &self,
        bucket: &Bucket,
        key: &str,
        id: &str,
        completion: Completion<'_>,
    ) -> S3Result<Version> {
        use md5::{Digest, Md5};
        let listed = completion.parts;
        // No part is replaced meanwhile, and nobody else completes or aborts the upload: its parts would be removed.
        let _guard = self.store.change();
        let bucket = &self.bucket(&bucket.name)?;
        let upload = self.upload(&bucket.name, key, id)?;
        if listed.is_empty() {
            return Err(s3_error!(MalformedXML, "You must specify at least one part"));
        }
        let (mut segments, mut digests, mut last_number) = (Vec::new(), Md5::new(), 0);
        for (position, part) in listed.iter().enumerate() {
            let number = part.part_number.unwrap_or_default();
            if number <= last_number {
                return Err(s3_error!(InvalidPartOrder, "The list of parts was not in ascending order."));
            }
            last_number = number;
            let missing =
                || s3_error!(InvalidPart, "One or more of the specified parts could not be found: part {number}");
            let stored = upload.parts.get(&number).ok_or_else(missing)?;
            let declared = declared_checksum(part);
            let differs = declared.is_some() && stored.checksum.is_some() && declared != stored.checksum;
            if differs || part.e_tag.as_ref().is_some_and(|etag| etag.value() != stored.etag) {
                return Err(missing());
            }
            if stored.segment.size < MIN_PART_BYTES && position + 1 < listed.len() {
                return Err(s3_error!(EntityTooSmall, "Your proposed upload is smaller than the minimum allowed size"));
            }
            digests.update(decode_hex(&stored.etag));
            segments.push(stored.segment.clone());
        }
        let size: u64 = segments.iter().map(|segment: &Segment| segment.size).sum();
        if completion.expected_size.is_some_and(|expected| u64::try_from(expected) != Ok(size)) {
            return Err(s3_error!(
                InvalidRequest,
                "The provided 'x-amz-mp-object-size' header does not match what was computed: {size}"
            ));
        }
        let etag = format!("{:x}-{}", digests.finalize(), listed.len());
        let used: Vec<String> = segments.iter().map(|segment| segment.id.clone()).collect();
        let attributes = Attributes { checksum: completion.checksum, ..upload.attributes.clone() };
        let content = Content { bytes: Bytes::new(), segments, etag, attributes };
        let version = self.add_version_locked(bucket, key, Some(content), completion.conditions)?;
        self.store.delete(KIND, &record_id(&bucket.name, id)).map_err(internal)?;
        let unused = upload.parts.into_values().map(|part| part.segment).filter(|segment| !used.contains(&segment.id));
        self.discard(&bucket.name, &unused.collect::<Vec<_>>())?;
        Ok(version)
    }

    pub fn abort_upload(&self, bucket: &str, key: &str, id: &str) -> S3Result<()> {
        let _guard = self.store.change();
        let upload = self.upload(bucket, key, id)?;
        self.store.delete(KIND, &record_id(bucket, id)).map_err(internal)?;
        self.discard(bucket, &upload.parts.into_values().map(|part| part.segment).collect::<Vec<_>>())
    }

    /// The uploads of a bucket go with it.
    pub fn forget_uploads(&self, bucket: &str) -> S3Result<()> {
        for upload in self.uploads(bucket)? {
            self.store.delete(KIND, &record_id(bucket, &upload.id)).map_err(internal)?;
            self.discard(bucket, &upload.parts.into_values().map(|part| part.segment).collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

fn declared_checksum(part: &CompletedPart) -> Option<String> {
    named_checksum(&Checksum {
        checksum_crc32: part.checksum_crc32.clone(),
        checksum_crc32c: part.checksum_crc32c.clone(),
        checksum_crc64nvme: part.checksum_crc64nvme.clone(),
        checksum_sha1: part.checksum_sha1.clone(),
        checksum_sha256: part.checksum_sha256.clone(),
        checksum_type: None,
    })
}

fn record_id(bucket: &str, id: &str) -> String {
    format!("{bucket}/{id}")
}

fn decode_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).filter_map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()).collect()
}
