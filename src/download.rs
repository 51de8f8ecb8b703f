//! Objects of S3, read to their end. The SDK tries a call again as long as it has no answer; a body that breaks off behind
//! the head of its answer it leaves to the caller.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use bytes::Bytes;

use crate::aws::failed;
use crate::error::{Error, FailureKind, Result};
use crate::event::Events;
use crate::retry::{Attempts, BrokenBody, TransientError};

/// How long an object whose body breaks off is read again, and how many bytes of a large one arrive in a second at least.
pub const PATIENCE: Duration = Duration::from_secs(60);
const SLOWEST: u64 = 256 << 10;

/// An object, or a range of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    pub bytes: Bytes,
    /// Empty where the server says none.
    pub etag: String,
    /// The metadata of the object, by name.
    pub metadata: HashMap<String, String>,
}

/// Reads what a call asks for, which has `size` bytes where that is known. Where its body breaks off, or has another length
/// than was said, it is read again from its start: never is a part of an object taken for the whole.
///
/// # Errors
/// `cannot {doing}`, with AWS's code where it refused. `Unreachable` where the body broke off for a minute, or `Interrupted`
/// where a signal came then.
pub async fn download(call: &GetObjectFluentBuilder, doing: &str, size: Option<u64>) -> Result<Download> {
    // Hundreds are read side by side: their stage says how far it is, and none of them a heartbeat.
    let silent = Events::to(drop);
    let deadline = PATIENCE + Duration::from_secs(size.unwrap_or_default() / SLOWEST);
    let mut attempts = Attempts::new(TransientError::from_error, &silent, doing, deadline);
    loop {
        match read(call, doing, size).await {
            Ok(read) => return Ok(read),
            Err(error) => attempts.pause_after(error).await?,
        }
    }
}

async fn read(call: &GetObjectFluentBuilder, doing: &str, size: Option<u64>) -> Result<Download> {
    let found = call.clone().send().await.map_err(|error| failed(doing, &error))?;
    let broken = |how: String| {
        Error::new(FailureKind::Unreachable, format!("cannot {doing} to its end")).because(BrokenBody(how))
    };
    let (etag, metadata) = (found.e_tag.unwrap_or_default(), found.metadata.unwrap_or_default());
    let body = found.body.collect().await.map_err(|error| {
        let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
        broken(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    });
    let bytes = body?.into_bytes();
    // The SDK holds the length against the head of the answer, which may say another one than the listing, or none.
    match size {
        Some(size) if bytes.len() as u64 != size => Err(broken(format!("{} of {size} bytes came", bytes.len()))),
        _ => Ok(Download { bytes, etag, metadata }),
    }
}

#[cfg(all(test, feature = "local"))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
    use aws_smithy_types::body::SdkBody;
    use tokio::time::Instant;

    use super::*;

    /// A server that has an object of four bytes, and sends only two of them so many times.
    #[derive(Debug, Clone)]
    struct Breaking(usize, Arc<AtomicUsize>);

    impl HttpConnector for Breaking {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let is_broken = self.1.fetch_add(1, Ordering::SeqCst) < self.0;
            let body = if is_broken { "ha" } else { "half" };
            let mut answer = HttpResponse::new(200_u16.try_into().expect("status"), SdkBody::from(body));
            answer.headers_mut().insert("content-length", "4");
            answer.headers_mut().insert("etag", "\"e\"");
            HttpConnectorFuture::ready(Ok(answer))
        }
    }

    impl HttpClient for Breaking {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    /// The result of reading such an object, and the time it took on a simulated clock.
    async fn read_from(breaks: usize, size: Option<u64>) -> (Result<Download>, Duration) {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .region(aws_sdk_s3::config::Region::new("us-west-2"))
            .credentials_provider(aws_sdk_s3::config::Credentials::new("test", "test", None, None, "test"))
            .http_client(Breaking(breaks, Arc::default()));
        let call = aws_sdk_s3::Client::from_conf(config.build()).get_object().bucket("raw").key("a");
        let begun = Instant::now();
        (download(&call, "read s3://raw/a", size).await, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_breaks_off_is_read_again_from_its_start() {
        for breaks in [0, 1, 7] {
            let read = read_from(breaks, None).await.0.expect("an object");
            let (bytes, etag) = (Bytes::from("half"), "\"e\"".to_owned());
            assert_eq!(read, Download { bytes, etag, metadata: HashMap::new() }, "{breaks}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_of_an_object_is_never_the_whole() {
        for (breaks, size, says) in [
            (usize::MAX, None, "the answer broke off: "),
            (usize::MAX, Some(4), "the answer broke off: "),
            (0, Some(5), "the answer broke off: 4 of 5 bytes came"),
        ] {
            let (read, took) = read_from(breaks, size).await;
            let error = read.expect_err(says);
            assert_eq!(error.kind, FailureKind::Unreachable, "{error}");
            assert_eq!(error.to_string(), "cannot read s3://raw/a to its end");
            assert!(error.reason().contains(says), "{}", error.reason());
            assert!(error.hints.iter().any(|hint| hint.contains("check the network")), "{:?}", error.hints);
            assert!(took >= PATIENCE && took < PATIENCE * 2, "{took:?}");
        }
    }
}
