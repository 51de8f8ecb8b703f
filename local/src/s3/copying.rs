//! CopyObject and UploadPartCopy: bytes of one object taken in again as another, checked and read as the caller.

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Result, s3_error};

use super::Buckets;
use super::access::Found;
use super::body::{Declared, Staged};
use super::encryption::{CustomerKey, check_key};
use super::object::{Attributes, ObjectInfo};
use super::wire::Conditions;

/// CopyObject takes at most this many bytes; larger objects are copied in parts.
const MAX_COPY_BYTES: u64 = 5 << 30;

/// What is to be copied, and on which conditions.
pub struct Source<'a> {
    pub source: &'a CopySource,
    pub expected_owner: Option<&'a str>,
    pub conditions: Conditions<'a>,
    pub key: CustomerKey<'a>,
    /// The checksum that the copy is to have, in S3's word for it.
    pub algorithm: Option<&'a str>,
    /// `bytes=0-9`
    pub range: Option<&'a str>,
}

impl Buckets {
    /// Takes the source's bytes in for a bucket; answers what the source was.
    pub async fn stage_copy(&self, to: &str, from: &Source<'_>) -> S3Result<(Staged, ObjectInfo, Attributes)> {
        let CopySource::Bucket { bucket, key, version_id } = from.source else {
            return Err(s3_error!(NotImplemented, "a copy from an access point is not supported by the local S3"));
        };
        let action = if version_id.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
        let bucket = self.open(&self.caller, bucket, from.expected_owner, action, Some(key))?;
        let Found { info, attributes, source, .. } = self.find(&bucket, key, version_id.as_deref())?;
        check_key(attributes.encryption.as_ref(), from.key)?;
        // What a GET answers with 304 makes a copy fail.
        let refusal = |error: s3s::S3Error| match error.code() {
            S3ErrorCode::NotModified => {
                s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
            }
            _ => error,
        };
        from.conditions.check(&info).map_err(refusal)?;
        let (start, end) = match from.range {
            Some(range) => bytes_of(range, info.size)?,
            None if info.size > MAX_COPY_BYTES => {
                return Err(s3_error!(InvalidRequest, "The specified copy source is larger than 5 GB"));
            }
            None => (0, info.size),
        };
        let body = self.stream(source, start, end);
        // As with a trailer, the checksum is computed and there is none to compare it with.
        let declared = Declared { trailer: from.algorithm.map(str::to_lowercase), ..Declared::default() };
        let staged = self.stage(to, Some(body), declared).await?;
        Ok((staged, info, attributes))
    }
}

fn bytes_of(range: &str, size: u64) -> S3Result<(u64, u64)> {
    let invalid = || s3_error!(InvalidArgument, "The range {range} is not valid for the source object of size: {size}");
    let (first, last) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')).ok_or_else(invalid)?;
    let (first, last): (u64, u64) = (first.parse().map_err(|_| invalid())?, last.parse().map_err(|_| invalid())?);
    if first > last || last >= size {
        return Err(invalid());
    }
    Ok((first, last + 1))
}
