//! The operations of S3 that the stand-in knows, as `s3s` names them: each is in the module of its group. What is not here
//! is refused as not implemented.

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result};

use super::{
    Buckets, acl, bucket_operations, copy_operations, list_operations, object_operations, stored_configurations,
    tag_operations, upload_operations,
};

pub type Answer<T> = S3Result<S3Response<T>>;

#[async_trait::async_trait]
impl S3 for Buckets {
    // Buckets.

    async fn create_bucket(&self, req: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        bucket_operations::create_bucket(self, req)
    }

    async fn delete_bucket(&self, req: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
        bucket_operations::delete_bucket(self, req)
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        bucket_operations::head_bucket(self, req)
    }

    async fn list_buckets(&self, req: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
        bucket_operations::list_buckets(self, req)
    }

    async fn get_bucket_location(&self, req: S3Request<GetBucketLocationInput>) -> Answer<GetBucketLocationOutput> {
        bucket_operations::get_bucket_location(self, req)
    }

    async fn get_bucket_replication(
        &self,
        req: S3Request<GetBucketReplicationInput>,
    ) -> Answer<GetBucketReplicationOutput> {
        bucket_operations::get_bucket_replication(self, req)
    }

    async fn get_object_lock_configuration(
        &self,
        req: S3Request<GetObjectLockConfigurationInput>,
    ) -> Answer<GetObjectLockConfigurationOutput> {
        bucket_operations::get_object_lock_configuration(self, req)
    }

    // Settings of buckets.

    async fn put_bucket_policy(&self, req: S3Request<PutBucketPolicyInput>) -> Answer<PutBucketPolicyOutput> {
        self.put_policy(&req.input)
    }

    async fn get_bucket_policy_status(
        &self,
        req: S3Request<GetBucketPolicyStatusInput>,
    ) -> Answer<GetBucketPolicyStatusOutput> {
        self.get_policy_status(&req.input)
    }

    async fn get_bucket_policy(&self, req: S3Request<GetBucketPolicyInput>) -> Answer<GetBucketPolicyOutput> {
        self.get_policy(&req.input)
    }

    async fn delete_bucket_policy(&self, req: S3Request<DeleteBucketPolicyInput>) -> Answer<DeleteBucketPolicyOutput> {
        self.delete_policy(&req.input)
    }

    async fn put_public_access_block(
        &self,
        req: S3Request<PutPublicAccessBlockInput>,
    ) -> Answer<PutPublicAccessBlockOutput> {
        self.put_block(&req.input)
    }

    async fn get_public_access_block(
        &self,
        req: S3Request<GetPublicAccessBlockInput>,
    ) -> Answer<GetPublicAccessBlockOutput> {
        self.get_block(&req.input)
    }

    async fn delete_public_access_block(
        &self,
        req: S3Request<DeletePublicAccessBlockInput>,
    ) -> Answer<DeletePublicAccessBlockOutput> {
        self.delete_block(&req.input)
    }

    async fn delete_bucket_tagging(
        &self,
        req: S3Request<DeleteBucketTaggingInput>,
    ) -> Answer<DeleteBucketTaggingOutput> {
        self.delete_tags(&req.input)
    }

    async fn put_bucket_encryption(
        &self,
        req: S3Request<PutBucketEncryptionInput>,
    ) -> Answer<PutBucketEncryptionOutput> {
        self.put_encryption(&req.input)
    }

    async fn get_bucket_encryption(
        &self,
        req: S3Request<GetBucketEncryptionInput>,
    ) -> Answer<GetBucketEncryptionOutput> {
        self.get_encryption(&req.input)
    }

    async fn put_bucket_ownership_controls(
        &self,
        req: S3Request<PutBucketOwnershipControlsInput>,
    ) -> Answer<PutBucketOwnershipControlsOutput> {
        self.put_ownership(&req.input)
    }

    async fn get_bucket_ownership_controls(
        &self,
        req: S3Request<GetBucketOwnershipControlsInput>,
    ) -> Answer<GetBucketOwnershipControlsOutput> {
        self.get_ownership(&req.input)
    }

