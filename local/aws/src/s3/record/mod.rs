//! What the local S3 keeps of its buckets and objects.

pub mod encryption;
