//! What is set on a bucket: policy, public access block, encryption, ownership, tags, versioning.

use s3s::dto::*;
use s3s::{S3Response, S3Result, s3_error};

use super::Buckets;
use super::api::Answer;
use super::bucket::{Bucket, Encryption, PublicAccessBlock};
use super::encryption::bucket_default;
use crate::iam::policy::{Kind, Policy};

impl Buckets {
    pub fn settings(&self, name: &str, owner: Option<&str>, action: &str) -> S3Result<Bucket> {
        self.open(&self.caller, name, owner, action, None)
    }

    pub fn set(
        &self,
        name: &str,
        owner: Option<&str>,
        action: &str,
        change: impl FnOnce(&mut Bucket) -> S3Result<()>,
    ) -> S3Result<()> {
        let _guard = self.store.change();
        let mut bucket = self.settings(name, owner, action)?;
        change(&mut bucket)?;
        self.save(&bucket)
    }

    pub fn delete_encryption(&self, input: &DeleteBucketEncryptionInput) -> Answer<DeleteBucketEncryptionOutput> {
        let owner = input.expected_bucket_owner.as_deref();
        self.set(&input.bucket, owner, "s3:PutEncryptionConfiguration", |bucket| {
            bucket.encryption = Encryption::default();
            Ok(())
        })?;
        Ok(S3Response::with_status(DeleteBucketEncryptionOutput::default(), http::StatusCode::NO_CONTENT))
    }

    pub fn delete_ownership(
        &self,
        input: &DeleteBucketOwnershipControlsInput,
    ) -> Answer<DeleteBucketOwnershipControlsOutput> {
        let owner = input.expected_bucket_owner.as_deref();
        self.set(&input.bucket, owner, "s3:PutBucketOwnershipControls", |bucket| {
            bucket.ownership = None;
            Ok(())
        })?;
        Ok(S3Response::with_status(DeleteBucketOwnershipControlsOutput::default(), http::StatusCode::NO_CONTENT))
    }

    pub fn put_policy(&self, input: &PutBucketPolicyInput) -> Answer<PutBucketPolicyOutput> {
        let owner = input.expected_bucket_owner.as_deref();
        self.set(&input.bucket, owner, "s3:PutBucketPolicy", |bucket| {
            let malformed = |reason: String| s3_error!(MalformedPolicy, "{reason}");
            let policy = Policy::parse(&input.policy, Kind::Resource).map_err(malformed)?;
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
            bucket.policy = Some(input.policy.clone());
            Ok(())
        })?;
        Ok(S3Response::new(PutBucketPolicyOutput::default()))
    }

    pub fn get_policy_status(&self, input: &GetBucketPolicyStatusInput) -> Answer<GetBucketPolicyStatusOutput> {
        let owner = input.expected_bucket_owner.as_deref();
        let bucket = self.settings(&input.bucket, owner, "s3:GetBucketPolicyStatus")?;
        let absent = || s3_error!(NoSuchBucketPolicy, "The bucket policy does not exist");
        let policy = Policy::parse(&bucket.policy.ok_or_else(absent)?, Kind::Resource)
            .map_err(|reason| s3_error!(InternalError, "{reason}"))?;
        let status = PolicyStatus { is_public: Some(policy.is_public()) };
        Ok(S3Response::new(GetBucketPolicyStatusOutput { policy_status: Some(status) }))
    }

    pub fn get_policy(&self, input: &GetBucketPolicyInput) -> Answer<GetBucketPolicyOutput> {
        let bucket = self.settings(&input.bucket, input.expected_bucket_owner.as_deref(), "s3:GetBucketPolicy")?;
        let absent = || s3_error!(NoSuchBucketPolicy, "The bucket policy does not exist");
        Ok(S3Response::new(GetBucketPolicyOutput { policy: Some(bucket.policy.ok_or_else(absent)?) }))
    }

