//! Access to buckets: the policies of the caller and of the bucket, and the accounts of both.

use std::collections::BTreeMap;

use redshift_engine::ObjectReader;
use s3s::S3Result;
use s3s::dto::ETagCondition;

use super::error::{access_denied, internal, internal_io, no_such_bucket};
use super::record::bucket::{Bucket, KIND as BUCKET};
use super::record::encryption::ObjectEncryption;
use super::record::version::{Attributes, ObjectInfo};
use super::storage::body::Sink;
use super::storage::buckets::Buckets;
use super::storage::listing::Query;
use super::storage::object::Preconditions;
use crate::iam::Identity;
use crate::iam::policy::{Decision, Kind, Policy, Principal, Question};
use crate::sessions::Caller;
use crate::store::View;

/// The access that an operation needs to a bucket, or to an object in it.
pub struct RequiredAccess<'r> {
    action: &'static str,
    key: Option<&'r str>,
    is_write: bool,
    /// Actions on the same object for parts of the request, such as tags (R33).
    further: Vec<&'static str>,
}

pub fn read(action: &'static str) -> RequiredAccess<'static> {
    RequiredAccess { action, key: None, is_write: false, further: Vec::new() }
}

pub fn write(action: &'static str) -> RequiredAccess<'static> {
    RequiredAccess { is_write: true, ..read(action) }
}

impl RequiredAccess<'static> {
    /// Narrows the access to an object; of a list it is the prefix.
    pub fn on(self, key: &str) -> RequiredAccess<'_> {
        RequiredAccess { key: Some(key), ..self }
    }
}

impl RequiredAccess<'_> {
    /// Adds an action where the request has the part that needs it.
    pub fn and(mut self, is_asked: bool, action: &'static str) -> Self {
        self.further.extend(is_asked.then_some(action));
        self
    }
}

/// The action on an object, or on a version of it.
pub fn by_version(version: Option<&String>, object: &'static str, of_version: &'static str) -> &'static str {
    if version.is_some() { of_version } else { object }
}

pub fn delete_action(version: Option<&String>) -> &'static str {
    by_version(version, "s3:DeleteObject", "s3:DeleteObjectVersion")
}

impl Buckets {
    /// Opens a bucket where `reader` has all the access that a request needs.
    ///
    /// # Errors
    /// NoSuchBucket; AccessDenied, also for another owner than the expected one.
    pub fn authorize(
        &self,
        reader: &Identity,
        name: &str,
        expected_owner: Option<&str>,
        required: &RequiredAccess<'_>,
    ) -> S3Result<Bucket> {
        let bucket = self.open(reader, name, expected_owner, required.action, required.key)?;
        // Mounted directories are never written.
        if required.is_write && self.mount(name).is_some() {
            return Err(access_denied());
        }
        let mut further = required.further.iter();
        further.try_for_each(|action| self.open(reader, name, None, action, required.key).map(drop))?;
        Ok(bucket)
    }

