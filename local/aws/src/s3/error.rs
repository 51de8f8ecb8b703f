//! Errors of S3 that several operations answer, and those of the state as S3 answers them.

use std::path::Path;

use s3s::{S3Error, S3ErrorCode, s3_error};

use crate::error::StoreError;

pub fn no_such_bucket() -> S3Error {
    s3_error!(NoSuchBucket, "The specified bucket does not exist")
}

pub fn access_denied() -> S3Error {
    s3_error!(AccessDenied, "Access Denied")
}

/// The refusal of a header, or a value of one, that S3 knows and does not support.
pub fn not_implemented(reason: &str) -> S3Error {
    s3_error!(NotImplemented, "A header you provided implies functionality that is not implemented: {reason}")
}

/// What S3 answers when the state cannot be read or written, with a reason: SDKs show `Unknown` where there is none.
pub fn internal(error: StoreError) -> S3Error {
    let code = match error {
        StoreError::Full { .. } => S3ErrorCode::ServiceUnavailable,
        _ => S3ErrorCode::InternalError,
    };
    S3Error::with_message(code, error.explained())
}

/// As `internal`, for what happened to a file.
pub fn internal_io(path: &Path, error: std::io::Error) -> S3Error {
    internal(StoreError::from_io(path, error))
}

/// Returns true if an error left nothing written. A record whose write failed may be there all the same once the store
/// is opened again: its bytes stay.
pub fn is_refusal(error: &S3Error) -> bool {
    !matches!(error.code(), S3ErrorCode::InternalError | S3ErrorCode::ServiceUnavailable)
}
