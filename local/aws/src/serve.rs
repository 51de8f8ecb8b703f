//! The stand-in behind a port of the loopback interface, for programs that are not this one.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use redshift_engine::{Warehouses, statement_threads};
use redshift_wire::WireServer;
use redshift_wire::accept::next_connection;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::endpoint::Endpoint;
use crate::request_body::{Stalled, TimedBody};
use crate::s3::Collection;
use crate::{Cloud, control, page};

/// Where the server says that it is well. No bucket can have this name.
pub const HEALTH: &str = "/_local/health";

/// How long the answer about its health waits for the rest.
const HEALTH_WAIT: Duration = Duration::from_secs(1);

/// How soon memory is given back that nobody uses.
const RELEASE_AFTER: Duration = Duration::from_secs(2);
/// How often, and how soon again, an instant between two statements is looked for.
const RELEASE_TRIES: usize = 50;
const RELEASE_AGAIN: Duration = Duration::from_millis(20);

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
struct Timeouts {
    /// For all of a head, and between two requests of one connection.
    head: Duration,
    /// Between two pieces of a body.
    body: Duration,
}

/// S3 closes connections that are idle for about as long.
const TIMEOUTS: Timeouts = Timeouts { head: Duration::from_secs(30), body: Duration::from_secs(30) };

/// Where a server listens, and by which names it is called.
#[derive(Debug, Clone)]
pub struct Listen {
    pub address: IpAddr,
    /// 0 is any that is free.
    pub port: u16,
    /// Hosts that are answered beside those of this machine, each with every name below it. The first one is what clients
    /// are told as the host of a warehouse.
    pub hosts: Vec<String>,
}

impl Listen {
    /// Only programs of this machine.
    pub fn on_loopback(port: u16) -> Self {
        Self { address: Ipv4Addr::LOCALHOST.into(), port, hosts: Vec::new() }
    }

    /// The host that clients are told, where it is not an address of the loopback interface.
    fn host(&self) -> Option<String> {
        if self.address.is_loopback() {
            return None;
        }
        let bound = Some(self.address).filter(|address| !address.is_unspecified());
        self.hosts.first().cloned().or_else(|| bound.map(|address| address.to_string()))
    }

    /// Returns true if this is the server's name, without a port.
    fn is_called(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let is_below = |host: &str| name.strip_suffix(host).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        matches!(name.as_str(), "localhost" | "127.0.0.1" | "[::1]")
            || name.ends_with(".localhost")
            || name.trim_matches(['[', ']']) == self.address.to_string() && !self.address.is_unspecified()
            || self.hosts.iter().any(|host| is_below(&host.to_ascii_lowercase()))
    }
}

/// A server that answers until it is dropped.
pub struct Server {
    /// Where this machine finds it: the address that is bound, or 127.0.0.1 where all are.
    pub address: SocketAddr,
    /// What it answers with at `HEALTH`, and no other server does.
    pub id: String,
    /// The certificate of the authority that vouches for the warehouses' ports, PEM.
    pub authority: String,
    accepting: JoinHandle<()>,
    releasing: JoinHandle<()>,
    wire: WireServer,
    _collection: Collection,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
        self.releasing.abort();
        self.wire.shut();
    }
}

/// A page of another origin can be led to this port under a name of its own: only names of this server are answered,
/// and of what a browser sends on behalf of a page, only what our own page asks.
fn is_meant_for_us(request: &http::Request<Incoming>, listen: &Listen) -> bool {
    let header = |name| request.headers().get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let host = header(http::header::HOST).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let is_from_our_page =
        |origin: &http::HeaderValue| is_of_page(request) && origin.as_bytes() == format!("http://{host}").as_bytes();
    listen.is_called(name) && request.headers().get(http::header::ORIGIN).is_none_or(is_from_our_page)
}

