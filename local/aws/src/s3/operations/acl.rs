//! Access control lists: the full control of the owner. Since 2023 new buckets allow no other.

use s3s::dto::*;
use s3s::{S3Response, S3Result, s3_error};

use crate::s3::record::bucket::Bucket;
use crate::s3::request::{Answer, AuthorizedRequest};
use crate::s3::storage::buckets::Buckets;

/// The ACL that a request asks for: by a name, or grant by grant.
#[derive(Debug, Clone, Copy)]
pub struct RequestedAcl<'r> {
    pub canned: Option<&'r str>,
    pub grants: bool,
}

/// The ACL of a request: the inputs share their fields, not a type.
macro_rules! requested_acl {
    ($input:ident) => {
        $crate::s3::operations::acl::RequestedAcl {
            canned: $input.acl.as_ref().map(|acl| acl.as_str()),
            grants: $input.grant_full_control.is_some()
                || $input.grant_read.is_some()
                || $input.grant_read_acp.is_some()
                || $input.grant_write_acp.is_some(),
        }
    };
}
pub(in crate::s3) use requested_acl;

impl RequestedAcl<'_> {
    fn is_public(self) -> bool {
        self.canned.is_some_and(|name| name.starts_with("public-read") || name == "authenticated-read")
    }

    /// Adds grants that stand elsewhere in the request.
    pub fn or_grants(self, grants: bool) -> Self {
        Self { grants: self.grants || grants, ..self }
    }

    pub fn is_named(self) -> bool {
        self.grants || self.canned.is_some()
    }

    /// Returns true if it leaves everything with the owner.
    pub fn is_private(self) -> bool {
        !self.grants && matches!(self.canned, None | Some("private" | "bucket-owner-full-control"))
    }

    /// *Object Ownership*: where the owner of the bucket owns all that is in it, nothing but his full control may be set.
    pub fn check(self, bucket: &Bucket) -> S3Result<()> {
        let is_enforced = bucket.ownership.as_deref() == Some("BucketOwnerEnforced");
        if is_enforced && (self.grants || !matches!(self.canned, None | Some("bucket-owner-full-control"))) {
            return Err(s3_error!(AccessControlListNotSupported, "The bucket does not allow ACLs"));
        }
        if self.is_public() && bucket.public_access_block.is_some_and(|block| block.block_acls) {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        match self.is_private() {
            true => Ok(()),
            false => Err(s3_error!(NotImplemented, "the local S3 keeps no ACL but the owner's full control")),
        }
    }
}

pub fn get_bucket_acl(request: AuthorizedRequest<GetBucketAclInput>) -> Answer<GetBucketAclOutput> {
    let bucket = request.bucket;
    let (owner, grants) = (Some(owner_of(&bucket.owner)), Some(full_control(&bucket)));
    Ok(S3Response::new(GetBucketAclOutput { grants, owner }))
}

pub fn put_bucket_acl(request: AuthorizedRequest<PutBucketAclInput>) -> Answer<PutBucketAclOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    let others = input.grant_write.is_some() || names_others(&bucket, input.access_control_policy.as_ref());
    requested_acl!(input).or_grants(others).check(&bucket)?;
    Ok(S3Response::new(PutBucketAclOutput::default()))
}

pub fn get_object_acl(buckets: &Buckets, request: AuthorizedRequest<GetObjectAclInput>) -> Answer<GetObjectAclOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    buckets.find(&bucket, &input.key, input.version_id.as_deref())?;
    let (owner, grants) = (Some(owner_of(&bucket.owner)), Some(full_control(&bucket)));
    Ok(S3Response::new(GetObjectAclOutput { grants, owner, request_charged: None }))
}

pub fn put_object_acl(buckets: &Buckets, request: AuthorizedRequest<PutObjectAclInput>) -> Answer<PutObjectAclOutput> {
    let AuthorizedRequest { input, bucket, .. } = request;
    let others = input.grant_write.is_some() || names_others(&bucket, input.access_control_policy.as_ref());
    requested_acl!(input).or_grants(others).check(&bucket)?;
    buckets.find(&bucket, &input.key, input.version_id.as_deref())?;
    Ok(S3Response::new(PutObjectAclOutput::default()))
}

pub fn owner_of(account: &str) -> Owner {
    Owner { id: Some(account.to_owned()), display_name: None }
}

/// What the owner of a bucket may do in it.
pub fn full_control(bucket: &Bucket) -> Vec<Grant> {
    let grantee = Grantee {
        id: Some(bucket.owner.clone()),
        type_: Type::from_static(Type::CANONICAL_USER),
        display_name: None,
        email_address: None,
        uri: None,
    };
    vec![Grant { grantee: Some(grantee), permission: Some(Permission::from_static(Permission::FULL_CONTROL)) }]
}

/// Returns true if an ACL that is written out grants anything to anybody but the owner.
pub fn names_others(bucket: &Bucket, policy: Option<&AccessControlPolicy>) -> bool {
    let is_owner = |grantee: &Grantee| grantee.id.as_ref() == Some(&bucket.owner);
    let mut grants = policy.into_iter().flat_map(|policy| policy.grants.iter().flatten());
    grants.any(|grant| !grant.grantee.as_ref().is_some_and(is_owner))
}
