//! The operations on buckets themselves: deleted, found, listed.

use s3s::dto::*;
use s3s::{S3Request, S3Response, s3_error};

use super::acl::owner_of;
use super::wire::{decode_token, encode_token, timestamp};
use crate::s3::record::bucket::Bucket;
use crate::s3::request::{Answer, AuthorizedRequest};
use crate::s3::storage::buckets::Buckets;

pub fn delete_bucket(buckets: &Buckets, request: AuthorizedRequest<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
    buckets.delete(&request.bucket)?;
    Ok(S3Response::with_status(DeleteBucketOutput::default(), http::StatusCode::NO_CONTENT))
}

pub fn head_bucket(request: AuthorizedRequest<HeadBucketInput>) -> Answer<HeadBucketOutput> {
    Ok(S3Response::new(HeadBucketOutput { bucket_region: Some(request.bucket.region), ..Default::default() }))
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

pub fn get_bucket_location(request: AuthorizedRequest<GetBucketLocationInput>) -> Answer<GetBucketLocationOutput> {
    let region = request.bucket.region;
    let location_constraint = (region != "us-east-1").then(|| BucketLocationConstraint::from(region));
    Ok(S3Response::new(GetBucketLocationOutput { location_constraint }))
}

pub fn get_bucket_replication(_: AuthorizedRequest<GetBucketReplicationInput>) -> Answer<GetBucketReplicationOutput> {
    Err(s3_error!(ReplicationConfigurationNotFoundError, "The replication configuration was not found"))
}

pub fn get_object_lock_configuration(
    _: AuthorizedRequest<GetObjectLockConfigurationInput>,
) -> Answer<GetObjectLockConfigurationOutput> {
    Err(s3_error!(ObjectLockConfigurationNotFoundError, "Object Lock configuration does not exist for this bucket"))
}
