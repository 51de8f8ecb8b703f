//! Many small objects → a few parts that COPY likes, beside the cluster, with a manifest and an index for each part.
//! Listing, reading, checking, compressing and uploading overlap; what is held in memory does not grow with the source.

use aws_sdk_s3::types::EncodingType;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::{StreamExt, TryStreamExt};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::copy_format::{CopyKind, SHRINKS_TO};
use super::fault::Fault;
use super::faults::Faults;
use super::gatherer::{Gathered, Gatherer};
use super::headers::Headers;
use super::index::Index;
use super::keys::Keys;
use super::part::{CheckedContent, Part};
use super::part_store::{PARTS, RECORDS, entry, index_of, keys_of, manifest};
use super::part_writer::{PartWriter, is_full};
use super::read::{ReadAhead, SourceReader};
use super::record_path;
use super::s3_fast_get::S3FastGet;
use super::source::{KnownObjects, Listing, hex};
use crate::aws::failed;
use crate::bucket_keys::gathered_prefix;
use crate::config::{Compression, Source};
use crate::download::download;
use crate::error::{Error, Result};
use crate::interrupt;
use crate::listing::{KeyOrder, decoded};
use crate::location::Location;

/// C2: bytes of a part before compression; JSON shrinks to about a fifth.
const PART_BYTES: u64 = 128 << 20;
/// C1: below this, compressed, a part is not worth a slice's while.
const MIN_PART_BYTES: u64 = 1 << 20;
/// Objects between two reports of how far it is.
const TOLD_EVERY: u64 = 100;

/// How the parts of a source come to be.
#[derive(Debug)]
pub enum GatherPlan {
    /// An earlier load gathered the same objects: nothing is read.
    Reuse(Gathered),
    /// Parts to write, each with an equal share of the bytes.
    Write { shares: u64 },
}

