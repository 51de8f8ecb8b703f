//! Accepts connections, and waits where the process has no file left for one.

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

/// Between two attempts where accepting fails: at the limit of open files it fails at once, again and again.
const PAUSE: Duration = Duration::from_millis(100);

/// The next connection. What keeps it from being accepted is logged once, and once more when it has passed.
pub async fn next_connection(listener: &TcpListener) -> TcpStream {
    let mut has_failed = false;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if has_failed {
                    tracing::warn!("connections are accepted again");
                }
                return stream;
            }
            // A connection that its client gave up meanwhile says nothing of the next one.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                if !has_failed {
                    tracing::warn!(%error, "cannot accept connections: waiting until others end");
                }
                has_failed = true;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
