//! The operations that list: a request as a query, and a page as the answer.

use s3s::dto::*;
use s3s::{S3Response, S3Result, s3_error};

use super::acl::owner_of;
use super::wire::{
    decode_token, encode_token, encoded, marker_entry, rolled_up, shown, timestamp, to_i64, version_entry,
};
use crate::s3::request::{Answer, AuthorizedRequest};
use crate::s3::storage::buckets::Buckets;
use crate::s3::storage::listing::Query;
use crate::s3::storage::upload::Upload;

/// S3's limit of entries in one page and of keys in one DeleteObjects (R31).
pub const MAX_KEYS: i32 = 1000;

/// Entries of a page: the requested number, within S3's limit.
pub fn page_size(asked: Option<i32>, argument: &str) -> S3Result<i32> {
    match asked.unwrap_or(MAX_KEYS) {
        ..0 => Err(s3_error!(InvalidArgument, "Argument {argument} must be an integer between 0 and 2147483647")),
        size => Ok(size.min(MAX_KEYS)),
    }
}

/// The encoding of names in the answer: `url`, or none.
fn known_encoding(asked: Option<EncodingType>) -> S3Result<Option<EncodingType>> {
    match asked {
        Some(other) if other.as_str() != EncodingType::URL => {
            Err(s3_error!(InvalidArgument, "Invalid Encoding Method specified in Request"))
        }
        known => Ok(known),
    }
}

/// The delimiter; an empty one is none.
fn delimiter(asked: Option<String>) -> Option<String> {
    asked.filter(|delimiter| !delimiter.is_empty())
}

