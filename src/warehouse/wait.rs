//! The wait for a statement: it ends with the statement, with a signal, or when asking again is of no use.

use std::time::Duration;

use aws_sdk_redshiftdata::operation::describe_statement::DescribeStatementOutput;
use aws_sdk_redshiftdata::types::StatusString;
use tokio::time::Instant;

use super::{Done, Signals, StatementError, Warehouse};
use crate::aws::failed;
use crate::error::{Error, FailureKind, Result};
use crate::interrupt;
use crate::statement_process::StatementProcess;

/// Finding 1: how long the Data API is asked to hold an answer back.
const LONG_POLL_SECONDS: i32 = 20;
/// How long one question may take, with what the SDK tries again.
const ANSWERED_WITHIN: Duration = Duration::from_secs(35);
/// R43: how long AWS may be silent.
const SILENCE: Duration = Duration::from_secs(50);
/// An answer that took so long was held back, and is pause enough.
const HELD_BACK: Duration = Duration::from_secs(1);
/// Time between two polls.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Answers after which a statement is not asked about again.
const HOPELESS: [&str; 3] = ["ResourceNotFoundException", "ValidationException", "AccessDeniedException"];

type Ended = std::result::Result<Done, StatementError>;

impl Warehouse {
    /// Waits for a statement. A signal cancels it.
    pub(super) async fn ended(&self, id: String, signals: Signals) -> Result<Ended> {
        tokio::select! {
            ended = self.waited_for(&id) => ended,
            stopped = interrupt::asked() => self.stopped(&id, signals, stopped).await,
        }
    }

