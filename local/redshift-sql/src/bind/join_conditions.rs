//! What the conditions of outer joins may be, and the relations of the names in them.

use std::ops::{ControlFlow, Range};

use sqlparser::ast::{BinaryOperator, Expr, Ident, Query, Select, Visit, Visitor};

use super::scope::Scope;
use super::{Typer, place};
use crate::error::TranslateError;
use crate::parse::simple_expressions::without_parentheses;

impl Typer<'_> {
    /// *FULL JOIN* is of equalities only, each between an expression of the left side and one of the right.
    pub(super) fn check_full_join(&mut self, condition: &Expr, scope: &Scope<'_>, left: Range<usize>) {
        let is_equality = |part: &&Expr| {
            let Expr::BinaryOp { left: one, op: BinaryOperator::Eq, right: two } = without_parentheses(part) else {
                return false;
            };
            match (side(one, scope, &left), side(two, scope, &left)) {
                (Side::Unknown, _) | (_, Side::Unknown) => true,
                sides => matches!(sides, (Side::Left, Side::Right) | (Side::Right, Side::Left)),
            }
        };
        let mut parts = Vec::new();
        conjuncts(condition, &mut parts);
        if !parts.iter().all(is_equality) {
            let message = "FULL JOIN is only supported with merge-joinable join conditions";
            self.refuse(TranslateError::new("0A000", message));
        }
    }

    /// Gives the names in a condition with `(+)` their relations, by which its parts are told apart.
    pub(super) fn outer_join_names(&mut self, select: &Select, scope: &Scope<'_>) {
        self.types.expansion.outer_joins.push(place(select));
        let all: Option<Vec<_>> = scope.relations.iter().map(super::merged_columns::outputs).collect();
        if let Some(all) = all {
            self.types.expansion.stars.insert(place(select), all.concat());
        }
        for (at, ident) in Names::of(&select.selection).plain {
            if let Some(owner) = scope.owner(&ident.value) {
                let parts = vec![Ident::with_quote('"', owner.name.clone()), ident];
                self.types.expansion.names.insert(at, Expr::CompoundIdentifier(parts));
            }
        }
    }
}

/// The parts of a chain of ANDs.
pub fn conjuncts<'e>(condition: &'e Expr, parts: &mut Vec<&'e Expr>) {
    match without_parentheses(condition) {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjuncts(left, parts);
            conjuncts(right, parts);
        }
        _ => parts.push(condition),
    }
}

/// The side of a join that an expression is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    /// Of neither, or of both.
    None,
    Unknown,
}

fn side(expr: &Expr, scope: &Scope<'_>, left: &Range<usize>) -> Side {
    let names = Names::of(expr);
    let by_relation = |name: &str| scope.relations.iter().position(|relation| relation.name.eq_ignore_ascii_case(name));
    let owners = names.plain.iter().map(|(_, ident)| scope.owner(&ident.value).map(|relation| relation.name.as_str()));
    let named = names.qualified.iter().map(|name| Some(name.as_str()));
    let mut found = None;
    for owner in owners.chain(named) {
        let Some(at) = owner.and_then(by_relation) else { return Side::Unknown };
        let is = if left.contains(&at) { Side::Left } else { Side::Right };
        match found {
            None => found = Some(is),
            Some(before) if before != is => return Side::None,
            _ => {}
        }
    }
    found.unwrap_or(Side::None)
}

/// The names in an expression, without those in subqueries.
#[derive(Default)]
struct Names {
    plain: Vec<(usize, Ident)>,
    /// The relations of those that have one.
    qualified: Vec<String>,
}

impl Names {
    fn of(node: &impl Visit) -> Self {
        let mut names = Self::default();
        for_each_own(node, |expr| match expr {
            Expr::Identifier(ident) => names.plain.push((place(expr), ident.clone())),
            Expr::CompoundIdentifier(parts) => names.qualified.extend(owner(parts)),
            _ => {}
        });
        names
    }
}

/// The relation that a qualified name names.
pub fn owner(parts: &[Ident]) -> Option<String> {
    let owner = parts.len().checked_sub(2).and_then(|at| parts.get(at));
    owner.map(|owner| owner.value.clone())
}

/// Calls for each expression that is not in a subquery, in the order of the text.
pub fn for_each_own(node: &impl Visit, visit: impl FnMut(&Expr)) {
    let _ = node.visit(&mut OwnExpressions { depth: 0, visit });
}

struct OwnExpressions<F> {
    depth: usize,
    visit: F,
}

impl<F: FnMut(&Expr)> Visitor for OwnExpressions<F> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.depth == 0 {
            (self.visit)(expr);
        }
        ControlFlow::Continue(())
    }
}
