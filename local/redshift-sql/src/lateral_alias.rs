//! *Lateral aliases beside GROUP BY*: Redshift puts what an alias names in its place. DuckDB does not where rows are
//! grouped, and says which alias it met: one that is no column of FROM, which would come first.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, GroupByExpr, Query, Select, SelectItem, Statement, VisitMut, VisitorMut};

use crate::error::TranslateError;

/// The aliases of a statement that DuckDB could not use.
#[derive(Debug, Default)]
pub struct LateralAliases(RefCell<BTreeSet<String>>);

impl LateralAliases {
    /// Takes an alias from what DuckDB says; whether it is new.
    pub fn learn(&self, error: &TranslateError) -> bool {
        let said = error.message.split_once("Alias with name \"").map(|(_, rest)| rest);
        let alias = said.and_then(|rest| rest.split_once("\" exists, but aliases cannot be used"));
        alias.is_some_and(|(alias, _)| self.0.borrow_mut().insert(alias.trim_matches('"').to_lowercase()))
    }

    /// Puts in what they name. An alias of several SELECTs stays: in which of them it is no column is not known.
    pub fn inline(&self, statement: &mut Statement) {
        let learned = self.0.borrow();
        if learned.is_empty() {
            return;
        }
        let mut counts = Counts(BTreeMap::new());
        let _ = statement.visit(&mut counts);
        let once = learned.iter().filter(|alias| counts.0.get(*alias) == Some(&1)).cloned().collect();
        let _ = statement.visit(&mut Inlines(once));
    }
}

fn is_grouped(select: &Select) -> bool {
    !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty())
}

/// How many SELECTs with GROUP BY give an alias.
struct Counts(BTreeMap<String, usize>);

impl VisitorMut for Counts {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let aliases: BTreeSet<String> = match is_grouped(select) {
            true => select.projection.iter().filter_map(alias_of).collect(),
            false => BTreeSet::new(),
        };
        for alias in aliases {
            *self.0.entry(alias).or_default() += 1;
        }
        ControlFlow::Continue(())
    }
}

fn alias_of(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.to_lowercase()),
        _ => None,
    }
}

struct Inlines(BTreeSet<String>);

impl VisitorMut for Inlines {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        if !is_grouped(select) {
            return ControlFlow::Continue(());
        }
        let mut named = Replaces { named: HashMap::new(), queries: 0 };
        for item in &mut select.projection {
            let alias = alias_of(item).filter(|alias| self.0.contains(alias));
            let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { continue };
            let _ = expr.visit(&mut named);
            if let Some(alias) = alias {
                named.named.insert(alias, expr.clone());
            }
        }
        ControlFlow::Continue(())
    }
}

/// Replaces names outside of subqueries.
struct Replaces {
    named: HashMap<String, Expr>,
    queries: usize,
}

impl VisitorMut for Replaces {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.queries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.queries -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Identifier(ident) = expr
            && self.queries == 0
            && let Some(named) = self.named.get(&ident.value.to_lowercase())
        {
            *expr = Expr::Nested(Box::new(named.clone()));
        }
        ControlFlow::Continue(())
    }
}
