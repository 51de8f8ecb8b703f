//! Serializable isolation (c_serial_isolation): the transactions of such a database must have an order in which they could
//! have run one after the other. The statement after which there is none fails. As in Redshift, a transaction has read or
//! written whole tables.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::locks::LockOwner;
use crate::sync::locked;

/// The transactions of a database, where it has serializable isolation.
#[derive(Debug, Default)]
pub struct Serializable {
    is_on: AtomicBool,
    history: Mutex<History>,
}

#[derive(Debug, Default)]
struct History {
    /// How many transactions were committed.
    commits: u64,
    transactions: Vec<TransactionAccess>,
}

/// What a transaction has read and written. It is kept until all that ran beside it have ended.
#[derive(Debug, Clone)]
struct TransactionAccess {
    owner: LockOwner,
    xid: i64,
    /// How many were committed when it began to look at data.
    snapshot: u64,
    committed: Option<u64>,
    reads: BTreeSet<String>,
    writes: BTreeSet<String>,
}

/// No order is left.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    pub table: String,
    /// The transactions that come before each other.
    pub cycle: Vec<i64>,
}

impl Serializable {
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::SeqCst)
    }

    pub fn set(&self, is_on: bool) {
        self.is_on.store(is_on, Ordering::SeqCst);
    }

    /// Notes what a statement reads and writes. The locks of the tables that it writes are held, and its transaction sees the
    /// state of this moment from now on, if it has none yet.
    pub fn note(
        &self,
        (owner, xid): (LockOwner, i64),
        reads: &BTreeSet<String>,
        writes: &BTreeSet<String>,
    ) -> Result<(), Violation> {
        let mut history = locked(&self.history);
        let known = history.transactions.iter().position(|one| one.owner == owner && one.committed.is_none());
        let at = known.unwrap_or(history.transactions.len());
        if known.is_none() {
            let (snapshot, reads, writes) = (history.commits, BTreeSet::new(), BTreeSet::new());
            history.transactions.push(TransactionAccess { owner, xid, snapshot, committed: None, reads, writes });
        }
        let transaction = &mut history.transactions[at];
        transaction.reads.extend(reads.iter().cloned());
        transaction.writes.extend(writes.iter().cloned());
        match history.cycle(at) {
            Some(cycle) => {
                let next = &history.transactions[cycle[1]];
                let is_common = |table: &&String| next.reads.contains(*table) || next.writes.contains(*table);
                let table = writes.iter().chain(reads).find(is_common).cloned().unwrap_or_default();
                Err(Violation { table, cycle: cycle.iter().map(|at| history.transactions[*at].xid).collect() })
            }
            None => Ok(()),
        }
    }

    /// A transaction has ended.
    pub fn end(&self, owner: LockOwner, is_committed: bool) {
        let mut history = locked(&self.history);
        if is_committed {
            history.commits += 1;
            let number = history.commits;
            let open = history.transactions.iter_mut().find(|one| one.owner == owner && one.committed.is_none());
            if let Some(open) = open {
                open.committed = Some(number);
            }
        } else {
            history.transactions.retain(|one| one.owner != owner || one.committed.is_some());
        }
        history.forget();
    }
}

impl History {
    /// Returns true if one must have come before the other.
    fn is_before(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.transactions[one], &self.transactions[other]);
        let meet = |left: &BTreeSet<String>, right: &BTreeSet<String>| !left.is_disjoint(right);
        // It has read what the other one has written since.
        let has_missed = other.committed.is_none_or(|number| number > one.snapshot) && meet(&one.reads, &other.writes);
        // The other one has read what it has written, or written over it.
        let was_seen = one.committed.is_some_and(|number| number <= other.snapshot) && meet(&one.writes, &other.reads);
        let is_earlier = one.committed.is_some_and(|number| other.committed.is_none_or(|later| number < later));
        has_missed || was_seen || is_earlier && meet(&one.writes, &other.writes)
    }

    /// The way from a transaction to itself.
    fn cycle(&self, from: usize) -> Option<Vec<usize>> {
        let mut paths = vec![vec![from]];
        let mut seen = BTreeSet::new();
        while let Some(path) = paths.pop() {
            let last = *path.last()?;
            for next in (0..self.transactions.len()).filter(|next| *next != last && self.is_before(last, *next)) {
                if next == from {
                    return Some(path);
                }
                if seen.insert(next) {
                    paths.push([&path[..], &[next]].concat());
                }
            }
        }
        None
    }

    /// Forgets those beside which none runs any more that is known.
    fn forget(&mut self) {
        while let Some(at) = self.transactions.iter().position(|one| {
            let is_beside = |other: &TransactionAccess| {
                (other.owner, other.xid) != (one.owner, one.xid)
                    && one.committed.is_some_and(|end| other.snapshot < end)
            };
            one.committed.is_some() && !self.transactions.iter().any(is_beside)
        }) {
            self.transactions.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: (LockOwner, i64) = (1, 101);
    const TWO: (LockOwner, i64) = (2, 102);

    fn tables(names: &str) -> BTreeSet<String> {
        names.split_whitespace().map(str::to_owned).collect()
    }

    /// The example of c_serial_isolation.
    #[test]
    fn transactions_that_read_what_the_other_one_writes_have_no_order() {
        let history = Serializable::default();
        let none = tables("");
        history.note(ONE, &tables("tab1"), &none).expect("alone");
        history.note(ONE, &none, &tables("tab2")).expect("alone");
        history.note(TWO, &none, &tables("tab1")).expect("one comes first");
        let violation = history.note(TWO, &tables("tab2"), &none).expect_err("no order");
        assert_eq!(violation, Violation { table: "tab2".into(), cycle: vec![102, 101] });
        history.end(TWO.0, false);
        history.end(ONE.0, true);
        assert!(locked(&history.history).transactions.is_empty());
    }

    #[test]
    fn an_update_of_what_was_committed_since_has_no_order_and_an_insert_has() {
        let history = Serializable::default();
        let (none, both) = (tables(""), tables("t"));
        history.note(TWO, &tables("other"), &none).expect("alone");
        history.note(ONE, &both, &both).expect("beside");
        history.end(ONE.0, true);
        history.note(TWO, &none, &both).expect("an insert");
        assert!(history.note(TWO, &both, &both).is_err());
        history.end(TWO.0, false);
        history.note(TWO, &both, &both).expect("it begins after the other one");
        history.end(TWO.0, true);
        assert!(locked(&history.history).transactions.is_empty());
    }
}
