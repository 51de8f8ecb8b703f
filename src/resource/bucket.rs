//! The bucket that gathered parts land in. Every call that can names its expected owner (R30).

use aws_sdk_s3::types as s3;
use serde_json::Value;

use super::tags::{BUCKET, RUN, STACK};
use super::{Names, Tags, is_ours};
use crate::aws::{Aws, failed, is};
use crate::error::{Error, Result};
use crate::interrupt;

#[derive(Debug, Clone, PartialEq)]
pub struct DesiredBucket {
    pub policy: Value,
    pub tags: Tags,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct BucketState {
    pub tags: Tags,
    pub policy: Option<Value>,
    /// All four blocks are on.
    pub blocks_public_access: bool,
    /// `AES256` or `aws:kms`.
    pub encryption: Option<String>,
    pub ownership: Option<String>,
    /// Counted only where the bucket is to be deleted.
    pub contents: Contents,
    /// Its policy does not let us look; nothing else is known of it.
    pub is_locked: bool,
}

/// What a bucket holds.
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

/// What has been deleted from a bucket.
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

pub async fn observe(aws: &Aws, names: &Names) -> Result<Option<BucketState>> {
    let bucket = &names.bucket;
    let doing = format!("read the bucket {bucket}");
    let Some(tags) = tags(aws, bucket).await? else { return Ok(None) };
    // What is not ours is not looked into.
    if !is_ours(&tags, &names.stack) {
        return Ok(Some(BucketState { tags, ..BucketState::default() }));
    }
    let policy = match aws.s3.get_bucket_policy().bucket(bucket).expected_bucket_owner(&aws.account).send().await {
        Ok(found) => found.policy.and_then(|text| serde_json::from_str(&text).ok()),
        Err(error) if is(&error, &["NoSuchBucketPolicy"]) => None,
        Err(error) => return Err(failed(&doing, &error)),
    };
    let block = match aws.s3.get_public_access_block().bucket(bucket).expected_bucket_owner(&aws.account).send().await {
        Ok(found) => found.public_access_block_configuration,
        Err(error) if is(&error, &["NoSuchPublicAccessBlockConfiguration"]) => None,
        Err(error) => return Err(failed(&doing, &error)),
    };
    let encryption =
        match aws.s3.get_bucket_encryption().bucket(bucket).expected_bucket_owner(&aws.account).send().await {
            Ok(found) => found.server_side_encryption_configuration.and_then(|configuration| {
                let default = configuration.rules.into_iter().next()?.apply_server_side_encryption_by_default?;
                Some(default.sse_algorithm.as_str().to_owned())
            }),
            Err(error) if is(&error, &["ServerSideEncryptionConfigurationNotFoundError"]) => None,
            Err(error) => return Err(failed(&doing, &error)),
        };
    let ownership =
        match aws.s3.get_bucket_ownership_controls().bucket(bucket).expected_bucket_owner(&aws.account).send().await {
            Ok(found) => found.ownership_controls.and_then(|controls| controls.rules.into_iter().next()),
            Err(error) if is(&error, &["OwnershipControlsNotFoundError"]) => None,
            Err(error) => return Err(failed(&doing, &error)),
        };
    let on = |flag: Option<bool>| flag == Some(true);
    Ok(Some(BucketState {
        tags,
        policy,
        blocks_public_access: block.is_some_and(|block| {
            on(block.block_public_acls)
                && on(block.ignore_public_acls)
                && on(block.block_public_policy)
                && on(block.restrict_public_buckets)
        }),
        encryption,
        ownership: ownership.map(|rule| rule.object_ownership.as_str().to_owned()),
        contents: Contents::default(),
        is_locked: false,
    }))
}

/// As `observe`, for what only a deletion needs: whether there is a policy, and what is in the bucket.
pub async fn observe_to_delete(
    aws: &Aws,
    names: &Names,
    role: Option<&super::RoleState>,
) -> Result<Option<BucketState>> {
    let bucket = &names.bucket;
    let tags = match tags(aws, bucket).await {
        Ok(None) => return Ok(None),
        Ok(Some(tags)) => tags,
        // A policy that denies everything denies looking at the tags as well. The role, which is ours, says that the
        // bucket is; and every call names the account that must own it.
        Err(error) if error.is(&["AccessDenied"]) && role.is_some_and(|role| points_here(role, names)) => {
            let tags = Tags::from([(STACK.to_owned(), names.stack.clone())]);
            let policy = Some(Value::String("it denies us to look".into()));
            return Ok(Some(BucketState { tags, policy, is_locked: true, ..BucketState::default() }));
        }
        Err(error) => return Err(error),
    };
    let mut state = BucketState { tags, ..BucketState::default() };
    if is_ours(&state.tags, &names.stack) {
        let asked = aws.s3.get_bucket_policy().bucket(bucket).expected_bucket_owner(&aws.account).send().await;
        state.policy = match asked {
            Ok(found) => found.policy.map(Value::String),
            Err(error) if is(&error, &["NoSuchBucketPolicy"]) => None,
            Err(error) => return Err(failed(&format!("read the policy of the bucket {bucket}"), &error)),
        };
        let contents = &mut state.contents;
        each_entry(aws, bucket, |entry| match entry {
            Entry::Version { bytes, is_latest, .. } => {
                contents.objects += u64::from(is_latest);
                contents.versions += 1;
                contents.bytes += bytes;
            }
            Entry::Marker { .. } => contents.markers += 1,
            Entry::Upload { .. } => contents.uploads += 1,
        })
        .await?;
    }
    Ok(Some(state))
}

fn points_here(role: &super::RoleState, names: &Names) -> bool {
    is_ours(&role.tags, &names.stack) && role.tags.get(BUCKET) == Some(&names.bucket)
}

/// Visits everything that a bucket holds, page by page: nothing of it is kept.
pub async fn each_entry(aws: &Aws, bucket: &str, mut visit: impl FnMut(Entry)) -> Result<()> {
    let doing = format!("list what is in the bucket {bucket}");
    let (mut key, mut id) = (None, None);
    loop {
        let call = aws.s3.list_multipart_uploads().bucket(bucket).expected_bucket_owner(&aws.account);
        let page = call.set_key_marker(key).set_upload_id_marker(id).send().await.map_err(|e| failed(&doing, &e))?;
        for upload in page.uploads.unwrap_or_default() {
            let (key, id) = (upload.key.unwrap_or_default(), upload.upload_id.unwrap_or_default());
            visit(Entry::Upload { key, id });
        }
        if page.is_truncated != Some(true) {
            break;
        }
        (key, id) = (page.next_key_marker, page.next_upload_id_marker);
    }
    let (mut key, mut version) = (None, None);
    loop {
        let call = aws.s3.list_object_versions().bucket(bucket).expected_bucket_owner(&aws.account);
        let page = call.set_key_marker(key).set_version_id_marker(version).send().await;
        let page = page.map_err(|error| failed(&doing, &error))?;
        for found in page.versions.unwrap_or_default() {
            let (key, version) = (found.key.unwrap_or_default(), found.version_id.unwrap_or_default());
            let bytes = found.size.and_then(|size| size.try_into().ok()).unwrap_or(0);
            visit(Entry::Version { key, version, bytes, is_latest: found.is_latest.unwrap_or(false) });
        }
        for marker in page.delete_markers.unwrap_or_default() {
            let (key, version) = (marker.key.unwrap_or_default(), marker.version_id.unwrap_or_default());
            visit(Entry::Marker { key, version });
        }
        if page.is_truncated != Some(true) {
            return Ok(());
        }
        (key, version) = (page.next_key_marker, page.next_version_id_marker);
    }
}

/// The tags of a bucket, which may be none; `None` where there is no such bucket.
///
/// # Errors
/// Where it belongs to somebody else, or may not be read.
pub async fn tags(aws: &Aws, bucket: &str) -> Result<Option<Tags>> {
    match aws.s3.get_bucket_tagging().bucket(bucket).expected_bucket_owner(&aws.account).send().await {
        Ok(found) => Ok(Some(found.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())),
        Err(error) if is(&error, &["NoSuchTagSet"]) => Ok(Some(Tags::new())),
        Err(error) if is(&error, &["NoSuchBucket", "NotFound"]) => Ok(None),
        Err(error) if error.raw_response().is_some_and(|answer| answer.status().as_u16() == 403) => {
            Err(failed(&format!("read the tags of the bucket {bucket}"), &error).hint(format!(
                "Either {bucket} belongs to another account, and is left as it is: choose another name with \
                 `bucket.name` in infra.toml. Or the caller lacks s3:GetBucketTagging on it."
            )))
        }
        // R30: S3 sends a request for another region's bucket away.
        Err(error)
            if is(
                &error,
                &["PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"],
            ) =>
        {
            Err(failed(&format!("read the tags of the bucket {bucket}"), &error)
                .hint(format!("The bucket {bucket} is in another region than {}.", aws.region)))
        }
        Err(error) => Err(failed(&format!("read the tags of the bucket {bucket}"), &error)),
    }
}

/// Tags and ownership go into the create call, so that the bucket is never unowned (finding 6). Answers what there is
/// to say of a server that is not AWS.
pub async fn create(aws: &Aws, names: &Names, desired: &DesiredBucket) -> Result<Option<String>> {
    let doing = format!("create the bucket {}", names.bucket);
    let mut configuration = s3::CreateBucketConfiguration::builder();
    // R30: us-east-1 has no location constraint.
    if aws.region != "us-east-1" {
        configuration = configuration.location_constraint(s3::BucketLocationConstraint::from(aws.region.as_str()));
    }
    for tag in tag_set(&desired.tags)? {
        configuration = configuration.tags(tag);
    }
    let call = aws
        .s3
        .create_bucket()
        .bucket(&names.bucket)
        .object_ownership(s3::ObjectOwnership::BucketOwnerEnforced)
        .create_bucket_configuration(configuration.build());
    match call.send().await {
        // AWS takes the tags of the create call; a server that drops them would leave a bucket that nobody owns.
        Ok(_) => match tags(aws, &names.bucket).await?.is_some_and(|tags| is_ours(&tags, &names.stack)) {
            true => Ok(None),
            false => {
                put_tags(aws, names, &desired.tags).await?;
                Ok(Some("the server dropped the tags of the create call: they were put afterwards".to_owned()))
            }
        },
        // The answer to an earlier try of this run was lost.
        Err(error) if is(&error, &["BucketAlreadyOwnedByYou"]) => match tags(aws, &names.bucket).await? {
            Some(found) if found.get(RUN) == desired.tags.get(RUN) => Ok(None),
            _ => Err(failed(&doing, &error)),
        },
        Err(error) if is(&error, &["BucketAlreadyExists"]) => Err(failed(&doing, &error)
            .hint("Somebody else owns a bucket of this name. Choose another with `bucket.name` in infra.toml.")),
        Err(error) => Err(failed(&doing, &error)),
    }
}

/// The names of all buckets of the account.
pub async fn all(aws: &Aws) -> Result<Vec<String>> {
    let listed = aws.s3.list_buckets().into_paginator().send();
    let pages: Vec<_> =
        listed.collect::<std::result::Result<_, _>>().await.map_err(|error| failed("list the buckets", &error))?;
    let buckets = pages.into_iter().flat_map(|page| page.buckets.unwrap_or_default());
    Ok(buckets.filter_map(|bucket| bucket.name).collect())
}

pub async fn put_public_access_block(aws: &Aws, names: &Names) -> Result<()> {
    let block = s3::PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    let call = aws.s3.put_public_access_block().bucket(&names.bucket).expected_bucket_owner(&aws.account);
    let sent = call.public_access_block_configuration(block).send().await;
    sent.map(drop).map_err(|error| failed("block public access to the bucket", &error))
}

pub async fn put_encryption(aws: &Aws, names: &Names) -> Result<()> {
    let doing = "encrypt the bucket";
    let invalid = |error| Error::failed(format!("cannot {doing}")).because(error);
    let default = s3::ServerSideEncryptionByDefault::builder().sse_algorithm(s3::ServerSideEncryption::Aes256);
    let rule = s3::ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default.build().map_err(invalid)?)
        .build();
    let configuration = s3::ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(invalid)?;
    let call = aws.s3.put_bucket_encryption().bucket(&names.bucket).expected_bucket_owner(&aws.account);
    let sent = call.server_side_encryption_configuration(configuration).send().await;
    sent.map(drop).map_err(|error| failed(doing, &error))
}

