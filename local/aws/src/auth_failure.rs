//! Why a request is not from the one whom it names, in the words of each service.

use http::StatusCode;

use crate::error::ApiError;
use crate::protocol::is_json;

/// Why nobody is let in.
#[derive(Debug)]
pub enum AuthFailure {
    /// There is no signature.
    Missing,
    /// A part of the signature is missing or not well-formed.
    Incomplete(String),
    /// The scope or the signature is another one.
    Mismatch(String),
    /// Signed too long ago, or in the future.
    OutOfTime(String),
    UnknownKey,
    /// The token belongs to another key.
    WrongToken,
    ExpiredToken,
}

impl AuthFailure {
    /// The refusal in the words of a service.
    pub fn refusal(self, service: &str) -> ApiError {
        match service {
            "s3" => self.for_s3(),
            "ec2" => self.for_ec2(),
            service if is_json(service) => self.for_json(),
            _ => self.for_query(),
        }
    }

    fn for_query(self) -> ApiError {
        match self {
            Self::Missing => {
                ApiError::forbidden("MissingAuthenticationToken", "Request is missing Authentication Token")
            }
            Self::Incomplete(message) => ApiError::invalid("IncompleteSignature", message),
            Self::Mismatch(message) | Self::OutOfTime(message) => ApiError::forbidden("SignatureDoesNotMatch", message),
            Self::UnknownKey | Self::WrongToken => {
                ApiError::forbidden("InvalidClientTokenId", "The security token included in the request is invalid.")
            }
            Self::ExpiredToken => {
                ApiError::forbidden("ExpiredToken", "The security token included in the request is expired")
            }
        }
    }

    fn for_json(self) -> ApiError {
        let (code, message) = match self {
            Self::Missing => ("MissingAuthenticationTokenException", "Missing Authentication Token".to_owned()),
            Self::Incomplete(message) => ("IncompleteSignatureException", message),
            Self::Mismatch(message) | Self::OutOfTime(message) => ("InvalidSignatureException", message),
            Self::UnknownKey | Self::WrongToken => {
                ("UnrecognizedClientException", "The security token included in the request is invalid.".to_owned())
            }
            Self::ExpiredToken => {
                ("ExpiredTokenException", "The security token included in the request is expired".to_owned())
            }
        };
        ApiError::invalid(code, message)
    }

    fn for_ec2(self) -> ApiError {
        match self {
            Self::Missing | Self::Incomplete(_) => self.for_query(),
            Self::OutOfTime(_) | Self::ExpiredToken => ApiError::invalid("RequestExpired", "Request has expired."),
            Self::Mismatch(_) | Self::UnknownKey | Self::WrongToken => ApiError::new(
                StatusCode::UNAUTHORIZED,
                "AuthFailure",
                "AWS was not able to validate the provided access credentials",
            ),
        }
    }

    /// Keys and tokens only: `s3s` answers the rest.
    fn for_s3(self) -> ApiError {
        match self {
            Self::WrongToken => {
                ApiError::invalid("InvalidToken", "The provided token is malformed or otherwise invalid.")
            }
            Self::ExpiredToken => ApiError::invalid("ExpiredToken", "The provided token has expired."),
            Self::UnknownKey => ApiError::forbidden(
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
            other => other.for_query(),
        }
    }
}
