//! *Column names*: what Redshift calls a column that is given no name.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Select, SelectItem, SetExpr,
};

use crate::interval_type::IntervalType;
use crate::parse::simple_expressions::named_like;
use crate::rules::casts::unlimited;
use crate::types::Type;

pub fn name_columns(select: &mut Select) {
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) = item
            && let Some(name) = column_name(expr)
        {
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', name) };
        }
    }
}

/// How Redshift names a column without an alias; `None` where it has the name of a column.
pub fn column_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => match ident.value.to_lowercase().as_str() {
            word @ ("current_user" | "current_user_id" | "user" | "session_user") if ident.quote_style.is_none() => {
                Some(word.to_owned())
            }
            "sysdate" if ident.quote_style.is_none() => Some("timestamp".into()),
            "current_date" if ident.quote_style.is_none() => Some("date".into()),
            _ => None,
        },
        Expr::CompoundIdentifier(_) => None,
        Expr::Function(Function { name, args, .. }) => {
            let name = name.0.last().map(|part| part.to_string().trim_matches('"').to_lowercase())?;
            Some(match name.as_str() {
                "dateadd" => "date_add".into(),
                "datediff" => "date_diff".into(),
                "date_part" | "datepart" => "pgdate_part".into(),
                "nvl" => "coalesce".into(),
                "nvl2" | "decode" => "case".into(),
                "nullif" => match args {
                    FunctionArguments::List(list) => match list.args.first() {
                        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(first))) => named_like(first).unwrap_or(name),
                        _ => name,
                    },
                    _ => name,
                },
                _ => name,
            })
        }
        Expr::Nested(inner) => column_name(inner).or_else(|| match inner.as_ref() {
            Expr::Identifier(ident) => Some(ident.value.to_lowercase()),
            Expr::CompoundIdentifier(parts) => parts.last().map(|ident| ident.value.to_lowercase()),
            _ => None,
        }),
        Expr::Cast { expr, data_type, .. } | Expr::Convert { expr, data_type: Some(data_type), .. } => {
            let is_cast = matches!(expr.as_ref(), Expr::Cast { .. } | Expr::Convert { .. });
            let inner = named_like(expr).or_else(|| match is_cast {
                true => cast_of(expr),
                false => column_name(expr),
            });
            let inner = inner.filter(|name| name != "?column?");
            let kind =
                if unlimited(data_type) { "varchar" } else { Type::of(data_type).map_or("?column?", Type::short_name) };
            Some(inner.unwrap_or_else(|| kind.to_owned()))
        }
        Expr::Case { else_result, .. } => match else_result.as_deref().and_then(named_like) {
            Some(name) => Some(name),
            None => Some("case".into()),
        },
        Expr::Extract { .. } => Some("date_part".into()),
        Expr::Ceil { .. } => Some("ceil".into()),
        Expr::Floor { .. } => Some("floor".into()),
        Expr::Position { .. } => Some("strpos".into()),
        Expr::Substring { .. } => Some("substring".into()),
        Expr::Trim { .. } => Some("btrim".into()),
        Expr::TypedString(typed) => Some(Type::of(&typed.data_type).map_or("?column?", Type::short_name).to_owned()),
        Expr::Interval(literal) => Some(match IntervalType::of_literal(literal) {
            Ok(Some(kind)) => kind.short_name().to_owned(),
            _ => "interval".into(),
        }),
        Expr::Exists { .. } => Some("?column?".into()),
        Expr::Subquery(query) => match query.body.as_ref() {
            SetExpr::Select(select) => match select.projection.first() {
                Some(SelectItem::ExprWithAlias { alias, .. }) => Some(alias.value.to_lowercase()),
                Some(SelectItem::UnnamedExpr(expr)) => named_like(expr).or_else(|| column_name(expr)),
                _ => Some("?column?".into()),
            },
            _ => Some("?column?".into()),
        },
        _ => Some("?column?".into()),
    }
}

/// The name of what is cast, however often: the last of the types counts where it has none.
fn cast_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Cast { expr, .. } | Expr::Convert { expr, .. } => named_like(expr).or_else(|| cast_of(expr)),
        Expr::Function(_) => column_name(expr),
        _ => None,
    }
}
