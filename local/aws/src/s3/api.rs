//! The operations of S3 that the stand-in knows, as `s3s` names them: each is in the module of its group. What is not here
//! is refused as not implemented.

use s3s::dto::*;
use s3s::{S3, S3Request};

use super::operations::{
    acl, bucket_settings, buckets, copies, create_bucket, lists, objects, stored_configurations, tags, uploads,
};
use super::request::{Answer, authorized};
use super::storage::buckets::Buckets;

#[async_trait::async_trait]
impl S3 for Buckets {
    // Buckets.

    async fn create_bucket(&self, req: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        create_bucket::create_bucket(self, req)
    }

    async fn delete_bucket(&self, req: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
        buckets::delete_bucket(self, authorized(req)?)
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        buckets::head_bucket(authorized(req)?)
    }

    async fn list_buckets(&self, req: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
        buckets::list_buckets(self, req)
    }

    async fn get_bucket_location(&self, req: S3Request<GetBucketLocationInput>) -> Answer<GetBucketLocationOutput> {
        buckets::get_bucket_location(authorized(req)?)
    }

    async fn get_bucket_replication(
        &self,
        req: S3Request<GetBucketReplicationInput>,
    ) -> Answer<GetBucketReplicationOutput> {
        buckets::get_bucket_replication(authorized(req)?)
    }

    async fn get_object_lock_configuration(
        &self,
        req: S3Request<GetObjectLockConfigurationInput>,
    ) -> Answer<GetObjectLockConfigurationOutput> {
        buckets::get_object_lock_configuration(authorized(req)?)
    }

    // Settings of buckets.

    async fn put_bucket_policy(&self, req: S3Request<PutBucketPolicyInput>) -> Answer<PutBucketPolicyOutput> {
        bucket_settings::put_bucket_policy(self, authorized(req)?)
    }

    async fn get_bucket_policy_status(
        &self,
        req: S3Request<GetBucketPolicyStatusInput>,
    ) -> Answer<GetBucketPolicyStatusOutput> {
        bucket_settings::get_bucket_policy_status(authorized(req)?)
    }

    async fn get_bucket_policy(&self, req: S3Request<GetBucketPolicyInput>) -> Answer<GetBucketPolicyOutput> {
        bucket_settings::get_bucket_policy(authorized(req)?)
    }

    async fn delete_bucket_policy(&self, req: S3Request<DeleteBucketPolicyInput>) -> Answer<DeleteBucketPolicyOutput> {
        bucket_settings::delete_bucket_policy(self, req)
    }

    async fn put_public_access_block(
        &self,
        req: S3Request<PutPublicAccessBlockInput>,
    ) -> Answer<PutPublicAccessBlockOutput> {
        bucket_settings::put_public_access_block(self, authorized(req)?)
    }

    async fn get_public_access_block(
        &self,
        req: S3Request<GetPublicAccessBlockInput>,
    ) -> Answer<GetPublicAccessBlockOutput> {
        bucket_settings::get_public_access_block(authorized(req)?)
    }

    async fn delete_public_access_block(
        &self,
        req: S3Request<DeletePublicAccessBlockInput>,
    ) -> Answer<DeletePublicAccessBlockOutput> {
        bucket_settings::delete_public_access_block(self, authorized(req)?)
    }

    async fn delete_bucket_tagging(
        &self,
        req: S3Request<DeleteBucketTaggingInput>,
    ) -> Answer<DeleteBucketTaggingOutput> {
        bucket_settings::delete_bucket_tagging(self, authorized(req)?)
    }

    async fn put_bucket_encryption(
        &self,
        req: S3Request<PutBucketEncryptionInput>,
    ) -> Answer<PutBucketEncryptionOutput> {
        bucket_settings::put_bucket_encryption(self, authorized(req)?)
    }

    async fn get_bucket_encryption(
        &self,
        req: S3Request<GetBucketEncryptionInput>,
    ) -> Answer<GetBucketEncryptionOutput> {
        bucket_settings::get_bucket_encryption(authorized(req)?)
    }

    async fn put_bucket_ownership_controls(
        &self,
        req: S3Request<PutBucketOwnershipControlsInput>,
    ) -> Answer<PutBucketOwnershipControlsOutput> {
        bucket_settings::put_bucket_ownership_controls(self, authorized(req)?)
    }

    async fn get_bucket_ownership_controls(
        &self,
        req: S3Request<GetBucketOwnershipControlsInput>,
    ) -> Answer<GetBucketOwnershipControlsOutput> {
        bucket_settings::get_bucket_ownership_controls(authorized(req)?)
    }