    async fn put_bucket_tagging(&self, req: S3Request<PutBucketTaggingInput>) -> Answer<PutBucketTaggingOutput> {
        self.put_tags(&req.input)
    }

    async fn get_bucket_tagging(&self, req: S3Request<GetBucketTaggingInput>) -> Answer<GetBucketTaggingOutput> {
        self.get_tags(&req.input)
    }

    async fn put_bucket_versioning(
        &self,
        req: S3Request<PutBucketVersioningInput>,
    ) -> Answer<PutBucketVersioningOutput> {
        self.put_versioning(&req.input)
    }

    async fn get_bucket_versioning(
        &self,
        req: S3Request<GetBucketVersioningInput>,
    ) -> Answer<GetBucketVersioningOutput> {
        self.get_versioning(&req.input)
    }

    async fn delete_bucket_encryption(
        &self,
        req: S3Request<DeleteBucketEncryptionInput>,
    ) -> Answer<DeleteBucketEncryptionOutput> {
        self.delete_encryption(&req.input)
    }

    async fn delete_bucket_ownership_controls(
        &self,
        req: S3Request<DeleteBucketOwnershipControlsInput>,
    ) -> Answer<DeleteBucketOwnershipControlsOutput> {
        self.delete_ownership(&req.input)
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
        stored_configurations::get_bucket_lifecycle_configuration(self, req)
    }

    async fn delete_bucket_lifecycle(
        &self,
        req: S3Request<DeleteBucketLifecycleInput>,
    ) -> Answer<DeleteBucketLifecycleOutput> {
        stored_configurations::delete_bucket_lifecycle(self, req)
    }

    async fn put_bucket_cors(&self, req: S3Request<PutBucketCorsInput>) -> Answer<PutBucketCorsOutput> {
        stored_configurations::put_bucket_cors(self, req)
    }

    async fn get_bucket_cors(&self, req: S3Request<GetBucketCorsInput>) -> Answer<GetBucketCorsOutput> {
        stored_configurations::get_bucket_cors(self, req)
    }

    async fn delete_bucket_cors(&self, req: S3Request<DeleteBucketCorsInput>) -> Answer<DeleteBucketCorsOutput> {
        stored_configurations::delete_bucket_cors(self, req)
    }

    async fn put_bucket_website(&self, req: S3Request<PutBucketWebsiteInput>) -> Answer<PutBucketWebsiteOutput> {
        stored_configurations::put_bucket_website(self, req)
    }

    async fn get_bucket_website(&self, req: S3Request<GetBucketWebsiteInput>) -> Answer<GetBucketWebsiteOutput> {
        stored_configurations::get_bucket_website(self, req)
    }

    async fn delete_bucket_website(
        &self,
        req: S3Request<DeleteBucketWebsiteInput>,
    ) -> Answer<DeleteBucketWebsiteOutput> {
        stored_configurations::delete_bucket_website(self, req)
    }

    async fn put_bucket_logging(&self, req: S3Request<PutBucketLoggingInput>) -> Answer<PutBucketLoggingOutput> {
        stored_configurations::put_bucket_logging(self, req)
    }

    async fn get_bucket_logging(&self, req: S3Request<GetBucketLoggingInput>) -> Answer<GetBucketLoggingOutput> {
        stored_configurations::get_bucket_logging(self, req)
    }

    async fn put_bucket_notification_configuration(
        &self,
        req: S3Request<PutBucketNotificationConfigurationInput>,
    ) -> Answer<PutBucketNotificationConfigurationOutput> {
        stored_configurations::put_bucket_notification_configuration(self, req)
    }

    async fn get_bucket_notification_configuration(
        &self,
        req: S3Request<GetBucketNotificationConfigurationInput>,
    ) -> Answer<GetBucketNotificationConfigurationOutput> {
        stored_configurations::get_bucket_notification_configuration(self, req)
    }

