//! CopyObject and UploadPartCopy: the bytes of one object become those of another. The source is read as the caller.

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Response, S3Result, s3_error};

use super::acl::requested_acl;
use super::uploads::check_part_number;
use super::wire::{ReadConditions, header_condition, timestamp, write_conditions};
use super::write_headers::{attributes, known_algorithm};
use crate::s3::record::checksum::named_checksum;
use crate::s3::record::encryption::{
    CustomerKey, ObjectEncryption, check_key, check_part_key, customer_key, requested_encryption, show_encryption,
    source_key,
};
use crate::s3::record::version::{Attributes, ObjectInfo};
use crate::s3::request::{Answer, AuthorizedRequest};
use crate::s3::storage::body::{DeclaredDigests, Staged};
use crate::s3::storage::buckets::Buckets;
use crate::s3::storage::found_object::FoundObject;
use crate::sessions::Caller;

/// CopyObject takes at most this many bytes; larger objects are copied in parts.
const MAX_COPY_BYTES: u64 = 5 << 30;

/// The source of a copy, and the conditions on it.
pub struct RequestedCopy<'a> {
    pub source: &'a CopySource,
    pub expected_owner: Option<&'a str>,
    pub conditions: ReadConditions<'a>,
    pub key: CustomerKey<'a>,
    /// The checksum that the copy is to have, in S3's word for it.
    pub algorithm: Option<&'a str>,
    /// `bytes=0-9`
    pub range: Option<&'a str>,
}

/// The conditions on the source of a CopyObject or an UploadPartCopy: they share their fields, not a type.
macro_rules! copy_conditions {
    ($input:ident) => {
        ReadConditions {
            must_match: $input.copy_source_if_match.as_ref(),
            must_not_match: $input.copy_source_if_none_match.as_ref(),
            changed_since: $input.copy_source_if_modified_since.as_ref(),
            unchanged_since: $input.copy_source_if_unmodified_since.as_ref(),
        }
    };
}

pub async fn copy_object(buckets: &Buckets, request: AuthorizedRequest<CopyObjectInput>) -> Answer<CopyObjectOutput> {
    let AuthorizedRequest { input, bucket, caller, headers, .. } = request;
    requested_acl!(input).check(&bucket)?;
    let replaces = is_replaced(input.metadata_directive.as_ref().map(|directive| directive.as_str()))?;
    let replaces_tags = is_replaced(input.tagging_directive.as_ref().map(|directive| directive.as_str()))?;
    let is_itself = matches!(&input.copy_source, CopySource::Bucket { bucket: from, key, version_id: None }
        if **from == *bucket.name && **key == *input.key);
    let encrypts = input.server_side_encryption.is_some() || customer_key!(input).is_sent();
    if is_itself && !replaces && !encrypts && input.storage_class.is_none() {
        return Err(s3_error!(
            InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes."
        ));
    }
    let conditions = write_conditions(
        header_condition(&headers, http::header::IF_NONE_MATCH)?,
        header_condition(&headers, http::header::IF_MATCH)?,
    )?;
    buckets.may_compare(&caller, &bucket, &input.key, &conditions)?;
    let from = RequestedCopy {
        source: &input.copy_source,
        expected_owner: input.expected_source_bucket_owner.as_deref(),
        conditions: copy_conditions!(input),
        key: source_key!(input),
        algorithm: known_algorithm(input.checksum_algorithm.as_ref())?,
        range: None,
    };
    let encryption = ObjectEncryption::for_write(requested_encryption!(input), &bucket, &buckets.account)?;
    let given = attributes!(input);
    let (staged, _, mut attributes) = buckets.stage_copy(&caller, &bucket.name, &from).await?;
    // A checksum of the source's parts says nothing of a copy in one piece.
    let kept = attributes.checksum.filter(|sum| !sum.contains('-'));
    attributes.checksum = named_checksum(&staged.checksum).or(kept);
    let storage_class = given.storage_class.clone();
    if replaces_tags {
        attributes.tags.clone_from(&given.tags);
    }
    if replaces {
        attributes = Attributes { tags: attributes.tags, checksum: attributes.checksum, ..given };
    }
    // Neither comes from the source: what the request does not say is the destination's default.
    attributes = Attributes { storage_class, encryption, ..attributes };
    let version = buckets.write(&bucket, &input.key, staged, attributes, &conditions)?;
    let result = CopyObjectResult {
        e_tag: Some(ETag::Strong(version.etag)),
        last_modified: Some(timestamp(version.modified)),
        ..Default::default()
    };
    let mut output = CopyObjectOutput {
        copy_object_result: Some(result),
        version_id: bucket.versioning.is_some().then_some(version.id),
        ssekms_encryption_context: input.ssekms_encryption_context,
        ..Default::default()
    };
    show_encryption!(output, version.attributes.encryption.as_ref());
    Ok(S3Response::new(output))
}

