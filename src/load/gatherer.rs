//! What gathering works with, and what comes of it.

use super::copy_format::CopyFormat;
use super::keys::Keys;
use super::part_store::PartStore;
use crate::aws::Aws;
use crate::config::Compression;
use crate::location::Location;

/// A source gathered, now or by an earlier load.
#[derive(Debug, Clone)]
pub struct Gathered {
    pub manifest: Location,
    pub records: u64,
    pub parts: u64,
    /// Keys of its objects; `None` where they were gathered earlier.
    pub keys: Option<Keys>,
    /// An earlier load gathered the same objects: nothing was read.
    pub reused: bool,
}

/// Reads objects and writes parts.
#[derive(Clone, Copy)]
pub struct Gatherer<'a> {
    pub aws: &'a Aws,
    pub from: &'a aws_sdk_s3::Client,
    pub bucket: &'a str,
    pub format: CopyFormat,
    /// Slices of the cluster, over which COPY spreads its files (C5).
    pub slices: u64,
    pub compression: Compression,
}

impl Gatherer<'_> {
    pub fn store(&self) -> PartStore {
        PartStore { s3: self.aws.s3.clone(), bucket: self.bucket.to_owned(), account: self.aws.account.clone() }
    }
}
