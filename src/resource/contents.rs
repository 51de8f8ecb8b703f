//! The content of a bucket: counted, listed, deleted.

use aws_sdk_s3::types as s3;

use super::names::Names;
use crate::aws::{Aws, failed, is};
use crate::error::{Error, Result};
use crate::interrupt;
use crate::listing::{KeyOrder, decoded, fits_xml, next_marker};

/// R31: keys that one DeleteObjects takes.
pub const BATCH: usize = 1000;

/// Counts of a bucket's content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contents {
    /// Objects as a plain listing shows them.
    pub objects: u64,
    /// Versions of objects, the latest among them.
    pub versions: u64,
    pub markers: u64,
    pub uploads: u64,
    pub bytes: u64,
}

impl std::fmt::Display for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { objects, versions, markers, uploads, bytes } = self;
        let size = indicatif::HumanBytes(*bytes);
        write!(
            f,
            "{objects} objects in {versions} versions ({size}), {markers} delete markers, {uploads} uploads in progress"
        )
    }
}

/// Something in a bucket that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Version { key: String, version: String, bytes: u64, is_latest: bool },
    Marker { key: String, version: String },
    Upload { key: String, id: String },
}

/// Counts of what was deleted from a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Emptied {
    pub objects: u64,
    pub markers: u64,
    pub uploads: u64,
}

impl std::fmt::Display for Emptied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { objects, markers, uploads } = self;
        write!(f, "{objects} versions, {markers} delete markers, {uploads} uploads in progress")
    }
}

/// Visits everything that a bucket holds, page by page: nothing of it is kept.
pub async fn each_entry(aws: &Aws, bucket: &str, mut visit: impl FnMut(Entry)) -> Result<()> {
    each_upload(aws, bucket, &mut visit).await?;
    each_version(aws, bucket, &mut visit).await
}

async fn each_upload(aws: &Aws, bucket: &str, visit: &mut impl FnMut(Entry)) -> Result<()> {
    let doing = format!("list what is in the bucket {bucket}");
    let (mut key, mut id) = (None, None);
    loop {
        let call = aws.s3.list_multipart_uploads().bucket(bucket).expected_bucket_owner(&aws.account);
        let call = call.encoding_type(s3::EncodingType::Url).set_key_marker(key).set_upload_id_marker(id);
        let page = call.send().await.map_err(|error| failed(&doing, &error))?;
        let encoding = page.encoding_type;
        for upload in page.uploads.unwrap_or_default() {
            let key = decoded(upload.key.unwrap_or_default(), encoding.as_ref())?;
            visit(Entry::Upload { key, id: upload.upload_id.unwrap_or_default() });
        }
        if page.is_truncated != Some(true) {
            return Ok(());
        }
        key = Some(next_marker(page.next_key_marker, encoding.as_ref(), bucket)?);
        id = page.next_upload_id_marker.filter(|id| !id.is_empty());
    }
}

async fn each_version(aws: &Aws, bucket: &str, visit: &mut impl FnMut(Entry)) -> Result<()> {
    let doing = format!("list what is in the bucket {bucket}");
    let (mut key, mut version) = (None, None);
    let (mut versions, mut markers) = (KeyOrder::default(), KeyOrder::default());
    loop {
        let call = aws.s3.list_object_versions().bucket(bucket).expected_bucket_owner(&aws.account);
        let call = call.encoding_type(s3::EncodingType::Url).set_key_marker(key).set_version_id_marker(version);
        let page = call.send().await.map_err(|error| failed(&doing, &error))?;
        let encoding = page.encoding_type;
        for found in page.versions.unwrap_or_default() {
            let key = decoded(found.key.unwrap_or_default(), encoding.as_ref())?;
            let version = found.version_id.unwrap_or_default();
            versions.check(bucket, &key, &version)?;
            let bytes = found.size.and_then(|size| size.try_into().ok()).unwrap_or(0);
            visit(Entry::Version { key, version, bytes, is_latest: found.is_latest.unwrap_or(false) });
        }
        for marker in page.delete_markers.unwrap_or_default() {
            let key = decoded(marker.key.unwrap_or_default(), encoding.as_ref())?;
            let version = marker.version_id.unwrap_or_default();
            markers.check(bucket, &key, &version)?;
            visit(Entry::Marker { key, version });
        }
        if page.is_truncated != Some(true) {
            return Ok(());
        }
        key = Some(next_marker(page.next_key_marker, encoding.as_ref(), bucket)?);
        version = page.next_version_id_marker.filter(|version| !version.is_empty());
    }
}

