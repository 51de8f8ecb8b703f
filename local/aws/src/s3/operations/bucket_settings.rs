//! Settings of buckets: policy, public access block, encryption, ownership, tags, versioning.

use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, s3_error};

use crate::iam::policy::{Kind, Policy};
use crate::s3::error::access_denied;
use crate::s3::record::bucket::{Encryption, PublicAccessBlock};
use crate::s3::record::encryption::bucket_default;
use crate::s3::request::{Answer, AuthorizedRequest};
use crate::s3::storage::buckets::Buckets;

pub fn delete_bucket_encryption(
    buckets: &Buckets,
    request: AuthorizedRequest<DeleteBucketEncryptionInput>,
) -> Answer<DeleteBucketEncryptionOutput> {
    buckets.update_bucket(&request.bucket.name, |bucket| {
        bucket.encryption = Encryption::default();
        Ok(())
    })?;
    Ok(S3Response::with_status(DeleteBucketEncryptionOutput::default(), http::StatusCode::NO_CONTENT))
}

pub fn delete_bucket_ownership_controls(
    buckets: &Buckets,
    request: AuthorizedRequest<DeleteBucketOwnershipControlsInput>,
) -> Answer<DeleteBucketOwnershipControlsOutput> {
    buckets.update_bucket(&request.bucket.name, |bucket| {
        bucket.ownership = None;
        Ok(())
    })?;
    Ok(S3Response::with_status(DeleteBucketOwnershipControlsOutput::default(), http::StatusCode::NO_CONTENT))
}

pub fn put_bucket_policy(
    buckets: &Buckets,
    request: AuthorizedRequest<PutBucketPolicyInput>,
) -> Answer<PutBucketPolicyOutput> {
    buckets.update_bucket(&request.bucket.name, |bucket| {
        let malformed = |reason: String| s3_error!(MalformedPolicy, "{reason}");
        let policy = Policy::parse(&request.input.policy, Kind::Resource).map_err(malformed)?;
        let arn = bucket.arn();
        if !policy.is_only_about(&arn) {
            return Err(s3_error!(MalformedPolicy, "Policy has invalid resource"));
        }
        if policy.is_public() && bucket.public_access_block.is_some_and(|block| block.block_policy) {
            return Err(s3_error!(
                AccessDenied,
                "public policies are blocked by the BlockPublicPolicy block public access setting."
            ));
        }
        bucket.policy = Some(request.input.policy.clone());
        Ok(())
    })?;
    Ok(S3Response::new(PutBucketPolicyOutput::default()))
}

pub fn get_bucket_policy_status(
    request: AuthorizedRequest<GetBucketPolicyStatusInput>,
) -> Answer<GetBucketPolicyStatusOutput> {
    let bucket = request.bucket;
    let absent = || s3_error!(NoSuchBucketPolicy, "The bucket policy does not exist");
    let policy = Policy::parse(&bucket.policy.ok_or_else(absent)?, Kind::Resource)
        .map_err(|reason| s3_error!(InternalError, "{reason}"))?;
    let status = PolicyStatus { is_public: Some(policy.is_public()) };
    Ok(S3Response::new(GetBucketPolicyStatusOutput { policy_status: Some(status) }))
}

pub fn get_bucket_policy(request: AuthorizedRequest<GetBucketPolicyInput>) -> Answer<GetBucketPolicyOutput> {
    let bucket = request.bucket;
    let absent = || s3_error!(NoSuchBucketPolicy, "The bucket policy does not exist");
    Ok(S3Response::new(GetBucketPolicyOutput { policy: Some(bucket.policy.ok_or_else(absent)?) }))
}

/// The account's own caller can always delete the policy: a deny must not lock its owner out for good.
pub fn delete_bucket_policy(
    buckets: &Buckets,
    req: S3Request<DeleteBucketPolicyInput>,
) -> Answer<DeleteBucketPolicyOutput> {
    let expected_owner = req.input.expected_bucket_owner;
    buckets.update_bucket(&req.input.bucket, |bucket| {
        if bucket.owner != buckets.account.id || expected_owner.is_some_and(|owner| owner != bucket.owner) {
            return Err(access_denied());
        }
        bucket.policy = None;
        Ok(())
    })?;
    Ok(S3Response::new(DeleteBucketPolicyOutput::default()))
}

