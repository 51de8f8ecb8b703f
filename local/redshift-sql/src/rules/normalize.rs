//! A statement in the form that its types are asked of: names folded, literals as they were meant, and what is another
//! spelling of something else as that.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    AccessExpr, Distinct, DollarQuotedString, Expr, Ident, LimitClause, ObjectName, ObjectNamePart, Query, Select,
    SetExpr, SetOperator, Statement, TableAlias, TableFactor, TopQuantity, UnaryOperator, Value, ValueWithSpan,
    VisitorMut,
};

use crate::error::TranslateError;
use crate::options::TranslateOptions;
use crate::parse::nesting_limits;
use crate::rules::column_names::name_columns;
use crate::rules::exclude;
use crate::rules::external_tables;
use crate::rules::table_factors::{empty_relation, table_factor};

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

/// Functions that stand in FROM in the catalog queries of drivers.
const ROW_FUNCTIONS: [&str; 3] = ["current_database", "current_schema", "version"];

/// Views of ours under the names of two schemas of Redshift's.
pub const CATALOG_SCHEMAS: [&str; 2] = ["pg_catalog", "information_schema"];

/// Rewrites what needs no types.
pub struct Normalize<'s> {
    reading: TranslateOptions<'s>,
    /// Attributes of a SUPER, by their places in memory, which keep their case.
    attributes: HashSet<usize>,
    /// Names of common table expressions, which stand before system views.
    named: BTreeSet<String>,
    /// True within a view that is bound to what it reads.
    is_bound_view: bool,
}

impl<'s> Normalize<'s> {
    pub fn new(reading: TranslateOptions<'s>) -> Self {
        Self { reading, attributes: HashSet::new(), named: BTreeSet::new(), is_bound_view: false }
    }
}

/// *Minus before minus*: two of them without a blank, as the parser's printer writes them, begin a comment.
fn begins_with_minus(expr: &Expr) -> bool {
    match expr {
        Expr::UnaryOp { op, .. } => *op == UnaryOperator::Minus,
        Expr::Value(value) => matches!(&value.value, Value::Number(digits, _) if digits.starts_with('-')),
        _ => false,
    }
}

/// The name of a system view: sessions have them as temporary views.
fn system_view(view: &str) -> ObjectName {
    ObjectName::from(["temp", "main", view].map(Ident::new).to_vec())
}

impl Normalize<'_> {
    /// *Attributes of a SUPER* are behind a name: DuckDB asks for a column by any case, and for an attribute by its own.
    fn keep_attributes(&mut self, expr: &Expr) {
        if !self.reading.keeps_attribute_case {
            return;
        }
        let place = |ident: &Ident| std::ptr::from_ref(ident).addr();
        match expr {
            Expr::CompoundIdentifier(parts) => self.attributes.extend(parts.iter().skip(1).map(place)),
            Expr::CompoundFieldAccess { access_chain, .. } => {
                self.attributes.extend(access_chain.iter().filter_map(|step| match step {
                    AccessExpr::Dot(Expr::Identifier(ident)) => Some(place(ident)),
                    _ => None,
                }));
            }
            _ => {}
        }
    }

    /// *System views* stand before the users' relations of the same name, as PG_CATALOG is the first of every search path.
    fn find_system_view(&self, factor: &mut TableFactor) {
        let TableFactor::Table { args: None, name, .. } = factor else { return };
        if let [view] = &name.0[..] {
            let view = bare(view);
            let is_system = !self.named.contains(&view) && !view.starts_with("redshift_");
            if is_system && self.reading.catalog.is_some_and(|catalog| catalog.is_system_view(&view)) {
                *name = system_view(&view);
            }
        }
    }

    /// *System views without rows* are subqueries: they are not kept in the database, which would be opened later for them.
    fn replace_empty_view(&self, factor: &mut TableFactor) -> Result<(), TranslateError> {
        let TableFactor::Table { args: None, name, alias, .. } = factor else { return Ok(()) };
        let view = match &name.0[..] {
            [view] if !self.named.contains(&bare(view)) => bare(view),
            [schema, view] if bare(schema) == "pg_catalog" => bare(view),
            _ => return Ok(()),
        };
        let Some(columns) = self.reading.catalog.and_then(|catalog| catalog.empty_view(&view)) else { return Ok(()) };
        let own = TableAlias { explicit: true, name: Ident::new(view), columns: Vec::new(), at: None };
        let alias = alias.take().unwrap_or(own);
        *factor = empty_relation(columns, alias)?;
        Ok(())
    }
}

