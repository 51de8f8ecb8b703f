//! The objects of a COPY: those under a prefix, or those that a manifest names (C6), read as the role.

use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

use super::access::Access;
use super::progress::Progress;
use crate::iam::Identity;
use crate::warehouse::cancel::Cancel;
use crate::warehouse::error::SqlError;
use redshift_sql::{Compression, CopyCommand, Format};

/// One object to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub bucket: String,
    pub key: String,
}

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

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

/// What COPY will read and how many bytes of it, in the order of the keys or of the manifest.
pub fn objects(
    copy: &CopyCommand,
    access: &Access,
    reader: &Identity,
    cancel: &Cancel,
) -> Result<Vec<(Address, u64)>, SqlError> {
    let from = Address::parse(&copy.from)?;
    check_region(access, &from.bucket, copy.region.as_deref())?;
    if copy.manifest {
        return manifest(&from, access, reader, copy, cancel);
    }
    let listed = access.buckets.list_all_as(reader, &from.bucket, &from.key).map_err(|error| service(&error))?;
    cancel.check()?;
    if listed.is_empty() {
        return Err(SqlError::new("XX000", format!("The specified S3 prefix '{}' does not exist", from.key)));
    }
    // The console's zero-byte folder markers hold no records.
    let real = listed.into_iter().filter(|object| !(object.size == 0 && object.key.ends_with('/')));
    Ok(real.map(|object| (Address { bucket: from.bucket.clone(), key: object.key }, object.size)).collect())
}

fn manifest(
    from: &Address,
    access: &Access,
    reader: &Identity,
    copy: &CopyCommand,
    cancel: &Cancel,
) -> Result<Vec<(Address, u64)>, SqlError> {
    // AWS documents that COPY needs to list the bucket too, with a manifest as without.
    access
        .buckets
        .open(reader, &from.bucket, None, "s3:ListBucket", Some(&from.key))
        .map_err(|error| service(&error))?;
    let text = read_whole(access, reader, from)?;
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|error| SqlError::new("XX000", format!("Problem reading manifest file {from}: {error}")))?;
    let mut objects = Vec::new();
    for entry in manifest.entries {
        cancel.check()?;
        let address = Address::parse(&entry.url)?;
        check_region(access, &address.bucket, copy.region.as_deref())?;
        let declared = entry.meta.as_ref().and_then(|meta| meta.content_length);
        if copy.format == Format::Parquet && declared.is_none() {
            let missing = match entry.meta {
                None => "File entry does not have 'meta' key.",
                Some(_) => "File entry does not have 'content_length' in its 'meta' key.",
            };
            return Err(SqlError::new("XX000", format!("{missing} Manifest: {from}, file: {address}")));
        }
        match access.buckets.read_as(reader, &address.bucket, &address.key) {
            Ok(object) => {
                if let Some(length) = declared.filter(|length| *length != object.size) {
                    let message = format!("{address} has {} bytes, the manifest says {length}", object.size);
                    return Err(SqlError::new("XX000", message));
                }
                objects.push((address, object.size));
            }
            Err(error) if *error.code() == s3s::S3ErrorCode::NoSuchKey && !entry.mandatory => {}
            Err(error) => return Err(service(&error)),
        }
    }
    Ok(objects)
}

/// R32: a bucket elsewhere is found only with REGION.
fn check_region(access: &Access, bucket: &str, region: Option<&str>) -> Result<(), SqlError> {
    let found = access.buckets.bucket(bucket).map_err(|error| service(&error))?.region;
    match found == region.unwrap_or(&access.account.region) {
        true => Ok(()),
        false => Err(SqlError::new(
            "XX000",
            format!(
                "S3ServiceException:The bucket you are attempting to access must be addressed using the specified \
                 endpoint. Please send all future requests to this endpoint.,Status 301,Error PermanentRedirect: \
                 {bucket} is in {found}"
            ),
        )),
    }
}

/// A jsonpaths file, which must be where the data is (R37).
pub fn jsonpaths(copy: &CopyCommand, access: &Access, reader: &Identity, url: &str) -> Result<String, SqlError> {
    let address = Address::parse(url)?;
    check_region(access, &address.bucket, copy.region.as_deref())?;
    read_whole(access, reader, &address)
}

/// A small object as text: a manifest or a jsonpaths file, neither of which may be compressed.
fn read_whole(access: &Access, reader: &Identity, address: &Address) -> Result<String, SqlError> {
    let mut object = access.buckets.read_as(reader, &address.bucket, &address.key).map_err(|error| service(&error))?;
    let mut text = String::new();
    let unreadable = |error: std::io::Error| SqlError::new("XX000", format!("cannot read {address}: {error}"));
    object.reader.read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// Opens objects, as the role may; what is read of them is counted.
#[derive(Clone)]
pub struct Opener {
    pub access: Access,
    pub reader: Arc<Identity>,
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
        let object = self
            .access
            .buckets
            .read_as(&self.reader, &address.bucket, &address.key)
            .map_err(|error| service(&error))?;
        self.progress.open(object.size);
        // Nothing has no header that says how it was compressed.
        if object.size == 0 {
            return Ok(Box::new(std::io::empty()));
        }
        let input = Cancellable { input: object.reader, cancel: self.cancel.clone() };
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

/// An S3 refusal in the words of Redshift.
pub fn service(error: &s3s::S3Error) -> SqlError {
    let status = error.status_code().or_else(|| error.code().status_code()).map_or(500, |status| status.as_u16());
    let message = error.message().unwrap_or("unknown");
    // Of the state alone: only a lack of room makes it unavailable.
    if *error.code() == s3s::S3ErrorCode::ServiceUnavailable {
        return SqlError::new("53100", format!("Disk Full: {message}"));
    }
    SqlError::new("XX000", format!("S3ServiceException:{message},Status {status},Error {}", error.code().as_str()))
}
