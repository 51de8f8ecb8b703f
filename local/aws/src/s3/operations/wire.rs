//! Conversions between stored records and the types of `s3s`: listings, versions, conditions, times.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::{
    CommonPrefix, DeleteMarkerEntry, ETag, ETagCondition, EncodingType, Object, ObjectStorageClass, ObjectVersion,
    ObjectVersionStorageClass, Owner, Timestamp, TimestampFormat,
};
use s3s::{S3Result, s3_error};

use crate::s3::error::not_implemented;
use crate::s3::record::version::{ObjectInfo, Version};
use crate::s3::storage::listing::Page;
use crate::s3::storage::object::Preconditions;

/// Conditions of a write: `If-None-Match: *` or `If-Match` with an ETag. S3 refuses all other forms.
pub fn write_conditions(
    none_match: Option<ETagCondition>,
    must_match: Option<ETagCondition>,
) -> S3Result<Preconditions> {
    match (none_match, must_match) {
        (Some(_), Some(_)) => Err(not_implemented("Multiple conditional request headers present in the request")),
        (Some(ETagCondition::ETag(_)), None) => Err(not_implemented("If-None-Match takes no value but '*'")),
        (None, Some(ETagCondition::Any)) => Err(not_implemented("If-Match takes an ETag, not '*', in a write")),
        (none_match, must_match) => Ok(Preconditions { must_be_absent: none_match.is_some(), must_match }),
    }
}

/// Conditions of a delete: `If-Match` with an ETag or `*`, about the newest version and no other.
pub fn delete_conditions(must_match: Option<ETagCondition>, version: Option<&String>) -> S3Result<Preconditions> {
    match must_match.is_some() && version.is_some() {
        true => Err(not_implemented("If-Match goes with no version id")),
        false => Ok(Preconditions { must_be_absent: false, must_match }),
    }
}

/// A condition that `s3s` does not read: those of CopyObject on what it overwrites.
pub fn header_condition(headers: &http::HeaderMap, name: http::HeaderName) -> S3Result<Option<ETagCondition>> {
    let Some(value) = headers.get(&name) else { return Ok(None) };
    let malformed = |_| s3_error!(InvalidArgument, "invalid header: {name}");
    ETagCondition::parse_http_header(value.as_bytes()).map(Some).map_err(malformed)
}

/// Conditions of a request on the object that it reads.
pub struct ReadConditions<'r> {
    pub must_match: Option<&'r ETagCondition>,
    pub must_not_match: Option<&'r ETagCondition>,
    pub changed_since: Option<&'r Timestamp>,
    pub unchanged_since: Option<&'r Timestamp>,
}

impl ReadConditions<'_> {
    /// A condition by ETag stands before one by time; times are whole seconds, which is all that HTTP's dates tell.
    /// A time in the future changes nothing: nothing can have been modified since.
    pub fn check(&self, info: &ObjectInfo) -> S3Result<()> {
        let is_it = |condition: &ETagCondition| match condition {
            ETagCondition::ETag(etag) => etag.value() == info.etag,
            ETagCondition::Any => true,
        };
        let modified = timestamp(info.modified / 1000 * 1000);
        let holds = match (self.must_match, self.unchanged_since) {
            (Some(condition), _) => is_it(condition),
            (None, time) => time.is_none_or(|time| modified <= *time),
        };
        if !holds {
            return Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold"));
        }
        let is_known = match (self.must_not_match, self.changed_since) {
            (Some(condition), _) => is_it(condition),
            (None, time) => time.is_some_and(|time| modified <= *time && *time <= Timestamp::from(SystemTime::now())),
        };
        match is_known {
            true => Err(s3_error!(NotModified, "Not Modified")),
            false => Ok(()),
        }
    }
}

/// A name in a listing: as it is, or for clients that want it so, with everything escaped that XML cannot hold.
pub fn encoded(name: &str, encoding: Option<&EncodingType>) -> String {
    match encoding {
        Some(_) => {
            let part = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
            name.split('/').map(part).collect::<Vec<_>>().join("/")
        }
        None => name.to_owned(),
    }
}

pub fn shown(page: &Page, encoding: Option<&EncodingType>, owner: Option<&Owner>) -> (Vec<Object>, Vec<CommonPrefix>) {
    let object = |info: &ObjectInfo| Object {
        key: Some(encoded(&info.key, encoding)),
        owner: owner.cloned(),
        size: Some(to_i64(info.size)),
        e_tag: Some(ETag::Strong(info.etag.clone())),
        last_modified: Some(timestamp(info.modified)),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        ..Default::default()
    };
    (page.objects.iter().map(object).collect(), rolled_up(&page.prefixes, encoding))
}

pub fn rolled_up(prefixes: &[String], encoding: Option<&EncodingType>) -> Vec<CommonPrefix> {
    prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(encoded(prefix, encoding)) }).collect()
}

pub fn version_entry(
    version: &Version,
    is_latest: bool,
    encoding: Option<&EncodingType>,
    owner: &Owner,
) -> ObjectVersion {
    ObjectVersion {
        key: Some(encoded(&version.key, encoding)),
        owner: Some(owner.clone()),
        storage_class: Some(ObjectVersionStorageClass::from_static(ObjectVersionStorageClass::STANDARD)),
        version_id: Some(version.id.clone()),
        is_latest: Some(is_latest),
        size: Some(to_i64(version.size())),
        e_tag: Some(ETag::Strong(version.etag.clone())),
        last_modified: Some(timestamp(version.modified)),
        ..Default::default()
    }
}

pub fn marker_entry(
    version: &Version,
    is_latest: bool,
    encoding: Option<&EncodingType>,
    owner: &Owner,
) -> DeleteMarkerEntry {
    DeleteMarkerEntry {
        key: Some(encoded(&version.key, encoding)),
        version_id: Some(version.id.clone()),
        is_latest: Some(is_latest),
        last_modified: Some(timestamp(version.modified)),
        owner: Some(owner.clone()),
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

/// A date as HTTP writes it.
pub fn http_date(time: &Timestamp) -> Option<String> {
    let mut text = Vec::new();
    time.format(TimestampFormat::HttpDate, &mut text).ok()?;
    String::from_utf8(text).ok()
}
