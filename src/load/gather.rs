//! Many small objects → a few parts that COPY likes, beside the cluster, with a manifest and an index back.

use bytes::Bytes;
use futures::StreamExt;
use serde_json::json;

use super::check_json::{self, Fault};
use super::index::{Index, Lines};
use super::source::{Listing, Object};
use crate::aws::failed;
use crate::config::Source;
use crate::error::{Error, Result};
use crate::location::Location;
use crate::resource::policy::gathered_prefix;

/// Objects read at once.
const IN_FLIGHT: usize = 64;
/// C2: bytes of a part after compression; JSON shrinks to about a fifth.
const PART_BYTES: u64 = 64 << 20;
const SHRINKS_TO: u64 = 5;
/// C1: below this a part is not worth a slice's while.
const MIN_PART_BYTES: u64 = 1 << 20;
const COMPRESSION_LEVEL: i32 = 3;

/// A source gathered, now or by an earlier load.
#[derive(Debug, Clone)]
pub struct Gathered {
    pub manifest: Location,
    pub index: Index,
    /// An earlier load gathered the same objects: nothing was read.
    pub reused: bool,
}

/// Where objects are read and parts are written.
pub struct Gatherer<'a> {
    pub from: &'a aws_sdk_s3::Client,
    pub to: &'a aws_sdk_s3::Client,
    pub bucket: &'a str,
    pub account: &'a str,
    pub slices: u64,
}

/// Bytes of one object, checked: how many records and lines it has.
struct Checked {
    key: String,
    bytes: Bytes,
    records: u64,
    lines: u64,
}

/// A part while it grows.
struct Part {
    encoder: zstd::stream::write::Encoder<'static, Vec<u8>>,
    objects: Lines,
    next_line: u64,
}

/// What gathering would write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Where the parts lie.
    pub home: Location,
    /// `None` where they are there already.
    pub parts: Option<usize>,
}

