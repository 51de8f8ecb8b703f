//! The settings of a session that are not the defaults.

use std::collections::{BTreeMap, BTreeSet};

/// The settings that a session has changed; every other one has its default.
#[derive(Debug, Clone, Default)]
pub(super) struct SessionSettings(BTreeMap<String, String>);

impl SessionSettings {
    pub(super) fn get(&self, name: &str) -> Option<&String> {
        self.0.get(name)
    }

    /// True for a setting that is switched on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|flag| is_true(flag))
    }

    pub(super) fn search_path(&self) -> Option<String> {
        self.get("search_path").cloned()
    }

    /// `None` sets it back to its default.
    pub(super) fn change(&mut self, name: &str, value: Option<String>) {
        match value {
            Some(value) => drop(self.0.insert(name.to_owned(), value)),
            None if name == "all" => self.0.clear(),
            None => drop(self.0.remove(name)),
        }
    }

    /// The settings behind a transaction that was committed: what was set for it alone is what it was before.
    pub(super) fn without_local(mut self, before: &Self, local: &BTreeSet<String>) -> Self {
        for name in local {
            match before.get(name) {
                Some(value) => drop(self.0.insert(name.clone(), value.clone())),
                None => drop(self.0.remove(name)),
            }
        }
        self
    }
}

/// True for the words that switch a flag on.
pub(super) fn is_true(flag: &str) -> bool {
    matches!(flag.to_lowercase().as_str(), "true" | "on" | "yes" | "1")
}
