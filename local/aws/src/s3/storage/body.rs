//! The bytes of objects: received, verified, stored in records, in the store or in files, and removed.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures::StreamExt;
use md5::{Digest, Md5};
use s3s::checksum::ChecksumHasher;
use s3s::dto::{Checksum, StreamingBlob};
use s3s::{S3Result, TrailingHeaders, s3_error};
use tokio::io::AsyncWriteExt;

use super::buckets::Buckets;
use crate::s3::error::{internal, internal_io};
use crate::s3::record::segment::{IN_STORE_BYTES, Segment, body_directory, body_key, new_id, remove_segments};
use crate::store::disk;

/// Bodies up to this size lie in their object's own record: one read finds both, and what a listing reads stays small.
const IN_RECORD_BYTES: usize = 2 << 10;
/// Where received bytes are: in memory, for the record of their object, or stored as a segment.
#[derive(Debug)]
pub enum StagedBody {
    Inline(Bytes),
    Segment(Segment),
}

/// Bytes that were received and verified, not yet part of an object. `etag` is their MD5 in hex.
#[derive(Debug)]
pub struct Staged {
    pub body: StagedBody,
    pub etag: String,
    pub checksum: Checksum,
}

/// Digests of a body that its client declares, in headers or in a trailer.
#[derive(Default)]
pub struct DeclaredDigests {
    pub md5: Option<String>,
    pub checksum: Checksum,
    /// The algorithm whose value follows the body in a trailer.
    pub trailer: Option<String>,
    pub trailing: Option<TrailingHeaders>,
}

