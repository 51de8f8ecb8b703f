//! Look-ups of objects that may read from the disk, on threads where they block no other request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use s3s::{S3Result, s3_error};

use super::bucket::Bucket;
use super::found_object::FoundObject;
use crate::s3::Buckets;

/// Counts the requests that are looking up an object.
#[derive(Debug, Clone, Default)]
pub struct InFlightReads(Arc<AtomicUsize>);

/// Counts one request until it is dropped.
struct InFlightRead<'s>(&'s AtomicUsize);

impl InFlightReads {
    fn begin(&self) -> InFlightRead<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        InFlightRead(&self.0)
    }
}

impl InFlightRead<'_> {
    fn is_alone(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 1
    }
}

impl Drop for InFlightRead<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Buckets {
    /// As `find`, on a thread of its own where the disk may be read while other requests wait: otherwise the change of
    /// threads takes longer than the look-up.
    pub async fn find_async(&self, bucket: Bucket, key: String, version: Option<String>) -> S3Result<FoundObject> {
        if !self.store.may_ask_disk() {
            return self.find(&bucket, &key, version.as_deref());
        }
        let read = self.in_flight_reads.begin();
        // Requests that came together with this one are counted first.
        tokio::task::yield_now().await;
        if read.is_alone() {
            return self.find(&bucket, &key, version.as_deref());
        }
        let buckets = self.clone();
        let found = tokio::task::spawn_blocking(move || buckets.find(&bucket, &key, version.as_deref()));
        found.await.map_err(|error| s3_error!(InternalError, "the look-up of an object ended: {error}"))?
    }
}
