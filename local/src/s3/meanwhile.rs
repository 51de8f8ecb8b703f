//! Objects found while other requests go on: a disk that is asked keeps nobody else waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use s3s::{S3Result, s3_error};

use super::Buckets;
use super::access::Found;
use super::bucket::Bucket;

/// How many requests are looking for an object.
#[derive(Debug, Clone, Default)]
pub struct Seekers(Arc<AtomicUsize>);

/// One of them.
struct Seeker<'s>(&'s AtomicUsize);

impl Seekers {
    fn one_more(&self) -> Seeker<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Seeker(&self.0)
    }
}

impl Seeker<'_> {
    fn is_alone(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 1
    }
}

impl Drop for Seeker<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Buckets {
    /// As `find`, on a thread of its own where the disk may be asked and others have something to do meanwhile. To hand a
    /// request over takes longer than to answer it.
    pub async fn find_meanwhile(&self, bucket: Bucket, key: String, version: Option<String>) -> S3Result<Found> {
        if !self.store.may_ask_disk() {
            return self.find(&bucket, &key, version.as_deref());
        }
        let seeker = self.seekers.one_more();
        // Lets those be counted that came together with this one.
        tokio::task::yield_now().await;
        if seeker.is_alone() {
            return self.find(&bucket, &key, version.as_deref());
        }
        let buckets = self.clone();
        let found = tokio::task::spawn_blocking(move || buckets.find(&bucket, &key, version.as_deref()));
        found.await.map_err(|error| s3_error!(InternalError, "the look-up of an object ended: {error}"))?
    }
}
