//! Look-up of an object: its attributes, its parts, and where its bytes are.

use std::ops::Range;

use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::body_source::BodySource;
use super::buckets::Buckets;
use crate::s3::error::internal_io;
use crate::s3::record::bucket::Bucket;
use crate::s3::record::encryption::{CustomerKey, check_key};
use crate::s3::record::version::{Attributes, ObjectInfo};

/// An object that was looked up, with the place of its bytes.
pub struct FoundObject {
    pub info: ObjectInfo,
    /// Where the bucket keeps versions.
    pub version: Option<String>,
    pub attributes: Attributes,
    pub source: BodySource,
}

impl FoundObject {
    /// Refuses an object that is encrypted with a customer's key.
    pub fn check_no_key(&self) -> S3Result<()> {
        check_key(self.attributes.encryption.as_ref(), CustomerKey::default())
    }

    /// The sizes of the parts of an upload in parts: of them alone an ETag has a hyphen, and each part is a segment.
    fn parts(&self) -> Option<Vec<u64>> {
        match &self.source {
            BodySource::Segments { segments, .. } if self.info.etag.contains('-') => {
                Some(segments.iter().map(|segment| segment.size).collect())
            }
            _ => None,
        }
    }

    pub fn parts_count(&self) -> Option<i32> {
        self.parts().and_then(|parts| i32::try_from(parts.len()).ok())
    }

    /// The byte range of a part, from 1 on; an object that was put at once is one part. An empty object has no range.
    pub fn part(&self, number: i32) -> S3Result<Option<Range<u64>>> {
        let parts = self.parts().unwrap_or_else(|| vec![self.info.size]);
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let Some((index, size)) = index.and_then(|index| Some((index, *parts.get(index)?))) else {
            let code = S3ErrorCode::Custom("InvalidPartNumber".into());
            let mut missing = S3Error::with_message(code, "The requested partnumber is not satisfiable");
            missing.set_status_code(http::StatusCode::RANGE_NOT_SATISFIABLE);
            return Err(missing);
        };
        let start: u64 = parts[..index].iter().sum();
        match size {
            0 if self.info.size == 0 => Ok(None),
            0 => Err(s3_error!(InvalidRange, "The requested range is not satisfiable")),
            size => Ok(Some(start..start + size)),
        }
    }
}

impl Buckets {
    /// Looks an object up, and leases its bytes.
    ///
    /// # Errors
    /// NoSuchKey; NoSuchVersion.
    pub fn find(&self, bucket: &Bucket, key: &str, version: Option<&str>) -> S3Result<FoundObject> {
        if let Some(mount) = self.mount(&bucket.name) {
            let found = mount.object(key).map_err(|error| internal_io(&mount.directory, error))?;
            let (info, file) = found.ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))?;
            return Ok(FoundObject {
                info,
                version: None,
                attributes: Attributes::default(),
                source: BodySource::File(file),
            });
        }
        let lookup = self.leases.lookup();
        let version = self.version(bucket, key, version)?;
        let lease = self.leases.take(&self.store, &version.segments);
        drop(lookup);
        let info = version.info();
        let source = match version.segments.is_empty() {
            true => BodySource::Bytes(version.bytes),
            false => BodySource::Segments { bucket: bucket.name.clone(), segments: version.segments, lease },
        };
        let id = bucket.versioning.is_some().then_some(version.id);
        Ok(FoundObject { info, version: id, attributes: version.attributes, source })
    }

    /// As `find`, on a thread of its own where the disk may be read while other requests wait: otherwise the change of
    /// threads takes longer than the look-up.
    pub async fn find_async(&self, bucket: Bucket, key: String, version: Option<String>) -> S3Result<FoundObject> {
        if !self.store.may_ask_disk() {
            return self.find(&bucket, &key, version.as_deref());
        }
        let read = self.in_flight_reads.begin();
        // Requests that came together with this one are counted first.
        tokio::task::yield_now().await;
        if read.is_alone() {
            return self.find(&bucket, &key, version.as_deref());
        }
        let buckets = self.clone();
        let found = tokio::task::spawn_blocking(move || buckets.find(&bucket, &key, version.as_deref()));
        found.await.map_err(|error| s3_error!(InternalError, "the look-up of an object ended: {error}"))?
    }
}
