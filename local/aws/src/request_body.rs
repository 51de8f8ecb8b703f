//! The bodies of requests: how long they may be, and how long they may take.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::error::{ApiError, ApiResult, BoxError};
use crate::protocol::is_json;

pub fn unknown_service(service: &str) -> ApiError {
    ApiError::invalid("UnknownService", format!("the local stand-in has no service '{service}'"))
}

/// Bytes that the body of a request may have. The values are above what each service's own limits make possible: IAM's
/// documents, 64 KB of a secret as base64, 40 statements of 100 KB.
pub fn limit(service: &str) -> ApiResult<usize> {
    match service {
        "iam" | "sts" | "ec2" | "redshift" | "redshift-serverless" | "secretsmanager" => Ok(1 << 20),
        "redshift-data" => Ok(8 << 20),
        other => Err(unknown_service(other)),
    }
}

/// The body, if it is not longer than allowed; one that says beforehand that it is longer is not read at all.
pub async fn read(service: &str, headers: &HeaderMap, body: SdkBody, limit: usize) -> ApiResult<Bytes> {
    let too_large = || match service {
        "s3" => ApiError::invalid("MaxMessageLengthExceeded", "Your request was too big."),
        _ => {
            let code = if is_json(service) { "RequestEntityTooLargeException" } else { "RequestEntityTooLarge" };
            let message = format!("The request body is larger than {limit} bytes.");
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, code, message)
        }
    };
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => Err(ApiError::invalid("IncompleteBody", format!("The request body ended too early: {error}"))),
    }
}

/// The refusal of a request whose body stopped coming.
pub fn timed_out(service: &str) -> ApiError {
    let message = "Your socket connection to the server was not read from or written to within the timeout period. Idle \
                   connections will be closed.";
    let status = if service == "s3" { StatusCode::BAD_REQUEST } else { StatusCode::REQUEST_TIMEOUT };
    ApiError::new(status, "RequestTimeout", message)
}

/// Whether the body of a request stopped coming; with the request, for whoever answers it.
#[derive(Debug, Clone, Default)]
pub struct Stalled(Arc<AtomicBool>);

impl Stalled {
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A body with a bound on the time between two pieces of it.
pub struct TimedBody<B> {
    body: B,
    idle: Duration,
    wait: Pin<Box<Sleep>>,
    is_waiting: bool,
    stalled: Stalled,
}

impl<B> TimedBody<B> {
    pub fn new(body: B, idle: Duration, stalled: Stalled) -> Self {
        Self { body, idle, wait: Box::pin(tokio::time::sleep(idle)), is_waiting: false, stalled }
    }
}

impl<B> Body for TimedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.is_waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        // Only the client's time counts, not that which the reader takes between two looks.
        if !this.is_waiting {
            this.is_waiting = true;
            this.wait.as_mut().reset(Instant::now() + this.idle);
        }
        ready!(this.wait.as_mut().poll(context));
        this.stalled.0.store(true, Ordering::Relaxed);
        let message = format!("nothing came from the client for {} s", this.idle.as_secs_f32());
        Poll::Ready(Some(Err(message.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