pub async fn upload_part_copy(
    buckets: &Buckets,
    request: AuthorizedRequest<UploadPartCopyInput>,
) -> Answer<UploadPartCopyOutput> {
    let AuthorizedRequest { input, bucket, caller, .. } = request;
    check_part_number(input.part_number)?;
    let encryption = buckets.upload_encryption(&bucket.name, &input.key, &input.upload_id)?;
    check_part_key(encryption.as_ref(), customer_key!(input))?;
    let from = RequestedCopy {
        source: &input.copy_source,
        expected_owner: input.expected_source_bucket_owner.as_deref(),
        conditions: copy_conditions!(input),
        key: source_key!(input),
        algorithm: None,
        range: input.copy_source_range.as_deref(),
    };
    let (staged, info, _) = buckets.stage_copy(&caller, &bucket.name, &from).await?;
    let etag = buckets.add_part(&bucket.name, &input.key, &input.upload_id, input.part_number, staged)?;
    let result = CopyPartResult {
        e_tag: Some(ETag::Strong(etag)),
        last_modified: Some(timestamp(info.modified)),
        ..Default::default()
    };
    let mut output = UploadPartCopyOutput { copy_part_result: Some(result), ..Default::default() };
    show_encryption!(output, encryption.as_ref());
    Ok(S3Response::new(output))
}

/// Whether a copy takes metadata or tags from its request instead of its source.
fn is_replaced(directive: Option<&str>) -> S3Result<bool> {
    match directive {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(other) => Err(s3_error!(InvalidArgument, "Unknown directive: {other}")),
    }
}

impl Buckets {
    /// Receives the bytes of a source for a bucket; returns the source's description and attributes.
    async fn stage_copy(
        &self,
        caller: &Caller,
        to: &str,
        from: &RequestedCopy<'_>,
    ) -> S3Result<(Staged, ObjectInfo, Attributes)> {
        let CopySource::Bucket { bucket, key, version_id } = from.source else {
            return Err(s3_error!(NotImplemented, "a copy from an access point is not supported by the local S3"));
        };
        let action = if version_id.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
        let bucket = self.open(&caller.identity, bucket, from.expected_owner, action, Some(key))?;
        let FoundObject { info, attributes, source, .. } = self.find(&bucket, key, version_id.as_deref())?;
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
            Some(range) => bytes_from_range(range, info.size)?,
            None if info.size > MAX_COPY_BYTES => {
                return Err(s3_error!(InvalidRequest, "The specified copy source is larger than 5 GB"));
            }
            None => (0, info.size),
        };
        let body = self.stream(source, start, end);
        // As with a trailer, the checksum is computed and there is none to compare it with.
        let declared = DeclaredDigests { trailer: from.algorithm.map(str::to_lowercase), ..DeclaredDigests::default() };
        let staged = self.stage(to, Some(body), declared).await?;
        Ok((staged, info, attributes))
    }
}

fn bytes_from_range(range: &str, size: u64) -> S3Result<(u64, u64)> {
    let invalid = || s3_error!(InvalidArgument, "The range {range} is not valid for the source object of size: {size}");
    let (first, last) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')).ok_or_else(invalid)?;
    let (first, last): (u64, u64) = (first.parse().map_err(|_| invalid())?, last.parse().map_err(|_| invalid())?);
    if first > last || last >= size {
        return Err(invalid());
    }
    Ok((first, last + 1))
}