fn is_of_page(request: &http::Request<Incoming>) -> bool {
    let rest = request.uri().path().strip_prefix(page::PATH);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn misdirected() -> http::Response<SdkBody> {
    let mut response = http::Response::new(SdkBody::from(
        "only requests to localhost are answered here, and to the names that --allow-host gives\n",
    ));
    *response.status_mut() = http::StatusCode::MISDIRECTED_REQUEST;
    response
}

/// Answers that the server is there, what it plays, and whether it works: a record is read on the threads that serve
/// objects, and a thread for a statement is taken, both within a second.
async fn health(id: &str, endpoint: &Endpoint) -> http::Response<SdkBody> {
    let services = ["iam", "redshift", "redshift-data", "redshift-serverless", "s3", "secretsmanager", "sts"];
    let store = endpoint.buckets.store.clone();
    let record = tokio::task::spawn_blocking(move || store.check_readable());
    let failure =
        match tokio::time::timeout(HEALTH_WAIT, async { (record.await, statement_threads::run(|| ()).await) }).await {
            Err(_) => Some(format!("no thread was free for {} s", HEALTH_WAIT.as_secs())),
            Ok((Err(error), _)) => Some(error.to_string()),
            Ok((Ok(Err(error)), _)) => Some(error.to_string()),
            Ok((_, Err(error))) => Some(error.to_string()),
            Ok((Ok(Ok(())), Ok(()))) => None,
        };
    let status = if failure.is_none() { "ok" } else { "failing" };
    let mut body =
        serde_json::json!({ "status": status, "id": id, "version": env!("CARGO_PKG_VERSION"), "services": services });
    if let Some(failure) = &failure {
        body["failure"] = failure.as_str().into();
    }
    let mut response = http::Response::new(SdkBody::from(body.to_string()));
    if failure.is_some() {
        *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
    }
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

/// Gives back what warehouses keep in memory and do not need, between two of their statements.
async fn release_memory(warehouses: Warehouses) {
    loop {
        tokio::time::sleep(RELEASE_AFTER).await;
        for attempt in 0..RELEASE_TRIES {
            let warehouses = warehouses.clone();
            if statement_threads::run(move || warehouses.release_memory(attempt > 0)).await.unwrap_or(true) {
                break;
            }
            tokio::time::sleep(RELEASE_AGAIN).await;
        }
    }
}

impl Cloud {
    /// Answers on 127.0.0.1; port 0 is any free one.
    ///
    /// # Errors
    /// Where the port is taken.
    pub async fn serve(&self, port: u16) -> std::io::Result<Server> {
        self.serve_on(Listen::on_loopback(port)).await
    }

    /// Answers on any address of the machine. Whoever reaches it may do everything: the keys are known.
    ///
    /// # Errors
    /// Where the port is taken, or the address is not this machine's.
    pub async fn serve_on(&self, listen: Listen) -> std::io::Result<Server> {
        self.serve_within(listen, TIMEOUTS).await
    }

    async fn serve_within(&self, listen: Listen, timeouts: Timeouts) -> std::io::Result<Server> {
        let listener = TcpListener::bind((listen.address, listen.port)).await?;
        let mut address = listener.local_addr()?;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let listen = Arc::new(listen);
        let id = crate::protocol::uuid();
        let (cloud, known, called) = (self.clone(), id.clone(), listen.clone());
        let accepting = tokio::spawn(async move {
            loop {
                let stream = TokioIo::new(next_connection(&listener).await);
                drop(tokio::spawn(cloud.clone().connection(stream, known.clone(), called.clone(), timeouts)));
            }
        });
        let releasing = tokio::spawn(release_memory(self.endpoint.redshift.warehouses.clone()));
        let wire = self.endpoint.redshift.wire.clone();
        let authority = wire.open(tokio::runtime::Handle::current(), listen.address, listen.host())?;
        self.endpoint.redshift.open_doors().map_err(std::io::Error::other)?;
        let collection = self.endpoint.buckets.collect_in_background();
        Ok(Server { address, id, authority, accepting, releasing, wire, _collection: collection })
    }

    async fn connection(
        self,
        stream: TokioIo<tokio::net::TcpStream>,
        id: String,
        listen: Arc<Listen>,
        timeouts: Timeouts,
    ) {
        let service = service_fn(|request: http::Request<Incoming>| {
            let (cloud, id, listen) = (self.clone(), id.clone(), listen.clone());
            async move {
                let endpoint = cloud.endpoint.clone();
                if !is_meant_for_us(&request, &listen) {
                    return Ok::<_, std::io::Error>(misdirected());
                }
                if request.uri().path() == HEALTH {
                    return Ok(health(&id, &endpoint).await);
                }
                if let Some(asked) = control::asked(request.method(), request.uri(), request.headers()) {
                    return Ok(control::answer(cloud, asked).await);
                }
                let is_of_page = is_of_page(&request);
                let stalled = Stalled::default();
                let mut request = request.map(|body| match body.is_end_stream() {
                    true => SdkBody::empty(),
                    false => SdkBody::from_body_1_x(TimedBody::new(body, timeouts.body, stalled.clone())),
                });
                request.extensions_mut().insert(stalled);
                if is_of_page {
                    return Ok(page::answer(&endpoint, request).await);
                }
                let mut answer = endpoint.answer(request).await.map_err(std::io::Error::other)?;
                // An object that is a page of its own gets an origin of its own: it cannot ask what our page asks.
                let policy = http::HeaderValue::from_static("sandbox");
                answer.headers_mut().insert(http::header::CONTENT_SECURITY_POLICY, policy);
                Ok(answer)
            }
        });
        // A reply that is lost on purpose ends the connection without an answer.
        let mut connection = http1::Builder::new();
        connection.timer(TokioTimer::new()).header_read_timeout(timeouts.head);
        if let Err(error) = connection.serve_connection(stream, service).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    /// Sends what begins a request, and reads until the server closes the connection.
    async fn begin(server: &Server, request: &str) -> String {
        let mut stream = TcpStream::connect(server.address).await.expect("connection");
        stream.write_all(request.as_bytes()).await.expect("request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[test]
    fn a_server_is_called_by_its_names_and_by_no_others() {
        let all =
            Listen { address: Ipv4Addr::UNSPECIFIED.into(), port: 0, hosts: vec!["aws".into(), "Local.test".into()] };
        for name in ["localhost", "127.0.0.1", "data.localhost", "aws", "data.aws", "local.TEST", "data.s3.local.test"]
        {
            assert!(all.is_called(name), "{name}");
        }
        for name in ["", "evil.example", "xaws", "aws.example", "0.0.0.0", "10.0.0.1"] {
            assert!(!all.is_called(name), "{name}");
        }
        assert_eq!(all.host().as_deref(), Some("aws"));
        let one = Listen { address: Ipv4Addr::new(10, 0, 0, 1).into(), port: 0, hosts: Vec::new() };
        assert!(one.is_called("10.0.0.1") && !one.is_called("10.0.0.2"));
        assert_eq!(one.host().as_deref(), Some("10.0.0.1"));
        assert_eq!(Listen::on_loopback(0).host(), None);
    }

    #[tokio::test]
    async fn heads_and_bodies_that_never_end_are_closed_and_keep_nobody_waiting() {
        let directory = tempfile::tempdir().expect("directory");
        let cloud = Cloud::bare(directory.path());
        let timeouts = Timeouts { head: Duration::from_millis(500), body: Duration::from_millis(100) };
        let server = cloud.serve_within(Listen::on_loopback(0), timeouts).await.expect("server");
        let mut open = Vec::new();
        for _ in 0..100 {
            let mut stream = TcpStream::connect(server.address).await.expect("connection");
            stream.write_all(b"POST / HTTP/1.1\r\nHost: loc").await.expect("half a head");
            open.push(stream);
        }
        let health = format!("GET {HEALTH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = begin(&server, &health).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        for mut stream in open {
            let mut answer = Vec::new();
            // It may be reset instead of ended.
            let _ = stream.read_to_end(&mut answer).await;
            assert!(!answer.starts_with(b"HTTP/1.1 200"));
        }
        let form = "POST /bucket HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n\
                    Content-Length: 1000\r\n\r\n--x\r\n";
        let answer = begin(&server, form).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("<Code>RequestTimeout</Code>"), "{answer}");
    }
}
