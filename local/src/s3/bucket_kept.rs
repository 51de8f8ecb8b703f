//! What is set on a bucket and only told again: lifecycle, CORS, website, logging, notifications, acceleration, who
//! pays. Nothing expires, moves, or is sent anywhere.

use s3s::xml::{DeserializeContent, Deserializer, SerializeContent, Serializer};
use s3s::{S3Error, S3Result};

use super::Buckets;

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
