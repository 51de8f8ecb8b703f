//! A local AWS for one warehouse: IAM, STS, S3, EC2's security groups, Secrets Manager, Redshift and the Redshift Data
//! API, in the process, under the AWS SDK's HTTP client. SQL runs in DuckDB. What it cannot represent it refuses by name.

mod account;
mod auth_failure;
mod authorize;
mod behavior;
mod call;
mod check;
mod control;
mod cut_body;
mod data_api;
mod ec2;
mod endpoint;
mod error;
mod fault;
#[cfg(test)]
mod fuzz;
mod iam;
mod logins;
mod pace;
mod page;
mod protocol;
mod redshift;
mod region;
mod request_body;
mod request_names;
mod s3;
pub mod schema;
mod secrets;
mod serve;
mod serverless;
mod sessions;
mod sigv4;
mod state;
mod store;
mod sts;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use redshift_engine::{MemoryLimit, Warehouses};
use redshift_wire::WireServer;

pub use account::Account;
pub use authorize::Needed;
pub use behavior::Behaviors;
pub use check::{Check, check};
pub use error::StoreError;
pub use fault::{Fault, Faults, Outage};
pub use pace::{CopyPace, Pace};
pub use redshift_engine::statement_threads::wait_until_idle;
pub use redshift_engine::{ParquetColumn, parquet_columns};
pub use s3::Mount;
pub use serve::{HEALTH, Listen, Server};
pub use state::{ControlError, Reset};
pub use store::Lags;
pub use store::disk::{make_private, write_private};

/// A key pair that requests to the stand-in may be signed with. It opens nothing anywhere else. Any other key is known
/// here by a secret that is the same word: `test` with `test`.
pub const ACCESS_KEY: &str = "AKIALOCALSTANDIN";
pub const SECRET_KEY: &str = "the-local-stand-in-opens-nothing-else";

/// What to play, and where its state is.
#[derive(Debug, Clone)]
pub struct Options {
    pub account: Account,
    /// Bucket name → directory on disk.
    pub mounts: BTreeMap<String, Mount>,
    pub pace: Pace,
    /// What AWS is played to answer where that is not settled.
    pub behaviors: Behaviors,
    /// Bytes that SQL statements may use together; half of what the machine has where none are given.
    pub memory: Option<u64>,
    /// What is to go wrong, and a record of all calls: for tests.
    pub faults: Option<Faults>,
}

/// The stand-in, open on a directory that no other process uses meanwhile.
#[derive(Debug, Clone)]
pub struct Cloud {
    endpoint: endpoint::Endpoint,
    /// What no file has of a snapshot, by its name.
    unwritten: Arc<Mutex<BTreeMap<String, secrets::OwnSecrets>>>,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the directory {path} to mount as bucket '{bucket}' cannot be read")]
    Mount { bucket: String, path: String, source: std::io::Error },
}

impl Cloud {
    /// One with nothing in it, for tests.
    #[cfg(test)]
    fn bare(directory: &Path) -> Self {
        let options = Options {
            account: Account { id: "000000000000".into(), region: "us-west-2".into() },
            mounts: Default::default(),
            pace: Pace::LAPTOP,
            behaviors: Behaviors::default(),
            memory: None,
            faults: None,
        };
        Self::open(directory, options).expect("cloud")
    }

    /// Opens the state under `directory`, making it where there is none.
    ///
    /// # Errors
    /// `StoreError::Locked` where another process has it open; `OpenError::Mount` where a mounted directory is missing.
    pub fn open(directory: &Path, options: Options) -> Result<Self, OpenError> {
        for (bucket, mount) in &options.mounts {
            let unreadable = |source| OpenError::Mount {
                bucket: bucket.clone(),
                path: mount.directory.display().to_string(),
                source,
            };
            std::fs::read_dir(&mount.directory).map(drop).map_err(unreadable)?;
        }
        let (account, pace, behaviors) = (options.account, options.pace, options.behaviors);
        let memory = options.memory.map_or_else(MemoryLimit::default, MemoryLimit::new);
        let views = options.faults.as_ref().map(Faults::views).unwrap_or_default();
        let store = store::Store::open(directory)?.with_views(views).at_home(&account.region)?;
        let warehouses = Warehouses::new(directory.join("warehouses"), memory);
        let secrets = secrets::Secrets::new(store.clone(), account.clone());
        let mounts = Arc::new(options.mounts);
        let sessions = sessions::Sessions::new(account.clone());
        let buckets = s3::Buckets {
            store: store.clone(),
            account: account.clone(),
            behaviors,
            mounts,
            sessions,
            in_flight_reads: Default::default(),
            leases: Default::default(),
        };
        let logins = logins::Logins::new(store.clone(), secrets.clone(), warehouses.clone());
        let wire = WireServer::new(warehouses.clone(), Arc::new(buckets.clone()), Arc::new(logins.clone()));
        let redshift = redshift::Redshift {
            store: store.clone(),
            account: account.clone(),
            secrets: secrets.clone(),
            warehouses,
            logins: logins.clone(),
            wire: wire.clone(),
            pace,
            behaviors,
        };
        let s3 = s3::service(buckets.clone());
        let iam = iam::Iam { store: store.clone(), account: account.clone(), propagating: pace.propagating };
        let ec2 = ec2::Ec2 { store: store.clone(), account: account.clone() };
        let serverless =
            serverless::Serverless { store, account: account.clone(), secrets: secrets.clone(), logins, wire };
        let data_api = data_api::DataApi::new(redshift.clone(), serverless.clone(), buckets.clone());
        let faults = options.faults;
        let services =
            endpoint::Services { account, iam, ec2, secrets, redshift, serverless, data_api, buckets, s3, faults };
        Ok(Self { endpoint: endpoint::Endpoint(Arc::new(services)), unwritten: Arc::default() })
    }

    /// Forces a cluster into a state of R14 that no call leads to, or lets it go on: for tests.
    ///
    /// # Errors
    /// Where there is no such cluster.
    pub fn force_status(&self, cluster: &str, status: Option<&str>) -> Result<(), String> {
        self.endpoint.redshift.force_status(cluster, status).map_err(|error| error.to_string())
    }

    /// What to put under the SDK's clients.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.endpoint.clone())
    }
}
