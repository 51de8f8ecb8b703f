//! Costs of steps. The factors are those that the plans of c-the-query-plan and c_data_redistribution add up by; they are
//! made for comparing steps of one plan, not for telling how long anything takes.

use super::step::{Cost, Step};

/// Of a row that a step reads.
const ROW: f64 = 0.01;
/// Of an operator, a function or a comparison on one row.
const OPERATOR: f64 = 0.0025;
/// Of any sort: plans without one are cheaper.
const SORT: f64 = 1e12;
/// Of a byte that leaves its slice, for each slice that gets it.
const SENT_BYTE: f64 = 10_000.0;

/// Seq Scan: every row is read, and filters are evaluated.
pub fn scan(rows: f64, filters: usize) -> Cost {
    Cost { startup: 0.0, total: rows.max(1.0) * (ROW + OPERATOR * count(filters)) }
}

/// Subquery Scan.
pub fn subquery(child: &Step, filters: usize) -> Cost {
    Cost { total: child.cost.total + child.rows * (ROW + OPERATOR * count(filters)), ..child.cost }
}

/// Hash: no row is passed on before all are there.
pub fn hash(child: &Step) -> Cost {
    Cost { startup: child.cost.total, total: child.cost.total }
}

/// Hash Join; the inner rows are hashed first.
pub fn hash_join(outer: &Step, inner: &Step, rows: f64, sent: f64) -> Cost {
    let startup = inner.cost.total + inner.rows * OPERATOR;
    Cost { startup, total: startup + outer.cost.total + outer.rows * (ROW + OPERATOR) + rows * ROW + sent }
}

/// Merge Join: both sides are sorted.
pub fn merge_join(outer: &Step, inner: &Step, rows: f64) -> Cost {
    let total = outer.cost.total + inner.cost.total + (outer.rows + inner.rows) * OPERATOR + rows * ROW;
    Cost { startup: 0.0, total }
}

/// Nested Loop: the inner side is read for each outer row.
pub fn nested_loop(outer: &Step, inner: &Step, rows: f64, sent: f64) -> Cost {
    Cost { startup: 0.0, total: outer.cost.total + outer.rows * inner.cost.total + rows * ROW + sent }
}

/// HashAggregate, and Aggregate, which answers one row.
pub fn hash_aggregate(child: &Step, groups: f64, keys: usize, aggregates: usize) -> Cost {
    let startup = child.cost.total + child.rows * OPERATOR * count(keys + aggregates);
    Cost { startup, total: startup + groups * OPERATOR * count(aggregates) }
}

/// GroupAggregate, of rows that are sorted by the keys.
pub fn group_aggregate(child: &Step, groups: f64, keys: usize, aggregates: usize) -> Cost {
    let Cost { total, .. } = hash_aggregate(child, groups, keys, aggregates);
    Cost { startup: child.cost.startup, total }
}

/// Unique, and SetOp.
pub fn unique(child: &Step, columns: usize) -> Cost {
    Cost { total: child.cost.total + child.rows * OPERATOR * count(columns.max(1)), ..child.cost }
}

pub fn sort(child: &Step, on_leader: bool) -> Cost {
    let rows = child.rows.max(2.0);
    let comparisons = rows * rows.log2();
    let base = if on_leader { 0.0 } else { SORT };
    let startup = base + child.cost.total % SORT + comparisons * 2.0 * OPERATOR;
    Cost { startup, total: startup + child.rows * OPERATOR }
}

pub fn window(child: &Step) -> Cost {
    Cost { total: child.cost.total + child.rows * ROW, ..child.cost }
}

/// Limit: a part of what is below.
pub fn limit(child: &Step, rows: f64) -> Cost {
    let part = if child.rows > 0.0 { rows / child.rows } else { 1.0 };
    let Cost { startup, total } = child.cost;
    Cost { startup, total: startup + (total - startup) * part }
}

pub fn append(children: &[Step]) -> Cost {
    let startup = children.first().map_or(0.0, |child| child.cost.startup);
    Cost { startup, total: children.iter().map(|child| child.cost.total).sum() }
}

/// Rows that are sent to every slice.
pub fn broadcast(rows: f64, width: u64) -> f64 {
    rows * float(width.next_multiple_of(4) + 8) * SENT_BYTE
}

/// Rows that are sent to one slice each.
pub fn distribute(rows: f64, width: u64, slices: f64) -> f64 {
    broadcast(rows, width) / slices
}

fn count(of: usize) -> f64 {
    float(of as u64)
}

fn float(number: u64) -> f64 {
    number as f64
}

/// Of conditions on rows.
pub fn filter(rows: f64, conditions: usize) -> f64 {
    rows * OPERATOR * count(conditions)
}
