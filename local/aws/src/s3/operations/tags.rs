//! The tags of objects.

use std::collections::BTreeMap;

use s3s::dto::*;
use s3s::{S3Response, S3Result, s3_error};

use crate::s3::error::internal;
use crate::s3::record::bucket::Bucket;
use crate::s3::request::{Answer, AuthorizedRequest};
use crate::s3::storage::buckets::Buckets;

/// Tags that one object may have.
const MAX_OBJECT_TAGS: usize = 10;

/// Characters of a tag's key, and of its value.
const MAX_TAG_KEY: usize = 128;
const MAX_TAG_VALUE: usize = 256;

pub fn get_object_tagging(
    buckets: &Buckets,
    request: AuthorizedRequest<GetObjectTaggingInput>,
) -> Answer<GetObjectTaggingOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    let tags = buckets.find(&bucket, &input.key, input.version_id.as_deref())?.attributes.tags;
    let tag_set = tags.into_iter().map(|(key, value)| Tag { key: Some(key), value: Some(value) }).collect();
    Ok(S3Response::new(GetObjectTaggingOutput { tag_set, version_id: input.version_id }))
}

pub fn put_object_tagging(
    buckets: &Buckets,
    request: AuthorizedRequest<PutObjectTaggingInput>,
) -> Answer<PutObjectTaggingOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    let pair = |tag: Tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
    let tags = checked_tags(input.tagging.tag_set.into_iter().map(pair))?;
    buckets.tag_object(&bucket, &input.key, input.version_id.as_deref(), tags)?;
    Ok(S3Response::new(PutObjectTaggingOutput { version_id: input.version_id }))
}

pub fn delete_object_tagging(
    buckets: &Buckets,
    request: AuthorizedRequest<DeleteObjectTaggingInput>,
) -> Answer<DeleteObjectTaggingOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    buckets.tag_object(&bucket, &input.key, input.version_id.as_deref(), Default::default())?;
    let output = DeleteObjectTaggingOutput { version_id: input.version_id };
    Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
}

/// The tags of `x-amz-tagging`, which are written like a query.
pub fn tags_from_header(header: Option<&str>) -> S3Result<BTreeMap<String, String>> {
    let pairs = form_urlencoded::parse(header.unwrap_or_default().as_bytes());
    checked_tags(pairs.map(|(key, value)| (key.into_owned(), value.into_owned())))
}

/// Tags as an object may have them: few, and each key once.
fn checked_tags(pairs: impl Iterator<Item = (String, String)>) -> S3Result<BTreeMap<String, String>> {
    let mut tags = BTreeMap::new();
    for (key, value) in pairs {
        if key.is_empty() || key.chars().count() > MAX_TAG_KEY {
            return Err(s3_error!(InvalidTag, "The TagKey you have provided is invalid"));
        }
        if value.chars().count() > MAX_TAG_VALUE {
            return Err(s3_error!(InvalidTag, "The TagValue you have provided is invalid"));
        }
        if tags.insert(key, value).is_some() {
            return Err(s3_error!(InvalidTag, "Cannot provide multiple Tags with the same key"));
        }
    }
    match tags.len() > MAX_OBJECT_TAGS {
        true => Err(s3_error!(InvalidTag, "Object tags cannot be greater than 10")),
        false => Ok(tags),
    }
}

impl Buckets {
    fn tag_object(
        &self,
        bucket: &Bucket,
        key: &str,
        version: Option<&str>,
        tags: BTreeMap<String, String>,
    ) -> S3Result<()> {
        let _guard = self.store.change();
        let mut found = self.version(bucket, key, version)?;
        found.attributes.tags = tags;
        self.save_version(&bucket.name, &found).map_err(internal)
    }
}
