//! How the rows of two sides meet for a join (c_data_redistribution): by the distribution of both, and by what it costs to
//! send them.

use super::cost;
use super::relation::ColumnRef;
use super::step::Step;

/// Where rows are.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// On every node.
    All,
    /// By any of these columns, which are equal.
    Key(Vec<ColumnRef>),
    /// Anywhere.
    Even,
}

impl Distribution {
    pub fn is_by(&self, column: &ColumnRef) -> bool {
        matches!(self, Self::Key(keys) if keys.contains(column))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    None,
    AllNone,
    Inner,
    Outer,
    BroadcastInner,
    AllInner,
    Both,
}

impl Movement {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "DS_DIST_NONE",
            Self::AllNone => "DS_DIST_ALL_NONE",
            Self::Inner => "DS_DIST_INNER",
            Self::Outer => "DS_DIST_OUTER",
            Self::BroadcastInner => "DS_BCAST_INNER",
            Self::AllInner => "DS_DIST_ALL_INNER",
            Self::Both => "DS_DIST_BOTH",
        }
    }
}

/// One side of a join.
#[derive(Debug)]
pub struct Side<'a> {
    pub distribution: &'a Distribution,
    pub step: &'a Step,
}

/// How the sides meet, what that costs, and where the rows of the join are.
#[derive(Debug)]
pub struct Meeting {
    pub movement: Movement,
    pub cost: f64,
    pub distribution: Distribution,
    /// The columns by which rows are sent.
    pub sent_by: Option<(ColumnRef, ColumnRef)>,
}

/// Decides for sides whose columns of `pairs`, outer and inner, are to be equal; `can_hash` where any expressions are.
/// An inner side whose rows are all kept cannot be in several places.
pub fn meet(
    outer: &Side<'_>,
    inner: &Side<'_>,
    pairs: &[(ColumnRef, ColumnRef)],
    can_hash: bool,
    keeps_inner: bool,
    slices: f64,
) -> Meeting {
    let staying = |movement, cost| Meeting { movement, cost, distribution: outer.distribution.clone(), sent_by: None };
    if *inner.distribution == Distribution::All && (!keeps_inner || *outer.distribution == Distribution::All) {
        return staying(Movement::AllNone, 0.0);
    }
    let send = |side: &Side<'_>| cost::distribute(side.step.rows, side.step.width, slices);
    if *outer.distribution == Distribution::All {
        return Meeting { distribution: Distribution::Even, ..staying(Movement::AllInner, send(inner)) };
    }
    let by = |found: Option<&(ColumnRef, ColumnRef)>| found.cloned();
    let with = |pair: &(ColumnRef, ColumnRef), kept: &Distribution| match kept {
        Distribution::Key(keys) => {
            let mut keys = keys.clone();
            keys.extend(
                [pair.0.clone(), pair.1.clone()].into_iter().filter(|key| !keys.contains(key)).collect::<Vec<_>>(),
            );
            Distribution::Key(keys)
        }
        _ => Distribution::Key(vec![pair.0.clone(), pair.1.clone()]),
    };
    let is_outer_key = |pair: &&(ColumnRef, ColumnRef)| outer.distribution.is_by(&pair.0);
    let is_inner_key = |pair: &&(ColumnRef, ColumnRef)| inner.distribution.is_by(&pair.1);
    if let Some(pair) = pairs.iter().find(|pair| is_outer_key(pair) && is_inner_key(pair)) {
        return Meeting { distribution: with(pair, outer.distribution), ..staying(Movement::None, 0.0) };
    }
    let mut ways = Vec::new();
    if let Some(pair) = by(pairs.iter().find(is_outer_key)) {
        let distribution = with(&pair, outer.distribution);
        ways.push(Meeting { distribution, sent_by: Some(pair), ..staying(Movement::Inner, send(inner)) });
    } else if let Some(pair) = by(pairs.iter().find(is_inner_key)) {
        let distribution = with(&pair, inner.distribution);
        ways.push(Meeting { distribution, sent_by: Some(pair), ..staying(Movement::Outer, send(outer)) });
    } else if can_hash {
        let pair = by(pairs.first());
        let distribution = pair.as_ref().map_or(Distribution::Even, |pair| with(pair, &Distribution::Even));
        ways.push(Meeting { distribution, sent_by: pair, ..staying(Movement::Both, send(outer) + send(inner)) });
    }
    if !keeps_inner || ways.is_empty() {
        ways.push(staying(Movement::BroadcastInner, cost::broadcast(inner.step.rows, inner.step.width)));
    }
    let first = ways.remove(0);
    ways.into_iter().fold(first, |best, way| if way.cost < best.cost { way } else { best })
}
