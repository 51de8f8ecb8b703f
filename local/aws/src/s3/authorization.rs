//! Authorization of requests: which access each operation needs, in one table, checked before the operation runs.

use s3s::access::S3Access;
use s3s::dto::*;
use s3s::{S3Request, S3Result};

use super::access::{RequiredAccess, by_version, delete_action, read, write};
use super::operations::acl::requested_acl;
use super::request::{OpenedBucket, caller};
use super::storage::buckets::Buckets;

/// Checks the access of each request, and leaves the bucket in its extensions.
pub struct Authorizer(pub Buckets);

/// Implements `S3Access` by a table: an operation, its input, and the access that it needs.
macro_rules! access_table {
    ($($operation:ident($Input:ident): $required:expr;)*) => {
        #[async_trait::async_trait]
        impl S3Access for Authorizer {
            $(async fn $operation(&self, request: &mut S3Request<$Input>) -> S3Result<()> {
                let required: fn(&$Input) -> RequiredAccess<'_> = $required;
                let (caller, input) = (caller(&request.extensions)?, &request.input);
                let owner = input.expected_bucket_owner.as_deref();
                let bucket = self.0.authorize(&caller.identity, &input.bucket, owner, &required(input))?;
                request.extensions.insert(OpenedBucket(bucket));
                Ok(())
            })*
        }
    };
}

