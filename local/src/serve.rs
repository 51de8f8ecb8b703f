//! The stand-in behind a port of the loopback interface, for programs that are not this one.

use std::net::{Ipv4Addr, SocketAddr};

use aws_smithy_types::body::SdkBody;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::Cloud;

/// A server that answers until it is dropped.
#[derive(Debug)]
pub struct Server {
    /// `127.0.0.1` and the port that was free.
    pub address: SocketAddr,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A page of another origin can be led to this port under a name of its own: only names of this machine are answered,
/// and nothing that a browser sends on behalf of a page.
fn is_meant_for_us(request: &http::Request<Incoming>) -> bool {
    let header = |name| request.headers().get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let host = header(http::header::HOST).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let is_ours = matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name.ends_with(".localhost");
    is_ours && header(http::header::ORIGIN).is_none()
}

fn misdirected() -> http::Response<SdkBody> {
    let mut response = http::Response::new(SdkBody::from("only requests to localhost are answered here\n"));
    *response.status_mut() = http::StatusCode::MISDIRECTED_REQUEST;
    response
}

impl Cloud {
    /// Answers on 127.0.0.1; port 0 is any free one. Nothing but the loopback interface is ever bound.
    ///
    /// # Errors
    /// Where the port is taken.
    pub async fn serve(&self, port: u16) -> std::io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let cloud = self.clone();
        let accepting = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => drop(tokio::spawn(cloud.clone().connection(TokioIo::new(stream)))),
                    Err(error) => tracing::warn!(%error, "cannot accept a connection"),
                }
            }
        });
        Ok(Server { address, accepting })
    }

    async fn connection(self, stream: TokioIo<tokio::net::TcpStream>) {
        let service = service_fn(|request: http::Request<Incoming>| {
            let endpoint = self.endpoint.clone();
            async move {
                if !is_meant_for_us(&request) {
                    return Ok(misdirected());
                }
                endpoint.answer(request.map(SdkBody::from_body_1_x)).await.map_err(std::io::Error::other)
            }
        });
        // A reply that is lost on purpose ends the connection without an answer.
        if let Err(error) = http1::Builder::new().serve_connection(stream, service).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
