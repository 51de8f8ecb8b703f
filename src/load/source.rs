//! The objects of a source, listed page by page. Only so many are kept: the rest is listed again when it is read.

use std::collections::HashMap;

use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};

use crate::aws::{failed, is};
use crate::config::Source;
use crate::error::{Error, Result};

/// Objects that are kept between listing and reading: a few megabytes. Beyond that they are listed twice.
const KEPT: usize = 50_000;

/// Keys asked for in one page. S3 gives 1,000 of them all the same; other servers begin anew for every page.
const PAGE: i32 = 10_000;

/// One object under the source's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub key: String,
    /// Bytes.
    pub size: u64,
    pub etag: String,
}

/// What lies under a source's prefix, in the order of the keys, and has not been loaded before.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Objects to load.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Zero-byte markers that consoles make of folders: listed, and not read.
    pub markers: u64,
    /// Objects that an earlier load has loaded.
    pub known: u64,
    /// Changes when any key, size or content does.
    pub fingerprint: String,
    /// All of them, where they are few.
    kept: Option<Vec<Object>>,
}

/// Objects that are loaded already: key → ETag.
pub type Known = HashMap<String, String>;

/// What is done with an object that a listing shows.
enum Is {
    New(Object),
    Marker,
    Known,
}

impl Is {
    /// # Errors
    /// Where an object that is loaded has changed since: its rows cannot be told from the others any more.
    fn of(object: Object, known: &Known, source: &Source) -> Result<Self> {
        if object.size == 0 {
            return Ok(Self::Marker);
        }
        match known.get(&object.key) {
            None => Ok(Self::New(object)),
            Some(etag) if *etag == object.etag => Ok(Self::Known),
            Some(_) => {
                let location = source.location.with_key(&object.key);
                Err(Error::failed(format!(
                    "{location} has changed since it was loaded, and append adds only what is new"
                ))
                .hint("Load everything anew once: `load --mode replace`."))
            }
        }
    }
}

/// Adds to the fingerprint what makes one object another.
fn mark(hash: &mut Sha256, object: &Object) {
    hash.update(object.key.as_bytes());
    hash.update([0]);
    hash.update(object.size.to_be_bytes());
    hash.update(object.etag.as_bytes());
    hash.update([0]);
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Lists a source, and shows the objects to load as they are found: those that are kept.
///
/// # Errors
/// Where the bucket cannot be listed, or nothing at all is under the prefix.
pub async fn list(
    s3: &aws_sdk_s3::Client,
    source: &Source,
    known: &Known,
    mut show: impl FnMut(&Object),
) -> Result<Listing> {
    let (mut listing, mut hash, mut kept) = (Listing::default(), Sha256::new(), Some(Vec::new()));
    let mut objects = pages(s3, source);
    while let Some(object) = objects.try_next().await? {
        match Is::of(object, known, source)? {
            Is::Marker => listing.markers += 1,
            Is::Known => listing.known += 1,
            Is::New(object) => {
                listing.objects += 1;
                listing.bytes += object.size;
                mark(&mut hash, &object);
                match &mut kept {
                    Some(objects) if objects.len() < KEPT => {
                        show(&object);
                        objects.push(object);
                    }
                    _ => kept = None,
                }
            }
        }
    }
    if listing.objects + listing.known == 0 {
        let location = &source.location;
        return Err(Error::failed(format!("nothing to load: no object with content lies under {location}"))
            .hint(format!("Check `url` and `prefix` of [sources.{}] in infra.toml.", source.name)));
    }
    (listing.fingerprint, listing.kept) = (hex(hash), kept);
    Ok(listing)
}

impl Listing {
    /// All objects, where they are few.
    pub fn kept(&self) -> Option<&[Object]> {
        self.kept.as_deref()
    }

    /// The objects in their order: those that were kept, or a second listing, which must show the same as the first.
    pub fn stream<'a>(
        &'a self,
        s3: &aws_sdk_s3::Client,
        source: &'a Source,
        known: &'a Known,
    ) -> BoxStream<'a, Result<Object>> {
        if let Some(kept) = &self.kept {
            return futures::stream::iter(kept.iter().cloned().map(Ok)).boxed();
        }
        let fresh = pages(s3, source).try_filter_map(move |object| async move {
            Ok(match Is::of(object, known, source)? {
                Is::New(object) => Some(object),
                Is::Marker | Is::Known => None,
            })
        });
        let mut hash = Some(Sha256::new());
        // A mark behind the last object says that the listing has ended.
        let with_end = fresh.map_ok(Some).chain(futures::stream::once(async { Ok(None) }));
        let checked =
            with_end.map(move |next| match next? {
                Some(object) => {
                    hash.iter_mut().for_each(|hash| mark(hash, &object));
                    Ok(Some(object))
                }
                None if hash.take().map(hex).as_ref() == Some(&self.fingerprint) => Ok(None),
                None => Err(Error::failed(format!("{} changed while it was being loaded", source.location))
                    .hint("Run load again.")),
            });
        checked.try_filter_map(|object| async move { Ok(object) }).boxed()
    }
}

fn pages<'a>(s3: &aws_sdk_s3::Client, source: &'a Source) -> BoxStream<'a, Result<Object>> {
    let location = &source.location;
    let call = s3.list_objects_v2().bucket(&location.bucket).prefix(&location.key).max_keys(PAGE);
    let pages = call.into_paginator().send();
    let pages = futures::stream::unfold(pages, move |mut pages| async move {
        let page = match pages.try_next().await {
            Ok(page) => page?,
            Err(error) => {
                return Some((Err(explain(failed(&format!("list {location}"), &error), source, &error)), pages));
            }
        };
        let objects = page.contents.unwrap_or_default().into_iter().map(|object| {
            Ok(Object {
                key: object.key.unwrap_or_default(),
                size: u64::try_from(object.size.unwrap_or_default()).unwrap_or_default(),
                etag: object.e_tag.unwrap_or_default(),
            })
        });
        Some((Ok(futures::stream::iter(objects.collect::<Vec<_>>())), pages))
    });
    pages.try_flatten().boxed()
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
