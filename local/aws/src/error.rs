//! One error for every service: AWS's code, a message in AWS's words, an HTTP status.

use std::path::Path;

use http::StatusCode;
use redshift_engine::disk;

/// What a service answers when it refuses. The protocol modules render it as XML or JSON.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    pub status: StatusCode,
    pub code: String,
    pub message: String,
}

pub type ApiResult<T> = Result<T, ApiError>;

/// Why there is no answer to a request, or no more of one.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

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
    #[error("no room left to write to {path}; free some, and it goes on without a restart")]
    Full { path: String, source: std::io::Error },
    #[error(
        "the local state in {path} is damaged: {what}. `sparkify-infra local check` shows what is left; remove {mark} to go on with it"
    )]
    Damaged { path: String, what: String, mark: String },
    #[error("local state store")]
    Database(#[from] fjall::Error),
    #[error("local state of {kind} '{id}' does not parse")]
    Corrupt { kind: String, id: String, source: serde_json::Error },
}

impl StoreError {
    /// Classifies a failure to read or write a file.
    pub fn from_io(path: &Path, source: std::io::Error) -> Self {
        let path = path.display().to_string();
        match disk::is_full(&source) {
            true => Self::Full { path, source },
            false => Self::Io { path, source },
        }
    }

    /// Classifies a failure of a database, which wraps the errors of its files.
    pub fn from_database(path: &Path, error: fjall::Error) -> Self {
        let first: &(dyn std::error::Error + 'static) = &error;
        let causes = std::iter::successors(Some(first), |cause| (*cause).source());
        let full = causes.filter_map(|cause| cause.downcast_ref::<std::io::Error>()).find(|cause| disk::is_full(cause));
        match full.map(std::io::Error::kind) {
            Some(kind) => Self::Full { path: path.display().to_string(), source: kind.into() },
            None => Self::Database(error),
        }
    }

    /// The message with those of its causes.
    pub fn explained(&self) -> String {
        let causes = std::iter::successors(std::error::Error::source(self), |cause| (*cause).source());
        causes.fold(self.to_string(), |message, cause| format!("{message}: {cause}"))
    }
}

/// A lack of room passes: the status and the code are those by which AWS asks to try again later.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let (status, code) = match error {
            StoreError::Full { .. } => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure"),
        };
        Self::new(status, code, error.explained())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_room_is_told_with_its_place() {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        let path = Path::new("state/store");
        for error in [
            StoreError::from_io(path, full()),
            StoreError::from_database(path, fjall::Error::Io(full())),
            StoreError::from_database(path, fjall::LsmError::Io(full()).into()),
        ] {
            let error = ApiError::from(error);
            assert_eq!((error.status.as_u16(), error.code.as_str()), (503, "ServiceUnavailable"));
            assert!(error.message.contains("no room left to write to state/store"), "{}", error.message);
        }
        let other = StoreError::from_io(path, std::io::ErrorKind::PermissionDenied.into());
        assert_eq!(ApiError::from(other).status.as_u16(), 500);
    }
}
