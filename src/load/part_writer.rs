//! Parts on their way into the bucket: each with its index, then the keys, and the manifest last.

use serde_json::json;
use tokio::task::JoinHandle;

use super::gatherer::{Gathered, Gatherer};
use super::keys::Keys;
use super::part::{CheckedContent, Part};
use super::part_store::{PARTS, RECORDS, entry, index_of, keys_of, manifest};
use crate::error::{Error, Result};
use crate::location::Location;

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

/// Returns true if the part at hand ends here: it has its share of the bytes.
pub fn is_full(seen: u64, bytes: u64, parts: u64, before: u64) -> bool {
    u128::from(seen) * u128::from(parts) >= u128::from(bytes) * u128::from(before + 1)
}
