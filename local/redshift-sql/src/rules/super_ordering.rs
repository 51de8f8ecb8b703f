//! *The order of SUPER values* in ORDER BY: booleans, numbers, texts, arrays, objects (query-super, Order by).

use sqlparser::ast::{Distinct, Expr, Ident, OrderByKind, Query, Select, SelectItem, SetExpr, Value};

use crate::bind::Types;
use crate::parse::simple_expressions::named_like;
use crate::rules::construct::{call, replace};
use crate::rules::table_factors::select_all_of;

/// Orders by what a SUPER is.
pub fn rewrite(query: &mut Query, types: &Types) {
    let SetExpr::Select(select) = query.body.as_ref() else { return };
    if matches!(select.distinct, Some(Distinct::Distinct)) {
        return order_distinct(query, types);
    }
    let Some(OrderByKind::Expressions(by)) = query.order_by.as_mut().map(|order_by| &mut order_by.kind) else { return };
    for by in by {
        match column_at(select, &by.expr) {
            Some(column) if types.of(column).is_super() => by.expr = call("redshift_ordered", [column.clone()]),
            None if types.of(&by.expr).is_super() => replace(&mut by.expr, |value| call("redshift_ordered", [value])),
            _ => {}
        }
    }
}

/// *DISTINCT* orders by its columns only: they are those of a subquery here.
fn order_distinct(query: &mut Query, types: &Types) {
    let SetExpr::Select(select) = query.body.as_ref() else { return };
    let Some(OrderByKind::Expressions(by)) = query.order_by.as_mut().map(|order_by| &mut order_by.kind) else { return };
    let names: Option<Vec<Ident>> = by.iter().map(|by| name_at(select, &by.expr)).collect();
    let is_super = |expr: &Expr| types.of(column_at(select, expr).unwrap_or(expr)).is_super();
    let supers: Vec<bool> = by.iter().map(|by| is_super(&by.expr)).collect();
    let Some(names) = names.filter(|_| supers.contains(&true)) else { return };
    for ((by, name), is_super) in by.iter_mut().zip(names).zip(supers) {
        by.expr = Expr::Identifier(name);
        if is_super {
            replace(&mut by.expr, |value| call("redshift_ordered", [value]));
        }
    }
    select_all_of(&mut query.body);
}

/// The name that the columns of DISTINCT have behind it.
fn name_at(select: &Select, by: &Expr) -> Option<Ident> {
    let quoted = |expr: &Expr| named_like(expr).map(|name| Ident::with_quote('"', name));
    match place(by) {
        None => quoted(by),
        Some(place) => match select.projection.get(place)? {
            SelectItem::ExprWithAlias { alias, .. } => Some(alias.clone()),
            SelectItem::UnnamedExpr(expr) => quoted(expr),
            _ => None,
        },
    }
}

/// The column that a number in ORDER BY stands for.
fn column_at<'s>(select: &'s Select, by: &Expr) -> Option<&'s Expr> {
    match select.projection.get(place(by)?)? {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

/// The place that a number in ORDER BY says, from zero.
fn place(by: &Expr) -> Option<usize> {
    let Expr::Value(value) = by else { return None };
    let Value::Number(place, _) = &value.value else { return None };
    place.parse::<usize>().ok()?.checked_sub(1)
}