    /// Waits until the deadline. A describe that fails does not abandon the statement (R22): it runs on, and is asked
    /// about again, unless AWS no longer takes the credentials or is silent (R43).
    async fn waited_for(&self, id: &str) -> Result<Ended> {
        let deadline = Instant::now() + self.deadline;
        let (mut pause, mut answered) = (SHORTEST_PAUSE, Instant::now());
        loop {
            let begun = Instant::now();
            let patience = (begun + ANSWERED_WITHIN).min(answered + SILENCE);
            let asking = self.describe(id, Some(LONG_POLL_SECONDS));
            let asked = tokio::time::timeout_at(patience, asking).await.unwrap_or_else(|_| Err(unanswered(answered)));
            let (late, silent) = (Instant::now() >= deadline, Instant::now() >= answered + SILENCE);
            match asked {
                Ok(found) => {
                    let status = found.status.clone();
                    if let Some(ended) = outcome(id, found) {
                        return Ok(ended);
                    }
                    if late {
                        let status = status.map_or_else(|| "running".to_owned(), |status| status.as_str().to_owned());
                        let seconds = self.deadline.as_secs();
                        return Err(Error::failed(format!("a statement is still {status} after {seconds} s"))
                            .hint(format!("Its id is {id}: `aws redshift-data describe-statement --id {id}`.")));
                    }
                    answered = Instant::now();
                }
                Err(error) if late || silent || error.kind == FailureKind::Credentials || error.is(&HOPELESS) => {
                    return Err(error.hint(format!(
                        "The statement goes on without this program: `aws redshift-data describe-statement --id {id}`."
                    )));
                }
                Err(error) if error.code.is_some() => answered = Instant::now(),
                Err(_) => {}
            }
            if begun.elapsed() < HELD_BACK {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    async fn describe(&self, id: &str, wait_seconds: Option<i32>) -> Result<DescribeStatementOutput> {
        let call = self.client.describe_statement().id(id).set_wait_time_seconds(wait_seconds);
        call.send().await.map_err(|error| failed("ask about a running statement", &error))
    }

    /// Ends a wait because of a signal, which is the answer where the statement is cancelled.
    async fn stopped(&self, id: &str, signals: Signals, error: Error) -> Result<Ended> {
        if signals == Signals::Cancel {
            // One that has just ended refuses it.
            let _ = interrupt::briefly(self.client.cancel_statement().id(id).send()).await;
        }
        loop {
            let ended = match interrupt::briefly(self.describe(id, None)).await {
                Some(Ok(found)) => outcome(id, found),
                Some(Err(_)) | None => break,
            };
            match (ended, signals) {
                (Some(ended), Signals::Ignore) => return Ok(ended),
                (Some(Ok(_)), Signals::Cancel) => {
                    return Err(error.hint("The statement that was running has just ended."));
                }
                (Some(Err(_)), Signals::Cancel) => {
                    return Err(error.hint("The statement that was running has been cancelled."));
                }
                (None, _) if interrupt::is_overdue() => break,
                (None, _) => tokio::time::sleep(SHORTEST_PAUSE).await,
            }
        }
        Err(error.hint(format!("A statement may still run: `aws redshift-data describe-statement --id {id}`.")))
    }
}

fn unanswered(since: Instant) -> Error {
    let seconds = since.elapsed().as_secs();
    Error::new(FailureKind::Unreachable, "cannot ask about a running statement")
        .because(format!("no answer for {seconds} s"))
        .hint("Nobody answers: check the network, and HTTPS_PROXY where there is a proxy.")
}

/// How a statement ended; `None` while it runs.
fn outcome(id: &str, found: DescribeStatementOutput) -> Option<Ended> {
    let submitted = found.created_at.as_ref().map_or(0, |created| created.secs());
    let process = StatementProcess::new(found.redshift_pid, submitted);
    match found.status {
        Some(StatusString::Finished) => {
            let (rows, session) = (found.result_rows, found.session_id);
            let has_rows = found.has_result_set.unwrap_or(false);
            Some(Ok(Done { id: id.to_owned(), rows, process, session, has_rows }))
        }
        Some(StatusString::Failed | StatusString::Aborted) => {
            let message = found.error.unwrap_or_else(|| "the statement was cancelled".to_owned());
            Some(Err(StatementError { message, process }))
        }
        _ => None,
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
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::retry::ErrorKind;

    use super::super::ClusterDatabase;
    use super::*;
    use crate::event::Events;

    /// A server, by what it does with the n-th request, from 0.
    #[derive(Clone)]
    struct Played(fn(usize) -> HttpConnectorFuture, Arc<AtomicUsize>);

    impl std::fmt::Debug for Played {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Played")
        }
    }

    impl HttpConnector for Played {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            (self.0)(self.1.fetch_add(1, Ordering::SeqCst))
        }
    }

    impl HttpClient for Played {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    fn answer(status: u16, body: &'static str) -> HttpConnectorFuture {
        let status = status.try_into().expect("status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }

    fn silent(_: usize) -> HttpConnectorFuture {
        HttpConnectorFuture::new(std::future::pending())
    }

    fn refused(_: usize) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Err(ConnectorError::io("connection refused".into())))
    }

    /// The connection is closed before the answer, as the SDK words it.
    fn hung_up(_: usize) -> HttpConnectorFuture {
        let error = ConnectorError::other("connection closed".into(), Some(ErrorKind::TransientError));
        HttpConnectorFuture::ready(Err(error))
    }

    fn gateway(_: usize) -> HttpConnectorFuture {
        answer(502, "<html>Bad Gateway</html>")
    }

    fn expired(_: usize) -> HttpConnectorFuture {
        answer(
            400,
            r#"{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}"#,
        )
    }

    /// An outage of the service itself, which passes.
    fn passing(nth: usize) -> HttpConnectorFuture {
        match nth {
            0..300 => answer(500, r#"{"__type":"InternalServerException","message":"try again"}"#),
            _ => answer(200, r#"{"Id":"an-id","Status":"FINISHED","ResultRows":7,"RedshiftQueryId":1}"#),
        }
    }

    /// How the wait for a statement ends with such a server, and after which time, on a clock that does not wait.
    async fn waited_for(server: fn(usize) -> HttpConnectorFuture) -> (Result<Ended>, Duration) {
        let config = aws_sdk_redshiftdata::Config::builder()
            .behavior_version(aws_sdk_redshiftdata::config::BehaviorVersion::latest())
            .region(aws_sdk_redshiftdata::config::Region::new("us-west-2"))
            .credentials_provider(aws_sdk_redshiftdata::config::Credentials::new("test", "test", None, None, "test"))
            .http_client(Played(server, Arc::default()));
        let place = ClusterDatabase { cluster: "c".into(), database: "d".into(), admin: "a".into() };
        let warehouse = Warehouse {
            client: aws_sdk_redshiftdata::Client::from_conf(config.build()),
            place,
            secret: None,
            deadline: Duration::from_secs(4 * 3600),
            events: Events::to(drop),
        };
        let begun = Instant::now();
        (warehouse.ended("an-id".to_owned(), Signals::Cancel).await, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_endpoint_ends_the_wait_within_a_minute() {
        type Server = fn(usize) -> HttpConnectorFuture;
        let servers = [("silent", silent as Server), ("refused", refused), ("hung up", hung_up), ("gateway", gateway)];
        for (name, server) in servers {
            let (ended, took) = waited_for(server).await;
            let error = ended.expect_err(name);
            assert_eq!(error.kind, FailureKind::Unreachable, "{name}: {error}");
            assert!(took > Duration::from_secs(30) && took < Duration::from_secs(60), "{name}: {took:?}");
            assert!(error.hints.iter().any(|hint| hint.contains("describe-statement --id an-id")), "{name}: {error:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_that_have_expired_end_the_wait_at_once() {
        let (ended, took) = waited_for(expired).await;
        let error = ended.expect_err("expired");
        assert_eq!((error.kind, error.kind.exit_code()), (FailureKind::Credentials, 8), "{error}");
        assert!(took < Duration::from_secs(1), "{took:?}");
        for says in ["log in again", "describe-statement --id an-id"] {
            assert!(error.hints.iter().any(|hint| hint.contains(says)), "{says}: {:?}", error.hints);
        }
    }

    /// R22.
    #[tokio::test(start_paused = true)]
    async fn a_service_that_fails_for_a_while_does_not_end_the_wait() {
        let (ended, took) = waited_for(passing).await;
        assert_eq!(ended.expect("an answer").expect("finished").rows, 7);
        assert!(took > SILENCE, "{took:?}");
    }
}
