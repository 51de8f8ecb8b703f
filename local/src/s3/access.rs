//! Who may do what with a bucket: the owner's policy, the reader's policies, and the account between them.

use std::collections::BTreeMap;
use std::ops::Range;

use s3s::dto::ETagCondition;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::Buckets;
use super::body::Sink;
use super::body_source::{ObjectRead, Source};
use super::bucket::{Bucket, KIND as BUCKET, internal, internal_io, no_such_bucket};
use super::encryption::{CustomerKey, ObjectEncryption, check_key};
use super::listing::Query;
use super::object::{Attributes, ObjectInfo, Preconditions};
use crate::iam::Identity;
use crate::iam::policy::{Decision, Kind, Policy, Principal, Question};
use crate::sessions::Caller;
use crate::store::View;

/// An object that somebody asked for.
pub struct Found {
    pub info: ObjectInfo,
    /// Where the bucket keeps versions.
    pub version: Option<String>,
    pub attributes: Attributes,
    pub source: Source,
}

impl Found {
    /// Refuses an object that only its writer's key opens.
    pub fn check_no_key(&self) -> S3Result<()> {
        check_key(self.attributes.encryption.as_ref(), CustomerKey::default())
    }

    /// The sizes of the parts of an upload in parts: of them alone an ETag has a hyphen, and each part is a segment.
    fn parts(&self) -> Option<Vec<u64>> {
        match &self.source {
            Source::Segments { segments, .. } if self.info.etag.contains('-') => {
                Some(segments.iter().map(|segment| segment.size).collect())
            }
            _ => None,
        }
    }

    pub fn parts_count(&self) -> Option<i32> {
        self.parts().and_then(|parts| i32::try_from(parts.len()).ok())
    }

    /// Where a part lies, from 1 on; an object that was put at once is one part. An empty object has no range.
    pub fn part(&self, number: i32) -> S3Result<Option<Range<u64>>> {
        let parts = self.parts().unwrap_or_else(|| vec![self.info.size]);
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let Some((index, size)) = index.and_then(|index| Some((index, *parts.get(index)?))) else {
            let code = S3ErrorCode::Custom("InvalidPartNumber".into());
            let mut missing = S3Error::with_message(code, "The requested partnumber is not satisfiable");
            missing.set_status_code(http::StatusCode::RANGE_NOT_SATISFIABLE);
            return Err(missing);
        };
        let start: u64 = parts[..index].iter().sum();
        match size {
            0 if self.info.size == 0 => Ok(None),
            0 => Err(s3_error!(InvalidRange, "The requested range is not satisfiable")),
            size => Ok(Some(start..start + size)),
        }
    }
}

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

pub fn access_denied() -> S3Error {
    s3_error!(AccessDenied, "Access Denied")
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

    /// The bucket, when it exists, has the expected owner, and `reader` may do `action` there.
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

    /// The bucket as S3 shows it, which may be late (R36). A change is made to the bucket as it is.
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
    pub fn read_as(&self, reader: &Identity, name: &str, key: &str) -> S3Result<ObjectRead> {
        let bucket = self.open(reader, name, None, "s3:GetObject", Some(key))?;
        let found = self.find(&bucket, key, None)?;
        found.check_no_key()?;
        let directory = self.mount(name).map_or_else(|| self.body_directory(name), |mount| mount.directory.clone());
        let reader = self.read(&found.source).map_err(|error| internal_io(&directory, error))?;
        Ok(ObjectRead { size: found.info.size, reader })
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

    /// An object, and where its bytes are.
    pub fn find(&self, bucket: &Bucket, key: &str, version: Option<&str>) -> S3Result<Found> {
        if let Some(mount) = self.mount(&bucket.name) {
            let found = mount.object(key).map_err(|error| internal_io(&mount.directory, error))?;
            let (info, file) = found.ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))?;
            return Ok(Found { info, version: None, attributes: Attributes::default(), source: Source::File(file) });
        }
        let lookup = self.leases.lookup();
        let version = self.version(bucket, key, version)?;
        let lease = self.leases.take(&self.store, &version.segments);
        drop(lookup);
        let info = version.info();
        let source = match version.segments.is_empty() {
            true => Source::Bytes(version.bytes),
            false => Source::Segments { bucket: bucket.name.clone(), segments: version.segments, lease },
        };
        let id = bucket.versioning.is_some().then_some(version.id);
        Ok(Found { info, version: id, attributes: version.attributes, source })
    }
}
