//! Configurations that a bucket stores and answers as they were put: lifecycle, CORS, website, logging, notifications,
//! acceleration, who pays. Nothing expires, moves, or is sent anywhere.

use s3s::dto::*;
use s3s::xml::{DeserializeContent, Deserializer, SerializeContent, Serializer};
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};

use crate::s3::access::write;
use crate::s3::record::bucket::Bucket;
use crate::s3::request::{Answer, AuthorizedRequest, caller};
use crate::s3::storage::buckets::Buckets;

/// The root elements of the configurations, by which they are stored.
const LIFECYCLE: &str = "LifecycleConfiguration";
const CORS: &str = "CORSConfiguration";
const WEBSITE: &str = "WebsiteConfiguration";
const LOGGING: &str = "BucketLoggingStatus";
const NOTIFICATION: &str = "NotificationConfiguration";
const ACCELERATION: &str = "AccelerateConfiguration";
const PAYMENT: &str = "RequestPaymentConfiguration";

pub fn put_bucket_lifecycle_configuration(
    buckets: &Buckets,
    req: S3Request<PutBucketLifecycleConfigurationInput>,
) -> Answer<PutBucketLifecycleConfigurationOutput> {
    let input = req.input;
    let malformed = || s3_error!(MalformedXML, "a lifecycle configuration needs one rule at least");
    let configuration = input.lifecycle_configuration.filter(|given| !given.rules.is_empty()).ok_or_else(malformed)?;
    let (caller, owner) = (caller(&req.extensions)?, input.expected_bucket_owner.as_deref());
    let required = write("s3:PutLifecycleConfiguration");
    let bucket = buckets.authorize(&caller.identity, &input.bucket, owner, &required)?;
    buckets.store_configuration(&bucket.name, LIFECYCLE, &configuration)?;
    Ok(S3Response::new(PutBucketLifecycleConfigurationOutput::default()))
}

pub fn get_bucket_lifecycle_configuration(
    request: AuthorizedRequest<GetBucketLifecycleConfigurationInput>,
) -> Answer<GetBucketLifecycleConfigurationOutput> {
    let found: Option<BucketLifecycleConfiguration> = request.bucket.stored_configuration(LIFECYCLE)?;
    let absent = || s3_error!(NoSuchLifecycleConfiguration, "The lifecycle configuration does not exist");
    let rules = Some(found.ok_or_else(absent)?.rules);
    Ok(S3Response::new(GetBucketLifecycleConfigurationOutput { rules, ..Default::default() }))
}

pub fn delete_bucket_lifecycle(
    buckets: &Buckets,
    request: AuthorizedRequest<DeleteBucketLifecycleInput>,
) -> Answer<DeleteBucketLifecycleOutput> {
    buckets.forget_configuration(&request.bucket.name, LIFECYCLE)?;
    Ok(S3Response::with_status(DeleteBucketLifecycleOutput::default(), http::StatusCode::NO_CONTENT))
}

pub fn put_bucket_cors(
    buckets: &Buckets,
    request: AuthorizedRequest<PutBucketCorsInput>,
) -> Answer<PutBucketCorsOutput> {
    buckets.store_configuration(&request.bucket.name, CORS, &request.input.cors_configuration)?;
    Ok(S3Response::new(PutBucketCorsOutput::default()))
}

pub fn get_bucket_cors(request: AuthorizedRequest<GetBucketCorsInput>) -> Answer<GetBucketCorsOutput> {
    let found: Option<CORSConfiguration> = request.bucket.stored_configuration(CORS)?;
    let absent = || s3_error!(NoSuchCORSConfiguration, "The CORS configuration does not exist");
    Ok(S3Response::new(GetBucketCorsOutput { cors_rules: Some(found.ok_or_else(absent)?.cors_rules) }))
}

pub fn delete_bucket_cors(
    buckets: &Buckets,
    request: AuthorizedRequest<DeleteBucketCorsInput>,
) -> Answer<DeleteBucketCorsOutput> {
    buckets.forget_configuration(&request.bucket.name, CORS)?;
    Ok(S3Response::with_status(DeleteBucketCorsOutput::default(), http::StatusCode::NO_CONTENT))
}

pub fn put_bucket_website(
    buckets: &Buckets,
    request: AuthorizedRequest<PutBucketWebsiteInput>,
) -> Answer<PutBucketWebsiteOutput> {
    buckets.store_configuration(&request.bucket.name, WEBSITE, &request.input.website_configuration)?;
    Ok(S3Response::new(PutBucketWebsiteOutput::default()))
}

