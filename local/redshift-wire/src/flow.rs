//! The pace between a statement and the client that reads its rows.

use std::sync::{Condvar, Mutex, PoisonError};

use redshift_engine::statement_threads;
use redshift_engine::sync::locked;

/// Batches of rows on their way to a client that reads slowly.
const BATCHES_AHEAD: usize = 2;

/// How far a statement may run ahead of its client. One that is left half-read, as a portal is, must not keep the session
/// from the next statement: it is released then, and the rest of its rows wait on the disk.
#[derive(Default)]
pub struct Flow {
    state: Mutex<FlowState>,
    moved: Condvar,
}

#[derive(Default)]
struct FlowState {
    batches: usize,
    is_released: bool,
}

impl Flow {
    /// Lets the statement run on to its end.
    pub fn release(&self) {
        locked(&self.state).is_released = true;
        self.moved.notify_all();
    }

    pub fn is_released(&self) -> bool {
        locked(&self.state).is_released
    }

    /// Notes a batch that is about to be sent; waits while the client has too many to read.
    pub fn sent(&self) {
        let wait = |state: &mut FlowState| state.batches >= BATCHES_AHEAD && !state.is_released;
        let mut state = locked(&self.state);
        if wait(&mut state) {
            statement_threads::give_up_turn();
        }
        let state = self.moved.wait_while(state, wait);
        state.unwrap_or_else(PoisonError::into_inner).batches += 1;
    }

    /// Notes a batch that the client's side has taken.
    pub fn taken(&self) {
        let mut state = locked(&self.state);
        state.batches = state.batches.saturating_sub(1);
        self.moved.notify_all();
    }
}
