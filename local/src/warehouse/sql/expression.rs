//! Rules for what stands inside a statement: names, types, functions.

use std::ops::ControlFlow;

use sqlparser::ast::{
    DataType, DollarQuotedString, Expr, Ident, LimitClause, ObjectName, Query, SetExpr, TableFactor, TopQuantity,
    Value, ValueWithSpan, VisitorMut,
};

use super::functions;
use super::types::Type;
use crate::warehouse::error::SqlError;

/// Words that DuckDB reserves and Redshift does not: quoted, they are names again.
const RESERVED_ONLY_IN_DUCKDB: &[&str] = &[
    "anti",
    "asof",
    "asymmetric",
    "at",
    "collation",
    "columns",
    "concurrently",
    "describe",
    "fetch",
    "generated",
    "glob",
    "lambda",
    "lateral",
    "map",
    "pivot",
    "pivot_longer",
    "pivot_wider",
    "positional",
    "qualify",
    "returning",
    "semi",
    "show",
    "struct",
    "summarize",
    "symmetric",
    "tablesample",
    "try_cast",
    "tuple",
    "unpack",
    "unpivot",
    "variadic",
    "window",
];

pub struct Rewrite;

impl VisitorMut for Rewrite {
    type Break = SqlError;

    /// *Identifier folding*: Redshift folds every identifier to lower case, quoted ones too.
    fn pre_visit_ident(&mut self, ident: &mut Ident) -> ControlFlow<Self::Break> {
        ident.value = ident.value.to_lowercase();
        if RESERVED_ONLY_IN_DUCKDB.contains(&ident.value.as_str()) {
            ident.quote_style = Some('"');
        }
        ControlFlow::Continue(())
    }

    /// *Literals as they were meant*: the parser's printer takes a quote behind a backslash, or beside another quote, for
    /// one that is escaped already, and leaves it: such a text would end early, or be another text.
    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Self::Break> {
        if let Value::SingleQuotedString(text) = &value.value
            && (text.contains("''") || text.contains("\\'"))
        {
            let tag = (0..).map(|n| format!("t{n}")).find(|tag| !text.contains(&format!("${tag}$")));
            value.value = Value::DollarQuotedString(DollarQuotedString { value: text.clone(), tag });
        }
        ControlFlow::Continue(())
    }

    /// *No DuckDB internals*: a name that only DuckDB knows does not exist in Redshift.
    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<Self::Break> {
        let name = relation.to_string().to_lowercase();
        let bare = name.rsplit('.').next().unwrap_or(&name).trim_matches('"');
        match ["duckdb_", "sqlite_", "pragma_"].iter().any(|prefix| bare.starts_with(prefix)) {
            true => ControlFlow::Break(SqlError::new("42P01", format!("relation \"{name}\" does not exist"))),
            false => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        match factor {
            TableFactor::Table { args: Some(_), name, .. } => {
                ControlFlow::Break(SqlError::unsupported(&format!("the table function {name}")))
            }
            TableFactor::TableFunction { .. } | TableFactor::Function { .. } | TableFactor::UNNEST { .. } => {
                ControlFlow::Break(SqlError::unsupported("a table function in FROM"))
            }
            _ => ControlFlow::Continue(()),
        }
    }

    /// *TOP n*: the same as LIMIT n, which may not stand beside it.
    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        let SetExpr::Select(select) = query.body.as_mut() else { return ControlFlow::Continue(()) };
        let Some(top) = select.top.take() else { return ControlFlow::Continue(()) };
        let limit = match top.quantity {
            _ if top.with_ties || top.percent => {
                return ControlFlow::Break(SqlError::unsupported("TOP with more than n"));
            }
            _ if query.limit_clause.is_some() => {
                return ControlFlow::Break(SqlError::syntax("TOP and LIMIT cannot be used together"));
            }
            Some(TopQuantity::Constant(n)) => Expr::value(Value::Number(n.to_string(), false)),
            Some(TopQuantity::Expr(expr)) => expr,
            None => return ControlFlow::Break(SqlError::syntax("TOP needs a number")),
        };
        query.limit_clause = Some(LimitClause::LimitOffset { limit: Some(limit), offset: None, limit_by: Vec::new() });
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        let rewritten = match expr {
            Expr::Function(function) => functions::rewrite(function),
            Expr::Cast { data_type, .. } => redshift_cast(data_type),
            Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value == "sysdate" => {
                functions::now("microsecond").map(Some)
            }
            _ => Ok(None),
        };
        match rewritten {
            Ok(Some(new)) => *expr = new,
            Ok(None) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }
}

/// *Types by Redshift's meaning*: FLOAT is eight bytes wide, DECIMAL has no places, and so on.
fn redshift_cast(data_type: &mut DataType) -> Result<Option<Expr>, SqlError> {
    let name = Type::of(data_type)?.duck();
    *data_type = DataType::Custom(ObjectName::from(vec![Ident::new(name)]), Vec::new());
    Ok(None)
}