    async fn put_bucket_tagging(&self, req: S3Request<PutBucketTaggingInput>) -> Answer<PutBucketTaggingOutput> {
        bucket_settings::put_bucket_tagging(self, authorized(req)?)
    }

    async fn get_bucket_tagging(&self, req: S3Request<GetBucketTaggingInput>) -> Answer<GetBucketTaggingOutput> {
        bucket_settings::get_bucket_tagging(authorized(req)?)
    }

    async fn put_bucket_versioning(
        &self,
        req: S3Request<PutBucketVersioningInput>,
    ) -> Answer<PutBucketVersioningOutput> {
        bucket_settings::put_bucket_versioning(self, authorized(req)?)
    }

    async fn get_bucket_versioning(
        &self,
        req: S3Request<GetBucketVersioningInput>,
    ) -> Answer<GetBucketVersioningOutput> {
        bucket_settings::get_bucket_versioning(authorized(req)?)
    }

    async fn delete_bucket_encryption(
        &self,
        req: S3Request<DeleteBucketEncryptionInput>,
    ) -> Answer<DeleteBucketEncryptionOutput> {
        bucket_settings::delete_bucket_encryption(self, authorized(req)?)
    }

    async fn delete_bucket_ownership_controls(
        &self,
        req: S3Request<DeleteBucketOwnershipControlsInput>,
    ) -> Answer<DeleteBucketOwnershipControlsOutput> {
        bucket_settings::delete_bucket_ownership_controls(self, authorized(req)?)
    }

    // Configurations that are stored and have no effect.

    async fn put_bucket_lifecycle_configuration(
        &self,
        req: S3Request<PutBucketLifecycleConfigurationInput>,
    ) -> Answer<PutBucketLifecycleConfigurationOutput> {
        stored_configurations::put_bucket_lifecycle_configuration(self, req)
    }

    async fn get_bucket_lifecycle_configuration(
        &self,
        req: S3Request<GetBucketLifecycleConfigurationInput>,
    ) -> Answer<GetBucketLifecycleConfigurationOutput> {
        stored_configurations::get_bucket_lifecycle_configuration(authorized(req)?)
    }

    async fn delete_bucket_lifecycle(
        &self,
        req: S3Request<DeleteBucketLifecycleInput>,
    ) -> Answer<DeleteBucketLifecycleOutput> {
        stored_configurations::delete_bucket_lifecycle(self, authorized(req)?)
    }

    async fn put_bucket_cors(&self, req: S3Request<PutBucketCorsInput>) -> Answer<PutBucketCorsOutput> {
        stored_configurations::put_bucket_cors(self, authorized(req)?)
    }

    async fn get_bucket_cors(&self, req: S3Request<GetBucketCorsInput>) -> Answer<GetBucketCorsOutput> {
        stored_configurations::get_bucket_cors(authorized(req)?)
    }

    async fn delete_bucket_cors(&self, req: S3Request<DeleteBucketCorsInput>) -> Answer<DeleteBucketCorsOutput> {
        stored_configurations::delete_bucket_cors(self, authorized(req)?)
    }

    async fn put_bucket_website(&self, req: S3Request<PutBucketWebsiteInput>) -> Answer<PutBucketWebsiteOutput> {
        stored_configurations::put_bucket_website(self, authorized(req)?)
    }

    async fn get_bucket_website(&self, req: S3Request<GetBucketWebsiteInput>) -> Answer<GetBucketWebsiteOutput> {
        stored_configurations::get_bucket_website(authorized(req)?)
    }

    async fn delete_bucket_website(
        &self,
        req: S3Request<DeleteBucketWebsiteInput>,
    ) -> Answer<DeleteBucketWebsiteOutput> {
        stored_configurations::delete_bucket_website(self, authorized(req)?)
    }

    async fn put_bucket_logging(&self, req: S3Request<PutBucketLoggingInput>) -> Answer<PutBucketLoggingOutput> {
        stored_configurations::put_bucket_logging(self, authorized(req)?)
    }

    async fn get_bucket_logging(&self, req: S3Request<GetBucketLoggingInput>) -> Answer<GetBucketLoggingOutput> {
        stored_configurations::get_bucket_logging(authorized(req)?)
    }

    async fn put_bucket_notification_configuration(
        &self,
        req: S3Request<PutBucketNotificationConfigurationInput>,
    ) -> Answer<PutBucketNotificationConfigurationOutput> {
        stored_configurations::put_bucket_notification_configuration(self, authorized(req)?)
    }

