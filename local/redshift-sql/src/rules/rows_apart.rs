//! *Rows are told apart without the blanks behind texts* (r_Character_types): DISTINCT, UNION, INTERSECT and EXCEPT.

use sqlparser::ast::{Distinct, Expr, Ident, Select, SelectItem, SetExpr, SetOperator, UnaryOperator};

use crate::bind::Types;
use crate::bind::blanks::DistinctColumn;
use crate::rules::build_query::{alias, derived, distinct_on, query, select, union_all};
use crate::rules::comparison::trimmed;
use crate::rules::construct::{all_of, column, number};

/// SELECT DISTINCT with texts among its columns.
pub fn distinct(select: &mut Select, types: &Types) {
    let Some(columns) = types.distinct(select) else { return };
    let key = |(at, column): (usize, &DistinctColumn)| match column {
        DistinctColumn::AsItIs => number(at + 1),
        DistinctColumn::Named(expr) => trimmed((**expr).clone()),
        DistinctColumn::Item(item) => match select.projection.get(*item) {
            Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) => trimmed(expr.clone()),
            _ => number(at + 1),
        },
    };
    let keys = columns.iter().enumerate().map(key).collect();
    select.distinct = Some(Distinct::On(keys));
}

/// The set operations of a query, from the innermost out.
pub fn set_operations(body: &mut SetExpr, types: &Types) {
    let columns = types.set_operation(body).map(<[_]>::to_vec);
    let SetExpr::SetOperation { left, right, .. } = body else { return };
    set_operations(left, types);
    set_operations(right, types);
    let Some(columns) = columns else { return };
    let taken = std::mem::replace(
        body,
        SetExpr::Values(sqlparser::ast::Values { explicit_row: false, value_keyword: false, rows: Vec::new() }),
    );
    if let SetExpr::SetOperation { op, left, right, .. } = taken {
        *body = without_blanks(op, *left, *right, &columns);
    }
}

fn without_blanks(op: SetOperator, left: SetExpr, right: SetExpr, columns: &[(String, bool)]) -> SetExpr {
    let names = |side: &str| -> Vec<String> { (1..=columns.len()).map(|at| format!("redshift_{side}{at}")).collect() };
    let (ours, theirs) = (names("left"), names("right"));
    let items = ours.iter().zip(columns).map(|(own, (name, _))| SelectItem::ExprWithAlias {
        expr: column(own),
        alias: Ident::with_quote('"', name.clone()),
    });
    let key = |name: &str, is_text: bool| if is_text { trimmed(column(name)) } else { column(name) };
    let keys = ours.iter().zip(columns).map(|(name, (_, is_text))| key(name, *is_text)).collect();
    if op == SetOperator::Union {
        let rows = derived(query(union_all(left, right)), Some(alias("redshift_rows", &ours)));
        return distinct_on(items.collect(), rows, keys, None);
    }
    let pairs = ours.iter().zip(&theirs).zip(columns);
    let same = pairs.map(|((own, other), (_, is_text))| {
        let sides = [own, other].map(|name| Box::new(key(name, *is_text)));
        let [one, two] = sides;
        Expr::IsNotDistinctFrom(one, two)
    });
    let others = derived(query(right), Some(alias("redshift_others", &theirs)));
    let mut subquery = select(vec![SelectItem::UnnamedExpr(number(1))], others);
    subquery.selection = all_of(same);
    let subquery = Box::new(query(SetExpr::Select(Box::new(subquery))));
    let exists = Expr::Exists { subquery, negated: false };
    let condition = match op {
        SetOperator::Intersect => exists,
        _ => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(exists) },
    };
    let rows = derived(query(left), Some(alias("redshift_rows", &ours)));
    distinct_on(items.collect(), rows, keys, Some(condition))
}
