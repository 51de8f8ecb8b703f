//! CreateBucket: the names and regions that a bucket may have, and what a new one has.

use std::collections::BTreeMap;

use s3s::dto::{CreateBucketInput, CreateBucketOutput};
use s3s::{S3Request, S3Response, S3Result, s3_error};
use serde::Deserialize;

use super::acl::requested_acl;
use crate::account::now_millis;
use crate::s3::record::bucket::{Bucket, Encryption, PublicAccessBlock};
use crate::s3::request::Answer;
use crate::s3::storage::buckets::Buckets;

pub fn create_bucket(buckets: &Buckets, req: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
    let tags = req.extensions.get::<CreateTags>().cloned().unwrap_or_default();
    let bucket = buckets.create(&req.input, tags)?;
    Ok(S3Response::new(CreateBucketOutput { location: Some(format!("/{}", bucket.name)) }))
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

impl Buckets {
    /// A new bucket has what AWS gives it since 2023: nothing public, encrypted, owned by its owner.
    fn create(&self, input: &CreateBucketInput, tags: CreateTags) -> S3Result<Bucket> {
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
