//! The operations on objects: written, read, described, deleted.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::acl::requested_acl;
use super::lists::MAX_KEYS;
use super::uploads::check_part_number;
use super::wire::{ReadConditions, delete_conditions, timestamp, to_i64, write_conditions};
use super::write_headers::{attributes, declared_digests};
use crate::s3::access::{delete_action, write};
use crate::s3::error::{access_denied, not_implemented};
use crate::s3::record::checksum::{checksum_from_name, named_checksum};
use crate::s3::record::encryption::{
    CustomerKey, EncryptionHeaders, ObjectEncryption, check_key, customer_key, requested_encryption, show_encryption,
};
use crate::s3::record::version::Version;
use crate::s3::request::{Answer, AuthorizedRequest, caller};
use crate::s3::storage::buckets::Buckets;
use crate::s3::storage::found_object::FoundObject;
use crate::sessions::Caller;

/// The conditions of a GetObject or a HeadObject: they share their fields, not a type.
macro_rules! read_conditions {
    ($input:ident) => {
        ReadConditions {
            must_match: $input.if_match.as_ref(),
            must_not_match: $input.if_none_match.as_ref(),
            changed_since: $input.if_modified_since.as_ref(),
            unchanged_since: $input.if_unmodified_since.as_ref(),
        }
    };
}

/// The output of a GetObject or a HeadObject: they share their fields, not a type.
macro_rules! read_output {
    ($Output:ident, $input:ident, $found:ident, $range:ident) => {{
        let (info, attributes) = ($found.info, $found.attributes);
        let encryption = EncryptionHeaders::new(attributes.encryption.as_ref());
        // Of a part of the bytes the checksum says nothing.
        let asked = $input.checksum_mode.is_some() && $range.is_none();
        let checksum = attributes.checksum.filter(|_| asked).map(checksum_from_name).unwrap_or_default();
        let date = |text: String| Timestamp::parse(TimestampFormat::HttpDate, &text).ok();
        $Output {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(to_i64($range.as_ref().map_or(info.size, |range| range.end - range.start))),
            content_range: $range.map(|range| format!("bytes {}-{}/{}", range.start, range.end - 1, info.size)),
            content_type: $input
                .response_content_type
                .or(attributes.content_type)
                .or_else(|| Some("binary/octet-stream".to_owned())),
            content_encoding: $input.response_content_encoding.or(attributes.content_encoding),
            content_language: $input.response_content_language.or(attributes.content_language),
            cache_control: $input.response_cache_control.or(attributes.cache_control),
            content_disposition: $input.response_content_disposition.or(attributes.content_disposition),
            expires: $input.response_expires.or(attributes.expires.and_then(date)),
            metadata: Some(attributes.metadata.into_iter().collect()),
            storage_class: attributes.storage_class.map(StorageClass::from),
            server_side_encryption: encryption.algorithm,
            ssekms_key_id: encryption.key,
            bucket_key_enabled: encryption.bucket_key,
            sse_customer_algorithm: encryption.customer_algorithm,
            sse_customer_key_md5: encryption.customer_key_md5,
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            checksum_type: checksum.checksum_type,
            e_tag: Some(ETag::Strong(info.etag)),
            last_modified: Some(timestamp(info.modified)),
            version_id: $found.version,
            ..Default::default()
        }
    }};
}

/// The bytes that a GetObject or a HeadObject asks for, when its conditions hold; `None` for all of them.
fn check_read(
    found: &FoundObject,
    key: CustomerKey<'_>,
    conditions: ReadConditions<'_>,
    range: Option<Range>,
    part_number: Option<i32>,
) -> S3Result<Option<std::ops::Range<u64>>> {
    check_key(found.attributes.encryption.as_ref(), key)?;
    conditions.check(&found.info)?;
    match (range, part_number) {
        (Some(_), Some(_)) => {
            Err(s3_error!(InvalidRequest, "Cannot specify both Range header and partNumber query parameter"))
        }
        (Some(range), None) => {
            // An empty object has no part, not even its last bytes.
            let part = range.check(found.info.size).ok().filter(|part| !part.is_empty());
            part.map(Some).ok_or_else(|| s3_error!(InvalidRange, "The requested range is not satisfiable"))
        }
        (None, Some(number)) => {
            check_part_number(number)?;
            found.part(number)
        }
        (None, None) => Ok(None),
    }
}

