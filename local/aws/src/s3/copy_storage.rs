//! The buckets as COPY and UNLOAD reach them: with the permissions of the role or of the keys that a statement names.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use redshift_engine::{
    Address, ListedObject, ObjectReader, ObjectWriter, Place, ReadError, SqlError, Storage, StorageProvider,
};
use redshift_sql::Credential;
use s3s::{S3Error, S3ErrorCode};

use super::storage::buckets::Buckets;

use super::storage::body::Sink;
use crate::iam::{Identity, assumable_by_redshift};

/// The buckets as one identity may reach them.
struct IdentityStorage {
    buckets: Buckets,
    reader: Arc<Identity>,
    /// Of the warehouse.
    region: String,
}

impl StorageProvider for Buckets {
    fn storage(&self, place: &Place, credential: Option<&Credential>) -> Result<Arc<dyn Storage>, SqlError> {
        let reader = match credential {
            Some(Credential::Role(arn)) => self.role_identity(place, arn)?,
            Some(Credential::Keys { id, secret, token }) => self.key_identity(id, secret, token.as_deref())?,
            None => return Err(SqlError::new("XX000", "Must specify IAM_ROLE to reach S3")),
        };
        let (buckets, region) = (self.clone(), place.region.clone());
        Ok(Arc::new(IdentityStorage { buckets, reader: Arc::new(reader), region }))
    }
}

impl Buckets {
    /// Whom the keys belong to: the stand-in's caller, or a role that it took on. Keys of AWS are not known here.
    fn key_identity(&self, id: &str, secret: &str, token: Option<&str>) -> Result<Identity, SqlError> {
        let caller = self.sessions.caller(id, token).ok().filter(|_| self.sessions.secret(id) == secret);
        let unknown = || {
            let message = format!(
                "S3ServiceException:The AWS Access Key Id you provided does not exist in our records.,Status 403,\
                 Error InvalidAccessKeyId: {id}"
            );
            SqlError::new("XX000", message)
        };
        caller.map(|caller| (*caller.identity).clone()).ok_or_else(unknown)
    }

    /// The role, where it is attached to the cluster and lets Redshift assume it.
    fn role_identity(&self, place: &Place, arn: &str) -> Result<Identity, SqlError> {
        let no_default = || SqlError::new("XX000", "No default IAM role is attached to the cluster");
        let arn = match arn {
            "default" => place.default_role.as_deref().ok_or_else(no_default)?,
            arn => arn,
        };
        if arn.contains(',') {
            return Err(SqlError::unsupported("role chaining in IAM_ROLE"));
        }
        let account = self.account.in_region(&place.region);
        let denied = || {
            let user = account.arn("redshift", format_args!("dbuser:{}/{}", place.id, place.admin));
            SqlError::new("XX000", format!("User {user} is not authorized to assume IAM Role {arn}"))
        };
        if !place.roles.iter().any(|attached| attached == arn) {
            return Err(denied());
        }
        let role = assumable_by_redshift(&self.store, &account, self.behaviors, arn).map_err(|_| denied())?;
        Ok(Identity::of_role(&role, &account, &self.store))
    }
}

impl Storage for IdentityStorage {
    /// R32: a bucket elsewhere is found only with REGION.
    fn check_region(&self, bucket: &str, region: Option<&str>) -> Result<(), SqlError> {
        let found = self.buckets.bucket(bucket).map_err(|error| refused(&error))?.region;
        match found == region.unwrap_or(&self.region) {
            true => Ok(()),
            false => Err(SqlError::new(
                "XX000",
                format!(
                    "S3ServiceException:The bucket you are attempting to access must be addressed using the specified \
                     endpoint. Please send all future requests to this endpoint.,Status 301,Error PermanentRedirect: \
                     {bucket} is in {found}"
                ),
            )),
        }
    }

    fn list(&self, prefix: &Address) -> Result<Vec<ListedObject>, SqlError> {
        let listed = self.buckets.list_all_as(&self.reader, &prefix.bucket, &prefix.key);
        let listed = listed.map_err(|error| refused(&error))?;
        Ok(listed.into_iter().map(|object| ListedObject { key: object.key, size: object.size }).collect())
    }

    fn read(&self, address: &Address) -> Result<ObjectReader, ReadError> {
        self.buckets.read_as(&self.reader, &address.bucket, &address.key).map_err(|error| match error.code() {
            S3ErrorCode::NoSuchKey => ReadError::Missing(refused(&error)),
            _ => ReadError::Refused(refused(&error)),
        })
    }

    fn write(&self, address: &Address) -> io::Result<Box<dyn ObjectWriter>> {
        let sink = self.buckets.sink(&address.bucket)?;
        let (buckets, reader) = (self.buckets.clone(), self.reader.clone());
        Ok(Box::new(NewObject { buckets, reader, address: address.clone(), sink }))
    }

    fn delete(&self, address: &Address) -> Result<(), SqlError> {
        let deleted = self.buckets.delete_as(&self.reader, &address.bucket, &address.key);
        deleted.map_err(|error| refused(&error))
    }

    fn directory(&self, bucket: &str) -> PathBuf {
        self.buckets.body_directory(bucket)
    }
}

/// An object that UNLOAD writes.
struct NewObject {
    buckets: Buckets,
    reader: Arc<Identity>,
    address: Address,
    sink: Sink,
}

impl Write for NewObject {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl ObjectWriter for NewObject {
    fn finish(self: Box<Self>) -> Result<u64, SqlError> {
        let Self { buckets, reader, address, sink } = *self;
        buckets.write_as(&reader, &address.bucket, &address.key, sink).map_err(|error| refused(&error))
    }
}

/// An S3 refusal in the words of Redshift.
fn refused(error: &S3Error) -> SqlError {
    let status = error.status_code().or_else(|| error.code().status_code()).map_or(500, |status| status.as_u16());
    let message = error.message().unwrap_or("unknown");
    // Of the state alone: only a lack of room makes it unavailable.
    if *error.code() == S3ErrorCode::ServiceUnavailable {
        return SqlError::new("53100", format!("Disk Full: {message}"));
    }
    SqlError::new("XX000", format!("S3ServiceException:{message},Status {status},Error {}", error.code().as_str()))
}
