//! What is set on a bucket and only told again: lifecycle, CORS, website, logging, notifications, acceleration, who
//! pays. Nothing expires, moves, or is sent anywhere.

use s3s::dto::*;
use s3s::xml::{DeserializeContent, Deserializer, SerializeContent, Serializer};
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};

use super::Buckets;
use super::api::Answer;

/// A kind of setting: by the name of its XML, and of the actions that write and read it.
pub struct Kept {
    pub name: &'static str,
    pub put: &'static str,
    pub get: &'static str,
}

impl Kept {
    pub const LIFECYCLE: Self = Self {
        name: "LifecycleConfiguration",
        put: "s3:PutLifecycleConfiguration",
        get: "s3:GetLifecycleConfiguration",
    };
    pub const CORS: Self = Self { name: "CORSConfiguration", put: "s3:PutBucketCORS", get: "s3:GetBucketCORS" };
    pub const WEBSITE: Self =
        Self { name: "WebsiteConfiguration", put: "s3:PutBucketWebsite", get: "s3:GetBucketWebsite" };
    pub const LOGGING: Self =
        Self { name: "BucketLoggingStatus", put: "s3:PutBucketLogging", get: "s3:GetBucketLogging" };
    pub const NOTIFICATION: Self =
        Self { name: "NotificationConfiguration", put: "s3:PutBucketNotification", get: "s3:GetBucketNotification" };
    pub const ACCELERATION: Self = Self {
        name: "AccelerateConfiguration",
        put: "s3:PutAccelerateConfiguration",
        get: "s3:GetAccelerateConfiguration",
    };
    pub const PAYMENT: Self = Self {
        name: "RequestPaymentConfiguration",
        put: "s3:PutBucketRequestPayment",
        get: "s3:GetBucketRequestPayment",
    };
}

pub fn put_bucket_lifecycle_configuration(
    buckets: &Buckets,
    req: S3Request<PutBucketLifecycleConfigurationInput>,
) -> Answer<PutBucketLifecycleConfigurationOutput> {
    let input = req.input;
    let malformed = || s3_error!(MalformedXML, "a lifecycle configuration needs one rule at least");
    let configuration = input.lifecycle_configuration.filter(|given| !given.rules.is_empty()).ok_or_else(malformed)?;
    buckets.keep_setting(&input.bucket, input.expected_bucket_owner.as_ref(), &Kept::LIFECYCLE, &configuration)?;
    Ok(S3Response::new(PutBucketLifecycleConfigurationOutput::default()))
}

pub fn get_bucket_lifecycle_configuration(
    buckets: &Buckets,
    req: S3Request<GetBucketLifecycleConfigurationInput>,
) -> Answer<GetBucketLifecycleConfigurationOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    let found: Option<BucketLifecycleConfiguration> =
        buckets.kept_setting(&req.input.bucket, owner, &Kept::LIFECYCLE)?;
    let absent = || s3_error!(NoSuchLifecycleConfiguration, "The lifecycle configuration does not exist");
    let rules = Some(found.ok_or_else(absent)?.rules);
    Ok(S3Response::new(GetBucketLifecycleConfigurationOutput { rules, ..Default::default() }))
}

pub fn delete_bucket_lifecycle(
    buckets: &Buckets,
    req: S3Request<DeleteBucketLifecycleInput>,
) -> Answer<DeleteBucketLifecycleOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    buckets.forget_setting(&req.input.bucket, owner, &Kept::LIFECYCLE)?;
    Ok(S3Response::with_status(DeleteBucketLifecycleOutput::default(), http::StatusCode::NO_CONTENT))
}

pub fn put_bucket_cors(buckets: &Buckets, req: S3Request<PutBucketCorsInput>) -> Answer<PutBucketCorsOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    buckets.keep_setting(&req.input.bucket, owner, &Kept::CORS, &req.input.cors_configuration)?;
    Ok(S3Response::new(PutBucketCorsOutput::default()))
}

