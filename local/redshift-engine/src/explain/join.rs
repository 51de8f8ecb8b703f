//! Joins: in which order relations meet, by which step, and what is filtered where.

use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr};

use super::distribution::{Distribution, Meeting, Movement, Side, meet};
use super::expression::{Naming, Printer};
use super::from::{JoinKind, Joined, Source};
use super::planner::Planner;
use super::relation::{ColumnRef, Input};
use super::step::Step;
use super::text::all_of;
use super::{cost, walk};

/// A condition that is not evaluated yet.
#[derive(Debug, Clone)]
pub struct Condition {
    pub expr: Expr,
    pub columns: BTreeSet<ColumnRef>,
}

impl Condition {
    pub fn new(expr: Expr, source: &Source) -> Self {
        let columns = walk::columns(&expr, &source.scope);
        Self { expr, columns }
    }

    fn is_of(&self, relations: &BTreeSet<usize>) -> bool {
        self.columns.iter().all(|column| relations.contains(&column.relation))
    }
}

/// What a query block reads of its FROM, and the conditions that are left.
pub struct Block<'a> {
    pub source: &'a mut Source,
    /// The columns that are read above all joins.
    pub needed: BTreeSet<ColumnRef>,
    pub conditions: Vec<Condition>,
}

impl Block<'_> {
    fn width(&self, relations: &BTreeSet<usize>) -> u64 {
        let left = self.conditions.iter().flat_map(|condition| &condition.columns);
        let here = self.needed.iter().chain(left).filter(|column| relations.contains(&column.relation));
        self.source.scope.width(here)
    }

    /// Takes the conditions that these relations are enough for.
    fn take(&mut self, relations: &BTreeSet<usize>) -> Vec<Condition> {
        let is_here = |condition: &mut Condition| !condition.columns.is_empty() && condition.is_of(relations);
        self.conditions.extract_if(.., is_here).collect()
    }

    fn texts(&self, conditions: &[Condition], naming: Naming<'_>) -> Vec<String> {
        let printer = Printer { scope: &self.source.scope, naming };
        conditions.iter().filter_map(|condition| printer.text(&condition.expr)).collect()
    }
}

