//! All buckets, with what the operations on them share.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::in_flight_reads::InFlightReads;
use super::leases::Leases;
use super::mount::Mount;
use crate::account::Account;
use crate::behavior::Behaviors;
use crate::sessions::Sessions;
use crate::store::Store;

/// All buckets of the stand-in.
#[derive(Clone)]
pub struct Buckets {
    pub store: Store,
    pub account: Account,
    pub behaviors: Behaviors,
    pub mounts: Arc<BTreeMap<String, Mount>>,
    pub sessions: Sessions,
    pub in_flight_reads: InFlightReads,
    pub leases: Leases,
}

#[cfg(test)]
impl Buckets {
    /// Of an account that has nothing else, in a directory.
    pub fn alone(directory: &std::path::Path) -> Self {
        let account = Account { id: "000000000000".into(), region: "us-west-2".into() };
        let sessions = Sessions::new(account.clone());
        Self {
            store: Store::open(directory).expect("store"),
            account,
            behaviors: Default::default(),
            mounts: Default::default(),
            sessions,
            in_flight_reads: Default::default(),
            leases: Default::default(),
        }
    }
}
