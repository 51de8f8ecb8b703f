//! Refusals of the Data API.

use redshift_engine::SqlError;

use crate::error::ApiError;

pub fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::invalid("ValidationException", message)
}

/// What the engine refused, in its words.
pub fn refused(error: SqlError) -> ApiError {
    invalid(error.to_string())
}