    /// The account's own caller can always delete the policy: a deny must not lock its owner out for good.
    pub fn delete_policy(&self, input: &DeleteBucketPolicyInput) -> Answer<DeleteBucketPolicyOutput> {
        let _guard = self.store.change();
        let mut bucket = self.bucket(&input.bucket)?;
        if bucket.owner != self.account.id
            || input.expected_bucket_owner.as_ref().is_some_and(|owner| *owner != bucket.owner)
        {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        bucket.policy = None;
        self.save(&bucket)?;
        Ok(S3Response::new(DeleteBucketPolicyOutput::default()))
    }

    pub fn put_block(&self, input: &PutPublicAccessBlockInput) -> Answer<PutPublicAccessBlockOutput> {
        let wanted = &input.public_access_block_configuration;
        let owner = input.expected_bucket_owner.as_deref();
        self.set(&input.bucket, owner, "s3:PutBucketPublicAccessBlock", |bucket| {
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

    pub fn delete_block(&self, input: &DeletePublicAccessBlockInput) -> Answer<DeletePublicAccessBlockOutput> {
        self.set(&input.bucket, input.expected_bucket_owner.as_deref(), "s3:PutBucketPublicAccessBlock", |bucket| {
            bucket.public_access_block = None;
            Ok(())
        })?;
        Ok(S3Response::with_status(DeletePublicAccessBlockOutput::default(), http::StatusCode::NO_CONTENT))
    }

    pub fn delete_tags(&self, input: &DeleteBucketTaggingInput) -> Answer<DeleteBucketTaggingOutput> {
        self.set(&input.bucket, input.expected_bucket_owner.as_deref(), "s3:PutBucketTagging", |bucket| {
            bucket.tags.clear();
            Ok(())
        })?;
        Ok(S3Response::with_status(DeleteBucketTaggingOutput::default(), http::StatusCode::NO_CONTENT))
    }

    pub fn get_block(&self, input: &GetPublicAccessBlockInput) -> Answer<GetPublicAccessBlockOutput> {
        let owner = input.expected_bucket_owner.as_deref();
        let bucket = self.settings(&input.bucket, owner, "s3:GetBucketPublicAccessBlock")?;
        let code = s3s::S3ErrorCode::Custom("NoSuchPublicAccessBlockConfiguration".into());
        let Some(block) = bucket.public_access_block else {
            let mut absent = s3s::S3Error::with_message(code, "The public access block configuration was not found");
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

    pub fn put_encryption(&self, input: &PutBucketEncryptionInput) -> Answer<PutBucketEncryptionOutput> {
        let owner = input.expected_bucket_owner.as_deref();
        self.set(&input.bucket, owner, "s3:PutEncryptionConfiguration", |bucket| {
            bucket.encryption = bucket_default(&input.server_side_encryption_configuration.rules)?;
            Ok(())
        })?;
        Ok(S3Response::new(PutBucketEncryptionOutput::default()))
    }

    pub fn get_encryption(&self, input: &GetBucketEncryptionInput) -> Answer<GetBucketEncryptionOutput> {
        let owner = input.expected_bucket_owner.as_deref();
        let encryption = self.settings(&input.bucket, owner, "s3:GetEncryptionConfiguration")?.encryption;
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

    pub fn put_ownership(&self, input: &PutBucketOwnershipControlsInput) -> Answer<PutBucketOwnershipControlsOutput> {
        let owner = input.expected_bucket_owner.as_deref();
        self.set(&input.bucket, owner, "s3:PutBucketOwnershipControls", |bucket| {
            let rule = input.ownership_controls.rules.first();
            bucket.ownership = rule.map(|rule| rule.object_ownership.as_str().to_owned());
            Ok(())
        })?;
        Ok(S3Response::new(PutBucketOwnershipControlsOutput::default()))
    }

    pub fn get_ownership(&self, input: &GetBucketOwnershipControlsInput) -> Answer<GetBucketOwnershipControlsOutput> {
        let owner = input.expected_bucket_owner.as_deref();
        let bucket = self.settings(&input.bucket, owner, "s3:GetBucketOwnershipControls")?;
        let absent = || s3_error!(OwnershipControlsNotFoundError, "The bucket ownership controls were not found");
        let object_ownership = ObjectOwnership::from(bucket.ownership.ok_or_else(absent)?);
        let controls = OwnershipControls { rules: vec![OwnershipControlsRule { object_ownership }] };
        Ok(S3Response::new(GetBucketOwnershipControlsOutput { ownership_controls: Some(controls) }))
    }

    pub fn put_tags(&self, input: &PutBucketTaggingInput) -> Answer<PutBucketTaggingOutput> {
        let owner = input.expected_bucket_owner.as_deref();
        self.set(&input.bucket, owner, "s3:PutBucketTagging", |bucket| {
            let pair = |tag: &Tag| (tag.key.clone().unwrap_or_default(), tag.value.clone().unwrap_or_default());
            bucket.tags = input.tagging.tag_set.iter().map(pair).collect();
            Ok(())
        })?;
        Ok(S3Response::new(PutBucketTaggingOutput::default()))
    }

    pub fn get_tags(&self, input: &GetBucketTaggingInput) -> Answer<GetBucketTaggingOutput> {
        let bucket = self.settings(&input.bucket, input.expected_bucket_owner.as_deref(), "s3:GetBucketTagging")?;
        if bucket.tags.is_empty() {
            return Err(s3_error!(NoSuchTagSet, "The TagSet does not exist"));
        }
        let tag = |(key, value): (String, String)| Tag { key: Some(key), value: Some(value) };
        Ok(S3Response::new(GetBucketTaggingOutput { tag_set: bucket.tags.into_iter().map(tag).collect() }))
    }

    pub fn put_versioning(&self, input: &PutBucketVersioningInput) -> Answer<PutBucketVersioningOutput> {
        let owner = input.expected_bucket_owner.as_deref();
        self.set(&input.bucket, owner, "s3:PutBucketVersioning", |bucket| {
            let configuration = &input.versioning_configuration;
            if configuration.mfa_delete.as_ref().is_some_and(|mfa| mfa.as_str() != MFADelete::DISABLED) {
                return Err(s3_error!(NotImplemented, "the local S3 has no MFA delete"));
            }
            let absent =
                || s3_error!(IllegalVersioningConfigurationException, "The Versioning element must be specified");
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

    pub fn get_versioning(&self, input: &GetBucketVersioningInput) -> Answer<GetBucketVersioningOutput> {
        let owner = input.expected_bucket_owner.as_deref();
        let status = self.settings(&input.bucket, owner, "s3:GetBucketVersioning")?.versioning;
        Ok(S3Response::new(GetBucketVersioningOutput {
            mfa_delete: None,
            status: status.map(BucketVersioningStatus::from),
        }))
    }
}
