//! *Elements of a SUPER in FROM*, and other relations that are subqueries in DuckDB.

use std::collections::BTreeSet;

use sqlparser::ast::{Expr, Ident, JsonPath, JsonPathElem, Query, SelectItem, SetExpr, TableFactor};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::parser::Parser;

use crate::error::TranslateError;
use crate::parse::nesting_limits::MOST_NESTED;
use crate::rules::construct::{call, replace};

/// Calls a function for the only column that a query answers.
pub fn wrap_column(query: &mut Box<Query>, function: &str) {
    if let SetExpr::Select(select) = query.body.as_mut()
        && let [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] = &mut select.projection[..]
    {
        replace(expr, |value| call(function, [value]));
        return;
    }
    let text = format!("SELECT {function}(redshift_value) FROM (SELECT 1) AS redshift_values (redshift_value)");
    let parser = Parser::new(&DuckDbDialect {}).with_recursion_limit(MOST_NESTED).try_with_sql(&text);
    let Ok(mut wrapped) = parser.and_then(|mut parser| parser.parse_query()) else { return };
    if let SetExpr::Select(select) = wrapped.body.as_mut()
        && let Some(TableFactor::Derived { subquery, .. }) = select.from.first_mut().map(|from| &mut from.relation)
    {
        std::mem::swap(subquery, query);
    }
    *query = wrapped;
}

/// What stands in the FROM of a query.
pub fn table_factor(text: &str) -> Result<TableFactor, TranslateError> {
    let query = Parser::new(&DuckDbDialect {})
        .with_recursion_limit(MOST_NESTED)
        .try_with_sql(text)
        .and_then(|mut parser| parser.parse_query());
    match *query.map_err(TranslateError::from_parser)?.body {
        SetExpr::Select(mut select) if select.from.len() == 1 => Ok(select.from.remove(0).relation),
        _ => Err(TranslateError::syntax("syntax error in FROM")),
    }
}

/// *Elements of a SUPER in FROM*: in `FROM orders o, o.data.lines l` each element of a list is a row, and so in
/// `o.data[2].lines l`. What is no list has no rows.
pub fn unnest_super(body: &mut SetExpr, keeps_case: bool) -> Result<(), TranslateError> {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { left, right, .. } => {
            unnest_super(left, keeps_case)?;
            return unnest_super(right, keeps_case);
        }
        _ => return Ok(()),
    };
    let mut seen = BTreeSet::new();
    for joined in &mut select.from {
        let joins = joined.joins.iter_mut().map(|join| &mut join.relation);
        for factor in std::iter::once(&mut joined.relation).chain(joins) {
            if let TableFactor::Table { name, alias, args: None, json_path, .. } = factor {
                let parts: Vec<String> = name.0.iter().map(ToString::to_string).collect();
                let called = alias.as_ref().map(|alias| alias.name.to_string());
                let called = called.or(parts.last().cloned()).unwrap_or_default();
                if matches!(&parts[..], [row, _, ..] if seen.contains(row)) {
                    let path = format!("{name}{}", steps(json_path.as_ref(), keeps_case));
                    let list = format!("CASE WHEN json_type({path}) = 'ARRAY' THEN CAST({path} AS JSON[]) END");
                    // AT names the places of the elements, from zero.
                    let places = alias
                        .as_ref()
                        .and_then(|alias| alias.at.as_ref())
                        .map(|at| format!(", unnest(system.main.range(system.main.len({list}))) AS {at}"));
                    let text = format!(
                        "SELECT 1 FROM LATERAL (SELECT unnest({list}) AS {called}{}) AS redshift_elements_of_{}",
                        places.unwrap_or_default(),
                        seen.len()
                    );
                    *factor = table_factor(&text)?;
                }
                seen.insert(called);
            } else if let TableFactor::Derived { alias: Some(alias), .. } = factor {
                seen.insert(alias.name.to_string());
            } else if let TableFactor::UnpivotExpr { expression, value_alias, attribute_alias } = factor {
                let called = value_alias.to_string();
                *factor = attributes_as_rows(expression, value_alias, attribute_alias.as_ref(), seen.len())?;
                seen.insert(called);
            }
        }
    }
    Ok(())
}

/// *UNPIVOT*: each attribute of an object is a row.
fn attributes_as_rows(
    object: &Expr,
    value: &Ident,
    attribute: Option<&Ident>,
    number: usize,
) -> Result<TableFactor, TranslateError> {
    let keys = format!("json_keys({object})");
    let pointer = "'/' || system.main.replace(system.main.replace(redshift_key, '~', '~0'), '/', '~1')";
    let attribute = attribute.map(|attribute| format!(", unnest({keys}) AS {attribute}")).unwrap_or_default();
    table_factor(&format!(
        "SELECT 1 FROM LATERAL (SELECT unnest(list_transform({keys}, \
         lambda redshift_key : json_extract({object}, {pointer}))) AS {value}{attribute}) AS redshift_elements_of_{number}"
    ))
}

/// The steps of a path from its first index on: `[2].lines`.
fn steps(path: Option<&JsonPath>, keeps_case: bool) -> String {
    let step = |step: &JsonPathElem| match step {
        JsonPathElem::Dot { key, quoted: true } if keeps_case => format!(".{}", Ident::with_quote('"', key)),
        JsonPathElem::Dot { key, .. } => format!(".{}", Ident::with_quote('"', key.to_lowercase())),
        JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } => format!("[{key}]"),
    };
    path.into_iter().flat_map(|path| &path.path).map(step).collect()
}
