//! Segments: the runs of bytes that an object is made of, and their places in the store or on the disk.

use std::path::PathBuf;

use s3s::S3Result;
use serde::{Deserialize, Serialize};

use crate::s3::error::{internal, internal_io};
use crate::store::{Store, next_sequence};

/// Bodies up to this size lie in the store; larger ones are files.
pub const IN_STORE_BYTES: usize = 256 << 10;

/// A run of bytes of an object: one for an object put at once, one a part for an upload in parts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Segment {
    pub id: String,
    pub size: u64,
    pub in_file: bool,
}

/// Ids rise with time, so that bodies lie in the store in the order in which they came.
pub fn new_id() -> String {
    format!("{:016x}{:016x}", next_sequence(), fastrand::u64(..))
}

/// When the file of an id was begun, in the order of `next_sequence`.
pub fn sequence_of(id: &str) -> Option<u64> {
    u64::from_str_radix(id.get(..16)?, 16).ok().filter(|_| id.len() == 32)
}

/// The place of a segment in the store.
pub fn body_key(bucket: &str, id: &str) -> Vec<u8> {
    format!("{bucket}\0{id}").into_bytes()
}

/// The directory of a bucket's segments that are files.
pub fn body_directory(store: &Store, bucket: &str) -> PathBuf {
    store.directory().join("objects").join(bucket)
}

/// Removes the bytes of segments from the store and from the disk. What is gone already is no failure.
pub fn remove_segments(store: &Store, bucket: &str, segments: &[Segment]) -> S3Result<()> {
    for segment in segments {
        if !segment.in_file {
            let removed = store.write_bodies(|bodies| bodies.remove(body_key(bucket, &segment.id)));
            removed.map_err(internal)?;
            continue;
        }
        let path = body_directory(store, bucket).join(&segment.id);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(internal_io(&path, error)),
            _ => {}
        }
    }
    Ok(())
}