pub async fn put_ownership(aws: &Aws, names: &Names) -> Result<()> {
    let doing = "let the bucket's owner own its objects";
    let invalid = |error| Error::failed(format!("cannot {doing}")).because(error);
    let rule = s3::OwnershipControlsRule::builder().object_ownership(s3::ObjectOwnership::BucketOwnerEnforced);
    let controls = s3::OwnershipControls::builder().rules(rule.build().map_err(invalid)?).build().map_err(invalid)?;
    let call = aws.s3.put_bucket_ownership_controls().bucket(&names.bucket).expected_bucket_owner(&aws.account);
    let sent = call.ownership_controls(controls).send().await;
    sent.map(drop).map_err(|error| failed(doing, &error))
}

pub async fn put_policy(aws: &Aws, names: &Names, policy: &Value) -> Result<()> {
    let call = aws.s3.put_bucket_policy().bucket(&names.bucket).expected_bucket_owner(&aws.account);
    let sent = call.policy(policy.to_string()).send().await;
    sent.map(drop).map_err(|error| failed("put the policy of the bucket", &error))
}

pub async fn put_tags(aws: &Aws, names: &Names, tags: &Tags) -> Result<()> {
    let tagging = s3::Tagging::builder().set_tag_set(Some(tag_set(tags)?)).build();
    let tagging = tagging.map_err(|error| Error::failed("cannot tag the bucket").because(error))?;
    let call = aws.s3.put_bucket_tagging().bucket(&names.bucket).expected_bucket_owner(&aws.account);
    call.tagging(tagging).send().await.map(drop).map_err(|error| failed("tag the bucket", &error))
}

