//! INSERT and UPDATE. They are written out for DuckDB once the table is known that they change: which of its columns get
//! values, which never do, and where a text is to become a time.

use sqlparser::ast::{
    AssignmentTarget, BinaryOperator, Expr, Ident, Insert, JoinConstraint, JoinOperator, ObjectName, SelectItem,
    SetExpr, Statement, TableFactor, TableObject, TableWithJoins, Update, UpdateTableFromKind, Value, VisitMut,
    VisitorMut,
};

use super::ddl::Name;
use super::functions::written;
use super::types::Type;
use crate::warehouse::error::SqlError;
use crate::warehouse::function::is_loose_time;

/// A statement that changes rows of one table.
#[derive(Debug)]
pub struct Write {
    pub table: Name,
    statement: Statement,
}

/// A column of that table.
#[derive(Debug, Clone)]
pub struct Target {
    pub name: String,
    pub data_type: Type,
    /// Redshift alone gives it its values.
    pub is_identity: bool,
}

impl Write {
    pub fn of(statement: Statement) -> Result<Self, SqlError> {
        let near = |word: &str| Err(SqlError::syntax(format!("syntax error at or near \"{word}\"")));
        let table = match &statement {
            Statement::Insert(insert) if insert.on.is_some() => return near("on"),
            Statement::Insert(Insert { returning: Some(_), .. })
            | Statement::Update(Update { returning: Some(_), .. }) => return near("returning"),
            Statement::Insert(insert) => match &insert.table {
                TableObject::TableName(name) => Name::of(name),
                _ => return near("table"),
            },
            Statement::Update(update) => name_of(&update.table.relation).unwrap_or_default(),
            _ => return Err(SqlError::syntax("only INSERT and UPDATE change rows so")),
        };
        Ok(Self { table, statement })
    }

    /// As it stands, for what is not asked of the table.
    pub fn plain(&self) -> String {
        self.statement.to_string()
    }

    /// For a table with these columns.
    pub fn sql(mut self, columns: &[Target]) -> Result<String, SqlError> {
        match &mut self.statement {
            Statement::Insert(insert) => insert_into(insert, &self.table, columns)?,
            Statement::Update(update) => set(update, &self.table, columns)?,
            _ => {}
        }
        Ok(self.plain())
    }
}

fn name_of(factor: &TableFactor) -> Option<Name> {
    match factor {
        TableFactor::Table { name, .. } => Some(Name::of(name)),
        _ => None,
    }
}

fn last_of(name: &ObjectName) -> String {
    Name::of(name).table
}

fn find<'c>(columns: &'c [Target], table: &Name, name: &str) -> Result<&'c Target, SqlError> {
    let missing =
        || SqlError::new("42703", format!("column \"{name}\" of relation \"{}\" does not exist", table.table));
    columns.iter().find(|column| column.name == name).ok_or_else(missing)
}

/// *The first columns* get the values where there are fewer of them. An IDENTITY gets none.
fn insert_into(insert: &mut Insert, table: &Name, columns: &[Target]) -> Result<(), SqlError> {
    let Some(source) = &mut insert.source else { return Ok(()) };
    let values = width(&source.body);
    let named: Vec<&Target> = match insert.columns.is_empty() {
        true => columns.iter().take(values.unwrap_or(columns.len())).collect(),
        false => insert.columns.iter().map(|name| find(columns, table, &last_of(name))).collect::<Result<_, _>>()?,
    };
    for (at, column) in named.iter().enumerate() {
        if named[..at].iter().any(|before| before.name == column.name) {
            return Err(SqlError::new("42701", format!("column \"{}\" specified more than once", column.name)));
        }
    }
    match values {
        Some(values) if values > named.len() => {
            return Err(SqlError::syntax("INSERT has more expressions than target columns"));
        }
        Some(values) if values < named.len() => {
            return Err(SqlError::syntax("INSERT has more target columns than expressions"));
        }
        Some(values) if values < columns.len() && insert.columns.is_empty() => {
            let ident = |column: &&Target| ObjectName::from(vec![Ident::with_quote('"', column.name.clone())]);
            insert.columns = named.iter().map(ident).collect();
        }
        _ => {}
    }
    assign(&mut source.body, &named)
}

/// How many values a row has; `None` where only DuckDB knows.
fn width(body: &SetExpr) -> Option<usize> {
    match body {
        SetExpr::Values(values) => values.rows.first().map(|row| row.len()),
        SetExpr::Select(select) => {
            let is_one =
                |item: &SelectItem| matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. });
            select.projection.iter().all(is_one).then_some(select.projection.len())
        }
        SetExpr::SetOperation { left, .. } => width(left),
        SetExpr::Query(query) => width(&query.body),
        _ => None,
    }
}

