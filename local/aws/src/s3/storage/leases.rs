//! Leases: the bytes of a version that is replaced or deleted stay until its last reader is done. S3 answers a GET with one
//! version from start to end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use redshift_engine::sync::locked;
use s3s::{S3Result, s3_error};

use super::body::{Segment, remove_segments};
use super::collection::sequence_of;
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
mod tests {
    use std::io::Read;

    use futures::StreamExt;

    use super::super::body::{DeclaredDigests, Staged};
    use super::super::body_source::BodySource;
    use super::super::bucket::Bucket;
    use super::super::collection::body_files;
    use super::super::collection::tests::bucket;
    use super::super::object::{Attributes, Preconditions};
    use super::super::upload::Completion;
    use crate::s3::Buckets;
    use crate::store::FIRST;

    /// Bytes of a body that lies in the store, and of one that is a file.
    const SIZES: [usize; 2] = [5_000, 300_000];

    async fn staged(buckets: &Buckets, bucket: &str, byte: u8, size: usize) -> Staged {
        let body = s3s::Body::from(bytes::Bytes::from(vec![byte; size])).into();
        buckets.stage(bucket, Some(body), DeclaredDigests::default()).await.expect("staged")
    }

    async fn put(buckets: &Buckets, bucket: &Bucket, byte: u8, size: usize) {
        let staged = staged(buckets, &bucket.name, byte, size).await;
        buckets.write(bucket, "key", staged, Attributes::default(), &Preconditions::default()).expect("written");
    }

    async fn streamed(buckets: &Buckets, source: BodySource, size: u64) -> Vec<u8> {
        let mut body = buckets.stream(source, 0, size);
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await {
            bytes.extend_from_slice(&chunk.expect("chunk"));
        }
        bytes
    }

    /// Bodies in the store and files.
    fn bodies(buckets: &Buckets) -> usize {
        let stored = buckets.store.read_bodies(|bodies| Ok(bodies.range(FIRST..).count())).expect("bodies");
        stored + body_files(buckets.store.directory()).expect("files").len()
    }

    #[tokio::test]
    async fn a_version_that_is_gone_is_read_to_its_end_and_then_removed() {
        let home = tempfile::tempdir().expect("directory");
        let (buckets, kept) = (Buckets::alone(home.path()), bucket("kept"));
        buckets.save(&kept).expect("bucket");
        for size in SIZES {
            put(&buckets, &kept, 1, size).await;
            let first = buckets.find(&kept, "key", None).expect("found");
            put(&buckets, &kept, 2, size).await;
            let second = buckets.find(&kept, "key", None).expect("found");
            buckets.delete_object(&kept, "key", None, &Preconditions::default()).expect("deleted");
            assert_eq!(bodies(&buckets), 2, "{size}: two that are being read");
            assert!(buckets.find(&kept, "key", None).is_err());
            assert_eq!(streamed(&buckets, first.source, size as u64).await, vec![1; size]);
            assert_eq!(bodies(&buckets), 1, "{size}");
            let mut bytes = Vec::new();
            buckets.read(&second.source).expect("opened").read_to_end(&mut bytes).expect("read");
            assert_eq!(bytes, vec![2; size]);
            drop(second);
            assert_eq!(bodies(&buckets), 0, "{size}");
        }
    }

    #[tokio::test]
    async fn an_upload_that_is_completed_twice_at_once_is_one_object_with_its_bytes() {
        let home = tempfile::tempdir().expect("directory");
        let (buckets, kept) = (Buckets::alone(home.path()), bucket("kept"));
        buckets.save(&kept).expect("bucket");
        for round in 0..40 {
            let upload = buckets.start_upload("kept", "key", Attributes::default()).expect("upload");
            let part = staged(&buckets, "kept", round, SIZES[0]).await;
            buckets.add_part("kept", "key", &upload.id, 1, part).expect("part");
            let complete = || {
                let parts = [s3s::dto::CompletedPart { part_number: Some(1), ..Default::default() }];
                let conditions = Preconditions::default();
                let completion =
                    Completion { parts: &parts, conditions: &conditions, expected_size: None, checksum: None };
                buckets.complete_upload(&kept, "key", &upload.id, completion).is_ok()
            };
            let completed = std::thread::scope(|scope| {
                let [one, other] = [scope.spawn(complete), scope.spawn(complete)];
                [one, other].map(|thread| thread.join().expect("completed"))
            });
            assert_eq!(completed.iter().filter(|done| **done).count(), 1, "the other finds no upload");
            let found = buckets.find(&kept, "key", None).expect("found");
            assert_eq!(streamed(&buckets, found.source, SIZES[0] as u64).await, vec![round; SIZES[0]]);
        }
    }

    #[tokio::test]
    async fn a_part_that_came_in_before_all_objects_were_replaced_is_refused() {
        let home = tempfile::tempdir().expect("directory");
        let (buckets, kept) = (Buckets::alone(home.path()), bucket("kept"));
        buckets.save(&kept).expect("bucket");
        let upload = buckets.start_upload("kept", "key", Attributes::default()).expect("upload");
        for size in SIZES {
            let part = staged(&buckets, "kept", 1, size).await;
            buckets.leases.refuse_earlier();
            let refused = buckets.add_part("kept", "key", &upload.id, 1, part).expect_err("refused");
            assert_eq!(refused.code().as_str(), "OperationAborted");
            assert_eq!(bodies(&buckets), 0, "{size}");
        }
        let part = staged(&buckets, "kept", 2, SIZES[0]).await;
        buckets.add_part("kept", "key", &upload.id, 1, part).expect("part");
    }

    #[tokio::test]
    async fn what_comes_for_a_bucket_that_was_deleted_meanwhile_is_refused() {
        let home = tempfile::tempdir().expect("directory");
        let (buckets, kept) = (Buckets::alone(home.path()), bucket("kept"));
        buckets.save(&kept).expect("bucket");
        let body = staged(&buckets, "kept", 1, SIZES[0]).await;
        buckets.delete(&kept).expect("deleted");
        let refused = buckets.write(&kept, "key", body, Attributes::default(), &Preconditions::default());
        assert_eq!(refused.expect_err("refused").code().as_str(), "NoSuchBucket");
        buckets.save(&kept).expect("bucket");
        assert!(buckets.find(&kept, "key", None).is_err(), "a new bucket of the name is empty");
        assert_eq!(bodies(&buckets), 0);
    }

    #[tokio::test]
    async fn versions_are_kept_from_the_moment_that_versioning_is_on() {
        let home = tempfile::tempdir().expect("directory");
        let (buckets, before) = (Buckets::alone(home.path()), bucket("kept"));
        buckets.save(&before).expect("bucket");
        let body = staged(&buckets, "kept", 1, SIZES[0]).await;
        let after = Bucket { versioning: Some("Enabled".into()), ..before.clone() };
        buckets.save(&after).expect("versioning");
        put(&buckets, &after, 2, SIZES[0]).await;
        // It began before, and ends after the other.
        buckets.write(&before, "key", body, Attributes::default(), &Preconditions::default()).expect("written");
        assert_eq!(buckets.versions_of(&after, "key").expect("versions").len(), 2);
        let found = buckets.find(&after, "key", None).expect("found");
        assert_eq!(streamed(&buckets, found.source, SIZES[0] as u64).await, vec![1; SIZES[0]]);
    }
}
