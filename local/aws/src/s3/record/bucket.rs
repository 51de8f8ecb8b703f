//! The record of a bucket.

use std::collections::BTreeMap;

use s3s::dto::ServerSideEncryption;
use serde::{Deserialize, Serialize};

use crate::account::partition;
use crate::error::StoreError;
use crate::store::Store;

pub const KIND: &str = "bucket";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bucket {
    pub name: String,
    pub owner: String,
    pub region: String,
    pub created: i64,
    pub tags: BTreeMap<String, String>,
    pub policy: Option<String>,
    pub public_access_block: Option<PublicAccessBlock>,
    pub encryption: Encryption,
    pub ownership: Option<String>,
    /// `Enabled`, `Suspended`, or never set.
    pub versioning: Option<String>,
    /// Stored configurations, as XML, by their root elements.
    #[serde(default, rename = "kept")]
    pub configurations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    pub block_acls: bool,
    pub ignore_acls: bool,
    pub block_policy: bool,
    pub restrict: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Encryption {
    pub algorithm: String,
    pub key: Option<String>,
    pub bucket_key: bool,
}

impl Default for Encryption {
    fn default() -> Self {
        Self { algorithm: ServerSideEncryption::AES256.into(), key: None, bucket_key: false }
    }
}

impl Bucket {
    pub fn arn(&self) -> String {
        format!("arn:{}:s3:::{}", partition(&self.region), self.name)
    }
}

/// The account's own buckets.
pub fn every_bucket(store: &Store) -> Result<Vec<Bucket>, StoreError> {
    store.list(KIND)
}