pub fn put_public_access_block(
    buckets: &Buckets,
    request: AuthorizedRequest<PutPublicAccessBlockInput>,
) -> Answer<PutPublicAccessBlockOutput> {
    let wanted = &request.input.public_access_block_configuration;
    buckets.update_bucket(&request.bucket.name, |bucket| {
        bucket.public_access_block = Some(PublicAccessBlock {
            block_acls: wanted.block_public_acls.unwrap_or(false),
            ignore_acls: wanted.ignore_public_acls.unwrap_or(false),
            block_policy: wanted.block_public_policy.unwrap_or(false),
            restrict: wanted.restrict_public_buckets.unwrap_or(false),
        });
        Ok(())
    })?;
    Ok(S3Response::new(PutPublicAccessBlockOutput::default()))
}

pub fn delete_public_access_block(
    buckets: &Buckets,
    request: AuthorizedRequest<DeletePublicAccessBlockInput>,
) -> Answer<DeletePublicAccessBlockOutput> {
    buckets.update_bucket(&request.bucket.name, |bucket| {
        bucket.public_access_block = None;
        Ok(())
    })?;
    Ok(S3Response::with_status(DeletePublicAccessBlockOutput::default(), http::StatusCode::NO_CONTENT))
}

pub fn delete_bucket_tagging(
    buckets: &Buckets,
    request: AuthorizedRequest<DeleteBucketTaggingInput>,
) -> Answer<DeleteBucketTaggingOutput> {
    buckets.update_bucket(&request.bucket.name, |bucket| {
        bucket.tags.clear();
        Ok(())
    })?;
    Ok(S3Response::with_status(DeleteBucketTaggingOutput::default(), http::StatusCode::NO_CONTENT))
}

pub fn get_public_access_block(
    request: AuthorizedRequest<GetPublicAccessBlockInput>,
) -> Answer<GetPublicAccessBlockOutput> {
    let bucket = request.bucket;
    let code = S3ErrorCode::Custom("NoSuchPublicAccessBlockConfiguration".into());
    let Some(block) = bucket.public_access_block else {
        let mut absent = S3Error::with_message(code, "The public access block configuration was not found");
        absent.set_status_code(http::StatusCode::NOT_FOUND);
        return Err(absent);
    };
    let configuration = PublicAccessBlockConfiguration {
        block_public_acls: Some(block.block_acls),
        ignore_public_acls: Some(block.ignore_acls),
        block_public_policy: Some(block.block_policy),
        restrict_public_buckets: Some(block.restrict),
    };
    Ok(S3Response::new(GetPublicAccessBlockOutput { public_access_block_configuration: Some(configuration) }))
}

pub fn put_bucket_encryption(
    buckets: &Buckets,
    request: AuthorizedRequest<PutBucketEncryptionInput>,
) -> Answer<PutBucketEncryptionOutput> {
    buckets.update_bucket(&request.bucket.name, |bucket| {
        bucket.encryption = bucket_default(&request.input.server_side_encryption_configuration.rules)?;
        Ok(())
    })?;
    Ok(S3Response::new(PutBucketEncryptionOutput::default()))
}

pub fn get_bucket_encryption(
    request: AuthorizedRequest<GetBucketEncryptionInput>,
) -> Answer<GetBucketEncryptionOutput> {
    let encryption = request.bucket.encryption;
    let default = ServerSideEncryptionByDefault {
        sse_algorithm: ServerSideEncryption::from(encryption.algorithm),
        kms_master_key_id: encryption.key,
    };
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(default),
        bucket_key_enabled: Some(encryption.bucket_key),
    };
    let configuration = ServerSideEncryptionConfiguration { rules: vec![rule] };
    Ok(S3Response::new(GetBucketEncryptionOutput { server_side_encryption_configuration: Some(configuration) }))
}

