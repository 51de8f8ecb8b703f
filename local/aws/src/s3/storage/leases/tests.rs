use std::io::Read;

use futures::StreamExt;

use super::super::body::{DeclaredDigests, Staged};
use super::super::body_source::BodySource;
use super::super::buckets::Buckets;
use super::super::collection::body_files;
use super::super::collection::tests::bucket;
use super::super::object::Preconditions;
use super::super::upload::Completion;
use crate::s3::record::bucket::Bucket;
use crate::s3::record::version::Attributes;
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
            let completion = Completion { parts: &parts, conditions: &conditions, expected_size: None, checksum: None };
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