impl Planner<'_> {
    /// Joins everything. The conditions of inner joins are like those of WHERE.
    pub fn join(&mut self, joined: &Joined, block: &mut Block<'_>) -> Input {
        let mut units = Vec::new();
        gather(joined, block);
        self.units(joined, block, &mut units);
        let first = units.iter().enumerate().fold(
            0,
            |best, (at, unit)| {
                if unit.step.rows > units[best].step.rows { at } else { best }
            },
        );
        let mut whole = units.remove(first);
        while !units.is_empty() {
            let next = self.next(&whole, &units, block);
            let inner = units.remove(next);
            let relations = &whole.relations | &inner.relations;
            let conditions = block.take(&relations);
            whole = self.meet(whole, inner, JoinKind::Inner, conditions, Vec::new(), block);
        }
        whole
    }

    /// The relation that is joined next: one that meets where it is, then the smallest one, before those without a condition.
    fn next(&self, whole: &Input, units: &[Input], block: &Block<'_>) -> usize {
        let rank = |unit: &Input| {
            let relations = &whole.relations | &unit.relations;
            let ready: Vec<&Condition> =
                block.conditions.iter().filter(|condition| condition.is_of(&relations)).collect();
            let pairs: Vec<_> = ready.iter().filter_map(|condition| sides(condition, whole, unit, block)).collect();
            let columns = column_pairs(&pairs, block);
            let is_near = |(outer, inner): &(ColumnRef, ColumnRef)| {
                whole.distribution.is_by(outer) && unit.distribution.is_by(inner)
            };
            (pairs.is_empty(), ready.is_empty(), !columns.iter().any(is_near))
        };
        let mut places: Vec<usize> = (0..units.len()).collect();
        places.sort_by(|one, two| {
            let key = |at: usize| rank(&units[at]);
            key(*one).cmp(&key(*two)).then(units[*one].step.rows.total_cmp(&units[*two].step.rows))
        });
        places.first().copied().unwrap_or(0)
    }

    /// The inputs of an inner join, each with its own filters.
    fn units(&mut self, joined: &Joined, block: &mut Block<'_>, units: &mut Vec<Input>) {
        match joined {
            Joined::Relation(at) => {
                let input = block.source.inputs[*at].clone();
                let filters = block.take(&input.relations);
                units.push(self.filtered(input, &filters, block));
            }
            Joined::Join { kind: JoinKind::Inner, left, right, .. } => {
                self.units(left, block, units);
                self.units(right, block, units);
            }
            Joined::Join { kind, left, right, on } => units.push(self.outer_join(*kind, left, right, on, block)),
        }
    }

    fn outer_join(
        &mut self,
        kind: JoinKind,
        left: &Joined,
        right: &Joined,
        on: &[Expr],
        block: &mut Block<'_>,
    ) -> Input {
        let mut on: Vec<Condition> = on.iter().map(|expr| Condition::new(expr.clone(), block.source)).collect();
        // The sides have the columns that the join reads, besides those that are read above it.
        let needed = block.needed.clone();
        block.needed.extend(on.iter().flat_map(|condition| condition.columns.clone()));
        let mut side = |joined: &Joined, keeps_all: bool, block: &mut Block<'_>| {
            let relations = relations(joined);
            // What WHERE says of a side whose rows may be missing is asked above the join, what ON says of it below.
            let above = std::mem::take(&mut block.conditions);
            let (below, above): (Vec<_>, Vec<_>) = match kind {
                JoinKind::Full => (Vec::new(), above),
                _ if keeps_all => above.into_iter().partition(|condition| condition.is_of(&relations)),
                _ => (on.extract_if(.., |condition| condition.is_of(&relations)).collect(), above),
            };
            block.needed.extend(above.iter().flat_map(|condition| condition.columns.clone()));
            block.conditions = below;
            let input = self.join(joined, block);
            block.conditions.extend(above);
            input
        };
        let outer = side(left, kind == JoinKind::Left, block);
        let inner = side(right, kind == JoinKind::Right, block);
        block.needed = needed;
        let filters = block.take(&(&outer.relations | &inner.relations));
        self.meet(outer, inner, kind, on, filters, block)
    }

    /// An input whose rows fulfil conditions, and which has the columns that are read.
    fn filtered(&mut self, mut input: Input, filters: &[Condition], block: &Block<'_>) -> Input {
        let step = &mut input.step;
        let is_table = step.children.is_empty() && !input.tables.is_empty();
        let estimated = input.tables.first().filter(|_| is_table).and_then(|table| self.estimates.scan(table));
        if is_table || step.name.starts_with("Subquery Scan") || input.tables.is_empty() {
            step.width = block.width(&input.relations);
        }
        if filters.is_empty() {
            return input;
        }
        let all = step.rows;
        step.cost.total += cost::filter(all, filters.len());
        step.filters.extend(block.texts(filters, Naming::Bare));
        step.rows = estimated.unwrap_or(all / 5.0).clamp(1.0, all.max(1.0));
        input
    }

    /// One step of a join, of what the conditions say of both sides.
    pub fn meet(
        &mut self,
        outer: Input,
        inner: Input,
        kind: JoinKind,
        conditions: Vec<Condition>,
        filters: Vec<Condition>,
        block: &Block<'_>,
    ) -> Input {
        let is_equal = |condition: &Condition| sides(condition, &outer, &inner, block).is_some();
        let has_equal = conditions.iter().any(is_equal);
        let (outer, inner, kind) = turned(outer, inner, kind, has_equal);
        let pairs: Vec<(Expr, Expr)> =
            conditions.iter().filter_map(|condition| sides(condition, &outer, &inner, block)).collect();
        let others: Vec<Condition> =
            conditions.iter().filter(|condition| sides(condition, &outer, &inner, block).is_none()).cloned().collect();
        let columns = column_pairs(&pairs, block);
        let keeps_inner = matches!(kind, JoinKind::Right | JoinKind::Full);
        let side = |input: &'_ Input| (input.distribution.clone(), input.step.clone());
        let ((outer_rows, outer_step), (inner_rows, inner_step)) = (side(&outer), side(&inner));
        let sides = (
            Side { distribution: &outer_rows, step: &outer_step },
            Side { distribution: &inner_rows, step: &inner_step },
        );
        let Meeting { movement, cost: sent, distribution, sent_by } =
            meet(&sides.0, &sides.1, &columns, has_equal, keeps_inner, self.slices);
        let relations = &outer.relations | &inner.relations;
        let mut tables = [&outer.tables[..], &inner.tables].concat();
        tables.sort();
        let rows = self.estimates.join(&tables).unwrap_or_else(|| joined_rows(kind, has_equal, &outer, &inner));
        // Not for full joins (c-the-query-plan).
        let can_merge = matches!(kind, JoinKind::Inner | JoinKind::Left | JoinKind::Right);
        let is_merge = can_merge && movement == Movement::None && is_sorted(&outer, &inner, &columns);
        let printer = Printer { scope: &block.source.scope, naming: Naming::Sides(&inner.relations) };
        let equal = |(outer, inner): &(Expr, Expr)| {
            let (left, right) = (Box::new(outer.clone()), Box::new(inner.clone()));
            printer.text(&Expr::BinaryOp { left, op: BinaryOperator::Eq, right })
        };
        let condition = pairs.iter().map(equal).collect::<Option<Vec<_>>>().and_then(|texts| all_of(&texts));
        let others = all_of(&block.texts(&others, printer.naming));
        let word = word(kind);
        let place = if self.on_leader { "" } else { movement.name() };
        let (name, cost, below) = match (has_equal, is_merge) {
            (true, true) => (format!("Merge {word}Join"), cost::merge_join(&outer.step, &inner.step, rows), inner.step),
            (true, false) => {
                let cost = cost::hash_join(&outer.step, &inner.step, rows, sent);
                let (hash, all) = (cost::hash(&inner.step), inner.step.rows);
                (format!("Hash {word}Join"), cost, Step::over(inner.step, "Hash", hash, all))
            }
            (false, _) => {
                let cost = cost::nested_loop(&outer.step, &inner.step, rows, sent);
                (
                    format!("Nested Loop{}", if word.is_empty() { String::new() } else { format!(" {word}Join") }),
                    cost,
                    inner.step,
                )
            }
        };
        let mut step = Step::leaf(format!("{name} {place}").trim_end(), cost, rows, block.width(&relations));
        let above = Printer { naming: Naming::Qualified, ..printer };
        if let Some((by_outer, by_inner)) = sent_by.filter(|_| !self.on_leader) {
            let keys = |wanted: &[Movement], key: &ColumnRef| {
                above.column(key).filter(|_| wanted.contains(&movement)).into_iter().collect::<Vec<_>>()
            };
            step = step.detail("Outer Dist Key", &keys(&[Movement::Outer, Movement::Both], &by_outer));
            step = step.detail("Inner Dist Key", &keys(&[Movement::Inner, Movement::Both], &by_inner));
        }
        let kind_of_condition = if is_merge { "Merge Cond" } else { "Hash Cond" };
        step = step.detail(kind_of_condition, &condition.into_iter().collect::<Vec<_>>());
        step = step.detail("Join Filter", &others.into_iter().collect::<Vec<_>>());
        step.filters = block.texts(&filters, Naming::Sides(&inner.relations));
        if !filters.is_empty() {
            step.cost.total += cost::filter(step.rows, filters.len());
            step.rows = (step.rows / 5.0).max(1.0);
        }
        step.children = vec![outer.step, below];
        // A merge join keeps the order of its outer rows.
        let sorted = if is_merge { outer.sorted } else { Vec::new() };
        Input { step, relations, distribution, sorted, tables }
    }
}