// Five operations are not in the table. No bucket's policy decides on CreateBucket and ListBuckets: the endpoint checks
// them. DeleteObjects needs access to each of its keys, PutBucketLifecycleConfiguration is refused for its rules first,
// and DeleteBucketPolicy is always the owner's.
access_table! {
    delete_bucket(DeleteBucketInput): |_| write("s3:DeleteBucket");
    head_bucket(HeadBucketInput): |_| read("s3:ListBucket").on("");
    get_bucket_location(GetBucketLocationInput): |_| read("s3:GetBucketLocation");
    get_bucket_replication(GetBucketReplicationInput): |_| read("s3:GetReplicationConfiguration");
    get_object_lock_configuration(GetObjectLockConfigurationInput): |_| read("s3:GetBucketObjectLockConfiguration");

    put_bucket_policy(PutBucketPolicyInput): |_| write("s3:PutBucketPolicy");
    get_bucket_policy(GetBucketPolicyInput): |_| read("s3:GetBucketPolicy");
    get_bucket_policy_status(GetBucketPolicyStatusInput): |_| read("s3:GetBucketPolicyStatus");
    put_public_access_block(PutPublicAccessBlockInput): |_| write("s3:PutBucketPublicAccessBlock");
    get_public_access_block(GetPublicAccessBlockInput): |_| read("s3:GetBucketPublicAccessBlock");
    delete_public_access_block(DeletePublicAccessBlockInput): |_| write("s3:PutBucketPublicAccessBlock");
    put_bucket_encryption(PutBucketEncryptionInput): |_| write("s3:PutEncryptionConfiguration");
    get_bucket_encryption(GetBucketEncryptionInput): |_| read("s3:GetEncryptionConfiguration");
    delete_bucket_encryption(DeleteBucketEncryptionInput): |_| write("s3:PutEncryptionConfiguration");
    put_bucket_ownership_controls(PutBucketOwnershipControlsInput): |_| write("s3:PutBucketOwnershipControls");
    get_bucket_ownership_controls(GetBucketOwnershipControlsInput): |_| read("s3:GetBucketOwnershipControls");
    delete_bucket_ownership_controls(DeleteBucketOwnershipControlsInput): |_| write("s3:PutBucketOwnershipControls");
    put_bucket_tagging(PutBucketTaggingInput): |_| write("s3:PutBucketTagging");
    get_bucket_tagging(GetBucketTaggingInput): |_| read("s3:GetBucketTagging");
    delete_bucket_tagging(DeleteBucketTaggingInput): |_| write("s3:PutBucketTagging");
    put_bucket_versioning(PutBucketVersioningInput): |_| write("s3:PutBucketVersioning");
    get_bucket_versioning(GetBucketVersioningInput): |_| read("s3:GetBucketVersioning");

    get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput): |_| read("s3:GetLifecycleConfiguration");
    delete_bucket_lifecycle(DeleteBucketLifecycleInput): |_| write("s3:PutLifecycleConfiguration");
    put_bucket_cors(PutBucketCorsInput): |_| write("s3:PutBucketCORS");
    get_bucket_cors(GetBucketCorsInput): |_| read("s3:GetBucketCORS");
    delete_bucket_cors(DeleteBucketCorsInput): |_| write("s3:PutBucketCORS");
    put_bucket_website(PutBucketWebsiteInput): |_| write("s3:PutBucketWebsite");
    get_bucket_website(GetBucketWebsiteInput): |_| read("s3:GetBucketWebsite");
    delete_bucket_website(DeleteBucketWebsiteInput): |_| write("s3:PutBucketWebsite");
    put_bucket_logging(PutBucketLoggingInput): |_| write("s3:PutBucketLogging");
    get_bucket_logging(GetBucketLoggingInput): |_| read("s3:GetBucketLogging");
    put_bucket_notification_configuration(PutBucketNotificationConfigurationInput):
        |_| write("s3:PutBucketNotification");
    get_bucket_notification_configuration(GetBucketNotificationConfigurationInput):
        |_| read("s3:GetBucketNotification");
    put_bucket_accelerate_configuration(PutBucketAccelerateConfigurationInput):
        |_| write("s3:PutAccelerateConfiguration");
    get_bucket_accelerate_configuration(GetBucketAccelerateConfigurationInput):
        |_| read("s3:GetAccelerateConfiguration");
    put_bucket_request_payment(PutBucketRequestPaymentInput): |_| write("s3:PutBucketRequestPayment");
    get_bucket_request_payment(GetBucketRequestPaymentInput): |_| read("s3:GetBucketRequestPayment");

    put_bucket_acl(PutBucketAclInput): |_| write("s3:PutBucketAcl");
    get_bucket_acl(GetBucketAclInput): |_| read("s3:GetBucketAcl");
    put_object_acl(PutObjectAclInput): |input| {
        write(by_version(input.version_id.as_ref(), "s3:PutObjectAcl", "s3:PutObjectVersionAcl")).on(&input.key)
    };
    get_object_acl(GetObjectAclInput): |input| {
        read(by_version(input.version_id.as_ref(), "s3:GetObjectAcl", "s3:GetObjectVersionAcl")).on(&input.key)
    };

    put_object(PutObjectInput): |input| {
        write("s3:PutObject")
            .on(&input.key)
            .and(input.tagging.is_some(), "s3:PutObjectTagging")
            .and(requested_acl!(input).is_named(), "s3:PutObjectAcl")
    };
    get_object(GetObjectInput): |input| {
        read(by_version(input.version_id.as_ref(), "s3:GetObject", "s3:GetObjectVersion")).on(&input.key)
    };
    head_object(HeadObjectInput): |input| read("s3:GetObject").on(&input.key);
    get_object_attributes(GetObjectAttributesInput): |input| {
        read(by_version(input.version_id.as_ref(), "s3:GetObject", "s3:GetObjectVersion")).on(&input.key)
    };
    delete_object(DeleteObjectInput): |input| write(delete_action(input.version_id.as_ref())).on(&input.key);

    put_object_tagging(PutObjectTaggingInput): |input| {
        let version = input.version_id.as_ref();
        write(by_version(version, "s3:PutObjectTagging", "s3:PutObjectVersionTagging")).on(&input.key)
    };
    get_object_tagging(GetObjectTaggingInput): |input| {
        let version = input.version_id.as_ref();
        read(by_version(version, "s3:GetObjectTagging", "s3:GetObjectVersionTagging")).on(&input.key)
    };
    delete_object_tagging(DeleteObjectTaggingInput): |input| {
        let version = input.version_id.as_ref();
        write(by_version(version, "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging")).on(&input.key)
    };

    // The source is opened when it is copied.
    copy_object(CopyObjectInput): |input| {
        write("s3:PutObject")
            .on(&input.key)
            .and(input.tagging.is_some(), "s3:PutObjectTagging")
            .and(requested_acl!(input).is_named(), "s3:PutObjectAcl")
    };
    upload_part_copy(UploadPartCopyInput): |input| write("s3:PutObject").on(&input.key);

    create_multipart_upload(CreateMultipartUploadInput): |input| {
        write("s3:PutObject")
            .on(&input.key)
            .and(input.tagging.is_some(), "s3:PutObjectTagging")
            .and(requested_acl!(input).is_named(), "s3:PutObjectAcl")
    };
    upload_part(UploadPartInput): |input| write("s3:PutObject").on(&input.key);
    complete_multipart_upload(CompleteMultipartUploadInput): |input| write("s3:PutObject").on(&input.key);
    abort_multipart_upload(AbortMultipartUploadInput): |input| write("s3:AbortMultipartUpload").on(&input.key);

    list_objects(ListObjectsInput): |input| read("s3:ListBucket").on(input.prefix.as_deref().unwrap_or_default());
    list_objects_v2(ListObjectsV2Input): |input| read("s3:ListBucket").on(input.prefix.as_deref().unwrap_or_default());
    list_object_versions(ListObjectVersionsInput): |input| {
        read("s3:ListBucketVersions").on(input.prefix.as_deref().unwrap_or_default())
    };
    list_parts(ListPartsInput): |input| read("s3:ListMultipartUploadParts").on(&input.key);
    list_multipart_uploads(ListMultipartUploadsInput): |_| read("s3:ListBucketMultipartUploads");
}

#[cfg(test)]
mod tests;
