//! The operations on buckets themselves: created, deleted, found, listed.

use s3s::dto::*;
use s3s::{S3Request, S3Response, s3_error};

use super::Buckets;
use super::acl::owner_of;
use super::api::Answer;
use super::bucket::{Bucket, CreateTags};
use super::wire::{decode_token, encode_token, timestamp};

pub fn create_bucket(buckets: &Buckets, req: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
    let tags = req.extensions.get::<CreateTags>().cloned().unwrap_or_default();
    let bucket = buckets.create(&req.input, tags)?;
    Ok(S3Response::new(CreateBucketOutput { location: Some(format!("/{}", bucket.name)) }))
}

pub fn delete_bucket(buckets: &Buckets, req: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
    let bucket =
        buckets.writable(&req.input.bucket, req.input.expected_bucket_owner.as_ref(), "s3:DeleteBucket", None)?;
    buckets.delete(&bucket)?;
    Ok(S3Response::with_status(DeleteBucketOutput::default(), http::StatusCode::NO_CONTENT))
}

pub fn head_bucket(buckets: &Buckets, req: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
    let bucket =
        buckets.readable(&req.input.bucket, req.input.expected_bucket_owner.as_ref(), "s3:ListBucket", Some(""))?;
    Ok(S3Response::new(HeadBucketOutput { bucket_region: Some(bucket.region), ..Default::default() }))
}

pub fn list_buckets(buckets: &Buckets, req: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
    let ListBucketsInput { bucket_region, continuation_token, max_buckets, prefix } = req.input;
    let after = continuation_token.as_deref().map(decode_token).transpose()?.unwrap_or_default();
    let limit = max_buckets.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    let start = prefix.clone().unwrap_or_default();
    let mut wanted = buckets.all()?.into_iter().filter(|bucket| {
        bucket.name > after
            && bucket.name.starts_with(&start)
            && bucket_region.as_ref().is_none_or(|region| *region == bucket.region)
    });
    let entry = |bucket: Bucket| s3s::dto::Bucket {
        name: Some(bucket.name),
        bucket_region: Some(bucket.region),
        creation_date: Some(timestamp(bucket.created)),
    };
    let shown: Vec<_> = wanted.by_ref().take(limit).map(entry).collect();
    let last = shown.last().and_then(|bucket| bucket.name.as_deref());
    let output = ListBucketsOutput {
        continuation_token: wanted.next().and(last).map(encode_token),
        owner: Some(owner_of(&buckets.account.id)),
        buckets: Some(shown),
        prefix,
    };
    Ok(S3Response::new(output))
}

pub fn get_bucket_location(
    buckets: &Buckets,
    req: S3Request<GetBucketLocationInput>,
) -> Answer<GetBucketLocationOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    let region = buckets.readable(&req.input.bucket, owner, "s3:GetBucketLocation", None)?.region;
    let location_constraint = (region != "us-east-1").then(|| BucketLocationConstraint::from(region));
    Ok(S3Response::new(GetBucketLocationOutput { location_constraint }))
}

pub fn get_bucket_replication(
    buckets: &Buckets,
    req: S3Request<GetBucketReplicationInput>,
) -> Answer<GetBucketReplicationOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    buckets.readable(&req.input.bucket, owner, "s3:GetReplicationConfiguration", None)?;
    Err(s3_error!(ReplicationConfigurationNotFoundError, "The replication configuration was not found"))
}

pub fn get_object_lock_configuration(
    buckets: &Buckets,
    req: S3Request<GetObjectLockConfigurationInput>,
) -> Answer<GetObjectLockConfigurationOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    buckets.readable(&req.input.bucket, owner, "s3:GetBucketObjectLockConfiguration", None)?;
    Err(s3_error!(ObjectLockConfigurationNotFoundError, "Object Lock configuration does not exist for this bucket"))
}