/// Adds the conditions of inner joins to those of WHERE, as far as no outer join is between.
fn gather(joined: &Joined, block: &mut Block<'_>) {
    if let Joined::Join { kind: JoinKind::Inner, left, right, on } = joined {
        gather(left, block);
        gather(right, block);
        let conditions: Vec<_> = on.iter().map(|expr| Condition::new(expr.clone(), block.source)).collect();
        block.conditions.extend(conditions);
    }
}

fn relations(joined: &Joined) -> BTreeSet<usize> {
    match joined {
        Joined::Relation(at) => [*at].into(),
        Joined::Join { left, right, .. } => &relations(left) | &relations(right),
    }
}

/// The two sides of an equation between both inputs, outer and inner.
fn sides(condition: &Condition, outer: &Input, inner: &Input, block: &Block<'_>) -> Option<(Expr, Expr)> {
    let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = &condition.expr else { return None };
    let is_of = |expr: &Expr, input: &Input| {
        let columns = walk::columns(expr, &block.source.scope);
        !columns.is_empty() && columns.iter().all(|column| input.relations.contains(&column.relation))
    };
    match () {
        () if is_of(left, outer) && is_of(right, inner) => Some((*left.clone(), *right.clone())),
        () if is_of(right, outer) && is_of(left, inner) => Some((*right.clone(), *left.clone())),
        () => None,
    }
}