fn assign(body: &mut SetExpr, columns: &[&Target]) -> Result<(), SqlError> {
    match body {
        SetExpr::Values(values) => {
            for row in &mut values.rows {
                row.iter_mut().zip(columns).try_for_each(|(value, column)| fit(value, column))?;
            }
            Ok(())
        }
        SetExpr::Select(select) => {
            let items = select.projection.iter_mut().zip(columns);
            items.into_iter().try_for_each(|(item, column)| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => fit(expr, column),
                // What stands for several columns.
                _ => Ok(()),
            })
        }
        SetExpr::SetOperation { left, right, .. } => {
            assign(left, columns)?;
            assign(right, columns)
        }
        SetExpr::Query(query) => assign(&mut query.body, columns),
        _ => Ok(()),
    }
}

/// *Texts become times* in any of Redshift's orders of day and month.
fn fit(value: &mut Expr, column: &Target) -> Result<(), SqlError> {
    if is_default(value) {
        return Ok(());
    }
    if column.is_identity {
        return Err(SqlError::new("0A000", "cannot set an identity column to a value"));
    }
    // A text becomes a text in a SUPER; JSON_PARSE makes more of it.
    if let (Type::Super, Expr::Value(literal)) = (column.data_type, &*value)
        && matches!(literal.value, Value::SingleQuotedString(_) | Value::DollarQuotedString(_))
    {
        if let Some(json) = written(&format!("to_json({value})"))? {
            *value = json;
        }
        return Ok(());
    }
    let function = match column.data_type {
        Type::Date => "redshift_date",
        Type::Timestamp => "redshift_timestamp",
        Type::TimestampTz => "redshift_timestamptz",
        _ => return Ok(()),
    };
    let may_need_it = match value {
        Expr::Value(literal) => match &literal.value {
            Value::SingleQuotedString(text) => is_loose_time(text),
            _ => false,
        },
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        _ => false,
    };
    if may_need_it && let Some(read) = written(&format!("{function}({value})"))? {
        *value = read;
    }
    Ok(())
}

fn is_default(value: &Expr) -> bool {
    matches!(value, Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default"))
}

fn set(update: &mut Update, table: &Name, columns: &[Target]) -> Result<(), SqlError> {
    for assignment in &mut update.assignments {
        let AssignmentTarget::ColumnName(name) = &assignment.target else { continue };
        let column = find(columns, table, &last_of(name))?;
        fit(&mut assignment.value, column)?;
    }
    join_itself(update, table)
}

/// *The table named again* in the FROM of its own UPDATE is the one that is changed; DuckDB takes it for another, and
/// changes every row.
fn join_itself(update: &mut Update, table: &Name) -> Result<(), SqlError> {
    let Some(UpdateTableFromKind::AfterSet(from)) = &mut update.from else { return Ok(()) };
    let is_itself = |factor: &TableFactor| name_of(factor).is_some_and(|name| name.table == table.table);
    let Some(at) = from
        .iter()
        .position(|joined| is_itself(&joined.relation) || joined.joins.iter().any(|join| is_itself(&join.relation)))
    else {
        return Ok(());
    };
    let joined = from.remove(at);
    let mut conditions = Vec::new();
    let mut factors = vec![joined.relation];
    for join in joined.joins {
        match join.join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) | JoinOperator::CrossJoin(constraint) => {
                match constraint {
                    JoinConstraint::On(condition) => conditions.push(condition),
                    JoinConstraint::None => {}
                    _ => return Err(SqlError::unsupported("UPDATE … FROM with USING or NATURAL")),
                }
            }
            _ => return Err(SqlError::new("0A000", "Target table must be part of an equijoin predicate")),
        }
        factors.push(join.relation);
    }
    let own = factors.iter().position(is_itself).map(|at| factors.remove(at));
    let alias = own.as_ref().and_then(|factor| match factor {
        TableFactor::Table { alias, .. } => alias.clone(),
        _ => None,
    });
    from.extend(factors.into_iter().map(|relation| TableWithJoins { relation, joins: Vec::new() }));
    if from.is_empty() {
        update.from = None;
    }
    let before = update.selection.take().map(|selection| Expr::Nested(Box::new(selection)));
    let all = conditions.into_iter().map(|condition| Expr::Nested(Box::new(condition))).chain(before);
    update.selection = all.reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    });
    if let (Some(alias), TableFactor::Table { alias: known, .. }) = (alias, &mut update.table.relation) {
        let called = alias.name.clone();
        *known = Some(alias);
        let mut renames = Renames { from: table.table.clone(), to: called };
        let _ = update.assignments.visit(&mut renames);
        let _ = update.selection.visit(&mut renames);
    }
    Ok(())
}

/// What is said of the table under its own name is said of its alias.
struct Renames {
    from: String,
    to: Ident,
}

impl VisitorMut for Renames {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> std::ops::ControlFlow<()> {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [owner, _] = &mut parts[..]
            && owner.value == self.from
        {
            *owner = self.to.clone();
        }
        std::ops::ControlFlow::Continue(())
    }
}
