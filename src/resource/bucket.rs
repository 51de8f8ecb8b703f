//! The bucket that gathered parts land in. Every call that can names its expected owner (R30).

use aws_sdk_s3::types as s3;
use serde_json::Value;

use super::contents::{Contents, Entry, each_entry, empty};
use super::names::{Names, hidden};
use super::role::RoleState;
use super::tags::{BUCKET, RUN, STACK, Tags, is_ours};
use crate::aws::{Aws, failed, is};
use crate::error::{Error, Result};

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
pub async fn observe_to_delete(aws: &Aws, names: &Names, role: Option<&RoleState>) -> Result<Option<BucketState>> {
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

fn points_here(role: &RoleState, names: &Names) -> bool {
    is_ours(&role.tags, &names.stack) && role.tags.get(BUCKET) == Some(&names.bucket)
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
    let existed = match call.send().await {
        Ok(_) => None,
        // The answer to an earlier try of this run was lost, or it was not shown yet.
        Err(error) if is(&error, &["BucketAlreadyOwnedByYou"]) => Some(failed(&doing, &error)),
        Err(error) if is(&error, &["BucketAlreadyExists"]) => {
            return Err(failed(&doing, &error)
                .hint("Somebody else owns a bucket of this name. Choose another with `bucket.name` in infra.toml."));
        }
        Err(error) => return Err(failed(&doing, &error)),
    };
    match (existed, tags(aws, &names.bucket).await?) {
        (_, Some(found)) if found.contains_key(RUN) && found.get(RUN) == desired.tags.get(RUN) => Ok(None),
        // The bucket is not shown yet, or its tags are not.
        (_, None) => Err(hidden(&doing, "NoSuchBucket")),
        (Some(_), Some(found)) if found.is_empty() => Err(hidden(&doing, "NoSuchBucket")),
        (None, Some(found)) if is_ours(&found, &names.stack) => Ok(None),
        // AWS takes the tags of the create call; a server that drops them would leave a bucket that nobody owns.
        (None, Some(found)) if found.is_empty() => {
            put_tags(aws, names, &desired.tags).await?;
            let detail =
                "the server dropped the tags of the create call, or does not show them yet: they were put again";
            Ok(Some(detail.to_owned()))
        }
        (Some(error), Some(_)) => Err(error),
        // In us-east-1 a bucket that was there already is created again without a word (R30).
        (None, Some(_)) => Err(Error::failed(format!("cannot {doing}"))
            .because("it exists already, with the tags of somebody else")
            .coded(Some("BucketAlreadyOwnedByYou"))),
    }
}

/// The names of all buckets of the account in this region: a list has those of every region.
pub async fn all(aws: &Aws) -> Result<Vec<String>> {
    let listed = aws.s3.list_buckets().bucket_region(&aws.region).into_paginator().send();
    let pages: Vec<_> =
        listed.collect::<std::result::Result<_, _>>().await.map_err(|error| failed("list the buckets", &error))?;
    let buckets = pages.into_iter().flat_map(|page| page.buckets.unwrap_or_default());
    // Other servers ignore the filter.
    let here = buckets.filter(|bucket| bucket.bucket_region().is_none_or(|region| region == aws.region));
    Ok(here.filter_map(|bucket| bucket.name).collect())
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

/// Deletes the bucket. Objects that were added since it was emptied or observed are deleted first.
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
