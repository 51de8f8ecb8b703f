//! What the local S3 keeps of its buckets and objects.

pub mod bucket;
pub mod checksum;
pub mod encryption;
pub mod segment;
pub mod version;
