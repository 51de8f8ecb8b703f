//! The state of the transaction of a session.

use std::collections::BTreeSet;

use super::session_settings::SessionSettings;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transaction {
    None,
    Open,
    /// A statement in it failed: nothing runs until it is rolled back.
    Failed,
}

/// State that ends with the transaction that is open; empty where there is none.
#[derive(Debug, Default)]
pub(super) struct TransactionScope {
    /// True once it sees the state of one moment: from its first statement that looks at data on.
    pub(super) has_snapshot: bool,
    /// Its access mode.
    pub(super) read_only: bool,
    /// True once it has changed the catalog.
    pub(super) has_defined: bool,
    /// True once it has changed users, groups or roles.
    pub(super) has_principals: bool,
    /// The settings when it began.
    pub(super) settings_before: SessionSettings,
    /// The names of those that SET LOCAL changed.
    pub(super) local_settings: BTreeSet<String>,
}
