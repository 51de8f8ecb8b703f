//! The engines that are open. Whoever opens one holds the gate of that database alone: the others go on meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::engine::Engine;
use super::system::Siblings;
use crate::sync::locked;

/// A cluster and its database.
pub type Key = (String, String);

#[derive(Default)]
pub struct OpenEngines {
    /// Held for an instant only, never while files are read.
    engines: Mutex<HashMap<Key, Arc<Engine>>>,
    /// Of the databases that somebody opens or removes.
    gates: Mutex<HashMap<Key, Arc<Mutex<()>>>>,
    /// Read by those who open a database, written by who replaces the files of all.
    files: RwLock<()>,
}

impl OpenEngines {
    pub fn all(&self) -> MutexGuard<'_, HashMap<Key, Arc<Engine>>> {
        locked(&self.engines)
    }

    /// What only one at a time may hold, to open the database or to remove it.
    pub fn gate(&self, key: &Key) -> Arc<Mutex<()>> {
        let mut gates = locked(&self.gates);
        gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        gates.entry(key.clone()).or_default().clone()
    }

    /// Waits until no database of the cluster is being opened.
    pub fn wait_for_cluster(&self, cluster: &str) {
        let gates: Vec<_> =
            locked(&self.gates).iter().filter(|((id, _), _)| id == cluster).map(|(_, gate)| gate.clone()).collect();
        gates.iter().for_each(|gate| drop(locked(gate)));
    }

    /// The right to open databases, as long as nobody replaces their files.
    pub fn opening(&self) -> RwLockReadGuard<'_, ()> {
        self.files.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to read or replace the files of all databases; it waits for those that are being opened.
    pub fn nobody_opens(&self) -> RwLockWriteGuard<'_, ()> {
        self.files.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Siblings for OpenEngines {
    fn close(&self, warehouse: &str, database: &str, force: bool) -> bool {
        let key = (warehouse.to_owned(), database.to_owned());
        let gate = self.gate(&key);
        let held = gate.try_lock();
        if held.is_err() && !force {
            return false;
        }
        let mut engines = self.all();
        let Some(engine) = engines.get(&key) else { return true };
        let is_free = force || Arc::strong_count(engine) == 1 && engine.is_unused();
        if is_free {
            engine.system().end();
            engines.remove(&key);
        }
        is_free
    }
}