pub async fn put_object(buckets: &Buckets, request: AuthorizedRequest<PutObjectInput>) -> Answer<PutObjectOutput> {
    let AuthorizedRequest { input, bucket, caller, headers, trailing_headers } = request;
    requested_acl!(input).check(&bucket)?;
    let mut attributes = attributes!(input);
    attributes.encryption = ObjectEncryption::for_write(requested_encryption!(input), &bucket, &buckets.account)?;
    let conditions = write_conditions(input.if_none_match, input.if_match)?;
    buckets.may_compare(&caller, &bucket, &input.key, &conditions)?;
    let declared = declared_digests!(input, headers, trailing_headers);
    let staged = buckets.stage(&bucket.name, input.body, declared).await?;
    let checksum = staged.checksum.clone();
    attributes.checksum = named_checksum(&checksum);
    let version = buckets.write(&bucket, &input.key, staged, attributes, &conditions)?;
    let mut output = PutObjectOutput {
        e_tag: Some(ETag::Strong(version.etag)),
        version_id: bucket.versioning.is_some().then_some(version.id),
        checksum_crc32: checksum.checksum_crc32,
        checksum_crc32c: checksum.checksum_crc32c,
        checksum_crc64nvme: checksum.checksum_crc64nvme,
        checksum_sha1: checksum.checksum_sha1,
        checksum_sha256: checksum.checksum_sha256,
        ssekms_encryption_context: input.ssekms_encryption_context,
        ..Default::default()
    };
    show_encryption!(output, version.attributes.encryption.as_ref());
    Ok(S3Response::new(output))
}

pub async fn get_object(buckets: &Buckets, request: AuthorizedRequest<GetObjectInput>) -> Answer<GetObjectOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    let found = buckets.find_async(bucket, input.key, input.version_id).await?;
    let range = check_read(&found, customer_key!(input), read_conditions!(input), input.range, input.part_number)?;
    let parts_count = input.part_number.and_then(|_| found.parts_count());
    let (start, end) = range.as_ref().map_or((0, found.info.size), |range| (range.start, range.end));
    let output = GetObjectOutput {
        body: Some(buckets.stream(found.source, start, end)),
        tag_count: i32::try_from(found.attributes.tags.len()).ok().filter(|count| *count > 0),
        parts_count,
        ..read_output!(GetObjectOutput, input, found, range)
    };
    Ok(S3Response::new(output))
}

pub async fn head_object(buckets: &Buckets, request: AuthorizedRequest<HeadObjectInput>) -> Answer<HeadObjectOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    let found = buckets.find_async(bucket, input.key, input.version_id).await?;
    let range = check_read(&found, customer_key!(input), read_conditions!(input), input.range, input.part_number)?;
    let parts_count = input.part_number.and_then(|_| found.parts_count());
    let output = HeadObjectOutput { parts_count, ..read_output!(HeadObjectOutput, input, found, range) };
    Ok(S3Response::new(output))
}