impl VisitorMut for Normalize<'_> {
    type Break = TranslateError;

    /// *External tables* are only read here.
    fn pre_visit_statement(&mut self, statement: &mut Statement) -> ControlFlow<Self::Break> {
        self.is_bound_view = matches!(statement, Statement::CreateView(view) if !view.with_no_schema_binding);
        match external_tables::refuse_changes(statement, self.reading) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    /// *Identifier folding*: Redshift folds every identifier to lower case, quoted ones too where it is not told otherwise.
    fn pre_visit_ident(&mut self, ident: &mut Ident) -> ControlFlow<Self::Break> {
        let keeps_case = self.reading.keeps_case && ident.quote_style.is_some();
        let is_attribute = self.attributes.contains(&std::ptr::from_ref(ident).addr());
        if !keeps_case && !is_attribute {
            ident.value = ident.value.to_lowercase();
        }
        let is_plain = ident.value.chars().all(|sign| sign.is_alphanumeric() || sign == '_' || sign == '$');
        let needs_quotes = !is_plain || RESERVED_ONLY_IN_DUCKDB.contains(&ident.value.as_str());
        if needs_quotes || ident.quote_style.is_some() {
            ident.quote_style = Some('"');
        }
        ControlFlow::Continue(())
    }

    /// *Literals as they were meant*: the parser's printer takes a quote behind a backslash, or beside another quote, for
    /// one that is escaped already, and leaves it: such a text would end early, or be another text.
    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Self::Break> {
        let text = match &value.value {
            Value::SingleQuotedString(text) if text.contains("''") || text.contains("\\'") => text,
            _ => return ControlFlow::Continue(()),
        };
        let tag = (0..).map(|n| format!("t{n}")).find(|tag| !text.contains(&format!("${tag}$")));
        value.value = Value::DollarQuotedString(DollarQuotedString { value: text.clone(), tag });
        ControlFlow::Continue(())
    }

    /// *No DuckDB internals*: a name that only DuckDB knows does not exist in Redshift. *Catalog views*: those that are of
    /// ours stand before DuckDB's.
    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<Self::Break> {
        let name = relation.to_string().to_lowercase().replace('"', "");
        let parts: Vec<&str> = name.split('.').collect();
        let bare = parts.last().copied().unwrap_or_default();
        if ["duckdb_", "sqlite_", "pragma_", "redshift_"].iter().any(|prefix| bare.starts_with(prefix)) {
            return ControlFlow::Break(TranslateError::new("42P01", format!("relation \"{name}\" does not exist")));
        }
        let schema = parts.len().checked_sub(2).map(|at| parts[at]);
        if schema.is_some_and(|schema| CATALOG_SCHEMAS.contains(&schema)) {
            let ours = if schema == Some("information_schema") {
                format!("information_schema_{bare}")
            } else {
                bare.to_owned()
            };
            if self.reading.catalog.is_some_and(|catalog| catalog.is_system_view(&ours)) {
                *relation = system_view(&ours);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        if let Err(error) = self
            .replace_empty_view(factor)
            .and_then(|()| external_tables::replace(factor, self.reading, self.is_bound_view))
        {
            return ControlFlow::Break(error);
        }
        self.find_system_view(factor);
        match factor {
            // A function of one value in FROM is a table of one row.
            TableFactor::Table { args: Some(args), name, alias, .. }
                if args.args.is_empty() && ROW_FUNCTIONS.contains(&name.to_string().to_lowercase().as_str()) =>
            {
                let bare = name.to_string().to_lowercase();
                let alias = alias.as_ref().map_or(bare.clone(), |alias| alias.name.value.to_lowercase());
                match table_factor(&format!("SELECT 1 FROM (SELECT {bare}() AS {bare}) AS {alias}")) {
                    Ok(rewritten) => *factor = rewritten,
                    Err(error) => return ControlFlow::Break(error),
                }
                ControlFlow::Continue(())
            }
            // Views WITH NO SCHEMA BINDING, and their columns.
            TableFactor::Table { args: Some(_), name, alias: Some(alias), .. }
                if name.to_string().eq_ignore_ascii_case("pg_get_late_binding_view_cols") =>
            {
                const COLUMNS: [&str; 5] =
                    ["schema_name", "table_name", "column_name", "full_type", "ordinal_position"];
                let columns = alias.columns.iter().zip(COLUMNS);
                let columns: Vec<String> =
                    columns.map(|(column, ours)| format!("{ours} AS {}", column.name.value.to_lowercase())).collect();
                let text = format!(
                    "SELECT 1 FROM (SELECT {} FROM temp.main.pg_late_binding_view_columns) AS {}",
                    columns.join(", "),
                    alias.name
                );
                match table_factor(&text) {
                    Ok(rewritten) => *factor = rewritten,
                    Err(error) => return ControlFlow::Break(error),
                }
                ControlFlow::Continue(())
            }
            // A view of the catalog that is given no name has its own.
            TableFactor::Table { args: None, name, alias: alias @ None, .. } if matches!(&name.0[..], [schema, _] if CATALOG_SCHEMAS.contains(&bare(schema).as_str())) =>
            {
                let called = name.0.last().map(bare).unwrap_or_default();
                *alias = Some(TableAlias { explicit: true, name: Ident::new(called), columns: Vec::new(), at: None });
                ControlFlow::Continue(())
            }
            // VALUES stand in INSERT only.
            TableFactor::Derived { subquery, .. } if matches!(subquery.body.as_ref(), SetExpr::Values(_)) => {
                ControlFlow::Break(TranslateError::syntax("syntax error at or near \"values\""))
            }
            TableFactor::Derived { lateral: true, .. } => {
                ControlFlow::Break(TranslateError::syntax("syntax error at or near \"select\""))
            }
            // A constant series is what everybody's calendars are made of.
            TableFactor::Table { args: Some(_), name, .. }
                if name.to_string().eq_ignore_ascii_case("generate_series") =>
            {
                ControlFlow::Continue(())
            }
            TableFactor::Table { args: Some(_), name, .. } => {
                ControlFlow::Break(TranslateError::unsupported(&format!("the table function {name}")))
            }
            TableFactor::TableFunction { .. } | TableFactor::Function { .. } | TableFactor::UNNEST { .. } => {
                ControlFlow::Break(TranslateError::unsupported("a table function in FROM"))
            }
            _ => ControlFlow::Continue(()),
        }
    }

    /// *TOP n*: the same as LIMIT n, which may not stand beside it. *MINUS*: the same as EXCEPT. *Column names*: what has
    /// no alias is named as Redshift names it.
    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        let named = query.with.iter().flat_map(|with| &with.cte_tables);
        self.named.extend(named.map(|named| named.alias.name.value.to_lowercase()));
        let is_top = matches!(query.body.as_ref(), SetExpr::Select(select) if select.top.is_some());
        if is_top && let Err(error) = top_to_limit(query) {
            return ControlFlow::Break(error);
        }
        if let Some(word) = only_in_postgresql(query) {
            return ControlFlow::Break(TranslateError::syntax(format!("syntax error at or near \"{word}\"")));
        }
        match set_expression(&mut query.body) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Self::Break> {
        if !select.connect_by.is_empty() {
            return ControlFlow::Break(TranslateError::unsupported("CONNECT BY"));
        }
        if let Err(error) = exclude::rewrite(select) {
            return ControlFlow::Break(error);
        }
        if self.reading.names_pseudo_columns
            && let Err(error) = external_tables::hide_pseudo_columns(select, self.reading)
        {
            return ControlFlow::Break(error);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        nesting_limits::balance(expr);
        self.keep_attributes(expr);
        external_tables::drop_schema(expr, self.reading);
        if let Expr::UnaryOp { op: UnaryOperator::Minus, expr: inner } = expr
            && begins_with_minus(inner)
        {
            let operand = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
            **inner = Expr::Nested(Box::new(operand));
        }
        // The parts of an interval may be parted by commas.
        if let Expr::Interval(interval) = expr
            && let Expr::Value(value) = interval.value.as_mut()
            && let Value::SingleQuotedString(text) = &mut value.value
        {
            *text = text.replace(',', " ");
        }
        ControlFlow::Continue(())
    }
}

/// What PostgreSQL's queries have and Redshift's do not (c_unsupported-postgresql-features).
fn only_in_postgresql(query: &Query) -> Option<&'static str> {
    match query.body.as_ref() {
        _ if query.fetch.is_some() => Some("fetch"),
        SetExpr::Select(select) if matches!(select.distinct, Some(Distinct::On(_))) => Some("on"),
        _ => None,
    }
}

fn top_to_limit(query: &mut Query) -> Result<(), TranslateError> {
    let SetExpr::Select(select) = query.body.as_mut() else { return Ok(()) };
    let Some(top) = select.top.take() else { return Ok(()) };
    let limit = match top.quantity {
        _ if top.with_ties || top.percent => return Err(TranslateError::unsupported("TOP with more than n")),
        _ if query.limit_clause.is_some() => {
            return Err(TranslateError::syntax("TOP and LIMIT cannot be used together"));
        }
        Some(TopQuantity::Constant(n)) => Expr::value(Value::Number(n.to_string(), false)),
        Some(TopQuantity::Expr(expr)) => expr,
        None => return Err(TranslateError::syntax("TOP needs a number")),
    };
    query.limit_clause = Some(LimitClause::LimitOffset { limit: Some(limit), offset: None, limit_by: Vec::new() });
    Ok(())
}

fn set_expression(body: &mut SetExpr) -> Result<(), TranslateError> {
    match body {
        SetExpr::Select(select) if select.top.is_some() => Err(TranslateError::unsupported("TOP in a part of a UNION")),
        SetExpr::Select(select) => {
            name_columns(select);
            Ok(())
        }
        SetExpr::SetOperation { op, left, right, .. } => {
            if *op == SetOperator::Minus {
                *op = SetOperator::Except;
            }
            set_expression(left)?;
            set_expression(right)
        }
        _ => Ok(()),
    }
}

fn bare(part: &ObjectNamePart) -> String {
    part.as_ident().map_or_else(String::new, |ident| ident.value.to_lowercase())
}