fn tag_set(tags: &Tags) -> Result<Vec<s3::Tag>> {
    let tag = |(key, value): (&String, &String)| s3::Tag::builder().key(key).value(value).build();
    let built = tags.iter().map(tag).collect::<std::result::Result<_, _>>();
    built.map_err(|error| Error::failed("cannot tag the bucket").because(error))
}

/// A deny in the policy could lock us out of the rest: it goes first (R29).
pub async fn delete_policy(aws: &Aws, names: &Names) -> Result<()> {
    match aws.s3.delete_bucket_policy().bucket(&names.bucket).expected_bucket_owner(&aws.account).send().await {
        Err(error) if !is(&error, &["NoSuchBucket"]) => Err(failed("delete the policy of the bucket", &error)),
        _ => Ok(()),
    }
}

/// Uploads in progress, versions and delete markers, page by page, until a listing shows that there is no more (R31).
pub async fn empty(aws: &Aws, names: &Names) -> Result<Emptied> {
    let mut emptied = Emptied { uploads: abort_uploads(aws, names).await?, ..Emptied::default() };
    let bucket = &names.bucket;
    loop {
        let listed = aws.s3.list_object_versions().bucket(bucket).expected_bucket_owner(&aws.account).send().await;
        let page = match listed {
            Ok(page) => page,
            Err(error) if is(&error, &["NoSuchBucket"]) => return Ok(emptied),
            Err(error) => return Err(failed(&format!("list the versions in {bucket}"), &error)),
        };
        let versions = page.versions.unwrap_or_default();
        let markers = page.delete_markers.unwrap_or_default();
        if versions.is_empty() && markers.is_empty() {
            return Ok(emptied);
        }
        emptied.objects += versions.len() as u64;
        emptied.markers += markers.len() as u64;
        let entries = versions.into_iter().map(|version| (version.key, version.version_id));
        let all = entries.chain(markers.into_iter().map(|marker| (marker.key, marker.version_id)));
        delete_versions(aws, bucket, all).await?;
        interrupt::safe_point()?;
    }
}

