//! Leases: the bytes of a version that is replaced or deleted stay until its last reader is done. S3 answers a GET with one
//! version from start to end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use redshift_engine::sync::locked;
use s3s::{S3Result, s3_error};

use crate::s3::record::segment::{Segment, remove_segments, sequence_of};
use crate::store::{Store, next_sequence};

/// The versions that are being read.
#[derive(Clone, Default)]
pub struct Leases(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Read-locked from the look-up of a record until its lease is taken; write-locked once before bytes are removed, so
    /// that whoever found the record has its lease by then.
    lookups: RwLock<()>,
    /// By the id of a version's first segment: its segments come and go together.
    held: Mutex<HashMap<String, Held>>,
    /// The number of `next_sequence` when all objects were last replaced at once; 0 before.
    replaced_at: AtomicU64,
}

#[derive(Default)]
struct Held {
    readers: usize,
    /// Bucket and segments that the last reader removes.
    discarded: Option<(String, Vec<Segment>)>,
}

/// Keeps the bytes of one version while it exists.
pub struct Lease {
    leases: Leases,
    store: Store,
    id: String,
}

impl Leases {
    /// Held while a record is looked up and its lease is taken.
    pub fn lookup(&self) -> RwLockReadGuard<'_, ()> {
        self.0.lookups.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lease of a version's segments; `None` where it has none.
    pub fn take(&self, store: &Store, segments: &[Segment]) -> Option<Arc<Lease>> {
        let id = segments.first()?.id.clone();
        locked(&self.0.held).entry(id.clone()).or_default().readers += 1;
        Some(Arc::new(Lease { leases: self.clone(), store: store.clone(), id }))
    }

    /// Leaves the removal of segments, which no record names any more, to their last reader; answers whether there is one.
    pub fn postpone(&self, bucket: &str, segments: &[Segment]) -> bool {
        let Some(first) = segments.first() else { return false };
        drop(self.0.lookups.write().unwrap_or_else(PoisonError::into_inner));
        match locked(&self.0.held).get_mut(&first.id) {
            Some(held) => {
                held.discarded = Some((bucket.to_owned(), segments.to_vec()));
                true
            }
            None => false,
        }
    }

    /// Leaves to readers nothing that they are to remove: all objects are about to be replaced, and what was discarded may
    /// be an object again. Called under the lock of `Store::change`, so that nothing is discarded meanwhile.
    pub fn forget_discarded(&self) {
        locked(&self.0.held).values_mut().for_each(|held| held.discarded = None);
    }

    /// Notes that all objects were replaced: bytes that were taken in before are gone. Called under the same lock.
    pub fn refuse_earlier(&self) {
        self.0.replaced_at.store(next_sequence(), Ordering::Relaxed);
    }

    /// Refuses segments that were begun before all objects were replaced. Called under the same lock.
    pub fn check_kept(&self, segments: &[Segment]) -> S3Result<()> {
        let replaced_at = self.0.replaced_at.load(Ordering::Relaxed);
        let is_gone = |segment: &Segment| sequence_of(&segment.id).is_some_and(|sequence| sequence < replaced_at);
        match segments.iter().any(is_gone) {
            true => Err(s3_error!(OperationAborted, "The state was restored or reset while the bytes came in.")),
            false => Ok(()),
        }
    }

    /// Ends one lease, and removes what nobody reads any more. Under the lock, so that `forget_discarded` waits for it.
    fn release(&self, store: &Store, id: &str) {
        let mut all = locked(&self.0.held);
        let Some(held) = all.get_mut(id) else { return };
        held.readers -= 1;
        if held.readers > 0 {
            return;
        }
        let Some((bucket, segments)) = all.remove(id).and_then(|held| held.discarded) else { return };
        if let Err(error) = remove_segments(store, &bucket, &segments) {
            tracing::warn!(%bucket, %error, "cannot remove the bytes of an object that is gone");
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.release(&self.store, &self.id);
    }
}

#[cfg(test)]
mod tests;
