//! Files of objects that no record names: a kill left them, of bodies that were on their way in, of uploads, and of
//! objects that were being replaced or deleted. They are collected while the server runs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::buckets::Buckets;
use super::upload::{every_upload, forget_upload};
use crate::error::StoreError;
use crate::s3::record::segment::sequence_of;
use crate::s3::record::version::every_version;
use crate::store::Store;

/// A collection in the background, which ends when this is dropped.
pub struct Collection(Arc<AtomicBool>);

impl Drop for Collection {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The files of all buckets by id.
pub fn body_files(state: &Path) -> std::io::Result<HashMap<String, PathBuf>> {
    let mut files = HashMap::new();
    let buckets = match std::fs::read_dir(state.join("objects")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(files),
        buckets => buckets?,
    };
    for bucket in buckets {
        let bucket = bucket?.path();
        if !bucket.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(bucket)? {
            let file = file?;
            if let Ok(id) = file.file_name().into_string() {
                files.insert(id, file.path());
            }
        }
    }
    Ok(files)
}

/// Leaves of `files` those that no part of an upload and no version of an object names; answers whether it came to the end.
/// Uploads are read first: one that is completed meanwhile is an object before it is no upload any more.
pub fn retain_unnamed(
    store: &Store,
    files: &mut HashMap<String, PathBuf>,
    is_stopped: &AtomicBool,
) -> Result<bool, StoreError> {
    for upload in every_upload(store)? {
        for segment in upload.segments() {
            files.remove(&segment.id);
        }
    }
    for version in every_version(store)? {
        if is_stopped.load(Ordering::Relaxed) {
            return Ok(false);
        }
        for segment in version?.1.segments {
            files.remove(&segment.id);
        }
    }
    Ok(true)
}

impl Buckets {
    /// Starts to collect, where an earlier process may have left something.
    pub fn collect_in_background(&self) -> Collection {
        let stopped = Arc::new(AtomicBool::new(false));
        let (buckets, is_stopped) = (self.clone(), stopped.clone());
        drop(tokio::task::spawn_blocking(move || match buckets.collect(&is_stopped) {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "collected files that no object has"),
            Err(error) => tracing::warn!(error = error.explained(), "cannot collect files that no object has"),
        }));
        Collection(stopped)
    }

    /// Removes what an earlier process left; answers how many files. What came since this one opened the state is left
    /// alone: ids rise with time.
    fn collect(&self, is_stopped: &AtomicBool) -> Result<usize, StoreError> {
        let first_of_ours = self.store.opened_at();
        let directory = self.store.directory().join("objects");
        let mut files = body_files(self.store.directory()).map_err(|error| StoreError::from_io(&directory, error))?;
        files.retain(|id, _| sequence_of(id).is_some_and(|sequence| sequence < first_of_ours));
        self.forget_orphaned_uploads()?;
        let is_known = files.is_empty()
            || self.store.objects_were_interrupted()? && retain_unnamed(&self.store, &mut files, is_stopped)?;
        if !is_known {
            return Ok(0);
        }
        for path in files.values() {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::from_io(path, error));
                }
                _ => {}
            }
        }
        self.store.set_objects_collected();
        Ok(files.len())
    }

    /// Uploads of a bucket that was being deleted go, with their parts.
    fn forget_orphaned_uploads(&self) -> Result<(), StoreError> {
        let _guard = self.store.change();
        for upload in every_upload(&self.store)? {
            if !self.has_bucket(&upload.bucket)? {
                forget_upload(&self.store, &upload)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub mod tests {
    use super::super::body::DeclaredDigests;
    use super::super::object::Preconditions;
    use super::*;
    use crate::s3::record::bucket::Bucket;
    use crate::s3::record::version::Attributes;

    /// Large enough to be a file.
    const LARGE: usize = 300_000;

    pub async fn put(buckets: &Buckets, bucket: &Bucket, key: &str, size: usize) {
        let body = s3s::Body::from(bytes::Bytes::from(vec![7; size])).into();
        let staged = buckets.stage(&bucket.name, Some(body), DeclaredDigests::default()).await.expect("staged");
        buckets.write(bucket, key, staged, Attributes::default(), &Preconditions::default()).expect("written");
    }

    fn files(buckets: &Buckets) -> usize {
        body_files(buckets.store.directory()).expect("files").len()
    }

    pub fn bucket(name: &str) -> Bucket {
        let json = serde_json::json!({
            "name": name, "owner": "000000000000", "region": "us-west-2", "created": 0, "tags": {}, "policy": null,
            "public_access_block": null, "ownership": null, "versioning": null,
            "encryption": { "algorithm": "AES256", "key": null, "bucket_key": false },
        });
        serde_json::from_value(json).expect("bucket")
    }

    #[tokio::test]
    async fn what_a_kill_left_is_collected_and_nothing_else() {
        let home = tempfile::tempdir().expect("directory");
        let kept = bucket("kept");
        let buckets = Buckets::alone(home.path());
        buckets.save(&kept).expect("bucket");
        put(&buckets, &kept, "live", LARGE).await;
        let upload = buckets.start_upload("kept", "upload", Attributes::default()).expect("upload");
        let part = s3s::Body::from(bytes::Bytes::from(vec![8; LARGE])).into();
        let staged = buckets.stage("kept", Some(part), DeclaredDigests::default()).await.expect("staged");
        buckets.add_part("kept", "upload", &upload.id, 1, staged).expect("part");
        // An upload of a bucket that is not there, a body on its way in, and the file of an object that is gone.
        buckets.start_upload("gone", "upload", Attributes::default()).expect("upload");
        let staged = s3s::Body::from(bytes::Bytes::from(vec![9; LARGE])).into();
        let staged = buckets.stage("kept", Some(staged), DeclaredDigests::default()).await.expect("staged");
        drop(staged);
        std::fs::create_dir_all(home.path().join("objects/gone")).expect("directory");
        std::fs::write(home.path().join("objects/gone").join(format!("{:032x}", 5)), "x").expect("file");
        assert_eq!(files(&buckets), 4);
        // As after a kill: the mark says that nobody closed the store.
        drop(buckets);
        let mark = home.path().join("objects.mark");
        let text = std::fs::read_to_string(&mark).expect("mark");
        std::fs::write(&mark, text.replace("closed", "opened")).expect("mark");

        let buckets = Buckets::alone(home.path());
        let staged = s3s::Body::from(bytes::Bytes::from(vec![6; LARGE])).into();
        let ours = buckets.stage("kept", Some(staged), DeclaredDigests::default()).await.expect("staged");
        assert_eq!(buckets.collect(&AtomicBool::new(false)).expect("collected"), 2);
        assert_eq!(files(&buckets), 3, "the object, the part, and what this process has on its way in");
        buckets.write(&kept, "ours", ours, Attributes::default(), &Preconditions::default()).expect("written");
        assert!(buckets.version(&kept, "live", None).is_ok());
        assert_eq!(buckets.parts("kept", "upload", &upload.id).expect("parts").len(), 1);
        assert_eq!(every_upload(&buckets.store).expect("uploads").len(), 1);

        // Nothing is looked for where nothing can be.
        drop(buckets);
        std::fs::write(home.path().join("objects/kept").join(format!("{:032x}", 6)), "x").expect("file");
        let buckets = Buckets::alone(home.path());
        assert_eq!(buckets.collect(&AtomicBool::new(false)).expect("collected"), 0);
        assert_eq!(files(&buckets), 4);
    }
}
