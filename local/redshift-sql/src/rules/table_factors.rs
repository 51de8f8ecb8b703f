//! *Elements of a SUPER in FROM*, and other relations that are subqueries in DuckDB.

use sqlparser::ast::{
    Expr, Ident, JoinOperator, JsonPath, JsonPathElem, Query, SelectItem, SetExpr, TableAlias, TableFactor,
};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::parser::Parser;

use crate::bind::Types;
use crate::error::TranslateError;
use crate::parse::MOST_NESTED;
use crate::rules::construct::{call, replace};
use crate::statement::relation_name::quoted;
use crate::types::Type;

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

/// `SELECT * FROM (body)`.
pub fn select_all_of(body: &mut Box<SetExpr>) {
    let text = "SELECT * FROM (SELECT 1) AS redshift_distinct";
    let parser = Parser::new(&DuckDbDialect {}).try_with_sql(text);
    let Ok(mut outer) = parser.and_then(|mut parser| parser.parse_query()) else { return };
    if let SetExpr::Select(select) = outer.body.as_mut()
        && let Some(TableFactor::Derived { subquery, .. }) = select.from.first_mut().map(|from| &mut from.relation)
    {
        std::mem::swap(&mut subquery.body, body);
    }
    *body = outer.body;
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

/// A relation with these columns and no rows.
pub fn empty_relation(columns: &[(&str, Type)], alias: TableAlias) -> Result<TableFactor, TranslateError> {
    let column = |(name, kind): &(&str, Type)| format!("CAST(NULL AS {}) AS {}", kind.duck(), quoted(name));
    let columns: Vec<String> = columns.iter().map(column).collect();
    let mut relation = table_factor(&format!("SELECT 1 FROM (SELECT {} WHERE false)", columns.join(", ")))?;
    if let TableFactor::Derived { alias: called, .. } = &mut relation {
        *called = Some(alias);
    }
    Ok(relation)
}

/// *Elements of a SUPER in FROM*: in `FROM orders o, o.data.lines l` each element of a list is a row, and so in
/// `o.data[2].lines l`. What is no list has no rows.
pub fn unnest_super(body: &mut SetExpr, types: &Types, keeps_case: bool) -> Result<(), TranslateError> {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { left, right, .. } => {
            unnest_super(left, types, keeps_case)?;
            return unnest_super(right, types, keeps_case);
        }
        _ => return Ok(()),
    };
    let mut count = 0;
    for joined in &mut select.from {
        unnest_factor(&mut joined.relation, &mut count, types, keeps_case)?;
        for join in &mut joined.joins {
            let before = count;
            unnest_factor(&mut join.relation, &mut count, types, keeps_case)?;
            if count > before {
                refuse_outer(&join.join_operator)?;
            }
        }
    }
    Ok(())
}

/// The elements of a SUPER are in no right or full join (limitations-super).
fn refuse_outer(operator: &JoinOperator) -> Result<(), TranslateError> {
    match operator {
        JoinOperator::Right(_) | JoinOperator::RightOuter(_) | JoinOperator::FullOuter(_) => {
            Err(TranslateError::unsupported("a right or full join with the elements of a SUPER"))
        }
        _ => Ok(()),
    }
}

/// Numbers those that were written.
fn unnest_factor(
    factor: &mut TableFactor,
    count: &mut usize,
    types: &Types,
    keeps_case: bool,
) -> Result<(), TranslateError> {
    let written = match factor {
        TableFactor::Table { name, alias, args: None, json_path, .. } if types.is_unnested(name) => {
            let path = format!("{name}{}", steps(json_path.as_ref(), keeps_case));
            let called = alias.as_ref().map(|alias| alias.name.to_string());
            let called = called.or_else(|| name.0.last().map(ToString::to_string)).unwrap_or_default();
            elements_as_rows(&path, &called, alias.as_ref().and_then(|alias| alias.at.as_ref()), *count)?
        }
        TableFactor::UnpivotExpr { expression, value_alias, attribute_alias } => {
            attributes_as_rows(expression, value_alias, attribute_alias.as_ref(), *count)?
        }
        _ => return Ok(()),
    };
    *factor = written;
    *count += 1;
    Ok(())
}

/// Each element of a list is a row; AT names their places, from zero.
fn elements_as_rows(
    path: &str,
    called: &str,
    place: Option<&Ident>,
    number: usize,
) -> Result<TableFactor, TranslateError> {
    let list = format!("CASE WHEN json_type({path}) = 'ARRAY' THEN CAST({path} AS JSON[]) END");
    let place = place.map(|at| format!(", unnest(system.main.range(system.main.len({list}))) AS {at}"));
    table_factor(&format!(
        "SELECT 1 FROM LATERAL (SELECT unnest({list}) AS {called}{}) AS redshift_elements_of_{number}",
        place.unwrap_or_default()
    ))
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
