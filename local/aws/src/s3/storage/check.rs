//! Whether the objects of a state are what their records say: their bytes are there, as many, and have their ETag.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use md5::{Digest, Md5};
use redshift_engine::Check;

use super::collection::{body_files, retain_unnamed};
use super::upload::every_upload;
use crate::error::StoreError;
use crate::s3::record::bucket::every_bucket;
use crate::s3::record::segment::{Segment, body_key};
use crate::s3::record::version::{Version, every_version};
use crate::store::Store;

/// Reads every object of a store. Files are those of `state`, of which the store may be a copy.
pub fn check(store: &Store, state: &Path, check: &mut Check) {
    if let Err(error) = check_all(store, state, check) {
        check.damage(format!("objects: {}", error.explained()));
    }
}

fn check_all(store: &Store, state: &Path, check: &mut Check) -> Result<(), StoreError> {
    let buckets: BTreeSet<String> = every_bucket(store)?.into_iter().map(|bucket| bucket.name).collect();
    let (mut count, mut bytes) = (0_u64, 0_u64);
    let mut unknown = BTreeSet::new();
    for version in every_version(store)? {
        let (bucket, version) = match version {
            Err(error @ StoreError::Corrupt { .. }) => {
                check.damage(error.explained());
                continue;
            }
            version => version?,
        };
        match check_version(store, state, &bucket, &version) {
            Ok(()) => (count, bytes) = (count + 1, bytes + version.size()),
            Err(reason) => check.damage(format!("object {bucket}/{}: {reason}", version.key)),
        }
        if !buckets.contains(&bucket) {
            unknown.insert(bucket);
        }
    }
    check.damaged.extend(unknown.iter().map(|bucket| format!("bucket {bucket} has objects and no record")));
    check.sound.push(format!("objects: {count} with {bytes} bytes in {} buckets", buckets.len()));
    for upload in every_upload(store)? {
        let parts = upload.segments().try_for_each(|segment| digest(store, state, &upload.bucket, segment).map(drop));
        if let Err(reason) = parts {
            check.damage(format!("upload of {}/{}: {reason}", upload.bucket, upload.key));
        }
    }
    let mut files = body_files(state).map_err(|error| StoreError::from_io(&state.join("objects"), error))?;
    retain_unnamed(store, &mut files, &AtomicBool::new(false))?;
    if !files.is_empty() {
        check
            .sound
            .push(format!("files that no object names: {}; `local serve` collects what a kill left", files.len()));
    }
    Ok(())
}

/// Compares the bytes of a version with its ETag, where it is made of MD5s: of the bytes, or of the parts of an upload.
fn check_version(store: &Store, state: &Path, bucket: &str, version: &Version) -> Result<(), String> {
    if version.delete_marker {
        return Ok(());
    }
    let mut digests = Vec::new();
    for segment in &version.segments {
        digests.push(digest(store, state, bucket, segment)?);
    }
    let computed = match (version.etag.contains('-'), digests.as_slice()) {
        (true, digests) => format!("{:x}-{}", Md5::digest(digests.concat()), digests.len()),
        (false, []) => format!("{:x}", Md5::digest(&version.bytes)),
        (false, [digest]) => digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        (false, _) => return Ok(()),
    };
    match computed == version.etag {
        true => Ok(()),
        false => Err(format!("its bytes have the ETag {computed}, and its record {}", version.etag)),
    }
}

/// The MD5 of the bytes of a segment.
fn digest(store: &Store, state: &Path, bucket: &str, segment: &Segment) -> Result<Vec<u8>, String> {
    let (mut md5, mut size) = (Md5::new(), 0_u64);
    if segment.in_file {
        let path = state.join("objects").join(bucket).join(&segment.id);
        let unreadable = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut file = std::fs::File::open(&path).map_err(unreadable)?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = file.read(&mut buffer).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            md5.update(&buffer[..read]);
            size += read as u64;
        }
    } else {
        let found = store.read_bodies(|bodies| bodies.get(body_key(bucket, &segment.id)));
        let bytes = found.map_err(|error| error.explained())?.ok_or("its bytes are missing")?;
        md5.update(&bytes[..]);
        size = bytes.len() as u64;
    }
    match size == segment.size {
        true => Ok(md5.finalize().to_vec()),
        false => Err(format!("{size} of {} bytes are there", segment.size)),
    }
}

#[cfg(test)]
impl crate::s3::storage::buckets::Buckets {
    /// A bucket with three objects: in the record, in the store, in a file.
    pub async fn fill_for_check(&self) {
        let bucket = super::collection::tests::bucket("kept");
        self.save(&bucket).expect("bucket");
        for (key, size) in [("small", 10), ("medium", 10_000), ("large", 300_000)] {
            super::collection::tests::put(self, &bucket, key, size).await;
        }
    }
}
