//! The checksum that a CompleteMultipartUpload declares for the whole object.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures::StreamExt;
use s3s::checksum::ChecksumHasher;
use s3s::dto::{Checksum, CompletedPart};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::body_source::BodySource;
use super::buckets::Buckets;
use crate::s3::record::checksum::named_checksum;

impl Buckets {
    /// Compares a declared checksum with one that is computed anew: of all bytes, or, where it ends with the number of
    /// parts, of the parts' checksums. Answers it as `named_checksum` writes it.
    pub async fn check_declared(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        listed: &[CompletedPart],
        declared: &Checksum,
    ) -> S3Result<Option<String>> {
        let Some(named) = named_checksum(declared) else { return Ok(None) };
        let parts = self.listed_parts(bucket, key, id, listed)?;
        let mut hasher = hasher(declared);
        let computed = if named.contains('-') {
            for (_, checksum) in &parts {
                let sum = checksum.as_deref().map(|sum| sum.rsplit(':').next().unwrap_or(sum));
                let bytes = sum.and_then(|sum| BASE64.decode(sum).ok());
                let missing =
                    || s3_error!(InvalidRequest, "The complete request must include the checksum for each part.");
                hasher.update(&bytes.ok_or_else(missing)?);
            }
            named_checksum(&hasher.finalize()).map(|sum| format!("{sum}-{}", parts.len()))
        } else {
            let segments: Vec<_> = parts.into_iter().map(|(segment, _)| segment).collect();
            let size: u64 = segments.iter().map(|segment| segment.size).sum();
            let source = BodySource::Segments { bucket: bucket.to_owned(), segments, lease: None };
            let mut body = self.stream(source, 0, size);
            while let Some(chunk) = body.next().await {
                hasher.update(&chunk.map_err(|error| S3Error::with_source(S3ErrorCode::InternalError, error))?);
            }
            named_checksum(&hasher.finalize())
        };
        match computed.as_ref() == Some(&named) {
            true => Ok(computed),
            false => Err(s3_error!(BadDigest, "The checksum you specified did not match the calculated checksum.")),
        }
    }
}

fn hasher(declared: &Checksum) -> ChecksumHasher {
    ChecksumHasher {
        crc32: declared.checksum_crc32.is_some().then(Default::default),
        crc32c: declared.checksum_crc32c.is_some().then(Default::default),
        sha1: declared.checksum_sha1.is_some().then(Default::default),
        sha256: declared.checksum_sha256.is_some().then(Default::default),
        crc64nvme: declared.checksum_crc64nvme.is_some().then(Default::default),
    }
}