pub fn list_parts(buckets: &Buckets, request: AuthorizedRequest<ListPartsInput>) -> Answer<ListPartsOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    let parts = buckets.parts(&bucket.name, &input.key, &input.upload_id)?;
    let after = input.part_number_marker.unwrap_or(0);
    let max_parts = page_size(input.max_parts, "max-parts")?;
    let mut left = parts.into_iter().filter(|(number, ..)| *number > after);
    let part = |(number, etag, size): (i32, String, u64)| Part {
        part_number: Some(number),
        e_tag: Some(ETag::Strong(etag)),
        size: Some(to_i64(size)),
        ..Default::default()
    };
    let shown: Vec<Part> = left.by_ref().take(max_parts as usize).map(part).collect();
    let output = ListPartsOutput {
        bucket: Some(bucket.name),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        is_truncated: Some(max_parts > 0 && left.next().is_some()),
        part_number_marker: Some(after),
        next_part_number_marker: Some(shown.last().and_then(|part| part.part_number).unwrap_or(0)),
        max_parts: Some(max_parts),
        parts: Some(shown),
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

pub fn list_objects_v2(
    buckets: &Buckets,
    request: AuthorizedRequest<ListObjectsV2Input>,
) -> Answer<ListObjectsV2Output> {
    let AuthorizedRequest { input, bucket, .. } = request;
    let prefix = input.prefix.unwrap_or_default();
    let max_keys = page_size(input.max_keys, "maxKeys")?;
    let encoding = known_encoding(input.encoding_type)?;
    let token = input.continuation_token.as_deref().filter(|token| !token.is_empty());
    let after = match token {
        Some(token) => decode_token(token)?,
        None => input.start_after.clone().unwrap_or_default(),
    };
    let continues = token.is_some();
    let query = Query { prefix, delimiter: delimiter(input.delimiter), after, limit: max_keys as usize, continues };
    let page = buckets.list(&input.bucket, &query)?;
    let owner = owner_of(&bucket.owner);
    let owner = Some(&owner).filter(|_| input.fetch_owner == Some(true));
    let (contents, common_prefixes) = shown(&page, encoding.as_ref(), owner);
    let output = ListObjectsV2Output {
        key_count: i32::try_from(contents.len() + common_prefixes.len()).ok(),
        is_truncated: Some(page.truncated),
        next_continuation_token: page.truncated.then(|| encode_token(&page.last)),
        continuation_token: input.continuation_token,
        contents: Some(contents),
        common_prefixes: Some(common_prefixes),
        name: Some(input.bucket),
        prefix: Some(encoded(&query.prefix, encoding.as_ref())),
        delimiter: query.delimiter.map(|delimiter| encoded(&delimiter, encoding.as_ref())),
        start_after: input.start_after.map(|key| encoded(&key, encoding.as_ref())),
        encoding_type: encoding,
        max_keys: Some(max_keys),
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

pub fn list_objects(buckets: &Buckets, request: AuthorizedRequest<ListObjectsInput>) -> Answer<ListObjectsOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    let prefix = input.prefix.unwrap_or_default();
    let max_keys = page_size(input.max_keys, "maxKeys")?;
    let encoding = known_encoding(input.encoding_type)?;
    let after = input.marker.unwrap_or_default();
    let continues = !after.is_empty();
    let query = Query { prefix, delimiter: delimiter(input.delimiter), after, limit: max_keys as usize, continues };
    let page = buckets.list(&input.bucket, &query)?;
    let (contents, common_prefixes) = shown(&page, encoding.as_ref(), Some(&owner_of(&bucket.owner)));
    let output = ListObjectsOutput {
        is_truncated: Some(page.truncated),
        // Without a delimiter the last key is the marker, and the answer names none.
        next_marker: (page.truncated && query.delimiter.is_some()).then(|| encoded(&page.last, encoding.as_ref())),
        marker: Some(encoded(&query.after, encoding.as_ref())),
        contents: Some(contents),
        common_prefixes: Some(common_prefixes),
        name: Some(input.bucket),
        prefix: Some(encoded(&query.prefix, encoding.as_ref())),
        delimiter: query.delimiter.map(|delimiter| encoded(&delimiter, encoding.as_ref())),
        encoding_type: encoding,
        max_keys: Some(max_keys),
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

pub fn list_object_versions(
    buckets: &Buckets,
    request: AuthorizedRequest<ListObjectVersionsInput>,
) -> Answer<ListObjectVersionsOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    let prefix = input.prefix.unwrap_or_default();
    let owner = owner_of(&bucket.owner);
    let max_keys = page_size(input.max_keys, "maxKeys")?;
    let encoding = known_encoding(input.encoding_type)?;
    let (after, id) = (input.key_marker.unwrap_or_default(), input.version_id_marker);
    if id.is_some() && after.is_empty() {
        let message = "A version-id marker cannot be specified without a key marker.";
        return Err(s3_error!(InvalidArgument, "{message}"));
    }
    if id.as_deref() == Some("") {
        return Err(s3_error!(InvalidArgument, "A version-id marker cannot be empty."));
    }
    let continues = !after.is_empty();
    let query = Query { prefix, delimiter: delimiter(input.delimiter), after, limit: max_keys as usize, continues };
    let page = buckets.version_page(&input.bucket, &query, id.as_deref())?;
    let (mut versions, mut markers) = (Vec::new(), Vec::new());
    for (version, is_latest) in &page.versions {
        match version.delete_marker {
            true => markers.push(marker_entry(version, *is_latest, encoding.as_ref(), &owner)),
            false => versions.push(version_entry(version, *is_latest, encoding.as_ref(), &owner)),
        }
    }
    let (last, last_version) = page.last;
    let output = ListObjectVersionsOutput {
        is_truncated: Some(page.truncated),
        next_key_marker: page.truncated.then(|| encoded(&last, encoding.as_ref())),
        next_version_id_marker: last_version.filter(|_| page.truncated),
        versions: Some(versions),
        delete_markers: Some(markers),
        common_prefixes: Some(rolled_up(&page.prefixes, encoding.as_ref())),
        name: Some(input.bucket),
        prefix: Some(encoded(&query.prefix, encoding.as_ref())),
        delimiter: query.delimiter.map(|delimiter| encoded(&delimiter, encoding.as_ref())),
        key_marker: Some(encoded(&query.after, encoding.as_ref())),
        version_id_marker: Some(id.unwrap_or_default()),
        max_keys: Some(max_keys),
        encoding_type: encoding,
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

pub fn list_multipart_uploads(
    buckets: &Buckets,
    request: AuthorizedRequest<ListMultipartUploadsInput>,
) -> Answer<ListMultipartUploadsOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    let max_uploads = page_size(input.max_uploads, "max-uploads")?;
    let encoding = known_encoding(input.encoding_type)?;
    let (prefix, after) = (input.prefix.unwrap_or_default(), input.key_marker.unwrap_or_default());
    let continues = !after.is_empty();
    let query = Query { prefix, delimiter: delimiter(input.delimiter), after, limit: max_uploads as usize, continues };
    // Without a key it says nothing.
    let id = input.upload_id_marker.filter(|id| continues && !id.is_empty());
    let page = buckets.upload_page(&bucket.name, &query, id.as_deref())?;
    let entry = |upload: Upload| MultipartUpload {
        key: Some(encoded(&upload.key, encoding.as_ref())),
        upload_id: Some(upload.id),
        initiated: Some(timestamp(upload.started)),
        ..Default::default()
    };
    let (last, last_id) = page.last;
    let output = ListMultipartUploadsOutput {
        bucket: Some(bucket.name),
        is_truncated: Some(page.truncated),
        // S3 leaves them empty behind a rolled-up prefix, where no client can go on.
        next_key_marker: Some(encoded(&last, encoding.as_ref())),
        next_upload_id_marker: Some(last_id.unwrap_or_default()),
        uploads: Some(page.uploads.into_iter().map(entry).collect()),
        common_prefixes: Some(rolled_up(&page.prefixes, encoding.as_ref())),
        prefix: Some(encoded(&query.prefix, encoding.as_ref())),
        delimiter: query.delimiter.map(|delimiter| encoded(&delimiter, encoding.as_ref())),
        key_marker: Some(encoded(&query.after, encoding.as_ref())),
        upload_id_marker: Some(id.unwrap_or_default()),
        max_uploads: Some(max_uploads),
        encoding_type: encoding,
        ..Default::default()
    };
    Ok(S3Response::new(output))
}