impl Gatherer<'_> {
    /// Looks for the parts of an unchanged source.
    ///
    /// # Errors
    /// Where the bucket cannot be read.
    pub async fn plan(&self, source: &Source, listing: &Listing) -> Result<GatherPlan> {
        let earlier = self.earlier(&manifest(&self.home(source, listing))).await?;
        Ok(earlier.map_or_else(|| GatherPlan::Write { shares: self.parts(listing) }, GatherPlan::Reuse))
    }

    /// How many parts a source is to have.
    fn parts(&self, listing: &Listing) -> u64 {
        parts(self.format.unpacked_bytes(listing.bytes), self.slices)
    }

    /// Where the parts of this state of the source lie.
    pub fn home(&self, source: &Source, listing: &Listing) -> Location {
        let compression = if self.compression == Compression::Zstd { "" } else { "-gzip" };
        let hive = if source.hive_partitions { "-hive" } else { "" };
        let (prefix, text) = (gathered_prefix(&source.name), self.format.suffix());
        let members = match source.member_patterns().join("\0") {
            none if none.is_empty() => none,
            patterns => format!("-members-{}", hex(Sha256::new().chain_update(patterns))),
        };
        let records = source.record_path.as_ref().map(record_path::tag).unwrap_or_default();
        let key = format!("{prefix}{}{compression}{hive}{members}{records}{text}/", listing.fingerprint);
        Location { bucket: self.bucket.to_owned(), key }
    }

    /// Reads the objects and writes the parts.
    ///
    /// # Errors
    /// Where an object cannot be read, has changed since it was listed, or does not hold records that can be joined: all such
    /// objects are counted, the first are named, and nothing was copied.
    pub async fn gather(
        &self,
        source: &Source,
        listing: &Listing,
        known: &KnownObjects,
        shares: u64,
        ahead: Option<ReadAhead>,
        progress: impl Fn(u64),
    ) -> Result<Gathered> {
        let home = self.home(source, listing);
        let (reader, taken) = match &ahead {
            Some(ahead) => (ahead.reader.clone(), ahead.taken),
            None => (self.reader(source).await, 0),
        };
        let first = futures::stream::iter(ahead).flat_map(ReadAhead::outcomes);
        let left = reader.read_all(listing.stream(self.from, source, known).skip(taken));
        let mut reading = first.chain(left).boxed();

        let mut writer = PartWriter::new(*self, &home, shares, listing.bytes);
        let (mut faults, mut headers, mut read) = (Faults::default(), Headers::default(), 0);
        while let Some(outcome) = reading.try_next().await? {
            read += 1;
            if read % TOLD_EVERY == 0 {
                progress(read);
            }
            let size = outcome.size / (outcome.contents.len() as u64).max(1);
            for content in outcome.contents {
                match content {
                    Ok(checked) => match self.header_fault(&mut headers, &checked, source) {
                        None => writer.add(&checked, size).await?,
                        Some(fault) => faults.add_header((source.location.with_key(&checked.key), fault)),
                    },
                    Err(fault) => faults.add(fault),
                }
            }
        }
        faults.none(source, self.format.kind)?;
        writer.finish(reader.keys()).await
    }

    fn header_fault(&self, headers: &mut Headers, object: &CheckedContent, source: &Source) -> Option<Fault> {
        match &self.format.kind {
            CopyKind::Text(rules) => headers.check(object, rules, &source.location),
            CopyKind::Json | CopyKind::Parquet | CopyKind::InPlace(_) => None,
        }
    }

    pub async fn reader(&self, source: &Source) -> SourceReader {
        let direct = match self.aws.credentials() {
            Some(credentials) => S3FastGet::new(self.from, credentials, &source.location.bucket).await,
            None => None,
        };
        SourceReader::new(self.from, direct, source, self.format)
    }

    /// True if an earlier load gathered this source, in any state: then it may be unchanged.
    pub async fn has_gathered(&self, source: &Source) -> Result<bool> {
        let call = self.aws.s3.list_objects_v2().bucket(self.bucket).prefix(gathered_prefix(&source.name)).max_keys(1);
        let found = call.expected_bucket_owner(&self.aws.account).send().await;
        let found = found.map_err(|error| failed(&format!("look for parts in {}", self.bucket), &error))?;
        Ok(found.key_count().unwrap_or_default() > 0)
    }

    /// The parts of an unchanged source are there already.
    async fn earlier(&self, manifest: &Location) -> Result<Option<Gathered>> {
        let doing = format!("look for parts in {}", self.bucket);
        let call = self.aws.s3.head_object().bucket(self.bucket).key(&manifest.key);
        let metadata = match call.expected_bucket_owner(&self.aws.account).send().await {
            Ok(found) => found.metadata.unwrap_or_default(),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => return Ok(None),
            // The refusal of a HEAD has no body and so no code: that of a GET says whether the credentials have expired (R43).
            Err(error) if error.code().is_none() && error.raw_response().is_some() => {
                let call = self.aws.s3.get_object().bucket(self.bucket).key(&manifest.key);
                download(&call.expected_bucket_owner(&self.aws.account), &doing, None).await?.metadata
            }
            Err(error) => return Err(failed(&doing, &error)),
        };
        let told = |key: &str| metadata.get(key)?.parse().ok();
        // A manifest without our metadata was written by others: it is replaced.
        let (Some(records), Some(parts)) = (told(RECORDS), told(PARTS)) else { return Ok(None) };
        Ok(Some(Gathered { manifest: manifest.clone(), records, parts, keys: None, reused: true }))
    }

    /// The keys of what was gathered, now or earlier; `None` where none were counted.
    pub async fn keys(&self, now: Option<&Keys>, source: &Source, listing: &Listing) -> Result<Option<Keys>> {
        if let Some(keys) = now {
            return Ok(Some(keys.clone()));
        }
        let text = self.get(&keys_of(&self.home(source, listing))).await?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    /// The index of a part.
    pub async fn index(&self, part: &str) -> Result<Index> {
        let missing = || Error::failed(format!("the part {part} has no index"));
        Index::read(&self.get(&index_of(part)).await?.ok_or_else(missing)?)
    }

    /// An object beside the parts; `None` where there is none.
    async fn get(&self, key: &str) -> Result<Option<bytes::Bytes>> {
        let doing = format!("read s3://{}/{key}", self.bucket);
        let call = self.aws.s3.get_object().bucket(self.bucket).key(key).expected_bucket_owner(&self.aws.account);
        match interrupt::unless_asked(download(&call, &doing, None)).await {
            Ok(read) => Ok(Some(read.bytes)),
            Err(error) if error.is(&["NoSuchKey"]) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keys of objects for earlier states of the source: once a load is committed, nothing reads them.
    pub async fn old(&self, source: &Source, current: &Location) -> Result<Vec<String>> {
        let home = current.key.rfind('/').map_or("", |slash| &current.key[..=slash]);
        let call = self.aws.s3.list_objects_v2().bucket(self.bucket).prefix(gathered_prefix(&source.name));
        let call = call.expected_bucket_owner(&self.aws.account).encoding_type(EncodingType::Url);
        let mut pages = call.into_paginator().send();
        let (doing, mut old) = (format!("list old parts in {}", self.bucket), Vec::new());
        let mut order = KeyOrder::default();
        while let Some(page) = pages.try_next().await.map_err(|error| failed(&doing, &error))? {
            for object in page.contents.unwrap_or_default() {
                let key = decoded(object.key.unwrap_or_default(), page.encoding_type.as_ref())?;
                order.check(self.bucket, &key, "")?;
                old.extend(Some(key).filter(|key| !key.starts_with(home)));
            }
        }
        Ok(old)
    }

    /// A manifest of objects where they lie, for an append (C6); its address.
    pub async fn manifest_in_place(
        &self,
        source: &Source,
        listing: &Listing,
        known: &KnownObjects,
    ) -> Result<Location> {
        let manifest = manifest(&self.home(source, listing));
        let entries: Vec<_> = listing
            .stream(self.from, source, known)
            .map_ok(|object| entry(&source.location.with_key(&object.key), object.size))
            .try_collect()
            .await?;
        self.store().put(&manifest.key, json!({ "entries": entries }).to_string().into_bytes(), &[]).await?;
        Ok(manifest)
    }

    /// Writes an object beside the parts, under a whole key; its address.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<Location> {
        self.store().put(key, bytes, &[]).await?;
        Ok(Location { bucket: self.bucket.to_owned(), key: key.to_owned() })
    }

    /// Writes a source's jsonpaths file beside its parts; its address.
    pub async fn put_jsonpaths(&self, source: &Source, listing: &Listing, content: bytes::Bytes) -> Result<Location> {
        let home = self.home(source, listing);
        let location = home.with_key(format!("{}jsonpaths.json", home.key));
        self.store().put(&location.key, content.into(), &[]).await?;
        Ok(location)
    }

    /// The list of the objects themselves, for the table that remembers them; its address.
    pub async fn objects(
        &self,
        source: &Source,
        listing: &Listing,
        known: &KnownObjects,
        run: &str,
    ) -> Result<Location> {
        let mut part = Part::new(CopyKind::Json, Compression::Zstd)?;
        let mut objects = listing.stream(self.from, source, known);
        while let Some(object) = objects.try_next().await? {
            let line = json!({ "key": object.key, "etag": object.etag, "size": object.size, "run": run }).to_string();
            let bytes = bytes::Bytes::from(line);
            part.add(&CheckedContent { bytes, records: 1, lines: 1, ..CheckedContent::default() })?;
        }
        let location = self.home(source, listing);
        let location = location.with_key(format!("{}objects.json.zst", location.key));
        self.store().put(&location.key, part.finish()?.0, &[]).await?;
        Ok(location)
    }
}

/// C1: one where the whole is small, else a multiple of the slices.
fn parts(bytes: u64, slices: u64) -> u64 {
    match is_small(bytes, slices) {
        true => 1,
        false => bytes.div_ceil(PART_BYTES).next_multiple_of(slices),
    }
}

/// How many parts there will be: a large object may fill more than one share.
pub fn full_parts(listing: &Listing, parts: u64) -> u64 {
    let Some(kept) = listing.kept() else { return parts };
    let (mut full, mut seen) = (0, 0);
    for object in kept {
        seen += object.size;
        full += u64::from(is_full(seen, listing.bytes, parts, full));
    }
    full
}

/// Returns true if one part will do, however many slices there are.
pub fn is_small(bytes: u64, slices: u64) -> bool {
    bytes / SHRINKS_TO < slices * MIN_PART_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_the_bytes_and_the_slices() {
        let mib = 1 << 20;
        assert_eq!(parts(5 * mib, 2), 1);
        assert_eq!(parts(11 * mib, 2), 2);
        assert_eq!(parts(1000 * mib, 2), 8);
        assert_eq!(parts(1025 * mib, 4), 12);
        assert_eq!(parts(100 * mib, 32), 1);
        assert_eq!(parts(200 * mib, 32), 32);
    }
}