/// Uploads in progress, versions and delete markers, page by page, until a listing shows that there is no more (R31).
pub async fn empty(aws: &Aws, names: &Names) -> Result<Emptied> {
    let mut emptied = Emptied { uploads: abort_uploads(aws, names).await?, ..Emptied::default() };
    let bucket = &names.bucket;
    loop {
        let call = aws.s3.list_object_versions().bucket(bucket).expected_bucket_owner(&aws.account);
        let page = match call.encoding_type(s3::EncodingType::Url).send().await {
            Ok(page) => page,
            Err(error) if is(&error, &["NoSuchBucket"]) => return Ok(emptied),
            Err(error) => return Err(failed(&format!("list the versions in {bucket}"), &error)),
        };
        let encoding = page.encoding_type;
        let versions = page.versions.unwrap_or_default();
        let markers = page.delete_markers.unwrap_or_default();
        if versions.is_empty() && markers.is_empty() {
            return Ok(emptied);
        }
        emptied.objects += versions.len() as u64;
        emptied.markers += markers.len() as u64;
        let entries = versions.into_iter().map(|version| (version.key, version.version_id));
        let listed = entries.chain(markers.into_iter().map(|marker| (marker.key, marker.version_id)));
        let mut all = Vec::new();
        for (key, version) in listed {
            all.push((decoded(key.unwrap_or_default(), encoding.as_ref())?, version));
        }
        delete_versions(aws, bucket, all.into_iter()).await?;
        interrupt::safe_point()?;
    }
}

/// Deletes up to `BATCH` objects or versions of them.
///
/// # Errors
/// Also where single keys were refused.
pub async fn delete_versions(
    aws: &Aws,
    bucket: &str,
    entries: impl Iterator<Item = (String, Option<String>)>,
) -> Result<()> {
    let doing = format!("delete objects in {bucket}");
    let invalid = |error| Error::failed(format!("cannot {doing}")).because(error);
    let (together, alone): (Vec<_>, Vec<_>) = entries.partition(|(key, _)| fits_xml(key));
    for (key, version) in alone {
        let call = aws.s3.delete_object().bucket(bucket).expected_bucket_owner(&aws.account);
        call.key(key).set_version_id(version).send().await.map_err(|error| failed(&doing, &error))?;
    }
    if together.is_empty() {
        return Ok(());
    }
    let mut delete = s3::Delete::builder().quiet(true);
    for (key, version) in together {
        let object = s3::ObjectIdentifier::builder().key(key).set_version_id(version).build().map_err(invalid)?;
        delete = delete.objects(object);
    }
    let call = aws.s3.delete_objects().bucket(bucket).expected_bucket_owner(&aws.account);
    let answer = call.delete(delete.build().map_err(invalid)?).send().await.map_err(|error| failed(&doing, &error))?;
    // R31: the answer is 200 even where single keys were refused.
    match answer.errors().first() {
        None => Ok(()),
        Some(refused) => Err(Error::failed(format!(
            "cannot delete {} of the objects in {bucket}, the first is {}",
            answer.errors().len(),
            refused.key().unwrap_or_default()
        ))
        .because(format!("{}: {}", refused.code().unwrap_or_default(), refused.message().unwrap_or_default()))),
    }
}

async fn abort_uploads(aws: &Aws, names: &Names) -> Result<u64> {
    let bucket = &names.bucket;
    let doing = format!("abort the uploads in progress in {bucket}");
    let mut aborted = 0;
    loop {
        let call = aws.s3.list_multipart_uploads().bucket(bucket).expected_bucket_owner(&aws.account);
        let (encoding, uploads) = match call.encoding_type(s3::EncodingType::Url).send().await {
            Ok(page) => (page.encoding_type, page.uploads.unwrap_or_default()),
            Err(error) if is(&error, &["NoSuchBucket"]) => return Ok(aborted),
            Err(error) => return Err(failed(&doing, &error)),
        };
        if uploads.is_empty() {
            return Ok(aborted);
        }
        for upload in uploads {
            let call = aws.s3.abort_multipart_upload().bucket(bucket).expected_bucket_owner(&aws.account);
            let key = decoded(upload.key.unwrap_or_default(), encoding.as_ref())?;
            match call.key(key).set_upload_id(upload.upload_id).send().await {
                Err(error) if !is(&error, &["NoSuchUpload"]) => return Err(failed(&doing, &error)),
                _ => aborted += 1,
            }
        }
    }
}
