//! A request that was authorized, as the operations get it, and their answer.

use std::sync::Arc;

use http::{Extensions, HeaderMap};
use s3s::{S3Request, S3Response, S3Result, TrailingHeaders};

use super::error::access_denied;
use super::record::bucket::Bucket;
use crate::sessions::Caller;

pub type Answer<T> = S3Result<S3Response<T>>;

/// A request whose caller has the access that its operation needs.
pub struct AuthorizedRequest<T> {
    pub input: T,
    /// As the operation shows it, which may be late (R36).
    pub bucket: Bucket,
    pub caller: Arc<Caller>,
    pub headers: HeaderMap,
    pub trailing_headers: Option<TrailingHeaders>,
}

/// The bucket that `Authorizer` opened for a request.
#[derive(Clone)]
pub struct OpenedBucket(pub Bucket);

/// Takes a request that `Authorizer` let through.
///
/// # Errors
/// AccessDenied for an operation that has no row in the table.
pub fn authorized<T>(mut request: S3Request<T>) -> S3Result<AuthorizedRequest<T>> {
    let caller = caller(&request.extensions)?;
    let OpenedBucket(bucket) = request.extensions.remove::<OpenedBucket>().ok_or_else(access_denied)?;
    let S3Request { input, headers, trailing_headers, .. } = request;
    Ok(AuthorizedRequest { input, bucket, caller, headers, trailing_headers })
}

/// The caller of a request, whom the endpoint left in its extensions.
///
/// # Errors
/// AccessDenied where there is none.
pub fn caller(extensions: &Extensions) -> S3Result<Arc<Caller>> {
    extensions.get::<Arc<Caller>>().cloned().ok_or_else(access_denied)
}
