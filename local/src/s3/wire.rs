//! Between what is kept and what `s3s` sends: listings, versions, conditions, times.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::{
    CommonPrefix, DeleteMarkerEntry, ETag, ETagCondition, Object, ObjectStorageClass, ObjectVersion, Timestamp,
};
use s3s::{S3Result, s3_error};

use super::listing::Page;
use super::object::{ObjectInfo, Preconditions, Version};

pub fn delete_action(version: Option<&String>) -> &'static str {
    if version.is_some() { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" }
}

pub fn preconditions(none_match: Option<ETagCondition>, must_match: Option<ETagCondition>) -> Preconditions {
    let must_match = match must_match {
        Some(ETagCondition::ETag(etag)) => Some(etag.value().to_owned()),
        Some(ETagCondition::Any) | None => None,
    };
    Preconditions { must_be_absent: none_match.is_some(), must_match }
}

pub fn check_etag(info: &ObjectInfo, must: Option<&ETagCondition>, must_not: Option<&ETagCondition>) -> S3Result<()> {
    let is_it = |condition: &ETagCondition| match condition {
        ETagCondition::ETag(etag) => etag.value() == info.etag,
        ETagCondition::Any => true,
    };
    if must.is_some_and(|condition| !is_it(condition)) {
        return Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold"));
    }
    match must_not.is_some_and(is_it) {
        true => Err(s3_error!(NotModified, "Not Modified")),
        false => Ok(()),
    }
}

pub fn shown(page: &Page) -> (Vec<Object>, Vec<CommonPrefix>) {
    let object = |info: &ObjectInfo| Object {
        key: Some(info.key.clone()),
        size: Some(to_i64(info.size)),
        e_tag: Some(ETag::Strong(info.etag.clone())),
        last_modified: Some(timestamp(info.modified)),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        ..Default::default()
    };
    let prefix = |prefix: &String| CommonPrefix { prefix: Some(prefix.clone()) };
    (page.objects.iter().map(object).collect(), page.prefixes.iter().map(prefix).collect())
}

pub fn version_entry(version: &Version, is_latest: bool) -> ObjectVersion {
    ObjectVersion {
        key: Some(version.key.clone()),
        version_id: Some(version.id.clone()),
        is_latest: Some(is_latest),
        size: Some(to_i64(version.size())),
        e_tag: Some(ETag::Strong(version.etag.clone())),
        last_modified: Some(timestamp(version.modified)),
        ..Default::default()
    }
}

pub fn marker_entry(version: &Version, is_latest: bool) -> DeleteMarkerEntry {
    DeleteMarkerEntry {
        key: Some(version.key.clone()),
        version_id: Some(version.id.clone()),
        is_latest: Some(is_latest),
        last_modified: Some(timestamp(version.modified)),
        owner: None,
    }
}

pub fn encode_token(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

pub fn decode_token(token: &str) -> S3Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let key = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

pub fn timestamp(millis: i64) -> Timestamp {
    let since = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
    Timestamp::from(UNIX_EPOCH.checked_add(since).unwrap_or_else(SystemTime::now))
}

pub fn to_i64(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
