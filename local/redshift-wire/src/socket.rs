//! One client's socket: TLS where it is asked for, then message by message to the protocol library's handlers.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use futures::SinkExt;
use pgwire::api::{ClientInfo, DefaultClient, PgWireConnectionState, PgWireServerHandlers};
use pgwire::error::{ErrorInfo, PgWireError};
use pgwire::messages::{DecodeContext, PgWireBackendMessage, PgWireFrontendMessage};
use pgwire::tokio::TlsAcceptor;
use pgwire::tokio::server::{MaybeTls, PgWireMessageServerCodec, process_error, process_message};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio_util::codec::Framed;

use super::framing::{Phase, next_message};
use super::handler::{Handlers, Queries, Statement};
use super::startup::fatal;

/// A client that has not logged in by then is let go.
const LOGIN: Duration = Duration::from_secs(60);
/// Bytes of rows that wait in the system for a client to read them.
const SEND_BUFFER_BYTES: usize = 256 << 10;
/// How often a connection is looked at whose client has sent more than was read.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// The length and the code of the requests that may come before TLS.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
const GSS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 48];

type Client<S> = Framed<S, PgWireMessageServerCodec<Statement>>;

/// Serves a client until it leaves.
///
/// # Errors
/// Where the connection breaks, or the client does not log in within a minute.
pub async fn serve(stream: TcpStream, tls: TlsAcceptor, handlers: Handlers) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // The system's own would grow to megabytes for each client that reads nothing.
    SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_BYTES)?;
    let (address, watched) = (stream.peer_addr()?, duplicate(&stream)?);
    let deadline = tokio::time::Instant::now() + LOGIN;
    let negotiated = tokio::time::timeout_at(deadline, negotiate(stream, tls)).await??;
    let (stream, read) = negotiated;
    let is_secure = matches!(stream, MaybeTls::Tls(_));
    let queries = handlers.queries();
    tokio::select! {
        done = converse(stream, read, address, is_secure, deadline, handlers) => done,
        never = watch(watched, &queries) => match never {},
    }
}

/// Tells the session when its client has closed the connection, which nobody reads from while a statement runs.
async fn watch(stream: TcpStream, queries: &Queries) -> Infallible {
    loop {
        match stream.ready(Interest::READABLE).await {
            Ok(ready) if !ready.is_read_closed() => tokio::time::sleep(LOOK_AGAIN).await,
            _ => break,
        }
    }
    queries.leave();
    std::future::pending().await
}

/// The same connection, to look at it from beside.
fn duplicate(stream: &TcpStream) -> io::Result<TcpStream> {
    TcpStream::from_std(SockRef::from(stream).try_clone()?.into())
}

/// Accepts TLS and declines GSS, each at most once; answers what was read of the message that follows.
async fn negotiate(mut stream: TcpStream, tls: TlsAcceptor) -> io::Result<(MaybeTls, BytesMut)> {
    let mut read = BytesMut::with_capacity(64);
    let mut has_declined = false;
    loop {
        // What cannot become a request is a startup message, or nothing at all.
        while read.len() < TLS_REQUEST.len() {
            if stream.read_buf(&mut read).await? == 0 {
                return Ok((MaybeTls::Plain(stream), read));
            }
        }
        if read[..] == TLS_REQUEST {
            stream.write_all(b"S").await?;
            return Ok((MaybeTls::Tls(Box::new(tls.accept(stream).await?)), BytesMut::new()));
        }
        if read[..8] != GSS_REQUEST || has_declined {
            return Ok((MaybeTls::Plain(stream), read));
        }
        stream.write_all(b"N").await?;
        has_declined = true;
        let _ = read.split_to(8);
    }
}

/// Answers message after message. `read` is what has come already.
pub async fn converse<S>(
    stream: S,
    mut read: BytesMut,
    address: SocketAddr,
    is_secure: bool,
    deadline: tokio::time::Instant,
    handlers: Handlers,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static,
{
    let mut client: Client<S> =
        Framed::new(stream, PgWireMessageServerCodec::new(DefaultClient::new(address, is_secure)));
    client.set_state(PgWireConnectionState::AwaitingStartup);
    let queries = handlers.queries();
    loop {
        let phase = match client.state() {
            PgWireConnectionState::AwaitingStartup => Phase::Startup,
            PgWireConnectionState::AuthenticationInProgress => Phase::Authentication,
            _ => Phase::Queries,
        };
        let message = match phase {
            Phase::Queries => tokio::select! {
                message = read_message(&mut client, &mut read, phase) => message?,
                () = queries.terminated() => {
                    let reason = "terminating connection due to administrator command";
                    return refuse(&mut client, fatal("57P01", reason.to_owned())).await.map(drop);
                }
            },
            _ => tokio::time::timeout_at(deadline, read_message(&mut client, &mut read, phase)).await??,
        };
        let Some(message) = message else { return Ok(()) };
        if matches!(message, PgWireFrontendMessage::Terminate(_)) {
            return Ok(());
        }
        let is_cancel = matches!(message, PgWireFrontendMessage::CancelRequest(_));
        let is_extended = message.is_extended_query();
        let done = process_message(
            message,
            &mut client,
            handlers.startup_handler(),
            handlers.queries(),
            handlers.queries(),
            handlers.copy_handler(),
            handlers.cancel_handler(),
        );
        if let Err(error) = done.await {
            if phase != Phase::Queries {
                refuse(&mut client, error).await?;
                return Ok(());
            }
            let is_fatal = error.is_fatal();
            process_error(&mut client, error, is_extended).await?;
            if is_fatal {
                return Ok(());
            }
        }
        if is_cancel {
            return Ok(());
        }
    }
}

/// The next message; `None` where the client has gone, or was told that it does not speak the protocol.
async fn read_message<S>(
    client: &mut Client<S>,
    read: &mut BytesMut,
    phase: Phase,
) -> io::Result<Option<PgWireFrontendMessage>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static,
{
    loop {
        match next_message(read, phase) {
            Ok(Some(mut message)) => {
                let mut context = DecodeContext::new(client.protocol_version());
                context.awaiting_frontend_ssl = false;
                context.awaiting_frontend_startup = phase == Phase::Startup;
                return match PgWireFrontendMessage::decode(&mut message, &context) {
                    Ok(decoded) => Ok(decoded),
                    Err(error) => refuse(client, error).await,
                };
            }
            Ok(None) => {}
            Err(violation) => return refuse(client, fatal("08P01", violation.to_string())).await,
        }
        if client.get_mut().read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
}

/// Tells the client why, and ends the conversation: where the next message begins is not known any more.
async fn refuse<S>(client: &mut Client<S>, error: PgWireError) -> io::Result<Option<PgWireFrontendMessage>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static,
{
    let told = ErrorInfo::from(error);
    let told = ErrorInfo::new("FATAL".into(), told.code, told.message);
    client.send(PgWireBackendMessage::ErrorResponse(told.into())).await?;
    client.close().await?;
    Ok(None)
}
