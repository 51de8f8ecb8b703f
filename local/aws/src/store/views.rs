//! Late views: AWS answers some reads with what was there before the last change (R3, R16, R35, R36). How many reads of
//! each kind are late is counted, so that tests need no clock.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use redshift_engine::sync::locked;

/// How many reads after a change still show what was there before it. None by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lags {
    /// Calls that name a role: `NoSuchEntity` after CreateRole, the old tags and policies, the role after DeleteRole
    /// (R35).
    pub role: u32,
    /// ListRoles (R35).
    pub role_list: u32,
    /// Redshift, when it creates a cluster with the role or runs a COPY as it (R3, R4).
    pub role_at_redshift: u32,
    /// Calls that name a bucket: `NoSuchBucket` after CreateBucket; reads of its settings show the old ones (R36).
    pub bucket: u32,
    /// DescribeClusters does not show a cluster that was just created (R16).
    pub cluster: u32,
    /// DescribeSecret.
    pub secret: u32,
    /// ListSecrets (R35).
    pub secret_list: u32,
}

impl Lags {
    /// Everything is late, this many reads long.
    pub fn all(reads: u32) -> Self {
        Self {
            role: reads,
            role_list: reads,
            role_at_redshift: reads,
            bucket: reads,
            cluster: reads,
            secret: reads,
            secret_list: reads,
        }
    }

    fn of(&self, view: View) -> u32 {
        match view {
            View::Role => self.role,
            View::RoleList => self.role_list,
            View::RoleAtRedshift => self.role_at_redshift,
            View::Bucket => self.bucket,
            View::Cluster => self.cluster,
            View::Secret => self.secret,
            View::SecretList => self.secret_list,
        }
    }
}

/// Who reads, or by which kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    Role,
    RoleList,
    RoleAtRedshift,
    Bucket,
    Cluster,
    Secret,
    SecretList,
}

impl View {
    /// The views of a kind of records.
    fn of_kind(kind: &str) -> &'static [Self] {
        match kind {
            "iam-role" => &[Self::Role, Self::RoleList, Self::RoleAtRedshift],
            "bucket" => &[Self::Bucket],
            "redshift-cluster" => &[Self::Cluster],
            "secret" => &[Self::Secret, Self::SecretList],
            _ => &[],
        }
    }
}

/// A record as it was, `None` where there was none, and how many reads still show it so.
#[derive(Debug)]
struct Old {
    record: Option<Vec<u8>>,
    reads: u32,
}

#[derive(Debug, Default)]
struct State {
    lags: Lags,
    old: HashMap<(View, String), Old>,
}

/// The late views of a store. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Views {
    state: Arc<Mutex<State>>,
    /// Whether any read may be late: without a lag no read takes the lock.
    is_late: Arc<AtomicBool>,
}

impl Views {
    /// From now on changes are seen this late.
    pub fn set(&self, lags: Lags) {
        locked(&self.state).lags = lags;
        self.is_late.store(lags != Lags::default(), Ordering::Relaxed);
    }

    /// Lets all changes so far be seen.
    pub fn settle(&self) {
        locked(&self.state).old.clear();
    }

    /// Returns true if a change of such a record is seen late by anyone.
    pub(super) fn are_late(&self, kind: &str) -> bool {
        if !self.is_late.load(Ordering::Relaxed) {
            return false;
        }
        let state = locked(&self.state);
        View::of_kind(kind).iter().any(|view| state.lags.of(*view) > 0)
    }

    /// Remembers a record as it is before a change. What is still seen older stays so.
    pub(super) fn remember(&self, kind: &str, id: &str, before: Option<Vec<u8>>) {
        let mut state = locked(&self.state);
        for view in View::of_kind(kind) {
            let reads = state.lags.of(*view);
            // R16 tells of clusters that are not shown yet, and of no others.
            if reads == 0 || (*view == View::Cluster && before.is_some()) {
                continue;
            }
            let old = state.old.entry((*view, id.to_owned()));
            old.and_modify(|old| old.reads = reads).or_insert_with(|| Old { record: before.clone(), reads });
        }
    }

    /// The record as this read shows it; `None` where it shows what is there.
    pub(super) fn look(&self, view: View, id: &str) -> Option<Option<Vec<u8>>> {
        if !self.is_late.load(Ordering::Relaxed) {
            return None;
        }
        let mut state = locked(&self.state);
        let key = (view, id.to_owned());
        let old = state.old.get_mut(&key)?;
        old.reads -= 1;
        match old.reads {
            0 => state.old.remove(&key).map(|old| old.record),
            _ => Some(old.record.clone()),
        }
    }

    /// The ids of the records that this view shows as they were.
    pub(super) fn ids(&self, view: View) -> Vec<String> {
        let state = locked(&self.state);
        state.old.keys().filter(|(of, _)| *of == view).map(|(_, id)| id.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_late_for_as_many_reads_and_no_longer() {
        let views = Views::default();
        views.remember("iam-role", "r", None);
        assert_eq!(views.look(View::Role, "r"), None, "nothing is late by default");

        views.set(Lags { role: 2, ..Lags::default() });
        assert!(views.are_late("iam-role") && !views.are_late("bucket"));
        views.remember("iam-role", "r", None);
        assert_eq!(views.look(View::RoleList, "r"), None);
        assert_eq!(views.look(View::Role, "r"), Some(None));
        // A second change before the first is seen: still as before the first.
        views.remember("iam-role", "r", Some(vec![1]));
        assert_eq!(views.look(View::Role, "r"), Some(None));
        assert_eq!(views.look(View::Role, "r"), Some(None));
        assert_eq!(views.look(View::Role, "r"), None);

        views.remember("iam-role", "r", Some(vec![2]));
        assert_eq!(views.look(View::Role, "r"), Some(Some(vec![2])));
        views.settle();
        assert_eq!(views.look(View::Role, "r"), None);
    }

    #[test]
    fn a_cluster_is_late_only_where_it_was_just_created() {
        let views = Views::default();
        views.set(Lags::all(1));
        views.remember("redshift-cluster", "c", Some(vec![1]));
        assert_eq!(views.look(View::Cluster, "c"), None);
        views.remember("redshift-cluster", "c", None);
        assert_eq!(views.look(View::Cluster, "c"), Some(None));
    }
}
