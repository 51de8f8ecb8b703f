//! Buckets: found, changed, deleted.

use s3s::{S3Result, s3_error};

use super::buckets::Buckets;
use super::mount::Mount;
use crate::error::StoreError;
use crate::s3::error::{internal, internal_io, no_such_bucket};
use crate::s3::record::bucket::{Bucket, KIND, every_bucket};

impl Buckets {
    pub fn mount(&self, name: &str) -> Option<&Mount> {
        self.mounts.get(name)
    }

    pub fn bucket(&self, name: &str) -> S3Result<Bucket> {
        if let Some(mount) = self.mount(name) {
            return Ok(mount.bucket(name).0.clone());
        }
        self.store.get(KIND, name).map_err(internal)?.ok_or_else(no_such_bucket)
    }

    /// Returns true if there is such a bucket of the account's own.
    pub fn has_bucket(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.store.get::<Bucket>(KIND, name)?.is_some())
    }

    pub fn all(&self) -> S3Result<Vec<Bucket>> {
        every_bucket(&self.store).map_err(internal)
    }

    pub fn save(&self, bucket: &Bucket) -> S3Result<()> {
        self.store.put(KIND, &bucket.name, bucket).map_err(internal)
    }

    /// Changes the record of a bucket as it is by now, which may be another one than the caller was shown (R36).
    pub fn update_bucket(&self, name: &str, change: impl FnOnce(&mut Bucket) -> S3Result<()>) -> S3Result<()> {
        let _guard = self.store.change();
        let mut bucket = self.bucket(name)?;
        change(&mut bucket)?;
        self.save(&bucket)
    }

    /// R31: a bucket goes only when nothing is in it, not even a delete marker.
    pub fn delete(&self, bucket: &Bucket) -> S3Result<()> {
        let _guard = self.store.change();
        if self.versions(&bucket.name, b"").next().is_some() {
            let mut refusal = s3_error!(BucketNotEmpty, "The bucket you tried to delete is not empty");
            if bucket.versioning.is_some() {
                refusal.set_message(
                    "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
                );
            }
            return Err(refusal);
        }
        self.store.delete(KIND, &bucket.name).map_err(internal)?;
        self.forget_uploads(&bucket.name)?;
        // Whatever a killed process left beside the records goes with the bucket.
        let directory = self.body_directory(&bucket.name);
        match std::fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(internal_io(&directory, error)),
            _ => Ok(()),
        }
    }
}
