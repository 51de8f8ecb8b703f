//! Queries of DuckDB's, built from their parts.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, Query, Select, SelectFlavor, SelectItem, SetExpr, SetOperator, SetQuantifier,
    TableAlias, TableAliasColumnDef, TableFactor, TableWithJoins,
};

/// `SELECT items FROM factor`.
pub fn select(items: Vec<SelectItem>, factor: TableFactor) -> Select {
    Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: Vec::new(),
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection: items,
        exclude: None,
        into: None,
        from: vec![TableWithJoins { relation: factor, joins: Vec::new() }],
        lateral_views: Vec::new(),
        prewhere: None,
        selection: None,
        connect_by: Vec::new(),
        group_by: GroupByExpr::Expressions(Vec::new(), Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    }
}

/// `SELECT items FROM factor GROUP BY groups`.
pub fn grouped(items: Vec<SelectItem>, factor: TableFactor, groups: Vec<Expr>) -> Query {
    query(SetExpr::Select(Box::new(Select {
        group_by: GroupByExpr::Expressions(groups, Vec::new()),
        ..select(items, factor)
    })))
}

/// `SELECT DISTINCT ON (keys) items FROM factor WHERE condition`.
pub fn distinct_on(items: Vec<SelectItem>, factor: TableFactor, keys: Vec<Expr>, condition: Option<Expr>) -> SetExpr {
    SetExpr::Select(Box::new(Select {
        distinct: Some(Distinct::On(keys)),
        selection: condition,
        ..select(items, factor)
    }))
}

pub fn union_all(left: SetExpr, right: SetExpr) -> SetExpr {
    SetExpr::SetOperation {
        op: SetOperator::Union,
        set_quantifier: SetQuantifier::All,
        left: Box::new(left),
        right: Box::new(right),
    }
}

pub fn query(body: SetExpr) -> Query {
    Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}

/// `(query) AS name (columns)`.
pub fn derived(query: Query, alias: Option<TableAlias>) -> TableFactor {
    TableFactor::Derived { lateral: false, subquery: Box::new(query), alias, sample: None }
}

pub fn alias(name: &str, columns: &[String]) -> TableAlias {
    let column = |name: &String| TableAliasColumnDef { name: Ident::with_quote('"', name.clone()), data_type: None };
    TableAlias { explicit: true, name: Ident::new(name), columns: columns.iter().map(column).collect(), at: None }
}
