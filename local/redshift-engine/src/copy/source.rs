//! The objects of a COPY: those under a prefix, or those that a manifest names (C6), read as the role.

use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

use super::progress::Progress;
use crate::cancel::Cancel;
use crate::error::SqlError;
use crate::storage::{Address, ReadError, Storage};
use redshift_sql::{Compression, CopyCommand, Format};

#[derive(Deserialize)]
struct Manifest {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    url: String,
    #[serde(default)]
    mandatory: bool,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    content_length: Option<u64>,
}

/// What COPY will read and how many bytes of it, in the order of the keys or of the manifest.
pub fn objects(copy: &CopyCommand, storage: &dyn Storage, cancel: &Cancel) -> Result<Vec<(Address, u64)>, SqlError> {
    let from = Address::parse(&copy.from)?;
    storage.check_region(&from.bucket, copy.region.as_deref())?;
    if copy.manifest {
        let needs_length = copy.format == Format::Parquet;
        return manifest(&from, storage, copy.region.as_deref(), needs_length, cancel);
    }
    let listed = storage.list(&from)?;
    cancel.check()?;
    if listed.is_empty() {
        return Err(SqlError::new("XX000", format!("The specified S3 prefix '{}' does not exist", from.key)));
    }
    // The console's zero-byte folder markers hold no records.
    let real = listed.into_iter().filter(|object| !(object.size == 0 && object.key.ends_with('/')));
    Ok(real.map(|object| (Address { bucket: from.bucket.clone(), key: object.key }, object.size)).collect())
}

/// The objects that a manifest names, with their sizes in bytes.
///
/// # Errors
/// Where one that is mandatory is missing, or not of the size that the manifest says.
pub fn manifest(
    from: &Address,
    storage: &dyn Storage,
    region: Option<&str>,
    needs_length: bool,
    cancel: &Cancel,
) -> Result<Vec<(Address, u64)>, SqlError> {
    // AWS documents that COPY needs to list the bucket too, with a manifest as without.
    storage.list(from)?;
    let text = read_whole(storage, from)?;
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|error| SqlError::new("XX000", format!("Problem reading manifest file {from}: {error}")))?;
    let mut objects = Vec::new();
    for entry in manifest.entries {
        cancel.check()?;
        let address = Address::parse(&entry.url)?;
        storage.check_region(&address.bucket, region)?;
        let declared = entry.meta.as_ref().and_then(|meta| meta.content_length);
        if needs_length && declared.is_none() {
            let missing = match entry.meta {
                None => "File entry does not have 'meta' key.",
                Some(_) => "File entry does not have 'content_length' in its 'meta' key.",
            };
            return Err(SqlError::new("XX000", format!("{missing} Manifest: {from}, file: {address}")));
        }
        match storage.read(&address) {
            Ok(object) => {
                if let Some(length) = declared.filter(|length| *length != object.size) {
                    let message = format!("{address} has {} bytes, the manifest says {length}", object.size);
                    return Err(SqlError::new("XX000", message));
                }
                objects.push((address, object.size));
            }
            Err(ReadError::Missing(_)) if !entry.mandatory => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(objects)
}

/// A jsonpaths file, which must be where the data is (R37).
pub fn jsonpaths(copy: &CopyCommand, storage: &dyn Storage, url: &str) -> Result<String, SqlError> {
    let address = Address::parse(url)?;
    storage.check_region(&address.bucket, copy.region.as_deref())?;
    read_whole(storage, &address)
}

/// A small object as text: a manifest or a jsonpaths file, neither of which may be compressed.
fn read_whole(storage: &dyn Storage, address: &Address) -> Result<String, SqlError> {
    let mut object = storage.read(address)?;
    let mut text = String::new();
    let unreadable = |error: std::io::Error| SqlError::new("XX000", format!("cannot read {address}: {error}"));
    object.bytes.read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// Opens objects, as the role may; what is read of them is counted.
#[derive(Clone)]
pub struct Opener {
    pub storage: Arc<dyn Storage>,
    pub compression: Compression,
    pub progress: Arc<Progress>,
    pub cancel: Cancel,
}

/// Bytes of a statement that may be cancelled while they are read: a small object may unpack to a huge one.
struct Cancellable<R> {
    input: R,
    cancel: Cancel,
}

impl<R: Read> Read for Cancellable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.cancel.check().map_err(std::io::Error::other)?;
        self.input.read(buffer)
    }
}

impl Opener {
    /// An object's bytes, decompressed.
    pub fn open(&self, address: &Address) -> Result<Box<dyn Read + Send>, SqlError> {
        self.open_as(address, self.compression)
    }

    pub fn open_as(&self, address: &Address, compression: Compression) -> Result<Box<dyn Read + Send>, SqlError> {
        let object = self.storage.read(address)?;
        self.progress.open(object.size);
        // Nothing has no header that says how it was compressed.
        if object.size == 0 {
            return Ok(Box::new(std::io::empty()));
        }
        let input = Cancellable { input: object.bytes, cancel: self.cancel.clone() };
        Ok(match compression {
            Compression::None => self.counted(input),
            Compression::Gzip => self.counted(flate2::read::MultiGzDecoder::new(input)),
            Compression::Bzip2 => self.counted(bzip2::read::MultiBzDecoder::new(input)),
            Compression::Zstd => {
                let decoder = zstd::stream::read::Decoder::new(input);
                let unreadable = |error| SqlError::new("XX000", format!("cannot decompress {address}: {error}"));
                self.counted(decoder.map_err(unreadable)?)
            }
        })
    }

    fn counted(&self, input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        self.progress.counted(Cancellable { input, cancel: self.cancel.clone() })
    }
}
