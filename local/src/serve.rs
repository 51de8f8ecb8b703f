//! The stand-in behind a port of the loopback interface, for programs that are not this one.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::endpoint::Endpoint;
use crate::s3::Collection;
use crate::warehouse::Warehouses;
use crate::wire::Wire;
use crate::{Cloud, page, statement_threads};

/// Where the server says that it is well. No bucket can have this name.
pub const HEALTH: &str = "/_local/health";

/// How long the answer about its health waits for the rest.
const HEALTH_WAIT: Duration = Duration::from_secs(1);

/// How soon memory is given back that nobody uses.
const RELEASE_AFTER: Duration = Duration::from_secs(2);

/// A server that answers until it is dropped.
pub struct Server {
    /// `127.0.0.1` and the port that was free.
    pub address: SocketAddr,
    /// What it answers with at `HEALTH`, and no other server does.
    pub id: String,
    /// The certificate of the authority that vouches for the warehouses' ports, PEM.
    pub authority: String,
    accepting: JoinHandle<()>,
    releasing: JoinHandle<()>,
    wire: Wire,
    _collection: Collection,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
        self.releasing.abort();
        self.wire.shut();
    }
}

/// A page of another origin can be led to this port under a name of its own: only names of this machine are answered,
/// and of what a browser sends on behalf of a page, only what our own page asks.
fn is_meant_for_us(request: &http::Request<Incoming>) -> bool {
    let header = |name| request.headers().get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let host = header(http::header::HOST).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let is_ours = matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name.ends_with(".localhost");
    let is_from_our_page =
        |origin: &http::HeaderValue| is_of_page(request) && origin.as_bytes() == format!("http://{host}").as_bytes();
    is_ours && request.headers().get(http::header::ORIGIN).is_none_or(is_from_our_page)
}

fn is_of_page(request: &http::Request<Incoming>) -> bool {
    let rest = request.uri().path().strip_prefix(page::PATH);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn misdirected() -> http::Response<SdkBody> {
    let mut response = http::Response::new(SdkBody::from("only requests to localhost are answered here\n"));
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

/// Gives back what warehouses keep in memory, whenever they have nothing to do.
async fn release_memory(warehouses: Warehouses) {
    loop {
        tokio::time::sleep(RELEASE_AFTER).await;
        let warehouses = warehouses.clone();
        let _ = statement_threads::run(move || warehouses.release_memory()).await;
    }
}

impl Cloud {
    /// Answers on 127.0.0.1; port 0 is any free one. Nothing but the loopback interface is ever bound.
    ///
    /// # Errors
    /// Where the port is taken.
    pub async fn serve(&self, port: u16) -> std::io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let id = crate::protocol::uuid();
        let (cloud, known) = (self.clone(), id.clone());
        let accepting = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        drop(tokio::spawn(cloud.clone().connection(TokioIo::new(stream), known.clone())))
                    }
                    Err(error) => tracing::warn!(%error, "cannot accept a connection"),
                }
            }
        });
        let releasing = tokio::spawn(release_memory(self.endpoint.redshift.warehouses.clone()));
        let wire = self.endpoint.redshift.wire.clone();
        let authority = wire.open(tokio::runtime::Handle::current())?;
        self.endpoint.redshift.open_doors().map_err(std::io::Error::other)?;
        let collection = self.endpoint.buckets.collect_in_background();
        Ok(Server { address, id, authority, accepting, releasing, wire, _collection: collection })
    }

    async fn connection(self, stream: TokioIo<tokio::net::TcpStream>, id: String) {
        let service = service_fn(|request: http::Request<Incoming>| {
            let (endpoint, id) = (self.endpoint.clone(), id.clone());
            async move {
                if !is_meant_for_us(&request) {
                    return Ok::<_, std::io::Error>(misdirected());
                }
                if request.uri().path() == HEALTH {
                    return Ok(health(&id, &endpoint).await);
                }
                let is_of_page = is_of_page(&request);
                let request = request.map(SdkBody::from_body_1_x);
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
        if let Err(error) = http1::Builder::new().serve_connection(stream, service).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
