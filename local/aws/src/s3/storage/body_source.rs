//! The bytes of objects, read back: from the store, from files, and from mounted directories.

use std::io::{Cursor, Read, Seek};
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use s3s::dto::StreamingBlob;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::buckets::Buckets;
use super::found_file::FoundFile;
use super::leases::Lease;
use crate::s3::record::segment::{IN_STORE_BYTES, Segment, body_key};

/// Where an object's bytes are.
#[derive(Clone)]
pub enum BodySource {
    Bytes(Bytes),
    /// The lease keeps them while they are read; parts of an upload have none.
    Segments {
        bucket: String,
        segments: Vec<Segment>,
        lease: Option<Arc<Lease>>,
    },
    /// In a mounted directory.
    File(FoundFile),
}

impl Buckets {
    fn segment_file(&self, bucket: &str, segment: &Segment) -> FoundFile {
        FoundFile { path: self.body_file(bucket, &segment.id), size: segment.size, modified: None }
    }

    fn inline(&self, bucket: &str, id: &str) -> std::io::Result<Bytes> {
        let missing = || std::io::Error::new(std::io::ErrorKind::NotFound, format!("body {id} is missing"));
        let found = self.store.read_bodies(|bodies| bodies.get(body_key(bucket, id)));
        let value = found.map_err(std::io::Error::other)?.ok_or_else(missing)?;
        Ok(Bytes::copy_from_slice(&value))
    }

    /// Reads from start to end on the calling thread.
    pub fn read(&self, source: &BodySource) -> std::io::Result<Box<dyn Read + Send>> {
        match source {
            BodySource::Bytes(bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
            BodySource::File(file) => Ok(Box::new(file.open()?)),
            BodySource::Segments { bucket, segments, .. } => {
                let mut all: Box<dyn Read + Send> = Box::new(std::io::empty());
                for segment in segments {
                    let next: Box<dyn Read + Send> = match segment.in_file {
                        true => Box::new(self.segment_file(bucket, segment).open()?),
                        false => Box::new(Cursor::new(self.inline(bucket, &segment.id)?)),
                    };
                    all = Box::new(all.chain(next));
                }
                Ok(all)
            }
        }
    }

    /// The bytes from `start` to `end`, exclusive, as a stream.
    pub fn stream(&self, source: BodySource, start: u64, end: u64) -> StreamingBlob {
        let pieces: Vec<(BodyPiece, u64, u64, Option<Arc<Lease>>)> = match source {
            BodySource::Bytes(bytes) => return s3s::Body::from(cut(&bytes, start, end)).into(),
            BodySource::File(file) => vec![(BodyPiece::File(file), start, end, None)],
            BodySource::Segments { bucket, segments, lease } => {
                let mut pieces = Vec::new();
                let mut offset = 0;
                for segment in segments {
                    let (from, to) = (start.max(offset), end.min(offset + segment.size));
                    if from < to {
                        let piece = match segment.in_file {
                            true => BodyPiece::File(self.segment_file(&bucket, &segment)),
                            false => BodyPiece::Inline(bucket.clone(), segment.id),
                        };
                        pieces.push((piece, from - offset, to - offset, lease.clone()));
                    }
                    offset += segment.size;
                }
                pieces
            }
        };
        let buckets = self.clone();
        let bytes = futures::stream::iter(pieces)
            .then(move |(piece, from, to, lease)| {
                let buckets = buckets.clone();
                async move {
                    let opened = piece.open(&buckets, from, to).await;
                    // What is open stays readable.
                    drop(lease);
                    opened
                }
            })
            .try_flatten();
        StreamingBlob::wrap(bytes)
    }
}

enum BodyPiece {
    Inline(String, String),
    File(FoundFile),
}

type ByteStream = std::pin::Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send + Sync>>;

impl BodyPiece {
    async fn open(self, buckets: &Buckets, from: u64, to: u64) -> std::io::Result<ByteStream> {
        match self {
            Self::Inline(bucket, id) => {
                let bytes = buckets.inline(&bucket, &id)?;
                let slice = cut(&bytes, from, to);
                Ok(Box::pin(futures::stream::once(async move { Ok(slice) })))
            }
            // A small read is over sooner than it is handed to another thread.
            Self::File(file) if to - from <= IN_STORE_BYTES as u64 => {
                let bytes = read_range(&file, from, to)?;
                Ok(Box::pin(futures::stream::once(async move { Ok(bytes) })))
            }
            Self::File(file) => {
                let mut file = tokio::fs::File::from_std(file.open()?);
                file.seek(std::io::SeekFrom::Start(from)).await?;
                Ok(Box::pin(ReaderStream::with_capacity(file.take(to - from), IN_STORE_BYTES)))
            }
        }
    }
}

fn cut(bytes: &Bytes, from: u64, to: u64) -> Bytes {
    bytes.slice(usize::try_from(from).unwrap_or(0)..usize::try_from(to).unwrap_or(bytes.len()))
}

fn read_range(file: &FoundFile, from: u64, to: u64) -> std::io::Result<Bytes> {
    let mut file = file.open()?;
    file.seek(std::io::SeekFrom::Start(from))?;
    let mut bytes = vec![0; usize::try_from(to - from).map_err(std::io::Error::other)?];
    file.read_exact(&mut bytes)?;
    Ok(bytes.into())
}
