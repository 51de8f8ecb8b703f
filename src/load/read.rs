//! Objects of a source, read and checked: many at once, in their order, and the first of them while others are still
//! being listed. What is held in memory does not grow with the source.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use super::check_json;
use super::copy_format::{CopyFormat, CopyKind};
use super::fault::Fault;
use super::keys::{KeyCounter, Keys};
use super::parquet_file::ParquetFile;
use super::part::{CheckedContent, count_lines};
use super::s3_fast_get::S3FastGet;
use super::source::Object;
use super::unpack;
use super::{plain_json, plain_text, record_path};
use crate::config::{RecordPath, Source};
use crate::download::download;
use crate::error::{Error, Result};
use crate::location::Location;
use crate::sync::locked;
use crate::zip;

/// Objects read at once. S3 takes its time for the first byte, and one prefix answers thousands a second.
const IN_FLIGHT: usize = 256;
/// Kibibytes of objects held at once. A larger object is read alone.
const HELD_KIB: u32 = 64 << 10;
/// Kibibytes that an object counts for at least: it has a key, and it waits.
const LEAST_KIB: u32 = 4;
/// Objects up to this size are read past the SDK. Their bodies are pieces of larger reads, which they would keep alive as
/// long as they wait.
const COPIED_BYTES: u64 = 64 << 10;
/// Objects larger than this are not read before it is known whether they are gathered at all.
const AHEAD_BYTES: u64 = 1 << 20;

/// An object, or what is wrong with its content.
pub struct ReadOutcome {
    /// One, or of an archive one for each member.
    pub contents: Vec<std::result::Result<CheckedContent, (Location, Fault)>>,
    /// Bytes.
    pub size: u64,
    /// Its share of what may be held at once.
    _held: OwnedSemaphorePermit,
}

/// Reads the objects of one source.
#[derive(Clone)]
pub struct SourceReader {
    s3: aws_sdk_s3::Client,
    direct: Option<Arc<S3FastGet>>,
    source: Location,
    /// Chooses members of archives.
    chosen: Arc<Source>,
    format: CopyFormat,
    /// Its jsonpaths may choose from lists.
    lists_are_rows: bool,
    record_path: Option<RecordPath>,
    hive_partitions: bool,
    budget: Arc<Semaphore>,
    /// A key counter for each object that is being checked.
    counters: Arc<Mutex<Vec<KeyCounter>>>,
}

impl SourceReader {
    pub fn new(s3: &aws_sdk_s3::Client, direct: Option<S3FastGet>, source: &Source, format: CopyFormat) -> Self {
        Self {
            s3: s3.clone(),
            direct: direct.map(Arc::new),
            source: source.location.clone(),
            chosen: Arc::new(source.clone()),
            format,
            lists_are_rows: source.jsonpaths.is_some() || source.jsonpaths_file.is_some(),
            record_path: source.record_path.clone(),
            hive_partitions: source.hive_partitions,
            budget: Arc::new(Semaphore::new(HELD_KIB as usize)),
            counters: Arc::default(),
        }
    }

    /// The keys of all objects that were read; they are counted anew from here.
    pub fn keys(&self) -> Keys {
        Keys::from_counters(std::mem::take(&mut *locked(&self.counters)))
    }

    pub fn read_all<S: Stream<Item = Result<Object>>>(
        &self,
        objects: S,
    ) -> impl Stream<Item = Result<ReadOutcome>> + use<S> {
        let reader = self.clone();
        // Shares are taken in the order of the objects: a later one never holds what an earlier one waits for.
        let admitted = objects.and_then(move |object| {
            let reader = reader.clone();
            async move {
                let held = reader.share(plain_json::unpacked_size(&object.key, object.size)).await?;
                Ok((reader, object, held))
            }
        });
        let reads = admitted.map_ok(|(reader, object, held)| {
            let task = tokio::spawn(reader.read(object, held));
            async move { task.await.map_err(|error| Error::failed("a read was cut off").because(error))? }
        });
        reads.try_buffered(IN_FLIGHT)
    }

    /// A share of what may be held at once, for an object of so many bytes.
    async fn share(&self, size: u64) -> Result<OwnedSemaphorePermit> {
        let kib = u32::try_from(size >> 10).unwrap_or(u32::MAX).clamp(LEAST_KIB, HELD_KIB);
        let held = self.budget.clone().acquire_many_owned(kib).await;
        held.map_err(|error| Error::failed("reading was given up").because(error))
    }

    async fn read(self, object: Object, held: OwnedSemaphorePermit) -> Result<ReadOutcome> {
        let location = self.source.with_key(&object.key);
        if let Some(fault) = unpack::too_large(&object.key, object.size) {
            return Ok(ReadOutcome { contents: vec![Err((location, fault))], size: object.size, _held: held });
        }
        let bytes = match &self.direct {
            Some(direct) if object.size <= COPIED_BYTES => direct.get(&object.key, object.size, &object.etag).await,
            _ => None,
        };
        let bytes = match bytes {
            Some(bytes) => bytes,
            // Boxed, since what the SDK does about a call takes 16 KiB, and most tasks never come to it.
            None => Box::pin(self.get(&location, &object)).await?,
        };
        let bytes = if bytes.len() as u64 <= COPIED_BYTES { Bytes::copy_from_slice(&bytes) } else { bytes };
        let contents = match zip::is_archive(&object.key) {
            true => match unpack::members(&bytes, &object.key, &self.chosen) {
                Ok(members) => members.into_iter().map(|(key, bytes)| self.checked(bytes, key)).collect(),
                Err((key, fault)) => vec![Err((self.source.with_key(key), fault))],
            },
            false => vec![self.checked(bytes, object.key)],
        };
        Ok(ReadOutcome { contents, size: object.size, _held: held })
    }

