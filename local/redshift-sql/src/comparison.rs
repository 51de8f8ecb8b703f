//! *Comparisons as Redshift means them*: trailing blanks do not count, a text beside a date is read in all of Redshift's
//! orders of day and month, and a text in a SUPER is compared without its quotes. What a side is depends on the types of
//! both, which only DuckDB knows: the macro `redshift_side` chooses by them, and is nothing where neither is a text.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Query, UnaryOperator, Value, Visit, Visitor};

use super::casts::is_path;
use super::functions::parse;
use crate::datetime::is_loose_time;
use crate::error::TranslateError;

/// Rewrites what a comparison compares, beside the tables that are known so far.
pub fn rewrite(expr: &mut Expr, tables: &BTreeSet<String>) -> Result<(), TranslateError> {
    match expr {
        Expr::BinaryOp { left, op, right } if compares(op) && is_number(right) && leads_into(left, tables) => {
            **left = number(left)?;
            Ok(())
        }
        Expr::BinaryOp { left, op, right } if compares(op) && is_number(left) && leads_into(right, tables) => {
            **right = number(right)?;
            Ok(())
        }
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } if is_plain(right) && may_be_text(left) => {
            *expr = equals_literal(left, right)?;
            Ok(())
        }
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } if is_plain(left) && may_be_text(right) => {
            *expr = equals_literal(right, left)?;
            Ok(())
        }
        Expr::BinaryOp { left, op, right } if compares(op) => beside(left, &mut [right]),
        Expr::InList { expr, list, .. } => beside(expr, &mut list.iter_mut().collect::<Vec<_>>()),
        Expr::Between { expr, low, high, .. } => beside(expr, &mut [low, high]),
        Expr::Case { operand: Some(operand), conditions, .. } => {
            beside(operand, &mut conditions.iter_mut().map(|when| &mut when.condition).collect::<Vec<_>>())
        }
        _ => Ok(()),
    }
}

fn compares(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

/// Whether a path leads into a SUPER, and does not only name the table of a column.
fn leads_into(expr: &Expr, tables: &BTreeSet<String>) -> bool {
    match expr {
        Expr::CompoundIdentifier(parts) => match &parts[..] {
            [table, _] => !tables.contains(&table.value.to_lowercase()),
            _ => true,
        },
        _ => is_path(expr),
    }
}

/// *A number beside a SUPER*: a text in it is none, whatever its digits.
fn number(path: &Expr) -> Result<Expr, TranslateError> {
    parse(&format!("redshift_number({path}, typeof({path}))"))
}

fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } | Expr::Nested(expr) => is_number(expr),
        _ => false,
    }
}

/// A text that is no time.
fn is_plain(expr: &Expr) -> bool {
    literal(expr).is_some_and(|text| !is_loose_time(text))
}

/// `value = 'literal'`, which most conditions are.
fn equals_literal(value: &Expr, wanted: &Expr) -> Result<Expr, TranslateError> {
    let wanted = without_blanks(wanted);
    let past = changed(&wanted, |text| text.push('!'));
    // In parentheses: what is written here is not read as a function of the user's.
    parse(&format!("(redshift_is({value}, {wanted}, {past}, typeof({value})))"))
}

/// One value, and those that it is compared with.
fn beside(one: &mut Expr, others: &mut [&mut Expr]) -> Result<(), TranslateError> {
    if !may_be_text(one) || !others.iter().all(|other| may_be_text(other)) {
        return Ok(());
    }
    let Some(first) = others.first() else { return Ok(()) };
    let compared = side(one, first)?;
    for other in others.iter_mut() {
        **other = side(other, one)?;
    }
    *one = compared;
    Ok(())
}

fn side(value: &Expr, beside: &Expr) -> Result<Expr, TranslateError> {
    if let Some(text) = literal(value)
        && !is_loose_time(text)
    {
        return Ok(without_blanks(value));
    }
    parse(&format!("redshift_side({value}, {beside}, typeof({value}))"))
}

/// The text of a literal that is one.
pub fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            Value::DollarQuotedString(text) => Some(&text.value),
            _ => None,
        },
        _ => None,
    }
}

/// A literal that stays one, so that DuckDB takes it for whatever is beside it.
fn without_blanks(literal: &Expr) -> Expr {
    changed(literal, |text| text.truncate(text.trim_end_matches(' ').len()))
}

/// The same literal with another text.
fn changed(literal: &Expr, change: impl FnOnce(&mut String)) -> Expr {
    let mut literal = literal.clone();
    if let Expr::Value(value) = &mut literal {
        match &mut value.value {
            Value::SingleQuotedString(text) => change(text),
            Value::DollarQuotedString(text) => change(&mut text.value),
            _ => {}
        }
    }
    literal
}

/// The longest expression that is mentioned several times.
const MOST_BYTES: usize = 300;

/// What is a text, perhaps. What is long, or holds a query, is left as it is: it would be bound once for each mention. So is
/// what differs each time.
fn may_be_text(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) => literal(expr).is_some(),
        Expr::Nested(inner) => may_be_text(inner),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        Expr::CompoundFieldAccess { .. } | Expr::JsonAccess { .. } => true,
        Expr::Function(_)
        | Expr::Cast { .. }
        | Expr::Case { .. }
        | Expr::Substring { .. }
        | Expr::Trim { .. }
        | Expr::BinaryOp { op: BinaryOperator::StringConcat, .. } => {
            !is_asked_once(expr) && expr.to_string().len() <= MOST_BYTES
        }
        _ => false,
    }
}

/// Whether each mention would be something else, or cost as much as a query.
fn is_asked_once(expr: &Expr) -> bool {
    struct Finds;
    impl Visitor for Finds {
        type Break = ();
        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Function(call) if call.name.to_string().eq_ignore_ascii_case("random") => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    expr.visit(&mut Finds).is_break()
}