pub fn get_bucket_cors(buckets: &Buckets, req: S3Request<GetBucketCorsInput>) -> Answer<GetBucketCorsOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    let found: Option<CORSConfiguration> = buckets.kept_setting(&req.input.bucket, owner, &Kept::CORS)?;
    let absent = || s3_error!(NoSuchCORSConfiguration, "The CORS configuration does not exist");
    Ok(S3Response::new(GetBucketCorsOutput { cors_rules: Some(found.ok_or_else(absent)?.cors_rules) }))
}

pub fn delete_bucket_cors(buckets: &Buckets, req: S3Request<DeleteBucketCorsInput>) -> Answer<DeleteBucketCorsOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    buckets.forget_setting(&req.input.bucket, owner, &Kept::CORS)?;
    Ok(S3Response::with_status(DeleteBucketCorsOutput::default(), http::StatusCode::NO_CONTENT))
}

pub fn put_bucket_website(buckets: &Buckets, req: S3Request<PutBucketWebsiteInput>) -> Answer<PutBucketWebsiteOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    buckets.keep_setting(&req.input.bucket, owner, &Kept::WEBSITE, &req.input.website_configuration)?;
    Ok(S3Response::new(PutBucketWebsiteOutput::default()))
}

pub fn get_bucket_website(buckets: &Buckets, req: S3Request<GetBucketWebsiteInput>) -> Answer<GetBucketWebsiteOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    let found: Option<WebsiteConfiguration> = buckets.kept_setting(&req.input.bucket, owner, &Kept::WEBSITE)?;
    let absent = || s3_error!(NoSuchWebsiteConfiguration, "The specified bucket does not have a website configuration");
    let WebsiteConfiguration { error_document, index_document, redirect_all_requests_to, routing_rules } =
        found.ok_or_else(absent)?;
    Ok(S3Response::new(GetBucketWebsiteOutput {
        error_document,
        index_document,
        redirect_all_requests_to,
        routing_rules,
    }))
}

pub fn delete_bucket_website(
    buckets: &Buckets,
    req: S3Request<DeleteBucketWebsiteInput>,
) -> Answer<DeleteBucketWebsiteOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    buckets.forget_setting(&req.input.bucket, owner, &Kept::WEBSITE)?;
    Ok(S3Response::with_status(DeleteBucketWebsiteOutput::default(), http::StatusCode::NO_CONTENT))
}

pub fn put_bucket_logging(buckets: &Buckets, req: S3Request<PutBucketLoggingInput>) -> Answer<PutBucketLoggingOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    buckets.keep_setting(&req.input.bucket, owner, &Kept::LOGGING, &req.input.bucket_logging_status)?;
    Ok(S3Response::new(PutBucketLoggingOutput::default()))
}

pub fn get_bucket_logging(buckets: &Buckets, req: S3Request<GetBucketLoggingInput>) -> Answer<GetBucketLoggingOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    let found: Option<BucketLoggingStatus> = buckets.kept_setting(&req.input.bucket, owner, &Kept::LOGGING)?;
    let logging_enabled = found.and_then(|status| status.logging_enabled);
    Ok(S3Response::new(GetBucketLoggingOutput { logging_enabled }))
}

pub fn put_bucket_notification_configuration(
    buckets: &Buckets,
    req: S3Request<PutBucketNotificationConfigurationInput>,
) -> Answer<PutBucketNotificationConfigurationOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    buckets.keep_setting(&req.input.bucket, owner, &Kept::NOTIFICATION, &req.input.notification_configuration)?;
    Ok(S3Response::new(PutBucketNotificationConfigurationOutput::default()))
}

