//! S3: buckets with their settings, versioned objects, uploads in parts, and directories mounted as buckets of another
//! account. `s3s` speaks the protocol: `api` lists the operations, `authorization` what each needs to be allowed,
//! `operations` turns inputs into outputs, and `storage` stores and lists.

mod access;
mod api;
mod authorization;
mod copy_storage;
mod error;
mod host;
mod keys;
mod operations;
mod record;
mod request;
mod request_checks;
mod storage;

use std::sync::Arc;

use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};

use authorization::Authorizer;

pub use host::bucket_of_host;
pub use operations::create_bucket::CreateTags;
pub use record::bucket::Bucket;
pub use record::version::ObjectInfo;
pub use request_checks::{check_request, checked_body};
#[cfg(test)]
pub use storage::body::Sink;
pub use storage::buckets::Buckets;
pub use storage::check::check;
pub use storage::collection::Collection;
pub use storage::found_object::FoundObject;
pub use storage::listing::Query;
pub use storage::mount::Mount;

/// Bytes of a body that is no object: room for the 10,000 parts of an upload, with their checksums.
pub const MAX_XML_BYTES: usize = 4 << 20;

/// The S3 protocol without signatures, so that tests get behind them. The caller is in the request's extensions.
#[cfg(test)]
pub fn unsigned(buckets: Buckets) -> S3Service {
    let mut builder = S3ServiceBuilder::new(buckets.clone());
    builder.set_access(Authorizer(buckets));
    builder.build()
}

/// The S3 protocol in front of the buckets, for callers that sign. Who signed, an `Arc<Caller>`, is in the request's
/// extensions.
pub fn service(buckets: Buckets) -> S3Service {
    let keys = keys::AccessKeys(buckets.sessions.clone());
    let mut builder = S3ServiceBuilder::new(buckets.clone());
    builder.set_access(Authorizer(buckets));
    let mut config = S3Config::default();
    config.xml_max_body_size = MAX_XML_BYTES;
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    builder.set_auth(keys);
    builder.set_host(host::Hosts);
    builder.build()
}
