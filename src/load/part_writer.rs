//! Parts on their way into the bucket: each with its index, then the keys, and the manifest last.

use serde_json::json;
use tokio::task::JoinHandle;

use super::gather::{Gathered, Gatherer, is_full};
use super::keys::Keys;
use super::part::{CheckedContent, Part};
use crate::aws::{failed, upload_limits};
use crate::error::{Error, Result};
use crate::interrupt;
use crate::location::Location;

/// Metadata of the manifest, so that an unchanged source needs one HEAD.
pub const RECORDS: &str = "records";
pub const PARTS: &str = "parts";

/// Where parts are written, for a task of its own.
pub struct PartStore {
    pub s3: aws_sdk_s3::Client,
    pub bucket: String,
    pub account: String,
}

impl PartStore {
    pub async fn put(&self, key: &str, bytes: Vec<u8>, metadata: &[(&str, u64)]) -> Result<()> {
        let mut call = self.s3.put_object().bucket(&self.bucket).key(key).expected_bucket_owner(&self.account);
        for (name, value) in metadata {
            call = call.metadata(*name, value.to_string());
        }
        let (limits, doing) = (upload_limits(&self.s3, bytes.len()), format!("write s3://{}/{key}", self.bucket));
        let sending = call.body(bytes.into()).customize().config_override(limits).send();
        interrupt::unless_asked(async { sending.await.map(drop).map_err(|error| failed(&doing, &error)) }).await
    }
}

pub fn manifest(home: &Location) -> Location {
    home.with_key(format!("{}manifest.json", home.key))
}

pub fn keys_of(home: &Location) -> String {
    format!("{}keys.json", home.key)
}

pub fn index_of(part: &str) -> String {
    let name = part.rfind('/').map_or(0, |slash| slash + 1);
    let stem = part[name..].find('.').map_or(part, |dot| &part[..name + dot]);
    format!("{stem}.index.zst")
}

/// C6: named in full, and missed when it is not there.
pub fn entry(location: &Location, bytes: u64) -> serde_json::Value {
    json!({ "url": location.to_string(), "mandatory": true, "meta": { "content_length": bytes } })
}

/// Parts as they fill up, one after the other. A full one is uploaded while the next one grows.
pub struct PartWriter<'a> {
    gatherer: Gatherer<'a>,
    home: &'a Location,
    parts: u64,
    bytes: u64,
    part: Option<Part>,
    /// Parts that have their share of the bytes; Parquet of another schema ends one before that.
    full: u64,
    seen: u64,
    records: u64,
    entries: Vec<serde_json::Value>,
    uploading: Option<JoinHandle<Result<()>>>,
}

impl<'a> PartWriter<'a> {
    pub fn new(gatherer: Gatherer<'a>, home: &'a Location, parts: u64, bytes: u64) -> Self {
        let (part, entries) = (None, Vec::new());
        Self { gatherer, home, parts, bytes, part, full: 0, seen: 0, records: 0, entries, uploading: None }
    }

    pub async fn add(&mut self, object: &CheckedContent, size: u64) -> Result<()> {
        if !self.part()?.add(object)? {
            self.end_part().await?;
            self.part()?.add(object)?;
        }
        self.seen += size;
        if !is_full(self.seen, self.bytes, self.parts, self.full) {
            return Ok(());
        }
        self.full += 1;
        self.end_part().await
    }

    /// The part at hand.
    fn part(&mut self) -> Result<&mut Part> {
        match &mut self.part {
            Some(part) => Ok(part),
            none => Ok(none.insert(Part::new(self.gatherer.format.kind, self.gatherer.compression)?)),
        }
    }

    async fn end_part(&mut self) -> Result<()> {
        let Some(part) = self.part.take() else { return Ok(()) };
        self.records += part.records;
        let (bytes, index) = part.finish()?;
        let ending = self.gatherer.format.part_ending(self.gatherer.compression);
        let key = format!("{}part-{:04}.{ending}", self.home.key, self.entries.len());
        self.entries.push(entry(&self.home.with_key(&key), bytes.len() as u64));
        self.uploaded().await?;
        let store = self.gatherer.store();
        self.uploading = Some(tokio::spawn(async move {
            store.put(&index_of(&key), index, &[]).await?;
            store.put(&key, bytes, &[]).await
        }));
        Ok(())
    }

    async fn uploaded(&mut self) -> Result<()> {
        match self.uploading.take() {
            Some(upload) => upload.await.map_err(|error| Error::failed("an upload was cut off").because(error))?,
            None => Ok(()),
        }
    }

    /// The manifest comes last: where it is, everything is.
    pub async fn finish(mut self, keys: Keys) -> Result<Gathered> {
        self.end_part().await?;
        let text = json!(keys).to_string().into_bytes();
        self.gatherer.store().put(&keys_of(self.home), text, &[]).await?;
        self.uploaded().await?;
        let (records, parts) = (self.records, self.entries.len() as u64);
        let manifest = manifest(self.home);
        let text = json!({ "entries": self.entries }).to_string().into_bytes();
        self.gatherer.store().put(&manifest.key, text, &[(RECORDS, records), (PARTS, parts)]).await?;
        Ok(Gathered { manifest, records, parts, keys: Some(keys), reused: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_and_its_index_have_one_name() {
        for part in ["load/a.b/f/part-0007.json.zst", "load/a.b/f/part-0007.csv.gz", "load/a.b/f/part-0007.parquet"] {
            assert_eq!(index_of(part), "load/a.b/f/part-0007.index.zst");
        }
    }
}
