//! Table locks (c_Concurrent_writes, r_LOCK): who writes a table keeps it until the transaction ends, and the next one waits.
//! A cycle of those who wait for each other is found when the last of them comes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::error::SqlError;
use crate::sync::locked;

/// How often one that waits looks whether it is to give up.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What a lock allows others, the weakest first. A stronger one stands for the weaker ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// Of those who read.
    AccessShare,
    /// Of INSERT, UPDATE, DELETE, MERGE and COPY.
    ShareRowExclusive,
    /// Of DDL, TRUNCATE and LOCK.
    AccessExclusive,
}

impl LockMode {
    /// As PG_LOCKS and SVV_TRANSACTIONS show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessShare => "AccessShareLock",
            Self::ShareRowExclusive => "ShareRowExclusiveLock",
            Self::AccessExclusive => "AccessExclusiveLock",
        }
    }

    fn conflicts(self, other: Self) -> bool {
        let strongest = self.max(other);
        strongest == Self::AccessExclusive || self == other && strongest == Self::ShareRowExclusive
    }
}

/// A session: each has one transaction at a time.
pub type LockOwner = u64;

/// A lock that is held or waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockRecord {
    /// With its schema.
    pub table: String,
    pub owner: LockOwner,
    pub mode: LockMode,
    pub is_granted: bool,
}

/// The locks of a database.
#[derive(Debug, Default)]
pub struct Locks(Mutex<LockTable>);

#[derive(Debug, Default)]
struct LockTable {
    tables: BTreeMap<String, TableLock>,
    /// The table that each one waits for.
    waits: BTreeMap<LockOwner, String>,
}

#[derive(Debug, Default)]
struct TableLock {
    held: Vec<(LockOwner, LockMode)>,
    waiting: VecDeque<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    owner: LockOwner,
    mode: LockMode,
    granted: Arc<Condvar>,
}

/// A place in the queue of a table.
#[derive(Debug)]
pub struct LockWait {
    owner: LockOwner,
    granted: Arc<Condvar>,
}

impl Locks {
    /// Takes a lock, or a place in the queue for it; `None` where it is held now.
    ///
    /// # Errors
    /// 40P01 where it would never be granted, because those who hold it wait for this owner.
    pub fn request(&self, owner: LockOwner, table: &str, mode: LockMode) -> Result<Option<LockWait>, SqlError> {
        let mut state = locked(&self.0);
        let lock = state.tables.entry(table.to_owned()).or_default();
        if lock.held_by(owner).is_some_and(|held| held >= mode) {
            return Ok(None);
        }
        let granted = Arc::<Condvar>::default();
        let waiter = Waiter { owner, mode, granted: granted.clone() };
        // One that holds a weaker lock is in the way of those who wait: it goes before them.
        match lock.held_by(owner) {
            Some(_) => lock.waiting.push_front(waiter),
            None => lock.waiting.push_back(waiter),
        }
        state.waits.insert(owner, table.to_owned());
        state.grant(table);
        if !state.waits.contains_key(&owner) {
            return Ok(None);
        }
        if state.is_in_cycle(owner) {
            state.withdraw(owner);
            return Err(SqlError::new("40P01", "deadlock detected"));
        }
        Ok(Some(LockWait { owner, granted }))
    }

