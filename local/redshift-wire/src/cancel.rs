//! Cancel requests. A client sends one over a connection of its own, with the process id and the key of the one whose
//! statement is to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use pgwire::api::cancel::CancelHandler;
use pgwire::messages::cancel::CancelRequest;
use pgwire::messages::startup::SecretKey;
use redshift_engine::sync::locked;

use super::connection::Running;

/// Between two interrupts of a statement that is being cancelled.
const INTERRUPT_AGAIN: Duration = Duration::from_millis(10);

/// What a client needs to cancel a statement of a connection.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CancelKey {
    pid: i32,
    secret: Vec<u8>,
}

impl CancelKey {
    /// The key as it is sent, in whichever form it is held.
    pub fn new(pid: i32, secret: &SecretKey) -> Self {
        let secret = match secret {
            SecretKey::I32(number) => number.to_be_bytes().to_vec(),
            SecretKey::Bytes(bytes) => bytes.to_vec(),
        };
        Self { pid, secret }
    }
}

/// What runs on a connection, if anything does.
pub type Slot = Arc<Mutex<Option<Running>>>;

/// The connections of a server, by the keys of their clients.
#[derive(Clone, Default)]
pub struct CancelKeys(Arc<Mutex<HashMap<CancelKey, Slot>>>);

impl CancelKeys {
    pub fn insert(&self, key: CancelKey, running: Slot) {
        locked(&self.0).insert(key, running);
    }

    pub fn remove(&self, key: &CancelKey) {
        locked(&self.0).remove(key);
    }

    fn slot(&self, key: &CancelKey) -> Option<Slot> {
        locked(&self.0).get(key).cloned()
    }
}

#[async_trait]
impl CancelHandler for CancelKeys {
    async fn on_cancel_request(&self, request: CancelRequest) {
        let Some(running) = self.slot(&CancelKey::new(request.pid, &request.secret_key)) else { return };
        // An interrupt that comes before DuckDB has begun is lost: it is repeated until the statement has ended.
        let Some(wanted) = locked(&running).clone() else { return };
        wanted.flow.release();
        let interrupt = || {
            let runs = locked(&running).as_ref().is_some_and(|now| now.cancel.is(&wanted.cancel));
            if runs {
                wanted.cancel.cancel();
            }
            runs
        };
        while interrupt() {
            tokio::time::sleep(INTERRUPT_AGAIN).await;
        }
    }
}