pub fn put_bucket_ownership_controls(
    buckets: &Buckets,
    request: AuthorizedRequest<PutBucketOwnershipControlsInput>,
) -> Answer<PutBucketOwnershipControlsOutput> {
    buckets.update_bucket(&request.bucket.name, |bucket| {
        let rule = request.input.ownership_controls.rules.first();
        bucket.ownership = rule.map(|rule| rule.object_ownership.as_str().to_owned());
        Ok(())
    })?;
    Ok(S3Response::new(PutBucketOwnershipControlsOutput::default()))
}

pub fn get_bucket_ownership_controls(
    request: AuthorizedRequest<GetBucketOwnershipControlsInput>,
) -> Answer<GetBucketOwnershipControlsOutput> {
    let bucket = request.bucket;
    let absent = || s3_error!(OwnershipControlsNotFoundError, "The bucket ownership controls were not found");
    let object_ownership = ObjectOwnership::from(bucket.ownership.ok_or_else(absent)?);
    let controls = OwnershipControls { rules: vec![OwnershipControlsRule { object_ownership }] };
    Ok(S3Response::new(GetBucketOwnershipControlsOutput { ownership_controls: Some(controls) }))
}

pub fn put_bucket_tagging(
    buckets: &Buckets,
    request: AuthorizedRequest<PutBucketTaggingInput>,
) -> Answer<PutBucketTaggingOutput> {
    buckets.update_bucket(&request.bucket.name, |bucket| {
        let pair = |tag: &Tag| (tag.key.clone().unwrap_or_default(), tag.value.clone().unwrap_or_default());
        bucket.tags = request.input.tagging.tag_set.iter().map(pair).collect();
        Ok(())
    })?;
    Ok(S3Response::new(PutBucketTaggingOutput::default()))
}

pub fn get_bucket_tagging(request: AuthorizedRequest<GetBucketTaggingInput>) -> Answer<GetBucketTaggingOutput> {
    let bucket = request.bucket;
    if bucket.tags.is_empty() {
        return Err(s3_error!(NoSuchTagSet, "The TagSet does not exist"));
    }
    let tag = |(key, value): (String, String)| Tag { key: Some(key), value: Some(value) };
    Ok(S3Response::new(GetBucketTaggingOutput { tag_set: bucket.tags.into_iter().map(tag).collect() }))
}

pub fn put_bucket_versioning(
    buckets: &Buckets,
    request: AuthorizedRequest<PutBucketVersioningInput>,
) -> Answer<PutBucketVersioningOutput> {
    buckets.update_bucket(&request.bucket.name, |bucket| {
        let configuration = &request.input.versioning_configuration;
        if configuration.mfa_delete.as_ref().is_some_and(|mfa| mfa.as_str() != MFADelete::DISABLED) {
            return Err(s3_error!(NotImplemented, "the local S3 has no MFA delete"));
        }
        let absent = || s3_error!(IllegalVersioningConfigurationException, "The Versioning element must be specified");
        let status = configuration.status.as_ref().ok_or_else(absent)?.as_str();
        // Any other word would hide the versions that are there.
        if ![BucketVersioningStatus::ENABLED, BucketVersioningStatus::SUSPENDED].contains(&status) {
            return Err(s3_error!(
                MalformedXML,
                "The XML you provided was not well-formed or did not validate against our published schema"
            ));
        }
        bucket.versioning = Some(status.to_owned());
        Ok(())
    })?;
    Ok(S3Response::new(PutBucketVersioningOutput::default()))
}

pub fn get_bucket_versioning(
    request: AuthorizedRequest<GetBucketVersioningInput>,
) -> Answer<GetBucketVersioningOutput> {
    let status = request.bucket.versioning;
    Ok(S3Response::new(GetBucketVersioningOutput {
        mfa_delete: None,
        status: status.map(BucketVersioningStatus::from),
    }))
}
