//! The requests that are looking up an object: one that is alone reads the disk on its own thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the requests that are looking up an object.
#[derive(Debug, Clone, Default)]
pub struct InFlightReads(Arc<AtomicUsize>);

/// Counts one request until it is dropped.
pub struct InFlightRead<'s>(&'s AtomicUsize);

impl InFlightReads {
    pub fn begin(&self) -> InFlightRead<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        InFlightRead(&self.0)
    }
}

impl InFlightRead<'_> {
    pub fn is_alone(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 1
    }
}

impl Drop for InFlightRead<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
