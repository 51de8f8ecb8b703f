//! Headers of requests that write an object, as its fields. Their inputs share their fields, not a type.

use s3s::dto::ChecksumAlgorithm;
use s3s::{S3Result, s3_error};

/// Digests of the body of a PutObject or an UploadPart.
macro_rules! declared_digests {
    ($input:ident, $headers:ident, $trailing:ident) => {
        $crate::s3::storage::body::DeclaredDigests {
            md5: $input.content_md5,
            checksum: s3s::dto::Checksum {
                checksum_crc32: $input.checksum_crc32,
                checksum_crc32c: $input.checksum_crc32c,
                checksum_crc64nvme: $input.checksum_crc64nvme,
                checksum_sha1: $input.checksum_sha1,
                checksum_sha256: $input.checksum_sha256,
                checksum_type: None,
            },
            trailer: $headers.get("x-amz-trailer").and_then(|name| name.to_str().ok()).map(str::to_owned),
            trailing: $trailing,
        }
    };
}
pub(in crate::s3) use declared_digests;

/// Attributes of the object of a PutObject, a CopyObject or a CreateMultipartUpload.
macro_rules! attributes {
    ($input:ident) => {
        $crate::s3::record::version::Attributes {
            content_type: $input.content_type,
            content_encoding: $input.content_encoding,
            cache_control: $input.cache_control,
            content_disposition: $input.content_disposition,
            metadata: $input.metadata.into_iter().flatten().collect(),
            tags: $crate::s3::operations::tags::tags_from_header($input.tagging.as_deref())?,
            content_language: $input.content_language,
            expires: $input.expires.as_ref().and_then($crate::s3::operations::wire::http_date),
            storage_class: $input
                .storage_class
                .map(|class| class.as_str().to_owned())
                .filter(|class| class != s3s::dto::StorageClass::STANDARD),
            checksum: None,
            encryption: None,
        }
    };
}
pub(in crate::s3) use attributes;

/// The algorithm of a checksum that a request asks for.
pub fn known_algorithm(algorithm: Option<&ChecksumAlgorithm>) -> S3Result<Option<&str>> {
    let known = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"];
    match algorithm.map(|algorithm| algorithm.as_str()) {
        Some(name) if !known.contains(&name) => Err(s3_error!(
            InvalidRequest,
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: \
             [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
        )),
        name => Ok(name),
    }
}
