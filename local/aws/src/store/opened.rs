//! An open database of the store: its handles, and how a write is marked.

use std::collections::BTreeMap;
use std::sync::Mutex;

use fjall::{AbstractTree, Keyspace, OwnedWriteBatch, PersistMode, UserKey, UserValue};
use redshift_engine::sync::locked;

use super::journal::{self, Run};
use super::mark::{MARK, Mark, MarkFile};

/// What one write changes in a keyspace: all of it, or nothing.
pub struct Change<'a> {
    batch: OwnedWriteBatch,
    keyspace: &'a Keyspace,
}

impl Change<'_> {
    pub fn insert(&mut self, key: impl Into<UserKey>, value: impl Into<UserValue>) {
        self.batch.insert(self.keyspace, key, value);
    }

    pub fn remove(&mut self, key: impl Into<UserKey>) {
        self.batch.remove(self.keyspace, key);
    }
}

/// The handles, in the order in which they are dropped: the last one releases the lock of the directory.
pub struct Opened {
    pub keyspaces: Vec<Keyspace>,
    pub db: fjall::Database,
    /// Held from the mark in a keyspace to that in the file: its numbers are in the order of the journal.
    pub mark: Mutex<MarkFile>,
}

impl Opened {
    /// A failed write makes fjall refuse all later ones.
    pub fn takes_writes(&self) -> bool {
        self.db.persist(PersistMode::Buffer).is_ok()
    }

    /// Writes with the next mark of the keyspace, and then marks it in the file: what the file says was written. Both cost
    /// some microseconds and no wait for the disk, as the journal itself: a process that is killed has written them.
    pub fn write(&self, keyspace: usize, write: impl Fn(&mut Change<'_>)) -> fjall::Result<()> {
        let mut change = Change { batch: self.db.batch(), keyspace: &self.keyspaces[keyspace] };
        write(&mut change);
        let mut mark = locked(&self.mark);
        let number = mark.numbers[keyspace] + 1;
        change.insert(MARK, number.to_be_bytes());
        change.batch.commit()?;
        mark.numbers[keyspace] = number;
        mark.write(false);
        Ok(())
    }
}

/// The marks of keyspaces.
pub fn numbers(keyspaces: &[Keyspace]) -> fjall::Result<Vec<u64>> {
    keyspaces.iter().map(|keyspace| Ok(mark_number(keyspace.get(MARK)?))).collect()
}

/// What is missing before or between the marks of the journals: in a keyspace they follow on those of its tables, or on
/// those of which nothing is known.
pub fn missing_before(
    keyspaces: &[Keyspace],
    mark: &Mark,
    runs: &BTreeMap<u64, Vec<Run>>,
) -> fjall::Result<Option<String>> {
    for (position, keyspace) in keyspaces.iter().enumerate() {
        let Some(runs) = journal::number(keyspace.path()).and_then(|id| runs.get(&id)) else { continue };
        let mut last = flushed(keyspace)?.max(mark.trusted(position));
        for run in runs {
            if run.first > last + 1 {
                let (lost, journal) = (run.first - last - 1, run.journal.display());
                return Ok(Some(format!("{lost} writes before those in {journal} are missing")));
            }
            last = last.max(run.last);
        }
    }
    Ok(None)
}

fn mark_number(value: Option<UserValue>) -> u64 {
    value.and_then(|bytes| bytes.first_chunk().copied()).map_or(0, u64::from_be_bytes)
}

/// The mark in the tables of a keyspace, without what was replayed of the journals.
fn flushed(keyspace: &Keyspace) -> fjall::Result<u64> {
    match keyspace.tree.get_highest_persisted_seqno() {
        Some(seqno) => Ok(mark_number(keyspace.tree.get(MARK, seqno + 1)?)),
        None => Ok(0),
    }
}