    /// Waits until the lock is granted, or `check` finds a reason to give up.
    ///
    /// # Errors
    /// That of `check`.
    pub fn wait(&self, wait: &LockWait, check: impl Fn() -> Result<(), SqlError>) -> Result<(), SqlError> {
        let mut state = locked(&self.0);
        while state.waits.contains_key(&wait.owner) {
            if let Err(error) = check() {
                state.withdraw(wait.owner);
                return Err(error);
            }
            let waited = wait.granted.wait_timeout(state, LOOK_AGAIN);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// Releases everything that an owner holds: its transaction has ended.
    pub fn release(&self, owner: LockOwner) {
        let mut state = locked(&self.0);
        state.withdraw(owner);
        let is_held = |(_, lock): &(&String, &TableLock)| lock.held_by(owner).is_some();
        let tables: Vec<String> = state.tables.iter().filter(is_held).map(|(table, _)| table.clone()).collect();
        for table in tables {
            if let Some(lock) = state.tables.get_mut(&table) {
                lock.held.retain(|(holder, _)| *holder != owner);
            }
            state.grant(&table);
        }
    }

    /// All locks, those that are held first.
    pub fn records(&self) -> Vec<LockRecord> {
        let state = locked(&self.0);
        let records = state.tables.iter().flat_map(|(table, lock)| {
            let record = |owner, mode, is_granted| LockRecord { table: table.clone(), owner, mode, is_granted };
            let held = lock.held.iter().map(move |(owner, mode)| record(*owner, *mode, true));
            held.chain(lock.waiting.iter().map(move |waiter| record(waiter.owner, waiter.mode, false)))
        });
        records.collect()
    }

    /// Forgets all of them: the database is another one, or was opened anew. Who waits asks again.
    pub fn clear(&self) {
        *locked(&self.0) = LockTable::default();
    }
}

impl TableLock {
    fn held_by(&self, owner: LockOwner) -> Option<LockMode> {
        self.held.iter().find(|(holder, _)| *holder == owner).map(|(_, mode)| *mode)
    }

    /// For whom the waiter at this place waits: those who hold the lock, and those before it in the queue.
    fn blockers(&self, place: usize) -> impl Iterator<Item = LockOwner> {
        let Waiter { owner, mode, .. } = &self.waiting[place];
        let is_before = self.waiting.iter().take(place).map(|waiter| (waiter.owner, waiter.mode));
        let others = self.held.iter().copied().chain(is_before);
        others.filter(move |(other, held)| other != owner && held.conflicts(*mode)).map(|(other, _)| other)
    }
}

impl LockTable {
    /// Grants what nothing is in the way of any more, in the order of the queue.
    fn grant(&mut self, table: &str) {
        let Some(lock) = self.tables.get_mut(table) else { return };
        let mut place = 0;
        while place < lock.waiting.len() {
            if lock.blockers(place).next().is_some() {
                place += 1;
                continue;
            }
            let Some(Waiter { owner, mode, granted }) = lock.waiting.remove(place) else { break };
            lock.held.retain(|(holder, _)| *holder != owner);
            lock.held.push((owner, mode));
            self.waits.remove(&owner);
            granted.notify_all();
        }
        if lock.held.is_empty() && lock.waiting.is_empty() {
            self.tables.remove(table);
        }
    }

    /// An owner waits no longer.
    fn withdraw(&mut self, owner: LockOwner) {
        let Some(table) = self.waits.remove(&owner) else { return };
        if let Some(lock) = self.tables.get_mut(&table) {
            lock.waiting.retain(|waiter| waiter.owner != owner);
        }
        self.grant(&table);
    }

    /// For whom an owner waits.
    fn blockers(&self, owner: LockOwner) -> Vec<LockOwner> {
        let lock = self.waits.get(&owner).and_then(|table| self.tables.get(table));
        let place = |lock: &TableLock| lock.waiting.iter().position(|waiter| waiter.owner == owner);
        let found = lock.and_then(|lock| place(lock).map(|place| lock.blockers(place).collect()));
        found.unwrap_or_default()
    }

    /// Returns true if an owner waits for itself, by way of others.
    fn is_in_cycle(&self, owner: LockOwner) -> bool {
        let (mut seen, mut next) = (BTreeSet::new(), self.blockers(owner));
        while let Some(blocker) = next.pop() {
            if blocker == owner {
                return true;
            }
            if seen.insert(blocker) {
                next.extend(self.blockers(blocker));
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::LockMode::{AccessExclusive, AccessShare, ShareRowExclusive};
    use super::*;

    #[test]
    fn modes_conflict_as_in_redshift() {
        let modes = [AccessShare, ShareRowExclusive, AccessExclusive];
        let found = modes.map(|one| modes.map(|other| one.conflicts(other)));
        assert_eq!(found, [[false, false, true], [false, true, true], [true, true, true]]);
    }

    #[test]
    fn the_second_writer_waits_and_readers_do_not_overtake_one_who_locks() {
        let locks = Locks::default();
        let asks = |owner, mode| locks.request(owner, "t", mode).expect("no deadlock").is_none();
        assert!(asks(1, ShareRowExclusive) && asks(2, AccessShare), "a writer lets others read");
        assert!(!asks(3, AccessExclusive) && !asks(4, AccessShare), "the reader waits behind the one who locks");
        locks.release(1);
        assert!(!asks(5, ShareRowExclusive));
        locks.release(2);
        let granted = || locks.records().into_iter().filter(|lock| lock.is_granted).map(|lock| lock.owner);
        assert_eq!(granted().collect::<Vec<_>>(), [3]);
        locks.release(3);
        assert_eq!(granted().collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn one_of_those_who_wait_for_each_other_is_refused() {
        let locks = Locks::default();
        for (owner, table) in [(1, "a"), (2, "b"), (3, "c")] {
            assert!(locks.request(owner, table, ShareRowExclusive).expect("free").is_none());
        }
        assert!(locks.request(1, "b", ShareRowExclusive).expect("waits").is_some());
        assert!(locks.request(2, "c", ShareRowExclusive).expect("waits").is_some());
        assert_eq!(locks.request(3, "a", ShareRowExclusive).expect_err("a cycle").sqlstate, "40P01");
        locks.release(3);
        let wait = LockWait { owner: 2, granted: Arc::default() };
        locks.wait(&wait, || panic!("it is granted")).expect("granted");
    }

    #[test]
    fn one_that_gives_up_leaves_the_queue() {
        let locks = Locks::default();
        assert!(locks.request(1, "t", AccessShare).expect("free").is_none());
        let wait = locks.request(2, "t", AccessExclusive).expect("no deadlock").expect("it waits");
        assert!(locks.request(3, "t", AccessShare).expect("no deadlock").is_some());
        let error = locks.wait(&wait, || Err(SqlError::new("57014", "cancelled"))).expect_err("cancelled");
        assert_eq!(error.sqlstate, "57014");
        assert!(locks.records().iter().all(|lock| lock.is_granted && lock.owner != 2));
    }

    /// Whatever is asked for in whichever order: no two hold what conflicts, nobody waits for nothing, and all get on when
    /// the others end.
    #[test]
    fn requests_in_any_order_end() {
        for seed in 0..500 {
            let mut random = fastrand::Rng::with_seed(seed);
            let locks = Locks::default();
            for _ in 0..60 {
                let owner = random.u64(0..6);
                if random.u8(0..4) == 0 || locked(&locks.0).waits.contains_key(&owner) {
                    locks.release(owner);
                } else {
                    let mode = [AccessShare, ShareRowExclusive, AccessExclusive][random.usize(0..3)];
                    let _ = locks.request(owner, ["a", "b", "c"][random.usize(0..3)], mode);
                }
                let state = locked(&locks.0);
                for (table, lock) in &state.tables {
                    let conflict = lock.held.iter().enumerate().find(|(at, (one, mode))| {
                        lock.held[at + 1..].iter().any(|(other, held)| other == one || held.conflicts(*mode))
                    });
                    assert_eq!(conflict, None, "seed {seed}: {table}");
                    for place in 0..lock.waiting.len() {
                        assert!(lock.blockers(place).next().is_some(), "seed {seed}: {table} is free");
                    }
                }
                assert!(state.waits.keys().all(|owner| !state.is_in_cycle(*owner)), "seed {seed}: a cycle");
            }
            (0..6).for_each(|owner| locks.release(owner));
            assert!(locks.records().is_empty(), "seed {seed}");
        }
    }
}
