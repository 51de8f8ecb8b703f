//! The two wire protocols of the control planes: AWS Query (IAM, STS, Redshift) and AWS JSON (Secrets Manager,
//! Redshift Data). S3 has its own.

pub mod json;
pub mod json_input;
pub mod query;

use bytes::Bytes;

/// A request whose body has been read: all control-plane requests are small.
pub struct Request {
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

/// Returns true if a service speaks AWS JSON.
pub fn is_json(service: &str) -> bool {
    matches!(service, "redshift-data" | "redshift-serverless" | "secretsmanager")
}

pub type Response = http::Response<Bytes>;

/// A request id in AWS's form.
pub fn request_id() -> String {
    uuid()
}

/// Letters and digits, so many.
pub fn random_word(length: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(length).collect()
}

/// A random version 4 UUID.
pub fn uuid() -> String {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid().to_string()
}