fn column_pairs(pairs: &[(Expr, Expr)], block: &Block<'_>) -> Vec<(ColumnRef, ColumnRef)> {
    let resolve = |expr: &Expr| block.source.scope.resolve(expr);
    pairs.iter().filter_map(|(outer, inner)| Some((resolve(outer)?, resolve(inner)?))).collect()
}

/// An outer join whose inner side is the larger one is turned, as the smaller side is hashed.
fn turned(outer: Input, inner: Input, kind: JoinKind, can_hash: bool) -> (Input, Input, JoinKind) {
    let is_larger = inner.step.rows > outer.step.rows && can_hash;
    match kind {
        JoinKind::Left if is_larger && inner.distribution != Distribution::All => (inner, outer, JoinKind::Right),
        JoinKind::Right if is_larger || !can_hash => (inner, outer, JoinKind::Left),
        JoinKind::Full if is_larger => (inner, outer, JoinKind::Full),
        kind => (outer, inner, kind),
    }
}

/// Returns true where both sides are sorted by columns that are to be equal (c-the-query-plan: merge join).
fn is_sorted(outer: &Input, inner: &Input, pairs: &[(ColumnRef, ColumnRef)]) -> bool {
    let Some((by_outer, by_inner)) = outer.sorted.first().zip(inner.sorted.first()) else { return false };
    pairs.iter().any(|(outer_column, inner_column)| {
        outer_column == by_outer
            && inner_column == by_inner
            && outer.distribution.is_by(outer_column)
            && inner.distribution.is_by(inner_column)
    })
}

fn joined_rows(kind: JoinKind, has_equal: bool, outer: &Input, inner: &Input) -> f64 {
    let (outer, inner) = (outer.step.rows, inner.step.rows);
    match kind {
        JoinKind::In | JoinKind::NotIn => outer,
        JoinKind::Left => outer.max(if has_equal { 0.0 } else { outer * inner }),
        JoinKind::Right => inner,
        _ if has_equal => outer.max(inner),
        _ => outer * inner,
    }
}

fn word(kind: JoinKind) -> &'static str {
    match kind {
        JoinKind::Inner => "",
        JoinKind::Left => "Left ",
        JoinKind::Right => "Right ",
        JoinKind::Full => "Full ",
        JoinKind::In => "IN ",
        JoinKind::NotIn => "NOT IN ",
    }
}
