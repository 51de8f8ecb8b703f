//! The operations of S3, in groups: each turns an input that was authorized into an output, over `storage`.

pub mod acl;
pub mod bucket_settings;
pub mod buckets;
pub mod copies;
pub mod create_bucket;
pub mod lists;
pub mod objects;
pub mod stored_configurations;
pub mod tags;
pub mod uploads;
pub mod wire;
pub mod write_headers;
