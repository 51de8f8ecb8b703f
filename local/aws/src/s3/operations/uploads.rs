//! The operations of uploads in parts: begun, filled, completed, aborted.

use s3s::dto::*;
use s3s::{S3Response, S3Result, s3_error};

use super::acl::requested_acl;
use super::wire::write_conditions;
use super::write_headers::{attributes, declared_digests, known_algorithm};
use crate::s3::record::checksum::checksum_from_name;
use crate::s3::record::encryption::{
    EncryptionHeaders, ObjectEncryption, check_part_key, customer_key, requested_encryption, show_encryption,
};
use crate::s3::request::{Answer, AuthorizedRequest};
use crate::s3::storage::buckets::Buckets;
use crate::s3::storage::upload::Completion;

pub fn check_part_number(number: i32) -> S3Result<()> {
    match (1..=10_000).contains(&number) {
        true => Ok(()),
        false => Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive")),
    }
}

pub fn create_multipart_upload(
    buckets: &Buckets,
    request: AuthorizedRequest<CreateMultipartUploadInput>,
) -> Answer<CreateMultipartUploadOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    requested_acl!(input).check(&bucket)?;
    known_algorithm(input.checksum_algorithm.as_ref())?;
    let mut attributes = attributes!(input);
    attributes.encryption = ObjectEncryption::for_write(requested_encryption!(input), &bucket, &buckets.account)?;
    let encryption = attributes.encryption.clone();
    let upload = buckets.start_upload(&bucket.name, &input.key, attributes)?;
    let mut output = CreateMultipartUploadOutput {
        bucket: Some(upload.bucket),
        key: Some(upload.key),
        upload_id: Some(upload.id),
        checksum_algorithm: input.checksum_algorithm,
        checksum_type: input.checksum_type,
        ssekms_encryption_context: input.ssekms_encryption_context,
        ..Default::default()
    };
    show_encryption!(output, encryption.as_ref());
    Ok(S3Response::new(output))
}

pub async fn upload_part(buckets: &Buckets, request: AuthorizedRequest<UploadPartInput>) -> Answer<UploadPartOutput> {
    let AuthorizedRequest { input, bucket, headers, trailing_headers, .. } = request;
    check_part_number(input.part_number)?;
    let encryption = buckets.upload_encryption(&bucket.name, &input.key, &input.upload_id)?;
    check_part_key(encryption.as_ref(), customer_key!(input))?;
    let declared = declared_digests!(input, headers, trailing_headers);
    let staged = buckets.stage(&bucket.name, input.body, declared).await?;
    let checksum = staged.checksum.clone();
    let etag = buckets.add_part(&bucket.name, &input.key, &input.upload_id, input.part_number, staged)?;
    let mut output = UploadPartOutput {
        e_tag: Some(ETag::Strong(etag)),
        checksum_crc32: checksum.checksum_crc32,
        checksum_crc32c: checksum.checksum_crc32c,
        checksum_crc64nvme: checksum.checksum_crc64nvme,
        checksum_sha1: checksum.checksum_sha1,
        checksum_sha256: checksum.checksum_sha256,
        ..Default::default()
    };
    show_encryption!(output, encryption.as_ref());
    Ok(S3Response::new(output))
}

pub async fn complete_multipart_upload(
    buckets: &Buckets,
    request: AuthorizedRequest<CompleteMultipartUploadInput>,
) -> Answer<CompleteMultipartUploadOutput> {
    let AuthorizedRequest { input, bucket, caller, .. } = request;
    if customer_key!(input).is_sent() {
        let encryption = buckets.upload_encryption(&bucket.name, &input.key, &input.upload_id)?;
        check_part_key(encryption.as_ref(), customer_key!(input))?;
    }
    let listed = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
    let conditions = write_conditions(input.if_none_match, input.if_match)?;
    buckets.may_compare(&caller, &bucket, &input.key, &conditions)?;
    let declared = Checksum {
        checksum_crc32: input.checksum_crc32,
        checksum_crc32c: input.checksum_crc32c,
        checksum_crc64nvme: input.checksum_crc64nvme,
        checksum_sha1: input.checksum_sha1,
        checksum_sha256: input.checksum_sha256,
        checksum_type: None,
    };
    let checksum = buckets.check_declared(&bucket.name, &input.key, &input.upload_id, &listed, &declared).await?;
    let completion =
        Completion { parts: &listed, conditions: &conditions, expected_size: input.mpu_object_size, checksum };
    let version = buckets.complete_upload(&bucket, &input.key, &input.upload_id, completion)?;
    let checksum = version.attributes.checksum.clone().map(checksum_from_name).unwrap_or_default();
    let encryption = EncryptionHeaders::new(version.attributes.encryption.as_ref());
    let output = CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", bucket.name, input.key)),
        version_id: bucket.versioning.is_some().then_some(version.id),
        server_side_encryption: encryption.algorithm,
        ssekms_key_id: encryption.key,
        bucket_key_enabled: encryption.bucket_key,
        checksum_crc32: checksum.checksum_crc32,
        checksum_crc32c: checksum.checksum_crc32c,
        checksum_crc64nvme: checksum.checksum_crc64nvme,
        checksum_sha1: checksum.checksum_sha1,
        checksum_sha256: checksum.checksum_sha256,
        checksum_type: checksum.checksum_type,
        bucket: Some(bucket.name),
        key: Some(input.key),
        e_tag: Some(ETag::Strong(version.etag)),
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

pub fn abort_multipart_upload(
    buckets: &Buckets,
    request: AuthorizedRequest<AbortMultipartUploadInput>,
) -> Answer<AbortMultipartUploadOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    buckets.abort_upload(&bucket.name, &input.key, &input.upload_id)?;
    Ok(S3Response::with_status(AbortMultipartUploadOutput::default(), http::StatusCode::NO_CONTENT))
}
