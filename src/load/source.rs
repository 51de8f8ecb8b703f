//! The objects of a source, listed page by page. Only so many are kept: the rest is listed again when it is read.

use std::collections::HashMap;

use aws_sdk_s3::types::EncodingType;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};

use crate::aws::{failed, is};
use crate::config::Source;
use crate::error::{Error, Result};
use crate::listing::{KeyOrder, cut_off, decoded};
use crate::location::Location;

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

/// The objects under a source's prefix that are not loaded yet, in the order of their keys.
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
pub type KnownObjects = HashMap<String, String>;

/// Whether a listed object is to be loaded.
enum ObjectStatus {
    New(Object),
    Marker,
    Known,
}

impl ObjectStatus {
    /// # Errors
    /// Where an object has changed since it was loaded: its old rows cannot be identified.
    fn new(object: Object, known: &KnownObjects, source: &Source) -> Result<Self> {
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
                .hint("Load everything once: `load --mode replace`."))
            }
        }
    }
}

/// Adds an object's identity to the fingerprint: key, size and ETag.
fn mark(hash: &mut Sha256, object: &Object) {
    hash.update(object.key.as_bytes());
    hash.update([0]);
    hash.update(object.size.to_be_bytes());
    hash.update(object.etag.as_bytes());
    hash.update([0]);
}

/// The beginning of a hash, as text.
pub fn hex(hash: Sha256) -> String {
    hex::encode(&hash.finalize()[..8])
}