impl Gatherer<'_> {
    /// What `gather` would do.
    pub async fn planned(&self, source: &Source, listing: &Listing) -> Result<Planned> {
        let key = format!("{}{}/", gathered_prefix(&source.name), listing.fingerprint());
        let home = Location { bucket: self.bucket.to_owned(), key };
        let parts = match self.has_manifest(&home.with_key(format!("{}manifest.json", home.key))).await? {
            true => None,
            false => Some(split(&listing.objects, self.parts(listing.bytes())).len()),
        };
        Ok(Planned { home, parts })
    }

    /// # Errors
    /// Where an object cannot be read, has changed since it was listed, or is not JSON objects: all such objects are
    /// named, and nothing was copied.
    pub async fn gather(&self, source: &Source, listing: &Listing) -> Result<Gathered> {
        let home = format!("{}{}/", gathered_prefix(&source.name), listing.fingerprint());
        let manifest = Location { bucket: self.bucket.to_owned(), key: format!("{home}manifest.json") };
        if let Some(index) = self.earlier(&manifest, &home).await? {
            return Ok(Gathered { manifest, index, reused: true });
        }
        let mut index = Index::default();
        let mut entries = Vec::new();
        for (number, objects) in split(&listing.objects, self.parts(listing.bytes())).into_iter().enumerate() {
            let key = format!("{home}part-{number:04}.json.zst");
            let (bytes, lines, records) = self.part(source, objects).await?;
            entries.push(json!({
                "url": format!("s3://{}/{key}", self.bucket),
                "mandatory": true,
                "meta": { "content_length": bytes.len() }
            }));
            self.put(&key, bytes).await?;
            index.records += records;
            index.parts.insert(key, lines);
        }
        self.put(&format!("{home}index.json.zst"), index.to_bytes()?).await?;
        // The manifest comes last: where it is, everything is.
        self.put(&manifest.key, json!({ "entries": entries }).to_string().into_bytes()).await?;
        Ok(Gathered { manifest, index, reused: false })
    }

    /// The parts of an unchanged source are there already.
    async fn earlier(&self, manifest: &Location, home: &str) -> Result<Option<Index>> {
        if !self.has_manifest(manifest).await? {
            return Ok(None);
        }
        let key = format!("{home}index.json.zst");
        let call = self.to.get_object().bucket(self.bucket).key(&key).expected_bucket_owner(self.account);
        let doing = format!("read s3://{}/{key}", self.bucket);
        let found = call.send().await.map_err(|error| failed(&doing, &error))?;
        let bytes =
            found.body.collect().await.map_err(|error| Error::failed(format!("cannot {doing}")).because(error))?;
        Index::from_bytes(&bytes.into_bytes()).map(Some)
    }

    async fn has_manifest(&self, manifest: &Location) -> Result<bool> {
        let call = self.to.head_object().bucket(self.bucket).key(&manifest.key);
        match call.expected_bucket_owner(self.account).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(false),
            Err(error) => Err(failed(&format!("look for parts in {}", self.bucket), &error)),
        }
    }

    /// C1: one where the whole is small, else a multiple of the slices.
    fn parts(&self, bytes: u64) -> u64 {
        let compressed = bytes / SHRINKS_TO;
        match compressed < self.slices * MIN_PART_BYTES {
            true => 1,
            false => compressed.div_ceil(PART_BYTES).next_multiple_of(self.slices),
        }
    }

    /// Reads objects, many at once and in order, into one compressed part.
    async fn part(&self, source: &Source, objects: &[Object]) -> Result<(Vec<u8>, Lines, u64)> {
        let reads = objects
            .iter()
            .cloned()
            .map(|object| tokio::spawn(read(self.from.clone(), source.location.clone(), object)));
        let mut reading = futures::stream::iter(reads).buffered(IN_FLIGHT);
        let (mut part, mut records, mut faults) = (Part::new()?, 0, Vec::new());
        while let Some(joined) = reading.next().await {
            match joined.map_err(|error| Error::failed("a read was cut off").because(error))?? {
                Ok(checked) => {
                    records += checked.records;
                    part.add(checked)?;
                }
                Err(fault) => faults.push(fault),
            }
        }
        match faults.is_empty() {
            true => part.finish().map(|(bytes, lines)| (bytes, lines, records)),
            false => Err(malformed(&faults)),
        }
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        let call = self.to.put_object().bucket(self.bucket).key(key).expected_bucket_owner(self.account);
        let sent = call.body(bytes.into()).send().await;
        sent.map(drop).map_err(|error| failed(&format!("write s3://{}/{key}", self.bucket), &error))
    }
}

/// One object, or what is wrong with its content. It must still be the one that was listed.
async fn read(
    s3: aws_sdk_s3::Client,
    source: Location,
    object: Object,
) -> Result<std::result::Result<Checked, (Location, Fault)>> {
    let location = source.with_key(&object.key);
    let call = s3.get_object().bucket(&source.bucket).key(&object.key).if_match(&object.etag);
    let found = match call.send().await {
        Ok(found) => found,
        Err(error) if error.raw_response().is_some_and(|answer| answer.status().as_u16() == 412) => {
            return Err(Error::failed(format!("{location} changed while it was being loaded")).hint("Run load again."));
        }
        Err(error) => return Err(failed(&format!("read {location}"), &error)),
    };
    let body = found.body.collect().await;
    let bytes =
        body.map_err(|error| Error::failed(format!("cannot read {location} to its end")).because(error))?.into_bytes();
    match check_json::count_objects(&bytes) {
        Ok(records) => {
            let lines = count_lines(&bytes);
            Ok(Ok(Checked { key: object.key, bytes, records, lines }))
        }
        Err(fault) => Ok(Err((location, fault))),
    }
}

/// Lines that the bytes take up in a part, where the last one always ends.
fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64 + u64::from(!bytes.ends_with(b"\n"))
}