    async fn put_bucket_accelerate_configuration(
        &self,
        req: S3Request<PutBucketAccelerateConfigurationInput>,
    ) -> Answer<PutBucketAccelerateConfigurationOutput> {
        stored_configurations::put_bucket_accelerate_configuration(self, req)
    }

    async fn get_bucket_accelerate_configuration(
        &self,
        req: S3Request<GetBucketAccelerateConfigurationInput>,
    ) -> Answer<GetBucketAccelerateConfigurationOutput> {
        stored_configurations::get_bucket_accelerate_configuration(self, req)
    }

    async fn put_bucket_request_payment(
        &self,
        req: S3Request<PutBucketRequestPaymentInput>,
    ) -> Answer<PutBucketRequestPaymentOutput> {
        stored_configurations::put_bucket_request_payment(self, req)
    }

    async fn get_bucket_request_payment(
        &self,
        req: S3Request<GetBucketRequestPaymentInput>,
    ) -> Answer<GetBucketRequestPaymentOutput> {
        stored_configurations::get_bucket_request_payment(self, req)
    }

    // Access control lists.

    async fn get_bucket_acl(&self, req: S3Request<GetBucketAclInput>) -> Answer<GetBucketAclOutput> {
        acl::get_bucket_acl(self, req)
    }

    async fn put_bucket_acl(&self, req: S3Request<PutBucketAclInput>) -> Answer<PutBucketAclOutput> {
        acl::put_bucket_acl(self, req)
    }

    async fn get_object_acl(&self, req: S3Request<GetObjectAclInput>) -> Answer<GetObjectAclOutput> {
        acl::get_object_acl(self, req)
    }

    async fn put_object_acl(&self, req: S3Request<PutObjectAclInput>) -> Answer<PutObjectAclOutput> {
        acl::put_object_acl(self, req)
    }

    // Objects.

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        object_operations::put_object(self, req).await
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        object_operations::get_object(self, req).await
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        object_operations::head_object(self, req).await
    }

    async fn get_object_attributes(
        &self,
        req: S3Request<GetObjectAttributesInput>,
    ) -> Answer<GetObjectAttributesOutput> {
        object_operations::get_object_attributes(self, req).await
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        object_operations::delete_object(self, req)
    }

    async fn delete_objects(&self, req: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
        object_operations::delete_objects(self, req)
    }

    // Tags of objects.

    async fn get_object_tagging(&self, req: S3Request<GetObjectTaggingInput>) -> Answer<GetObjectTaggingOutput> {
        tag_operations::get_object_tagging(self, req)
    }

    async fn put_object_tagging(&self, req: S3Request<PutObjectTaggingInput>) -> Answer<PutObjectTaggingOutput> {
        tag_operations::put_object_tagging(self, req)
    }

    async fn delete_object_tagging(
        &self,
        req: S3Request<DeleteObjectTaggingInput>,
    ) -> Answer<DeleteObjectTaggingOutput> {
        tag_operations::delete_object_tagging(self, req)
    }

    // Copies.

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        copy_operations::copy_object(self, req).await
    }

    async fn upload_part_copy(&self, req: S3Request<UploadPartCopyInput>) -> Answer<UploadPartCopyOutput> {
        copy_operations::upload_part_copy(self, req).await
    }

    // Uploads in parts.

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        upload_operations::create_multipart_upload(self, req)
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        upload_operations::upload_part(self, req).await
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        upload_operations::complete_multipart_upload(self, req).await
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        upload_operations::abort_multipart_upload(self, req)
    }

    // Lists.

    async fn list_objects(&self, req: S3Request<ListObjectsInput>) -> Answer<ListObjectsOutput> {
        self.list_v1(req.input).map(S3Response::new)
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        self.list_v2(req.input).map(S3Response::new)
    }

    async fn list_object_versions(&self, req: S3Request<ListObjectVersionsInput>) -> Answer<ListObjectVersionsOutput> {
        self.list_versions(req.input).map(S3Response::new)
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
        list_operations::list_parts(self, req)
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        self.list_uploads(req.input).map(S3Response::new)
    }
}
