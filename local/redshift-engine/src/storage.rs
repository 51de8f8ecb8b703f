//! The objects that COPY reads and UNLOAD writes, wherever they lie.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use redshift_sql::Credential;

use super::Place;
use super::error::SqlError;

/// The address of an object, or of all objects whose keys begin with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub bucket: String,
    pub key: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl Address {
    pub fn parse(url: &str) -> Result<Self, SqlError> {
        let rest = url.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
        match rest {
            Some((bucket, key)) if !bucket.is_empty() => Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() }),
            _ => Err(SqlError::new("XX000", format!("Invalid S3 address: {url}"))),
        }
    }
}

/// Opens the storage of warehouses.
pub trait StorageProvider: Send + Sync {
    /// Storage with the permissions of the role or the keys that a statement names.
    ///
    /// # Errors
    /// Where they are unknown, or the warehouse may not assume the role.
    fn storage(&self, place: &Place, credential: Option<&Credential>) -> Result<Arc<dyn Storage>, SqlError>;
}

/// Objects in buckets, as one role or user may reach them. All calls block.
pub trait Storage: Send + Sync {
    /// Checks that a bucket is in the region that a statement names, or in the warehouse's where it names none.
    ///
    /// # Errors
    /// Where the bucket is missing, or in another region.
    fn check_region(&self, bucket: &str, region: Option<&str>) -> Result<(), SqlError>;

    /// All objects whose keys begin with the key of `prefix`, in the order of their keys.
    ///
    /// # Errors
    /// Where the bucket is missing or may not be listed.
    fn list(&self, prefix: &Address) -> Result<Vec<ListedObject>, SqlError>;

    /// Opens an object to be read from start to end.
    ///
    /// # Errors
    /// Where it is missing or may not be read.
    fn read(&self, address: &Address) -> Result<ObjectReader, ReadError>;

    /// Begins an object. Whether it may be written is checked when it is finished.
    ///
    /// # Errors
    /// Where its bytes cannot be kept.
    fn write(&self, address: &Address) -> io::Result<Box<dyn ObjectWriter>>;

    /// # Errors
    /// Where the object may not be deleted.
    fn delete(&self, address: &Address) -> Result<(), SqlError>;

    /// The directory that holds the bytes of a bucket's objects, for messages about a full disk.
    fn directory(&self, bucket: &str) -> PathBuf;
}

/// An object of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    pub key: String,
    /// Bytes.
    pub size: u64,
}

/// An object that is open for reading.
pub struct ObjectReader {
    /// Bytes.
    pub size: u64,
    pub bytes: Box<dyn Read + Send>,
}

/// An object that is being written; dropped before it is finished, it leaves nothing.
pub trait ObjectWriter: Write + Send {
    /// Puts the object in the place of the one that has its key; answers its size in bytes.
    ///
    /// # Errors
    /// Where it may not be written, or there is no room for it.
    fn finish(self: Box<Self>) -> Result<u64, SqlError>;
}

/// Why an object cannot be read.
#[derive(Debug)]
pub enum ReadError {
    /// There is no object with this key: a manifest may list some that are not mandatory.
    Missing(SqlError),
    Refused(SqlError),
}

impl From<ReadError> for SqlError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Missing(error) | ReadError::Refused(error) => error,
        }
    }
}