async fn delete_versions(
    aws: &Aws,
    bucket: &str,
    entries: impl Iterator<Item = (Option<String>, Option<String>)>,
) -> Result<()> {
    let doing = format!("delete objects in {bucket}");
    let invalid = |error| Error::failed(format!("cannot {doing}")).because(error);
    let mut delete = s3::Delete::builder().quiet(true);
    for (key, version) in entries {
        let object = s3::ObjectIdentifier::builder().set_key(key).set_version_id(version).build().map_err(invalid)?;
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
        let listed = aws.s3.list_multipart_uploads().bucket(bucket).expected_bucket_owner(&aws.account).send().await;
        let uploads = match listed {
            Ok(page) => page.uploads.unwrap_or_default(),
            Err(error) if is(&error, &["NoSuchBucket"]) => return Ok(aborted),
            Err(error) => return Err(failed(&doing, &error)),
        };
        if uploads.is_empty() {
            return Ok(aborted);
        }
        for upload in uploads {
            let call = aws.s3.abort_multipart_upload().bucket(bucket).expected_bucket_owner(&aws.account);
            match call.set_key(upload.key).set_upload_id(upload.upload_id).send().await {
                Err(error) if !is(&error, &["NoSuchUpload"]) => return Err(failed(&doing, &error)),
                _ => aborted += 1,
            }
        }
    }
}

/// What came into it since it was emptied, or looked at, goes as well.
pub async fn delete(aws: &Aws, names: &Names) -> Result<()> {
    match delete_empty(aws, names).await {
        Err(error) if error.is(&["BucketNotEmpty"]) => {
            empty(aws, names).await?;
            delete_empty(aws, names).await
        }
        done => done,
    }
}

async fn delete_empty(aws: &Aws, names: &Names) -> Result<()> {
    match aws.s3.delete_bucket().bucket(&names.bucket).expected_bucket_owner(&aws.account).send().await {
        Err(error) if !is(&error, &["NoSuchBucket"]) => {
            Err(failed(&format!("delete the bucket {}", names.bucket), &error))
        }
        _ => Ok(()),
    }
}