fn malformed(faults: &[(Location, Fault)]) -> Error {
    let shown = faults
        .iter()
        .take(10)
        .map(|(location, fault)| format!("\n  {location}:{}:{}: {}", fault.line, fault.column, fault.reason));
    let more = if faults.len() > 10 { format!("\n  and {} more", faults.len() - 10) } else { String::new() };
    let objects = if faults.len() == 1 { "object is".to_owned() } else { format!("{} objects are", faults.len()) };
    Error::failed(format!("{objects} not made of JSON objects:{}{more}", shown.collect::<String>()))
        .hint("Nothing was loaded. Mend or remove them, or narrow the source with `prefix`.")
}

/// Runs of objects with about the same number of bytes, one a part.
fn split(objects: &[Object], parts: u64) -> Vec<&[Object]> {
    let total: u64 = objects.iter().map(|object| object.size).sum();
    let (mut runs, mut start, mut seen) = (Vec::new(), 0, 0);
    for (at, object) in objects.iter().enumerate() {
        seen += object.size;
        let full = seen * parts >= total * (runs.len() as u64 + 1);
        if full && start <= at {
            runs.push(&objects[start..=at]);
            start = at + 1;
        }
    }
    if start < objects.len() {
        runs.push(&objects[start..]);
    }
    runs
}

impl Part {
    fn new() -> Result<Self> {
        let encoder = zstd::stream::write::Encoder::new(Vec::new(), COMPRESSION_LEVEL).map_err(compression)?;
        Ok(Self { encoder, objects: Vec::new(), next_line: 1 })
    }

    /// The object's bytes as they are, and a newline where it ends without one.
    fn add(&mut self, object: Checked) -> Result<()> {
        use std::io::Write;
        self.encoder.write_all(&object.bytes).map_err(compression)?;
        if !object.bytes.ends_with(b"\n") {
            self.encoder.write_all(b"\n").map_err(compression)?;
        }
        self.objects.push((self.next_line, object.key));
        self.next_line += object.lines;
        Ok(())
    }

    fn finish(self) -> Result<(Vec<u8>, Lines)> {
        Ok((self.encoder.finish().map_err(compression)?, self.objects))
    }
}

fn compression(error: std::io::Error) -> Error {
    Error::failed("cannot compress a part").because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(sizes: &[u64]) -> Vec<Object> {
        let object = |(at, size): (usize, &u64)| Object { key: format!("k{at}"), size: *size, etag: String::new() };
        sizes.iter().enumerate().map(object).collect()
    }

    #[test]
    fn a_split_keeps_every_object_in_order() {
        for parts in 1..=6 {
            let all = objects(&[5, 1, 1, 9, 2, 2, 7]);
            let runs = split(&all, parts);
            assert!(runs.len() as u64 <= parts && runs.iter().all(|run| !run.is_empty()));
            assert_eq!(runs.concat(), all);
        }
    }

    proptest::proptest! {
        /// Nothing is lost, added or reordered, and every line leads back to where it came from.
        #[test]
        fn a_part_is_its_objects_and_its_index_leads_back(
            texts in proptest::collection::vec("(\\{\\}|\\{\\}\n|\\{\n\\}|\\{\\} \\{\\}\n\n|\n\\{\\})", 1..40),
        ) {
            let mut part = Part::new().expect("part");
            for (at, text) in texts.iter().enumerate() {
                let bytes = Bytes::copy_from_slice(text.as_bytes());
                part.add(Checked { key: at.to_string(), records: 0, lines: count_lines(&bytes), bytes }).expect("added");
            }
            let (compressed, lines) = part.finish().expect("finished");
            let joined = String::from_utf8(zstd::decode_all(compressed.as_slice()).expect("zstd")).expect("text");
            let index = Index { records: 0, parts: [("p".to_owned(), lines)].into() };
            for (number, line) in (1..).zip(joined.lines()) {
                let (key, origin) = index.origin("p", number).expect("origin");
                let original = &texts[key.parse::<usize>().expect("number")];
                proptest::prop_assert_eq!(original.lines().nth(origin as usize - 1), Some(line));
            }
            let whole: String = texts.iter().map(|text| text.trim_end_matches('\n').to_owned() + &"\n".repeat(text.len() - text.trim_end_matches('\n').len()).max("\n".into())).collect();
            proptest::prop_assert_eq!(joined, whole);
        }
    }
}
