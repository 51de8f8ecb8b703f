//! Instances of DuckDB whose database was dropped, and that can serve another one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::engine::Engine;
use super::instance::Instance;
use crate::sync::locked;

/// Instances without a database that are kept.
const MOST_IDLE: usize = 8;

/// The instances of copies that were dropped.
#[derive(Clone, Default)]
pub struct IdleInstances {
    /// IdleInstances that were dropped, whose instances serve again once their last sessions have ended.
    pub dropped: Arc<Mutex<Vec<Arc<Engine>>>>,
}

impl IdleInstances {
    /// An instance for databases in this directory.
    pub fn take(&self, directory: &Path) -> Option<Instance> {
        let mut dropped = locked(&self.dropped);
        let serves = |engine: &Arc<Engine>| {
            engine.system().directory() == directory && Arc::strong_count(engine) == 1 && engine.is_unused()
        };
        let at = dropped.iter().position(serves)?;
        Arc::into_inner(dropped.swap_remove(at))?.into_instance()
    }

    /// Keeps a copy that was dropped, for its instance.
    pub fn keep(&self, engine: Arc<Engine>) {
        let mut dropped = locked(&self.dropped);
        if engine.system().database.is_attached() && dropped.len() < MOST_IDLE {
            dropped.push(engine);
        }
    }

    /// Nothing is copied any more in a directory that goes.
    pub fn forget(&self, directory: &Path) {
        let directory = absolute(directory);
        locked(&self.dropped).retain(|engine| engine.system().directory() != directory);
    }
}

/// DuckDB holds the paths of instances against what they may reach.
pub fn absolute(directory: &Path) -> PathBuf {
    std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned())
}
