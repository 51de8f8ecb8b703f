//! The objects of a source, listed.

use sha2::{Digest, Sha256};

use crate::aws::{failed, is};
use crate::config::Source;
use crate::error::{Error, Result};

/// One object under the source's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub key: String,
    /// Bytes.
    pub size: u64,
    pub etag: String,
}

/// Everything under the source's prefix, in the order of the keys.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    pub objects: Vec<Object>,
    /// Zero-byte markers that consoles make of folders: listed, and not read.
    pub markers: u64,
}

impl Listing {
    pub fn bytes(&self) -> u64 {
        self.objects.iter().map(|object| object.size).sum()
    }

    /// Changes when any key, size or content does.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for object in &self.objects {
            hash.update(object.key.as_bytes());
            hash.update([0]);
            hash.update(object.size.to_be_bytes());
            hash.update(object.etag.as_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// # Errors
/// Where the bucket cannot be listed, or nothing is under the prefix.
pub async fn list(s3: &aws_sdk_s3::Client, source: &Source) -> Result<Listing> {
    let location = &source.location;
    let mut listing = Listing::default();
    let call = s3.list_objects_v2().bucket(&location.bucket).prefix(&location.key);
    let mut pages = call.into_paginator().send();
    loop {
        let page = pages
            .try_next()
            .await
            .map_err(|error| explain(failed(&format!("list {location}"), &error), source, &error))?;
        let Some(page) = page else { break };
        for object in page.contents.unwrap_or_default() {
            let found = Object {
                key: object.key.unwrap_or_default(),
                size: u64::try_from(object.size.unwrap_or_default()).unwrap_or_default(),
                etag: object.e_tag.unwrap_or_default(),
            };
            match found.size {
                0 => listing.markers += 1,
                _ => listing.objects.push(found),
            }
        }
    }
    match listing.objects.is_empty() {
        true => Err(Error::failed(format!("nothing to load: no object with content lies under {location}"))
            .hint(format!("Check `url` and `prefix` of [sources.{}] in infra.toml.", source.name))),
        false => Ok(listing),
    }
}

fn explain<E: aws_smithy_types::error::metadata::ProvideErrorMetadata>(
    failure: Error,
    source: &Source,
    error: &E,
) -> Error {
    let table = format!("[sources.{}]", source.name);
    let bucket = &source.location.bucket;
    if is(error, &["NoSuchBucket"]) {
        return failure.hint(format!(
            "There is no bucket {bucket}. Check `url` of {table}; on the local target, `path` of [local.buckets.{bucket}] \
             must be a directory that exists: `sparkify-infra sample data` makes one."
        ));
    }
    if is(error, &["PermanentRedirect", "AuthorizationHeaderMalformed", "301"]) {
        return failure.hint(format!("The bucket {bucket} is in another region: set `region` of {table}."));
    }
    if is(error, &["AccessDenied"]) {
        return failure.hint(format!("Your credentials need s3:ListBucket and s3:GetObject on {bucket}."));
    }
    failure
}