pub fn get_bucket_notification_configuration(
    buckets: &Buckets,
    req: S3Request<GetBucketNotificationConfigurationInput>,
) -> Answer<GetBucketNotificationConfigurationOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    let found: Option<NotificationConfiguration> =
        buckets.kept_setting(&req.input.bucket, owner, &Kept::NOTIFICATION)?;
    let found = found.unwrap_or_default();
    Ok(S3Response::new(GetBucketNotificationConfigurationOutput {
        event_bridge_configuration: found.event_bridge_configuration,
        lambda_function_configurations: found.lambda_function_configurations,
        queue_configurations: found.queue_configurations,
        topic_configurations: found.topic_configurations,
    }))
}

pub fn put_bucket_accelerate_configuration(
    buckets: &Buckets,
    req: S3Request<PutBucketAccelerateConfigurationInput>,
) -> Answer<PutBucketAccelerateConfigurationOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    buckets.keep_setting(&req.input.bucket, owner, &Kept::ACCELERATION, &req.input.accelerate_configuration)?;
    Ok(S3Response::new(PutBucketAccelerateConfigurationOutput::default()))
}

pub fn get_bucket_accelerate_configuration(
    buckets: &Buckets,
    req: S3Request<GetBucketAccelerateConfigurationInput>,
) -> Answer<GetBucketAccelerateConfigurationOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    let found: Option<AccelerateConfiguration> = buckets.kept_setting(&req.input.bucket, owner, &Kept::ACCELERATION)?;
    let status = found.and_then(|found| found.status);
    Ok(S3Response::new(GetBucketAccelerateConfigurationOutput { status, request_charged: None }))
}

pub fn put_bucket_request_payment(
    buckets: &Buckets,
    req: S3Request<PutBucketRequestPaymentInput>,
) -> Answer<PutBucketRequestPaymentOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    buckets.keep_setting(&req.input.bucket, owner, &Kept::PAYMENT, &req.input.request_payment_configuration)?;
    Ok(S3Response::new(PutBucketRequestPaymentOutput::default()))
}

pub fn get_bucket_request_payment(
    buckets: &Buckets,
    req: S3Request<GetBucketRequestPaymentInput>,
) -> Answer<GetBucketRequestPaymentOutput> {
    let owner = req.input.expected_bucket_owner.as_ref();
    let found: Option<RequestPaymentConfiguration> = buckets.kept_setting(&req.input.bucket, owner, &Kept::PAYMENT)?;
    let payer = found.map_or_else(|| Payer::from_static(Payer::BUCKET_OWNER), |found| found.payer);
    Ok(S3Response::new(GetBucketRequestPaymentOutput { payer: Some(payer) }))
}

impl Buckets {
    pub fn keep_setting(
        &self,
        bucket: &str,
        owner: Option<&String>,
        kind: &Kept,
        value: &impl SerializeContent,
    ) -> S3Result<()> {
        let text = written(kind, value)?;
        self.set(bucket, owner.map(String::as_str), kind.put, |bucket| {
            bucket.kept.insert(kind.name.to_owned(), text);
            Ok(())
        })
    }

    pub fn forget_setting(&self, bucket: &str, owner: Option<&String>, kind: &Kept) -> S3Result<()> {
        self.set(bucket, owner.map(String::as_str), kind.put, |bucket| {
            bucket.kept.remove(kind.name);
            Ok(())
        })
    }

    /// A setting that was kept.
    pub fn kept_setting<T>(&self, bucket: &str, owner: Option<&String>, kind: &Kept) -> S3Result<Option<T>>
    where
        T: for<'xml> DeserializeContent<'xml>,
    {
        let bucket = self.settings(bucket, owner.map(String::as_str), kind.get)?;
        let read = |text: &String| Deserializer::new(text.as_bytes()).named_element(kind.name, T::deserialize_content);
        bucket.kept.get(kind.name).map(read).transpose().map_err(S3Error::internal_error)
    }
}

fn written(kind: &Kept, value: &impl SerializeContent) -> S3Result<String> {
    let mut text = Vec::new();
    Serializer::new(&mut text).content(kind.name, value).map_err(S3Error::internal_error)?;
    String::from_utf8(text).map_err(S3Error::internal_error)
}
