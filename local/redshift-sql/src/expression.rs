//! Rules for what stands inside a statement: names, types, functions.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, DollarQuotedString, Expr, Ident, JsonPath, JsonPathElem, LimitClause,
    ObjectName, ObjectNamePart, Query, SetExpr, SetOperator, Statement, TableAlias, TableFactor, TopQuantity,
    TrimWhereField, UnaryOperator, Value, ValueWithSpan, VisitorMut,
};

use super::casts::{cast, convert, try_cast, typed_text};
use super::column_names::name_columns;
use super::{Reading, comparison, depth, functions};
use crate::error::TranslateError;

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
const CATALOG_SCHEMAS: [&str; 2] = ["pg_catalog", "information_schema"];

pub struct Rewrite<'s> {
    reading: Reading<'s>,
    /// Divisions so far.
    divisions: usize,
    /// What the tables of FROM are called, so far.
    tables: BTreeSet<String>,
}

impl<'s> Rewrite<'s> {
    pub fn new(reading: Reading<'s>) -> Self {
        Self { reading, divisions: 0, tables: BTreeSet::new() }
    }

    fn operator(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Result<Option<Expr>, TranslateError> {
        if let (BinaryOperator::Divide, Some(quotients)) = (op, self.reading.quotients) {
            self.divisions += 1;
            if let Some(quotient) = quotients.write(self.divisions, left, right)? {
                return Ok(Some(quotient));
            }
        }
        match op {
            // DuckDB counts intervals by integers of 32 bits.
            BinaryOperator::Multiply if is_interval(left) || is_interval(right) => {
                let (interval, count) = if is_interval(left) { (left, right) } else { (right, left) };
                functions::written(&format!("redshift_interval_times({interval}, {count})"))
            }
            _ if self.reading.lenient => operator(left, op, right),
            _ => Ok(None),
        }
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

impl VisitorMut for Rewrite<'_> {
    type Break = TranslateError;

    /// What is kept until what it reads is there is not asked for its types.
    fn pre_visit_statement(&mut self, statement: &mut Statement) -> ControlFlow<Self::Break> {
        if matches!(statement, Statement::CreateView(view) if view.with_no_schema_binding) {
            self.reading.quotients = None;
        }
        ControlFlow::Continue(())
    }

    /// *Identifier folding*: Redshift folds every identifier to lower case, quoted ones too where it is not told otherwise.
    fn pre_visit_ident(&mut self, ident: &mut Ident) -> ControlFlow<Self::Break> {
        if !self.reading.keeps_case || ident.quote_style.is_none() {
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
            Value::EscapedStringLiteral(text) => text,
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
                *relation = ObjectName::from(vec![Ident::new("redshift_system"), Ident::new(ours)]);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        if let TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } = factor
        {
            self.tables.insert(alias.name.value.to_lowercase());
        } else if let TableFactor::Table { name, .. } = factor {
            self.tables.extend(name.0.last().map(bare));
        }
        match factor {
            // A function of one value in FROM is a table of one row.
            TableFactor::Table { args: Some(args), name, alias, .. }
                if args.args.is_empty() && ROW_FUNCTIONS.contains(&name.to_string().to_lowercase().as_str()) =>
            {
                let bare = name.to_string().to_lowercase();
                let alias = alias.as_ref().map_or(bare.clone(), |alias| alias.name.value.to_lowercase());
                match functions::table_factor(&format!("SELECT 1 FROM (SELECT {bare}() AS {bare}) AS {alias}")) {
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
                    "SELECT 1 FROM (SELECT {} FROM redshift_system.pg_late_binding_view_columns) AS {}",
                    columns.join(", "),
                    alias.name
                );
                match functions::table_factor(&text) {
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
            // PIVOT wants an aggregate and not what an average is made of.
            TableFactor::Pivot { aggregate_functions, .. } => {
                for aggregate in aggregate_functions {
                    if let Expr::Function(function) = &mut aggregate.expr
                        && function.name.to_string().eq_ignore_ascii_case("avg")
                    {
                        function.name = ObjectName::from(vec![Ident::with_quote('"', "mean")]);
                    }
                }
                ControlFlow::Continue(())
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
        let is_top = matches!(query.body.as_ref(), SetExpr::Select(select) if select.top.is_some());
        if is_top && let Err(error) = top_to_limit(query) {
            return ControlFlow::Break(error);
        }
        match set_expression(&mut query.body) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        match unnest_super(&mut query.body, self.reading.keeps_case) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        depth::balance(expr);
        if let Expr::UnaryOp { op: UnaryOperator::Minus, expr: inner } = expr
            && begins_with_minus(inner)
        {
            let operand = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
            **inner = Expr::Nested(Box::new(operand));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        if let Err(error) = comparison::rewrite(expr, &self.tables) {
            return ControlFlow::Break(error);
        }
        let rewritten = match expr {
            Expr::Function(function) => functions::rewrite(function),
            Expr::Cast { kind: CastKind::TryCast | CastKind::SafeCast, data_type, expr, .. } => {
                try_cast(expr, data_type)
            }
            Expr::Cast { data_type, expr, .. } => cast(expr, data_type),
            Expr::CompoundIdentifier(parts)
                if parts.len() == 3 && CATALOG_SCHEMAS.contains(&parts[0].value.as_str()) =>
            {
                parts.remove(0);
                Ok(None)
            }
            Expr::Trim { trim_where, expr, trim_what, .. } => {
                let function = match trim_where {
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                    _ => "btrim",
                };
                let signs = trim_what.as_ref().map(|signs| format!(", {signs}")).unwrap_or_default();
                functions::written(&format!("{function}({expr}{signs})"))
            }
            Expr::Position { expr, r#in } => functions::written(&format!("strpos({in}, {expr})", in = r#in)),
            Expr::Convert { expr, data_type: Some(data_type), .. } => convert(expr, data_type),
            Expr::TypedString(typed) => typed_text(&typed.data_type, &typed.value.value),
            Expr::Identifier(ident) if ident.quote_style.is_none() => word(&ident.value),
            Expr::Like { escape_char: escape, pattern, expr, .. }
            | Expr::ILike { escape_char: escape, pattern, expr, .. } => {
                if escape.is_none() {
                    *escape = default_escape(pattern);
                }
                // What is no text can be like a pattern, too.
                **expr = match functions::text_of(expr) {
                    Some(text) => text,
                    None => Expr::Cast {
                        kind: CastKind::Cast,
                        expr: expr.clone(),
                        data_type: DataType::Varchar(None),
                        format: None,
                    },
                };
                Ok(None)
            }
            Expr::SimilarTo { negated, expr, pattern, escape_char } => {
                let escape = escape_char.as_ref().map_or("'\\'".to_owned(), ToString::to_string);
                let not = if *negated { "NOT " } else { "" };
                functions::written(&format!(
                    "({not}CAST(redshift_similar(CAST({expr} AS VARCHAR), {pattern}, {escape}) AS BOOLEAN))"
                ))
            }
            Expr::AtTimeZone { timestamp, time_zone } => {
                functions::written(&format!("timezone({time_zone}, {timestamp})"))
            }
            Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right } => {
                for side in [left, right] {
                    if let Some(text) = functions::text_of(side) {
                        **side = text;
                    }
                }
                Ok(None)
            }
            Expr::BinaryOp { left, op, right } => self.operator(left, op, right),
            Expr::IsUnknown(inner) => Ok(Some(Expr::IsNull(inner.clone()))),
            Expr::IsNotUnknown(inner) => Ok(Some(Expr::IsNotNull(inner.clone()))),
            Expr::Extract { expr, field, .. } => {
                functions::extract(&field.to_string().to_lowercase(), &expr.to_string())
            }
            // The parts of an interval may be parted by commas.
            Expr::Interval(interval) => {
                let text = interval.value.to_string();
                match text.contains(',') {
                    true => functions::written(&format!("INTERVAL {}", text.replace(',', " "))),
                    false => Ok(None),
                }
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

/// *Elements of a SUPER in FROM*: in `FROM orders o, o.data.lines l` each element of a list is a row, and so in
/// `o.data[2].lines l`. What is no list has no rows.
fn unnest_super(body: &mut SetExpr, keeps_case: bool) -> Result<(), TranslateError> {
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
                    *factor = functions::table_factor(&text)?;
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
    functions::table_factor(&format!(
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

fn bare(part: &ObjectNamePart) -> String {
    part.as_ident().map_or_else(String::new, |ident| ident.value.to_lowercase())
}

fn is_interval(expr: &Expr) -> bool {
    match expr {
        Expr::Interval(_) | Expr::Cast { data_type: DataType::Interval { .. }, .. } => true,
        Expr::Nested(inner) => is_interval(inner),
        _ => false,
    }
}

/// *Operators convert texts*: `'7' / 2` is a number, `a + '-' + b` a text.
fn operator(left: &Expr, op: &BinaryOperator, right: &Expr) -> Result<Option<Expr>, TranslateError> {
    let name = match op {
        BinaryOperator::Plus => "plus",
        BinaryOperator::Minus => "minus",
        BinaryOperator::Multiply => "times",
        BinaryOperator::Divide => "over",
        BinaryOperator::Modulo => "modulo",
        _ => return Ok(None),
    };
    functions::written(&format!("redshift_{name}({left}, {right})"))
}

/// Words that are functions without parentheses.
fn word(name: &str) -> Result<Option<Expr>, TranslateError> {
    match name {
        "sysdate" => functions::now("microsecond").map(Some),
        "current_date" => functions::written("CAST(make_timestamp(epoch_us(now())) AS DATE)"),
        "current_user" | "session_user" | "user" => functions::written("redshift_user()"),
        _ => Ok(None),
    }
}

/// *LIKE escapes with a backslash* where no other sign is named.
fn default_escape(pattern: &Expr) -> Option<Box<Expr>> {
    let has_backslash = match pattern {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text.contains('\\'),
            Value::DollarQuotedString(text) => text.value.contains('\\'),
            _ => false,
        },
        _ => true,
    };
    has_backslash.then(|| Box::new(Expr::value(Value::SingleQuotedString("\\".into()))))
}