/// Lists a source, and shows the objects to load as they are found: those that are kept.
///
/// # Errors
/// Where the bucket cannot be listed, or nothing at all is under the prefix.
pub async fn list(
    s3: &aws_sdk_s3::Client,
    source: &Source,
    known: &KnownObjects,
    mut show: impl FnMut(&Object),
) -> Result<Listing> {
    let (mut listing, mut hash, mut kept) = (Listing::default(), Sha256::new(), Some(Vec::new()));
    let mut objects = pages(s3, source);
    while let Some(object) = objects.try_next().await? {
        match ObjectStatus::new(object, known, source)? {
            ObjectStatus::Marker => listing.markers += 1,
            ObjectStatus::Known => listing.known += 1,
            ObjectStatus::New(object) => {
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
    /// An empty listing, whose files lie beside the parts under this name.
    pub fn nothing(fingerprint: &str) -> Self {
        Self { fingerprint: fingerprint.to_owned(), ..Self::default() }
    }

    /// All objects, where they are few.
    pub fn kept(&self) -> Option<&[Object]> {
        self.kept.as_deref()
    }

    /// The objects in their order: those that were kept, or a second listing, which must show the same as the first.
    pub fn stream<'a>(
        &'a self,
        s3: &aws_sdk_s3::Client,
        source: &'a Source,
        known: &'a KnownObjects,
    ) -> BoxStream<'a, Result<Object>> {
        if let Some(kept) = &self.kept {
            return futures::stream::iter(kept.iter().cloned().map(Ok)).boxed();
        }
        let fresh = pages(s3, source).try_filter_map(move |object| async move {
            Ok(match ObjectStatus::new(object, known, source)? {
                ObjectStatus::New(object) => Some(object),
                ObjectStatus::Marker | ObjectStatus::Known => None,
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

/// All objects under a source's prefix, in the order of their keys.
fn pages<'a>(s3: &aws_sdk_s3::Client, source: &'a Source) -> BoxStream<'a, Result<Object>> {
    let location = &source.location;
    let call = s3.list_objects_v2().bucket(&location.bucket).prefix(&location.key).max_keys(PAGE);
    // A key with a control character cannot stand in XML as it is.
    let pages = call.encoding_type(EncodingType::Url).into_paginator().send();
    let pages = futures::stream::unfold((pages, false), move |(mut pages, has_more)| async move {
        let page = match pages.try_next().await {
            Ok(Some(page)) => page,
            Ok(None) if has_more => return Some((Err(cut_off(&location.bucket)), (pages, false))),
            Ok(None) => return None,
            Err(error) => {
                let failure = explain(failed(&format!("list {location}"), &error), source, &error);
                return Some((Err(failure), (pages, false)));
            }
        };
        let has_more = page.is_truncated == Some(true);
        let encoding = page.encoding_type;
        let listed = page.contents.unwrap_or_default().into_iter();
        let objects: Vec<_> = listed.map(|object| read(object, encoding.as_ref(), location)).collect();
        Some((Ok(futures::stream::iter(objects)), (pages, has_more)))
    });
    let mut order = KeyOrder::default();
    let checked = pages.try_flatten().map(move |object: Result<Object>| -> Result<Object> {
        let object = object?;
        order.check(&location.bucket, &object.key, "")?;
        Ok(object)
    });
    checked.try_filter(move |object| std::future::ready(source.takes(&object.key))).boxed()
}

/// An object as a listing shows it.
fn read(listed: aws_sdk_s3::types::Object, encoding: Option<&EncodingType>, location: &Location) -> Result<Object> {
    let key = decoded(listed.key.unwrap_or_default(), encoding)?;
    let size = listed.size.and_then(|size| u64::try_from(size).ok());
    let unknown = || Error::failed(format!("the listing of {location} has no size of {key:?}"));
    Ok(Object { size: size.ok_or_else(unknown)?, etag: listed.e_tag.unwrap_or_default(), key })
}

fn explain<E: aws_smithy_types::error::metadata::ProvideErrorMetadata>(
    failure: Error,
    source: &Source,
    error: &E,
) -> Error {
    let table = format!("[sources.{}]", source.name);
    let bucket = &source.location.bucket;
    if is(error, &["NoSuchBucket"]) {
        let sample = if bucket == crate::sample::BUCKET { ": `sparkify-infra sample data` creates one" } else { "" };
        return failure.hint(format!(
            "There is no bucket {bucket}. Check `url` of {table}; on the local target, `path` of [local.buckets.{bucket}] \
             must be a directory that exists{sample}."
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
    use aws_smithy_types::body::SdkBody;

    use super::*;
    use crate::config::{Gather, OnUnknown};

    /// A server that answers with these pages, one after the other.
    #[derive(Debug, Clone)]
    struct PagedServer(Arc<Mutex<VecDeque<String>>>);

    impl HttpConnector for PagedServer {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let body = self.0.lock().expect("pages").pop_front().expect("a page");
            let status = 200_u16.try_into().expect("status");
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
        }
    }

    impl HttpClient for PagedServer {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    fn page(head: &str, keys: &[&str]) -> String {
        let entry = |key: &&str| format!("<Contents><Key>{key}</Key><Size>1</Size><ETag>e</ETag></Contents>");
        format!("<ListBucketResult>{head}{}</ListBucketResult>", keys.iter().map(entry).collect::<String>())
    }

    fn listed(pages: &[String]) -> Result<Vec<String>> {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .region(aws_sdk_s3::config::Region::new("us-west-2"))
            .credentials_provider(aws_sdk_s3::config::Credentials::new("test", "test", None, None, "test"))
            .http_client(PagedServer(Arc::new(Mutex::new(pages.iter().cloned().collect()))));
        let s3 = aws_sdk_s3::Client::from_conf(config.build());
        let source = Source {
            name: "songs".into(),
            location: Location { bucket: "raw".into(), key: String::new() },
            files: vec!["*".into()],
            region: "us-west-2".into(),
            jsonpaths: None,
            jsonpaths_file: None,
            record_path: None,
            hive_partitions: false,
            gather: Gather::Never,
            on_unknown: OnUnknown::Warn,
            quarantine: false,
        };
        let (known, mut keys) = (KnownObjects::new(), Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(list(&s3, &source, &known, |object| keys.push(object.key.clone())))?;
        Ok(keys)
    }

    const MORE: &str = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";

    #[test]
    fn pages_are_one_listing() {
        let pages = [page(MORE, &["a", "a-"]), page("<IsTruncated>false</IsTruncated>", &["a/b", "b"])];
        assert_eq!(listed(&pages).expect("listing"), ["a", "a-", "a/b", "b"]);
        let url = page("<EncodingType>url</EncodingType>", &["a%01b", "c+d%2B%C3%A9"]);
        assert_eq!(listed(&[url]).expect("listing"), ["a\u{1}b", "c d+\u{e9}"]);
    }

    #[test]
    fn a_listing_that_is_not_as_s3_lists_is_an_error() {
        let no_size = "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>".to_owned();
        for (pages, says) in [
            (vec![page(MORE, &["a", "b"]), page("", &["b", "c"])], r#"raw names a key twice: "b" comes after "b""#),
            (vec![page("", &["a/x", "a-x"])], r#"raw is out of order: "a-x" comes after "a/x""#),
            (vec![page("<IsTruncated>true</IsTruncated>", &["a"])], "raw is incomplete"),
            (vec![page(MORE, &["a"]), page(MORE, &["b"])], "raw is incomplete"),
            (vec![no_size], r#"no size of "a""#),
        ] {
            let text = listed(&pages).expect_err(says).to_string();
            assert!(text.contains(says), "{text}");
        }
    }
}