pub async fn get_object_attributes(
    buckets: &Buckets,
    request: AuthorizedRequest<GetObjectAttributesInput>,
) -> Answer<GetObjectAttributesOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    let found = buckets.find_async(bucket, input.key, input.version_id).await?;
    let parts_count = found.parts_count();
    let FoundObject { info, version, attributes, .. } = found;
    check_key(attributes.encryption.as_ref(), customer_key!(input))?;
    // Some clients name them in one header, others in several.
    let wanted = input.object_attributes.iter().flat_map(|names| names.as_str().split(','));
    let wants = |name: &str| wanted.clone().any(|wanted| wanted.trim() == name);
    let class = attributes.storage_class.clone().unwrap_or_else(|| StorageClass::STANDARD.to_owned());
    let output = GetObjectAttributesOutput {
        e_tag: wants(ObjectAttributes::ETAG).then_some(ETag::Strong(info.etag)),
        object_size: wants(ObjectAttributes::OBJECT_SIZE).then_some(to_i64(info.size)),
        storage_class: wants(ObjectAttributes::STORAGE_CLASS).then(|| StorageClass::from(class)),
        checksum: attributes.checksum.filter(|_| wants(ObjectAttributes::CHECKSUM)).map(checksum_from_name),
        // The parts themselves are listed only where each has a checksum, and none is kept here.
        object_parts: parts_count
            .filter(|_| wants(ObjectAttributes::OBJECT_PARTS))
            .map(|count| GetObjectAttributesParts { total_parts_count: Some(count), ..Default::default() }),
        last_modified: Some(timestamp(info.modified)),
        version_id: version,
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

pub fn delete_object(buckets: &Buckets, request: AuthorizedRequest<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
    let AuthorizedRequest { input, bucket, caller, .. } = request;
    if input.if_match_size.is_some() || input.if_match_last_modified_time.is_some() {
        return Err(not_implemented("only directory buckets delete by size and time"));
    }
    let conditions = delete_conditions(input.if_match, input.version_id.as_ref())?;
    buckets.may_compare(&caller, &bucket, &input.key, &conditions)?;
    let changed = buckets.delete_object(&bucket, &input.key, input.version_id.as_deref(), &conditions)?;
    let output = DeleteObjectOutput {
        delete_marker: changed.as_ref().map(|version| version.delete_marker),
        version_id: changed.map(|version| version.id),
        ..Default::default()
    };
    Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
}

pub fn delete_objects(buckets: &Buckets, req: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
    let (caller, input) = (caller(&req.extensions)?, req.input);
    if input.delete.objects.len() > MAX_KEYS as usize || input.delete.objects.is_empty() {
        return Err(s3_error!(
            MalformedXML,
            "The XML you provided was not well-formed or did not validate against our published schema"
        ));
    }
    if input.delete.objects.iter().any(|object| object.size.is_some() || object.last_modified_time.is_some()) {
        return Err(not_implemented("only directory buckets delete by size and time"));
    }
    let owner = buckets.bucket(&input.bucket)?.owner;
    if input.expected_bucket_owner.as_ref().is_some_and(|expected| *expected != owner) {
        return Err(access_denied());
    }
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in input.delete.objects {
        match delete_listed(buckets, &caller, &input.bucket, &object) {
            Ok(changed) => {
                let marker = changed.filter(|version| version.delete_marker);
                deleted.push(DeletedObject {
                    key: Some(object.key),
                    delete_marker: marker.as_ref().map(|_| true),
                    delete_marker_version_id: marker.map(|version| version.id),
                    version_id: object.version_id,
                });
            }
            Err(error) => errors.push(Error {
                code: Some(error.code().as_str().to_owned()),
                key: Some(object.key),
                message: error.message().map(str::to_owned),
                version_id: object.version_id,
            }),
        }
    }
    let quiet = input.delete.quiet.unwrap_or(false);
    let output =
        DeleteObjectsOutput { deleted: (!quiet).then_some(deleted), errors: Some(errors), ..Default::default() };
    Ok(S3Response::new(output))
}

/// Deletes one object of a DeleteObjects, which needs to be allowed for each key.
fn delete_listed(
    buckets: &Buckets,
    caller: &Caller,
    bucket: &str,
    object: &ObjectIdentifier,
) -> S3Result<Option<Version>> {
    let version = object.version_id.as_ref();
    let required = write(delete_action(version)).on(&object.key);
    let bucket = buckets.authorize(&caller.identity, bucket, None, &required)?;
    let must_match = object.e_tag.clone().map(|etag| match etag.value() {
        "*" => ETagCondition::Any,
        _ => ETagCondition::ETag(etag),
    });
    let conditions = delete_conditions(must_match, version)?;
    buckets.may_compare(caller, &bucket, &object.key, &conditions)?;
    buckets.delete_object(&bucket, &object.key, version.map(String::as_str), &conditions)
}