    /// An object, or a member of an archive, whose records are counted.
    fn checked(&self, bytes: Bytes, key: String) -> std::result::Result<CheckedContent, (Location, Fault)> {
        let checked = match self.format.kind {
            CopyKind::Text(rules) => plain_text::plain(bytes, &rules),
            CopyKind::Parquet => parquet(bytes),
            CopyKind::Json | CopyKind::InPlace(_) => self.json(bytes, &key),
        };
        match checked {
            Ok(checked) => Ok(CheckedContent { key, ..checked }),
            Err(fault) => Err((self.source.with_key(key), fault)),
        }
    }

    /// The records of an object as COPY reads JSON; its keys are counted.
    fn json(&self, bytes: Bytes, key: &str) -> std::result::Result<CheckedContent, Fault> {
        let mut keys = locked(&self.counters).pop().unwrap_or_default();
        keys.begin_file(key);
        let checked = self.counted_json(bytes, key, &mut keys);
        locked(&self.counters).push(keys);
        checked
    }

    fn counted_json(
        &self,
        bytes: Bytes,
        key: &str,
        keys: &mut KeyCounter,
    ) -> std::result::Result<CheckedContent, Fault> {
        let bytes = match &self.record_path {
            None => plain_json::plain(bytes, self.lists_are_rows)?,
            Some(path) => record_path::opened(&plain_json::unpacked(bytes)?, path)?,
        };
        let bytes = if self.hive_partitions { plain_json::with_partitions(bytes, key) } else { bytes };
        let records = check_json::count_objects(&bytes, self.lists_are_rows, keys)?;
        let lines = count_lines(&bytes);
        Ok(CheckedContent { bytes, records, lines, ..CheckedContent::default() })
    }

    async fn get(&self, location: &Location, object: &Object) -> Result<Bytes> {
        let call = self.s3.get_object().bucket(&self.source.bucket).key(&object.key).if_match(&object.etag);
        let read = download(&call, &format!("read {location}"), Some(object.size)).await;
        read.map(|read| read.bytes).map_err(|error| {
            // It must still be the one that was listed.
            if error.is(&["PreconditionFailed", "NoSuchKey"]) {
                Error::failed(format!("{location} changed while it was being loaded")).hint("Run load again.")
            } else if error.is(&["AccessDenied"]) {
                error.hint(format!("It needs s3:GetObject on {location}."))
            } else {
                error
            }
        })
    }
}

fn parquet(bytes: Bytes) -> std::result::Result<CheckedContent, Fault> {
    let bytes = plain_json::unpacked(bytes)?;
    let rows = ParquetFile::new(&bytes)?.rows;
    Ok(CheckedContent { bytes, records: rows, lines: rows, ..CheckedContent::default() })
}

/// The first objects of a source, read while it is still being listed.
pub struct ReadAhead {
    pub reader: SourceReader,
    /// Objects that were taken: the first ones, without a gap.
    pub taken: usize,
    objects: Option<UnboundedSender<Object>>,
    outcomes: UnboundedReceiver<Result<ReadOutcome>>,
    task: JoinHandle<()>,
}

impl ReadAhead {
    pub fn new(reader: SourceReader) -> Self {
        let (objects, listed) = unbounded_channel();
        let (done, outcomes) = unbounded_channel();
        let reads = reader.read_all(futures::stream::unfold(listed, |mut listed: UnboundedReceiver<Object>| async {
            listed.recv().await.map(|object| (Ok(object), listed))
        }));
        let task = tokio::spawn(async move {
            futures::pin_mut!(reads);
            loop {
                let outcome = reads.try_next().await.transpose();
                match outcome.map(|outcome| done.send(outcome)) {
                    Some(Ok(())) => {}
                    Some(Err(_)) | None => return,
                }
            }
        });
        Self { reader, taken: 0, objects: Some(objects), outcomes, task }
    }

    /// Takes the next object that the listing shows, unless it is large: then those behind it are left, too.
    pub fn offer(&mut self, object: &Object) {
        if object.size > AHEAD_BYTES {
            self.objects = None;
        }
        if let Some(objects) = &self.objects
            && objects.send(object.clone()).is_ok()
        {
            self.taken += 1;
        }
    }

    /// The objects that were read, once the listing has ended.
    pub fn outcomes(mut self) -> impl Stream<Item = Result<ReadOutcome>> {
        self.objects = None;
        futures::stream::unfold(self, |mut ahead| async { ahead.outcomes.recv().await.map(|outcome| (outcome, ahead)) })
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        self.task.abort();
    }
}