    async fn get_bucket_notification_configuration(
        &self,
        req: S3Request<GetBucketNotificationConfigurationInput>,
    ) -> Answer<GetBucketNotificationConfigurationOutput> {
        stored_configurations::get_bucket_notification_configuration(authorized(req)?)
    }

    async fn put_bucket_accelerate_configuration(
        &self,
        req: S3Request<PutBucketAccelerateConfigurationInput>,
    ) -> Answer<PutBucketAccelerateConfigurationOutput> {
        stored_configurations::put_bucket_accelerate_configuration(self, authorized(req)?)
    }

    async fn get_bucket_accelerate_configuration(
        &self,
        req: S3Request<GetBucketAccelerateConfigurationInput>,
    ) -> Answer<GetBucketAccelerateConfigurationOutput> {
        stored_configurations::get_bucket_accelerate_configuration(authorized(req)?)
    }

    async fn put_bucket_request_payment(
        &self,
        req: S3Request<PutBucketRequestPaymentInput>,
    ) -> Answer<PutBucketRequestPaymentOutput> {
        stored_configurations::put_bucket_request_payment(self, authorized(req)?)
    }

    async fn get_bucket_request_payment(
        &self,
        req: S3Request<GetBucketRequestPaymentInput>,
    ) -> Answer<GetBucketRequestPaymentOutput> {
        stored_configurations::get_bucket_request_payment(authorized(req)?)
    }

    // Access control lists.

    async fn get_bucket_acl(&self, req: S3Request<GetBucketAclInput>) -> Answer<GetBucketAclOutput> {
        acl::get_bucket_acl(authorized(req)?)
    }

    async fn put_bucket_acl(&self, req: S3Request<PutBucketAclInput>) -> Answer<PutBucketAclOutput> {
        acl::put_bucket_acl(authorized(req)?)
    }

    async fn get_object_acl(&self, req: S3Request<GetObjectAclInput>) -> Answer<GetObjectAclOutput> {
        acl::get_object_acl(self, authorized(req)?)
    }

    async fn put_object_acl(&self, req: S3Request<PutObjectAclInput>) -> Answer<PutObjectAclOutput> {
        acl::put_object_acl(self, authorized(req)?)
    }

    // Objects.

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        objects::put_object(self, authorized(req)?).await
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        objects::get_object(self, authorized(req)?).await
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        objects::head_object(self, authorized(req)?).await
    }

    async fn get_object_attributes(
        &self,
        req: S3Request<GetObjectAttributesInput>,
    ) -> Answer<GetObjectAttributesOutput> {
        objects::get_object_attributes(self, authorized(req)?).await
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        objects::delete_object(self, authorized(req)?)
    }

    async fn delete_objects(&self, req: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
        objects::delete_objects(self, req)
    }

    // Tags of objects.

    async fn get_object_tagging(&self, req: S3Request<GetObjectTaggingInput>) -> Answer<GetObjectTaggingOutput> {
        tags::get_object_tagging(self, authorized(req)?)
    }

    async fn put_object_tagging(&self, req: S3Request<PutObjectTaggingInput>) -> Answer<PutObjectTaggingOutput> {
        tags::put_object_tagging(self, authorized(req)?)
    }

    async fn delete_object_tagging(
        &self,
        req: S3Request<DeleteObjectTaggingInput>,
    ) -> Answer<DeleteObjectTaggingOutput> {
        tags::delete_object_tagging(self, authorized(req)?)
    }

    // Copies.

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        copies::copy_object(self, authorized(req)?).await
    }

    async fn upload_part_copy(&self, req: S3Request<UploadPartCopyInput>) -> Answer<UploadPartCopyOutput> {
        copies::upload_part_copy(self, authorized(req)?).await
    }

    // Uploads in parts.

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        uploads::create_multipart_upload(self, authorized(req)?)
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        uploads::upload_part(self, authorized(req)?).await
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        uploads::complete_multipart_upload(self, authorized(req)?).await
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        uploads::abort_multipart_upload(self, authorized(req)?)
    }

    // Lists.

    async fn list_objects(&self, req: S3Request<ListObjectsInput>) -> Answer<ListObjectsOutput> {
        lists::list_objects(self, authorized(req)?)
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        lists::list_objects_v2(self, authorized(req)?)
    }

    async fn list_object_versions(&self, req: S3Request<ListObjectVersionsInput>) -> Answer<ListObjectVersionsOutput> {
        lists::list_object_versions(self, authorized(req)?)
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
        lists::list_parts(self, authorized(req)?)
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        lists::list_multipart_uploads(self, authorized(req)?)
    }
}