pub fn get_bucket_website(request: AuthorizedRequest<GetBucketWebsiteInput>) -> Answer<GetBucketWebsiteOutput> {
    let found: Option<WebsiteConfiguration> = request.bucket.stored_configuration(WEBSITE)?;
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
    request: AuthorizedRequest<DeleteBucketWebsiteInput>,
) -> Answer<DeleteBucketWebsiteOutput> {
    buckets.forget_configuration(&request.bucket.name, WEBSITE)?;
    Ok(S3Response::with_status(DeleteBucketWebsiteOutput::default(), http::StatusCode::NO_CONTENT))
}

pub fn put_bucket_logging(
    buckets: &Buckets,
    request: AuthorizedRequest<PutBucketLoggingInput>,
) -> Answer<PutBucketLoggingOutput> {
    buckets.store_configuration(&request.bucket.name, LOGGING, &request.input.bucket_logging_status)?;
    Ok(S3Response::new(PutBucketLoggingOutput::default()))
}

pub fn get_bucket_logging(request: AuthorizedRequest<GetBucketLoggingInput>) -> Answer<GetBucketLoggingOutput> {
    let found: Option<BucketLoggingStatus> = request.bucket.stored_configuration(LOGGING)?;
    let logging_enabled = found.and_then(|status| status.logging_enabled);
    Ok(S3Response::new(GetBucketLoggingOutput { logging_enabled }))
}

pub fn put_bucket_notification_configuration(
    buckets: &Buckets,
    request: AuthorizedRequest<PutBucketNotificationConfigurationInput>,
) -> Answer<PutBucketNotificationConfigurationOutput> {
    buckets.store_configuration(&request.bucket.name, NOTIFICATION, &request.input.notification_configuration)?;
    Ok(S3Response::new(PutBucketNotificationConfigurationOutput::default()))
}

pub fn get_bucket_notification_configuration(
    request: AuthorizedRequest<GetBucketNotificationConfigurationInput>,
) -> Answer<GetBucketNotificationConfigurationOutput> {
    let found: Option<NotificationConfiguration> = request.bucket.stored_configuration(NOTIFICATION)?;
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
    request: AuthorizedRequest<PutBucketAccelerateConfigurationInput>,
) -> Answer<PutBucketAccelerateConfigurationOutput> {
    buckets.store_configuration(&request.bucket.name, ACCELERATION, &request.input.accelerate_configuration)?;
    Ok(S3Response::new(PutBucketAccelerateConfigurationOutput::default()))
}

pub fn get_bucket_accelerate_configuration(
    request: AuthorizedRequest<GetBucketAccelerateConfigurationInput>,
) -> Answer<GetBucketAccelerateConfigurationOutput> {
    let found: Option<AccelerateConfiguration> = request.bucket.stored_configuration(ACCELERATION)?;
    let status = found.and_then(|found| found.status);
    Ok(S3Response::new(GetBucketAccelerateConfigurationOutput { status, request_charged: None }))
}

pub fn put_bucket_request_payment(
    buckets: &Buckets,
    request: AuthorizedRequest<PutBucketRequestPaymentInput>,
) -> Answer<PutBucketRequestPaymentOutput> {
    buckets.store_configuration(&request.bucket.name, PAYMENT, &request.input.request_payment_configuration)?;
    Ok(S3Response::new(PutBucketRequestPaymentOutput::default()))
}

pub fn get_bucket_request_payment(
    request: AuthorizedRequest<GetBucketRequestPaymentInput>,
) -> Answer<GetBucketRequestPaymentOutput> {
    let found: Option<RequestPaymentConfiguration> = request.bucket.stored_configuration(PAYMENT)?;
    let payer = found.map_or_else(|| Payer::from_static(Payer::BUCKET_OWNER), |found| found.payer);
    Ok(S3Response::new(GetBucketRequestPaymentOutput { payer: Some(payer) }))
}

impl Buckets {
    fn store_configuration(&self, bucket: &str, element: &str, value: &impl SerializeContent) -> S3Result<()> {
        let text = to_xml(element, value)?;
        self.update_bucket(bucket, |bucket| {
            bucket.configurations.insert(element.to_owned(), text);
            Ok(())
        })
    }

    fn forget_configuration(&self, bucket: &str, element: &str) -> S3Result<()> {
        self.update_bucket(bucket, |bucket| {
            bucket.configurations.remove(element);
            Ok(())
        })
    }
}

impl Bucket {
    fn stored_configuration<T>(&self, element: &str) -> S3Result<Option<T>>
    where
        T: for<'xml> DeserializeContent<'xml>,
    {
        let read = |text: &String| Deserializer::new(text.as_bytes()).named_element(element, T::deserialize_content);
        self.configurations.get(element).map(read).transpose().map_err(S3Error::internal_error)
    }
}

fn to_xml(element: &str, value: &impl SerializeContent) -> S3Result<String> {
    let mut text = Vec::new();
    Serializer::new(&mut text).content(element, value).map_err(S3Error::internal_error)?;
    String::from_utf8(text).map_err(S3Error::internal_error)
}