/// A file for the bytes of an object that a statement writes; removed when it is dropped unfinished.
pub struct Sink {
    file: std::io::BufWriter<std::fs::File>,
    path: PathBuf,
    id: String,
    size: u64,
    md5: Md5,
    finished: bool,
}

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.md5.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Sink {
    pub fn finish(mut self) -> std::io::Result<Staged> {
        std::io::Write::flush(&mut self.file)?;
        self.finished = true;
        let etag = format!("{:x}", self.md5.clone().finalize());
        let body = StagedBody::Segment(Segment { id: self.id.clone(), size: self.size, in_file: true });
        Ok(Staged { body, etag, checksum: Checksum::default() })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if !self.finished {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl DeclaredDigests {
    fn hasher(&self) -> ChecksumHasher {
        let named = |name: &str| self.trailer.as_deref().is_some_and(|trailer| trailer.to_lowercase().ends_with(name));
        let sum = &self.checksum;
        ChecksumHasher {
            crc32: (sum.checksum_crc32.is_some() || named("crc32")).then(Default::default),
            crc32c: (sum.checksum_crc32c.is_some() || named("crc32c")).then(Default::default),
            sha1: (sum.checksum_sha1.is_some() || named("sha1")).then(Default::default),
            sha256: (sum.checksum_sha256.is_some() || named("sha256")).then(Default::default),
            crc64nvme: (sum.checksum_crc64nvme.is_some() || named("crc64nvme")).then(Default::default),
        }
    }

    /// Refuses bytes that are not the declared ones. A trailer is known only once the body has been read.
    fn verify(self, md5: &[u8], computed: &Checksum) -> S3Result<()> {
        let trailers = self.trailing.as_ref().and_then(TrailingHeaders::take).unwrap_or_default();
        let trailer = |name: &str| trailers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let pairs = [
            (self.checksum.checksum_crc32.or_else(|| trailer("x-amz-checksum-crc32")), &computed.checksum_crc32),
            (self.checksum.checksum_crc32c.or_else(|| trailer("x-amz-checksum-crc32c")), &computed.checksum_crc32c),
            (self.checksum.checksum_sha1.or_else(|| trailer("x-amz-checksum-sha1")), &computed.checksum_sha1),
            (self.checksum.checksum_sha256.or_else(|| trailer("x-amz-checksum-sha256")), &computed.checksum_sha256),
            (
                self.checksum.checksum_crc64nvme.or_else(|| trailer("x-amz-checksum-crc64nvme")),
                &computed.checksum_crc64nvme,
            ),
        ];
        if self.md5.is_some_and(|declared| declared != BASE64.encode(md5)) {
            return Err(s3_error!(BadDigest, "The Content-MD5 you specified did not match what we received."));
        }
        match pairs.into_iter().any(|(declared, computed)| declared.is_some() && declared.as_ref() != computed.as_ref())
        {
            true => Err(s3_error!(BadDigest, "The checksum you specified did not match the calculated checksum.")),
            false => Ok(()),
        }
    }
}

impl Buckets {
    pub fn body_directory(&self, bucket: &str) -> PathBuf {
        body_directory(&self.store, bucket)
    }

    pub fn body_file(&self, bucket: &str, id: &str) -> PathBuf {
        self.body_directory(bucket).join(id)
    }

    /// A file for the bytes of an object that is to be written; dropped before its end, it is gone.
    pub fn sink(&self, bucket: &str) -> std::io::Result<Sink> {
        let id = new_id();
        let path = self.body_file(bucket, &id);
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let file = std::io::BufWriter::new(disk::open_private(&path, true)?);
        Ok(Sink { file, path, id, size: 0, md5: Md5::new(), finished: false })
    }

    /// Receives a body and verifies its digests. A failure leaves no bytes behind.
    pub async fn stage(
        &self,
        bucket: &str,
        body: Option<StreamingBlob>,
        declared: DeclaredDigests,
    ) -> S3Result<Staged> {
        let segment_id = new_id();
        let path = self.body_file(bucket, &segment_id);
        let mut incoming = Incoming { bytes: Vec::new(), file: None, size: 0, path: path.clone() };
        let (mut md5, mut hasher) = (Md5::new(), declared.hasher());
        let mut body = body;
        while let Some(chunk) = next_chunk(&mut body).await? {
            md5.update(&chunk);
            hasher.update(&chunk);
            if let Err(error) = incoming.take(&chunk).await {
                // A client that is still sending would lose the answer with the connection.
                while let Ok(Some(_)) = next_chunk(&mut body).await {}
                return Err(internal_io(&path, error));
            }
        }
        let (digest, checksum) = (md5.finalize(), hasher.finalize());
        declared.verify(&digest, &checksum)?;
        let body = match incoming.finish().await.map_err(|error| internal_io(&path, error))? {
            None => StagedBody::Segment(Segment { id: segment_id, size: incoming.size, in_file: true }),
            Some(bytes) if bytes.len() <= IN_RECORD_BYTES => StagedBody::Inline(bytes.into()),
            Some(bytes) => StagedBody::Segment(self.keep(bucket, segment_id, &bytes)?),
        };
        Ok(Staged { body, etag: format!("{digest:x}"), checksum })
    }

    fn keep(&self, bucket: &str, id: String, bytes: &[u8]) -> S3Result<Segment> {
        let kept = self.store.write_bodies(|bodies| bodies.insert(body_key(bucket, &id), bytes));
        kept.map_err(internal)?;
        Ok(Segment { id, size: bytes.len() as u64, in_file: false })
    }

    /// Stores a body as a segment of its own, for an object that has several.
    pub fn as_segment(&self, bucket: &str, body: StagedBody) -> S3Result<Segment> {
        match body {
            StagedBody::Inline(bytes) => self.keep(bucket, new_id(), &bytes),
            StagedBody::Segment(segment) => Ok(segment),
        }
    }

    /// Removes segments that no record names any more: now, or after their last reader.
    pub fn discard(&self, bucket: &str, segments: &[Segment]) -> S3Result<()> {
        match self.leases.postpone(bucket, segments) {
            true => Ok(()),
            false => remove_segments(&self.store, bucket, segments),
        }
    }
}

/// A body on its way in: in memory while it is small, then in a file.
struct Incoming {
    bytes: Vec<u8>,
    file: Option<tokio::fs::File>,
    size: u64,
    path: PathBuf,
}

impl Incoming {
    async fn take(&mut self, chunk: &[u8]) -> std::io::Result<()> {
        self.size += chunk.len() as u64;
        if let Some(file) = &mut self.file {
            return file.write_all(chunk).await;
        }
        self.bytes.extend_from_slice(chunk);
        if self.bytes.len() > IN_STORE_BYTES {
            if let Some(directory) = self.path.parent() {
                tokio::fs::create_dir_all(directory).await?;
            }
            let file = disk::open_private(&self.path, true)?;
            self.file.insert(file.into()).write_all(&std::mem::take(&mut self.bytes)).await?;
        }
        Ok(())
    }

    /// The bytes, or nothing where they are in the file, which now stays.
    async fn finish(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let Some(file) = &mut self.file else { return Ok(Some(std::mem::take(&mut self.bytes))) };
        file.flush().await?;
        self.file = None;
        Ok(None)
    }
}

impl Drop for Incoming {
    /// Removes a file that was not finished: the request failed, or nobody waits for it any more.
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

async fn next_chunk(body: &mut Option<StreamingBlob>) -> S3Result<Option<Bytes>> {
    let Some(body) = body else { return Ok(None) };
    let cut = |error: s3s::StdError| s3_error!(IncompleteBody, "the body ended early or could not be read: {error}");
    body.next().await.transpose().map_err(cut)
}
