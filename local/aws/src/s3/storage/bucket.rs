//! The record of a bucket: created, found, changed, deleted.

use std::collections::BTreeMap;
use std::path::Path;

use s3s::dto::{CreateBucketInput, ServerSideEncryption};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use serde::{Deserialize, Serialize};

use crate::account::{now_millis, partition};
use crate::error::StoreError;
use crate::s3::operations::acl::requested_acl;
use crate::s3::{Buckets, Mount};
use crate::store::Store;

pub const KIND: &str = "bucket";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bucket {
    pub name: String,
    pub owner: String,
    pub region: String,
    pub created: i64,
    pub tags: BTreeMap<String, String>,
    pub policy: Option<String>,
    pub public_access_block: Option<PublicAccessBlock>,
    pub encryption: Encryption,
    pub ownership: Option<String>,
    /// `Enabled`, `Suspended`, or never set.
    pub versioning: Option<String>,
    /// Stored configurations, as XML, by their root elements.
    #[serde(default, rename = "kept")]
    pub configurations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    pub block_acls: bool,
    pub ignore_acls: bool,
    pub block_policy: bool,
    pub restrict: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Encryption {
    pub algorithm: String,
    pub key: Option<String>,
    pub bucket_key: bool,
}

impl Default for Encryption {
    fn default() -> Self {
        Self { algorithm: ServerSideEncryption::AES256.into(), key: None, bucket_key: false }
    }
}

impl Bucket {
    pub fn arn(&self) -> String {
        format!("arn:{}:s3:::{}", partition(&self.region), self.name)
    }
}

/// The tags of a `CreateBucket` request. `s3s` does not know them yet, so that the endpoint reads them from the
/// body and hands them over with the request.
#[derive(Debug, Clone, Default)]
pub struct CreateTags(pub BTreeMap<String, String>);

impl CreateTags {
    /// `<CreateBucketConfiguration><Tags><Tag><Key>…`
    pub fn from_body(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Configuration {
            #[serde(rename = "Tags")]
            tags: Option<Tags>,
        }
        #[derive(Deserialize)]
        struct Tags {
            #[serde(rename = "Tag", default)]
            tag: Vec<Tag>,
        }
        #[derive(Deserialize)]
        struct Tag {
            #[serde(rename = "Key")]
            key: String,
            #[serde(rename = "Value")]
            value: String,
        }
        let tags = quick_xml::de::from_reader::<_, Configuration>(body).ok().and_then(|read| read.tags);
        Self(tags.into_iter().flat_map(|tags| tags.tag).map(|tag| (tag.key, tag.value)).collect())
    }
}

/// How names begin and end that S3 keeps for itself (R28); `-an` is that of buckets in an account's own namespace, which are
/// not played here.
const RESERVED_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
const RESERVED_SUFFIXES: [&str; 6] = ["-s3alias", "--ol-s3", "--x-s3", "--table-s3", ".mrap", "-an"];

fn check_name(name: &str) -> S3Result<()> {
    let is_reserved = RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || RESERVED_SUFFIXES.iter().any(|suffix| name.ends_with(suffix));
    match is_reserved {
        true => Err(s3_error!(InvalidBucketName, "The specified bucket is not valid.")),
        false => Ok(()),
    }
}

/// Where a bucket is to lie, by the location constraint and the region of the endpoint (R30).
fn region_for(constraint: Option<&str>, endpoint: &str) -> S3Result<String> {
    match (constraint, endpoint) {
        // It is no location constraint, but the absence of one.
        (Some("us-east-1"), _) => {
            Err(s3_error!(InvalidLocationConstraint, "The specified location-constraint is not valid"))
        }
        (Some(region), "us-east-1") => Ok(region.to_owned()),
        (Some(region), here) if region == here => Ok(region.to_owned()),
        (None, "us-east-1") => Ok("us-east-1".to_owned()),
        (constraint, _) => {
            let wanted = constraint.unwrap_or("unspecified");
            Err(s3_error!(
                IllegalLocationConstraintException,
                "The {wanted} location constraint is incompatible for the region specific endpoint this request was sent to."
            ))
        }
    }
}

/// The account's own buckets.
pub fn every_bucket(store: &Store) -> Result<Vec<Bucket>, StoreError> {
    store.list(KIND)
}

impl Buckets {
    pub fn mount(&self, name: &str) -> Option<&Mount> {
        self.mounts.get(name)
    }

    pub fn bucket(&self, name: &str) -> S3Result<Bucket> {
        if let Some(mount) = self.mount(name) {
            return Ok(mount.bucket(name).0.clone());
        }
        self.store.get(KIND, name).map_err(internal)?.ok_or_else(no_such_bucket)
    }

    /// Whether there is such a bucket of the account's own.
    pub fn has_bucket(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.store.get::<Bucket>(KIND, name)?.is_some())
    }

    pub fn all(&self) -> S3Result<Vec<Bucket>> {
        every_bucket(&self.store).map_err(internal)
    }

    pub fn save(&self, bucket: &Bucket) -> S3Result<()> {
        self.store.put(KIND, &bucket.name, bucket).map_err(internal)
    }

    /// Changes the record of a bucket as it is by now, which may be another one than the caller was shown (R36).
    pub fn update_bucket(&self, name: &str, change: impl FnOnce(&mut Bucket) -> S3Result<()>) -> S3Result<()> {
        let _guard = self.store.change();
        let mut bucket = self.bucket(name)?;
        change(&mut bucket)?;
        self.save(&bucket)
    }

    /// A new bucket has what AWS gives it since 2023: nothing public, encrypted, owned by its owner.
    pub fn create(&self, input: &CreateBucketInput, tags: CreateTags) -> S3Result<Bucket> {
        check_name(&input.bucket)?;
        let wanted = input.create_bucket_configuration.as_ref().and_then(|c| c.location_constraint.as_ref());
        let region = region_for(wanted.map(|constraint| constraint.as_str()), &self.account.region)?;
        let _guard = self.store.change();
        match self.bucket(&input.bucket) {
            Ok(bucket) if bucket.owner == self.account.id => {
                return Err(s3_error!(
                    BucketAlreadyOwnedByYou,
                    "Your previous request to create the named bucket succeeded and you already own it."
                ));
            }
            Ok(_) => return Err(s3_error!(BucketAlreadyExists, "The requested bucket name is not available.")),
            Err(_) => {}
        }
        let acl = requested_acl!(input).or_grants(input.grant_write.is_some());
        let ownership = match (&input.object_ownership, acl.canned) {
            (Some(ownership), _) => ownership.as_str(),
            // Who gives an ACL wants ACLs, even that which every bucket has.
            (None, Some("private")) => "BucketOwnerPreferred",
            (None, _) => "BucketOwnerEnforced",
        };
        if !acl.is_private() {
            return Err(s3_error!(
                InvalidBucketAclWithObjectOwnership,
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
            ));
        }
        let all_blocked = PublicAccessBlock { block_acls: true, ignore_acls: true, block_policy: true, restrict: true };
        let bucket = Bucket {
            name: input.bucket.clone(),
            owner: self.account.id.clone(),
            region,
            created: now_millis(),
            tags: tags.0,
            policy: None,
            public_access_block: Some(all_blocked),
            encryption: Encryption::default(),
            ownership: Some(ownership.to_owned()),
            versioning: None,
            configurations: BTreeMap::new(),
        };
        self.save(&bucket)?;
        Ok(bucket)
    }

    /// R31: a bucket goes only when nothing is in it, not even a delete marker.
    pub fn delete(&self, bucket: &Bucket) -> S3Result<()> {
        let _guard = self.store.change();
        if self.versions(&bucket.name, b"").next().is_some() {
            let mut refusal = s3_error!(BucketNotEmpty, "The bucket you tried to delete is not empty");
            if bucket.versioning.is_some() {
                refusal.set_message(
                    "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
                );
            }
            return Err(refusal);
        }
        self.store.delete(KIND, &bucket.name).map_err(internal)?;
        self.forget_uploads(&bucket.name)?;
        // Whatever a killed process left beside the records goes with the bucket.
        let directory = self.body_directory(&bucket.name);
        match std::fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(internal_io(&directory, error)),
            _ => Ok(()),
        }
    }
}

pub fn no_such_bucket() -> S3Error {
    s3_error!(NoSuchBucket, "The specified bucket does not exist")
}

/// What S3 answers when the state cannot be read or written, with a reason: SDKs show `Unknown` where there is none.
pub fn internal(error: StoreError) -> S3Error {
    let code = match error {
        StoreError::Full { .. } => S3ErrorCode::ServiceUnavailable,
        _ => S3ErrorCode::InternalError,
    };
    S3Error::with_message(code, error.explained())
}

/// As `internal`, for what happened to a file.
pub fn internal_io(path: &Path, error: std::io::Error) -> S3Error {
    internal(StoreError::from_io(path, error))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn tags_are_read_and_many_attributes_cost_what_their_length_does() {
        let tags = "<Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags>";
        let body = |attributes: &str| {
            format!("<CreateBucketConfiguration{attributes}>{tags}</CreateBucketConfiguration>").into_bytes()
        };
        assert_eq!(CreateTags::from_body(&body("")).0, BTreeMap::from([("a".to_owned(), "b".to_owned())]));
        let many: String = (0..200_000).map(|n| format!(" a{n}='1'")).collect();
        let begun = Instant::now();
        let _ = CreateTags::from_body(&body(&many));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
