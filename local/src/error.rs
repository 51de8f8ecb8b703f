//! One error for every service: AWS's code, a message in AWS's words, an HTTP status.

use http::StatusCode;

/// What a service answers when it refuses. The protocol modules render it as XML or JSON.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    pub status: StatusCode,
    pub code: String,
    pub message: String,
}

pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// 400: the request is at fault.
    pub fn invalid(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 403: the caller may not, or is nobody.
    pub fn forbidden(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 404: what it names does not exist.
    pub fn not_found(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 409: it exists already, or is in use.
    pub fn conflict(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 400: the stand-in does not have this operation and says so, rather than making up an answer.
    pub fn unknown_operation(service: &str, operation: &str) -> Self {
        Self::invalid("InvalidAction", format!("the local {service} does not know the operation {operation}"))
    }
}

/// The stand-in's own state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("another process holds the local state in {0}")]
    Locked(String),
    #[error("the local state in {0} was made by another version; remove the directory to begin with an empty one")]
    OtherFormat(String),
    #[error("cannot use the local state in {path}")]
    Io { path: String, source: std::io::Error },
    #[error("local state store")]
    Database(#[from] fjall::Error),
    /// It was not opened when it was first asked for, and is not asked again.
    #[error("the objects of the local state cannot be opened")]
    Objects { source: std::sync::Arc<StoreError> },
    #[error("local state of {kind} '{id}' does not parse")]
    Corrupt { kind: String, id: String, source: serde_json::Error },
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", message)
    }
}