    /// Refuses to compare ETags for a caller that may not read the object: the answer shows what is there.
    pub fn may_compare(&self, caller: &Caller, bucket: &Bucket, key: &str, conditions: &Preconditions) -> S3Result<()> {
        match conditions.must_match {
            Some(ETagCondition::ETag(_)) => {
                self.open(&caller.identity, &bucket.name, None, "s3:GetObject", Some(key)).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Opens a bucket that has the expected owner and where `reader` may do `action`.
    pub fn open(
        &self,
        reader: &Identity,
        name: &str,
        expected_owner: Option<&str>,
        action: &str,
        key: Option<&str>,
    ) -> S3Result<Bucket> {
        let bucket = self.shown(name, action)?;
        let owner_differs = expected_owner.is_some_and(|owner| owner != bucket.owner);
        match !owner_differs && self.allows(reader, &bucket, action, key) {
            true => Ok(bucket),
            false => Err(access_denied()),
        }
    }

    /// The bucket as S3 shows it, which may be late (R36). Changes are made to the current one.
    fn shown(&self, name: &str, action: &str) -> S3Result<Bucket> {
        match self.store.old(View::Bucket, BUCKET, name).map_err(internal)? {
            Some(None) => Err(no_such_bucket()),
            Some(Some(old)) if action.starts_with("s3:Get") => Ok(old),
            _ => self.bucket(name),
        }
    }

    /// An explicit deny anywhere wins. Inside one account either side may allow; across accounts both must.
    fn allows(&self, reader: &Identity, bucket: &Bucket, action: &str, key: Option<&str>) -> bool {
        let arn = bucket.arn();
        let resource = key.map_or_else(|| arn.clone(), |key| format!("{arn}/{key}"));
        // In the process and on loopback nothing can be overheard: both count as TLS.
        let mut context = BTreeMap::from([("aws:securetransport".to_owned(), "true".to_owned())]);
        // Lists are of the bucket, by a prefix.
        let is_list = ["s3:ListBucket", "s3:ListBucketVersions"].contains(&action);
        if let (Some(key), true) = (key, is_list) {
            context.insert("s3:prefix".to_owned(), key.to_owned());
        }
        let resource = if is_list { &arn } else { &resource };
        let question = Question { principal: &reader.principal, action, resource: Some(resource), context: &context };

        let identity = reader.decide(&question);
        let parse = |text: &str| Policy::parse(text, Kind::Resource).ok().map(|policy| policy.decide(&question));
        let resource_side = match self.mount(&bucket.name) {
            Some(mount) => mount.bucket(&bucket.name).1.as_ref().map(|policy| policy.decide(&question)),
            None => bucket.policy.as_deref().and_then(parse),
        };
        let resource_side = resource_side.unwrap_or(Decision::ImplicitDeny);

        let Principal::Aws { account, .. } = &reader.principal else { return false };
        match (identity, resource_side) {
            (Decision::ExplicitDeny, _) | (_, Decision::ExplicitDeny) => false,
            (Decision::Allow, Decision::Allow) => true,
            (Decision::ImplicitDeny, Decision::ImplicitDeny) => false,
            _ => *account == bucket.owner,
        }
    }

    /// All objects under a prefix, as `reader`: one page, so that all are of the same moment.
    pub fn list_all_as(&self, reader: &Identity, name: &str, prefix: &str) -> S3Result<Vec<ObjectInfo>> {
        self.open(reader, name, None, "s3:ListBucket", Some(prefix))?;
        let query = Query { prefix: prefix.to_owned(), limit: usize::MAX, ..Query::default() };
        Ok(self.list(name, &query)?.objects)
    }

    /// An object's bytes, as `reader`.
    pub fn read_as(&self, reader: &Identity, name: &str, key: &str) -> S3Result<ObjectReader> {
        let bucket = self.open(reader, name, None, "s3:GetObject", Some(key))?;
        let found = self.find(&bucket, key, None)?;
        found.check_no_key()?;
        let directory = self.mount(name).map_or_else(|| self.body_directory(name), |mount| mount.directory.clone());
        let bytes = self.read(&found.source).map_err(|error| internal_io(&directory, error))?;
        Ok(ObjectReader { size: found.info.size, bytes })
    }

    /// Writes what a sink took as an object, as `reader`; answers its size.
    pub fn write_as(&self, reader: &Identity, name: &str, key: &str, sink: Sink) -> S3Result<u64> {
        let bucket = self.authorize(reader, name, None, &write("s3:PutObject").on(key))?;
        let staged = sink.finish().map_err(|error| internal_io(&self.body_directory(name), error))?;
        let encryption = ObjectEncryption::for_default(&bucket.encryption, &self.account);
        let attributes = Attributes { encryption, ..Attributes::default() };
        let version = self.write(&bucket, key, staged, attributes, &Preconditions::default())?;
        Ok(version.size())
    }

    /// Deletes an object, as `reader`.
    pub fn delete_as(&self, reader: &Identity, name: &str, key: &str) -> S3Result<()> {
        let bucket = self.authorize(reader, name, None, &write("s3:DeleteObject").on(key))?;
        self.delete_object(&bucket, key, None, &Preconditions::default()).map(drop)
    }
}
