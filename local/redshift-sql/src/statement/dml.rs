//! INSERT, UPDATE and MERGE. They are written out for DuckDB once the table is known that they change: which of its columns get
//! values, which never do, where a text is to become a time, and what is of a type that needs a cast.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Assignment, AssignmentTarget, Expr, Ident, Insert, Merge, MergeAction, MergeInsertExpr, MergeInsertKind,
    MergeUpdateExpr, MergeUpdateKind, ObjectName, SelectItem, SetExpr, Statement, TableFactor, TableObject, Update,
    Value, visit_relations,
};

use crate::bind::Types;
use crate::bind::value_type::ValueType;
use crate::error::TranslateError;
use crate::parse::simple_expressions::literal;
use crate::rules::casts::{coerced, integer, interval_of};
use crate::rules::comparison::changed;
use crate::rules::construct::time_of_text;
use crate::rules::construct::{call, replace};
use crate::statement::changed_table;
use crate::statement::relation_name::Name;
use crate::statement::update_itself::join_itself;
use crate::time::loose_time::is_loose_time;
use crate::types::Type;

/// A statement that changes rows of one table.
#[derive(Debug)]
pub struct DmlStatement {
    pub table: Name,
    statement: Statement,
    /// The types of the columns that an INSERT reads, or of the values that an UPDATE or a MERGE assigns, in their order;
    /// `None` where they are not known.
    given: Option<Vec<ValueType>>,
    /// The time zone of the session is not UTC.
    has_zone: bool,
}

/// A column of that table.
#[derive(Debug, Clone)]
pub struct TargetColumn {
    pub name: String,
    pub data_type: Type,
    /// Redshift alone gives it its values.
    pub is_identity: bool,
}

impl DmlStatement {
    pub fn new(statement: Statement, types: &Types, has_zone: bool) -> Result<Self, TranslateError> {
        let near = |word: &str| Err(TranslateError::syntax(format!("syntax error at or near \"{word}\"")));
        match &statement {
            Statement::Insert(insert) if insert.on.is_some() => return near("on"),
            Statement::Insert(Insert { returning: Some(_), .. })
            | Statement::Update(Update { returning: Some(_), .. }) => return near("returning"),
            Statement::Insert(insert) if !matches!(insert.table, TableObject::TableName(_)) => return near("table"),
            _ => {}
        }
        let table = changed_table::target(&statement).unwrap_or_default();
        Ok(Self { table, statement, given: types.given(), has_zone })
    }

    /// DuckDB's SQL.
    pub fn sql(&self) -> String {
        self.statement.to_string()
    }

    /// Returns true if it reads the table that it changes: an UPDATE, a MERGE, and an INSERT from the table itself.
    pub(crate) fn reads_its_table(&self) -> bool {
        match &self.statement {
            Statement::Insert(insert) => {
                let is_own = |name: &ObjectName| match Name::of(name).table == self.table.table {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                };
                visit_relations(&insert.source, is_own).is_break()
            }
            _ => true,
        }
    }

    /// Writes it out for a table with these columns.
    ///
    /// # Errors
    /// 42703, 42701 and 42601 for columns that do not fit, 42804 for values that Redshift does not convert by itself.
    pub fn coerce_values(&mut self, columns: &[TargetColumn]) -> Result<(), TranslateError> {
        let typed = match &mut self.statement {
            Statement::Insert(insert) => insert_into(insert, &self.table, columns)?,
            Statement::Update(update) => {
                let typed = set(&mut update.assignments, &self.table, columns)?;
                join_itself(update, &self.table)?;
                typed
            }
            Statement::Merge(merge) => set_by_clauses(merge, &self.table, columns)?,
            _ => Vec::new(),
        };
        check(&typed, self.given.as_deref().unwrap_or_default(), self.has_zone)
    }
}

/// A column that a value of a known type is for.
struct Assigned {
    column: TargetColumn,
    /// True where the value is written as one of the column's type; false for what a `*` stands for.
    is_written: bool,
}

/// Refuses what Redshift does not convert by itself (Type compatibility and conversion): `columns` has the column that
/// each value is for, and `None` for values that take any type.
fn check(columns: &[Option<Assigned>], given: &[ValueType], has_zone: bool) -> Result<(), TranslateError> {
    for (assigned, found) in columns.iter().zip(given) {
        let (Some(Assigned { column, is_written }), Some(found)) = (assigned, found.known()) else { continue };
        let is_text = matches!(found, Type::Varchar(_) | Type::Char(_));
        let is_cut = matches!(column.data_type, Type::Interval(_)) && found != column.data_type;
        let is_zoned = |kind: Type| kind == Type::TimestampTz;
        if has_zone && !is_written && is_zoned(found) != is_zoned(column.data_type) {
            return Err(TranslateError::unsupported("* with a time for another type in a time zone other than UTC"));
        }
        if (is_text || is_cut) && !is_written && converted_by(column.data_type).is_some() {
            // DuckDB would read it as JSON, or its escapes as bytes.
            let message = format!(
                "* with a {} for the {} column \"{}\" is not supported by the local Redshift\n  \
                 Hint: Name the columns of the query.",
                found.short_name(),
                column.data_type.short_name().to_uppercase(),
                column.name
            );
            return Err(TranslateError::new("0A000", message));
        }
        let is_encoded = is_text && matches!(column.data_type, Type::Varbyte(_));
        if !is_encoded && !found.becomes(column.data_type) {
            return Err(other_type(column, found));
        }
    }
    Ok(())
}

fn other_type(column: &TargetColumn, found: Type) -> TranslateError {
    let (wanted, found) = (column.data_type.bare_name(), found.bare_name());
    let message = format!(
        "column \"{}\" is of type {wanted} but expression is of type {found}\n  \
         Hint: You will need to rewrite or cast the expression.",
        column.name
    );
    TranslateError::new("42804", message)
}

/// The table that a FROM names, or a DML statement.
pub(super) fn name_of(factor: &TableFactor) -> Option<Name> {
    match factor {
        TableFactor::Table { name, .. } => Some(Name::of(name)),
        _ => None,
    }
}

fn last_of(name: &ObjectName) -> String {
    Name::of(name).table
}

fn find<'c>(columns: &'c [TargetColumn], table: &Name, name: &str) -> Result<&'c TargetColumn, TranslateError> {
    let missing =
        || TranslateError::new("42703", format!("column \"{name}\" of relation \"{}\" does not exist", table.table));
    columns.iter().find(|column| column.name == name).ok_or_else(missing)
}

/// *The first columns* get the values where there are fewer of them. An IDENTITY gets none.
fn insert_into(
    insert: &mut Insert,
    table: &Name,
    columns: &[TargetColumn],
) -> Result<Vec<Option<Assigned>>, TranslateError> {
    let Some(source) = &mut insert.source else { return Ok(Vec::new()) };
    let values = width(&source.body);
    let named: Vec<&TargetColumn> = match insert.columns.is_empty() {
        true => columns.iter().take(values.unwrap_or(columns.len())).collect(),
        false => insert.columns.iter().map(|name| find(columns, table, &last_of(name))).collect::<Result<_, _>>()?,
    };
    for (at, column) in named.iter().enumerate() {
        if named[..at].iter().any(|before| before.name == column.name) {
            return Err(TranslateError::new("42701", format!("column \"{}\" specified more than once", column.name)));
        }
    }
    match values {
        Some(values) if values > named.len() => {
            return Err(TranslateError::syntax("INSERT has more expressions than target columns"));
        }
        Some(values) if values < named.len() => {
            return Err(TranslateError::syntax("INSERT has more target columns than expressions"));
        }
        Some(values) if values < columns.len() && insert.columns.is_empty() => {
            let ident = |column: &&TargetColumn| ObjectName::from(vec![Ident::with_quote('"', column.name.clone())]);
            insert.columns = named.iter().map(ident).collect();
        }
        _ => {}
    }
    let assigned = |column: &&TargetColumn| Some(Assigned { column: (*column).clone(), is_written: true });
    let mut typed: Vec<Option<Assigned>> = named.iter().map(assigned).collect();
    assign(&mut source.body, &named, &mut typed)?;
    Ok(typed)
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

/// Gives the columns their values. Those that may be texts without a type are not among the `typed` any more.
fn assign(
    body: &mut SetExpr,
    columns: &[&TargetColumn],
    typed: &mut Vec<Option<Assigned>>,
) -> Result<(), TranslateError> {
    match body {
        SetExpr::Values(values) => {
            typed.clear();
            for row in &mut values.rows {
                row.iter_mut().zip(columns).try_for_each(|(value, column)| coerce_value(value, column))?;
            }
            Ok(())
        }
        SetExpr::Select(select) => {
            let width = select.projection.len();
            for (at, (item, column)) in select.projection.iter_mut().zip(columns).enumerate() {
                let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else {
                    // It stands for several columns, so that nobody knows here what those behind it are for. Some types
                    // have to know of each text.
                    for typed in typed.iter_mut().skip(at) {
                        let is_kept =
                            |typed: &Assigned| at + 1 == width || converted_by(typed.column.data_type).is_some();
                        *typed = typed.take().filter(is_kept).map(|typed| Assigned { is_written: false, ..typed });
                    }
                    break;
                };
                // What goes into a SUPER is written as such.
                let is_open = is_untyped(expr) || column.data_type == Type::Super;
                if let (Some(typed), true) = (typed.get_mut(at), is_open) {
                    *typed = None;
                }
                coerce_value(expr, column)?;
            }
            Ok(())
        }
        SetExpr::SetOperation { left, right, .. } => {
            assign(left, columns, typed)?;
            assign(right, columns, typed)
        }
        SetExpr::Query(query) => assign(&mut query.body, columns, typed),
        _ => Ok(()),
    }
}

/// *Texts become times* in any of Redshift's orders of day and month, and texts in a SUPER.
fn coerce_value(value: &mut Expr, column: &TargetColumn) -> Result<(), TranslateError> {
    if is_default(value) {
        return Ok(());
    }
    if column.is_identity {
        return Err(TranslateError::new("0A000", "cannot set an identity column to a value"));
    }
    let Some(text) = literal(value) else {
        match (column.data_type, converted_by(column.data_type)) {
            (kind @ Type::Interval(_), _) => replace(value, |value| interval_of(value, kind)),
            (Type::TimestampTz, _) => replace(value, |value| call("redshift_timestamptz", [value])),
            (Type::Date | Type::Timestamp, _) => replace(value, |value| call("redshift_zoneless", [value])),
            (Type::Varchar(_) | Type::Char(_), _) if is_truth_value(value) => {
                return Err(other_type(column, Type::Boolean));
            }
            (_, Some(function)) => replace(value, |value| call(function, [value])),
            (_, None) => {}
        }
        return Ok(());
    };
    let is_time = is_loose_time(text);
    match column.data_type {
        // A text becomes a text; JSON_PARSE makes more of it.
        Type::Super => replace(value, |text| call("to_json", [text])),
        kind @ Type::TimestampTz => replace(value, |text| time_of_text(text, kind)),
        kind @ (Type::Date | Type::Timestamp) if is_time => {
            replace(value, |text| time_of_text(text, kind));
        }
        // Blanks beyond the length are cut off (r_Character_types).
        Type::Varchar(limit) | Type::Char(limit) => {
            let most = usize::try_from(limit).unwrap_or(usize::MAX);
            if text.len() > most && text.is_char_boundary(most) && text[most..].bytes().all(|byte| byte == b' ') {
                *value = changed(value, |text| text.truncate(most));
            }
        }
        kind if kind.reads_literals() => replace(value, |text| coerced(text, kind)),
        kind @ (Type::SmallInt | Type::Integer | Type::BigInt) if text.parse::<i64>().is_err() => {
            replace(value, |text| integer(text, kind));
        }
        _ => {}
    }
    Ok(())
}

/// The macro that makes a value of this type of any other, where DuckDB's own cast means something else.
fn converted_by(kind: Type) -> Option<&'static str> {
    match kind {
        Type::Super => Some("redshift_super"),
        Type::Varbyte(_) => Some("redshift_varbyte"),
        Type::TimeTz => Some("redshift_timetz"),
        Type::Interval(_) => Some("redshift_interval"),
        _ => None,
    }
}

/// What is of whatever type is wanted.
fn is_untyped(value: &Expr) -> bool {
    let is_null = matches!(value, Expr::Value(value) if value.value == Value::Null);
    let is_nested = matches!(value, Expr::Nested(inner) if is_untyped(inner));
    is_null || is_nested || literal(value).is_some() || is_default(value)
}

fn is_truth_value(value: &Expr) -> bool {
    matches!(value, Expr::Value(value) if matches!(value.value, Value::Boolean(_)))
}

fn is_default(value: &Expr) -> bool {
    matches!(value, Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default"))
}

/// What the assignments of an UPDATE, or of a clause of MERGE, give to columns.
fn set(
    assignments: &mut [Assignment],
    table: &Name,
    columns: &[TargetColumn],
) -> Result<Vec<Option<Assigned>>, TranslateError> {
    let mut typed = Vec::new();
    for assignment in assignments {
        let AssignmentTarget::ColumnName(name) = &assignment.target else {
            typed.push(None);
            continue;
        };
        let column = find(columns, table, &last_of(name))?;
        typed.push(give(&mut assignment.value, column)?);
    }
    Ok(typed)
}

/// What the clauses of a MERGE give to columns, in their order.
fn set_by_clauses(
    merge: &mut Merge,
    table: &Name,
    columns: &[TargetColumn],
) -> Result<Vec<Option<Assigned>>, TranslateError> {
    let mut typed = Vec::new();
    for clause in &mut merge.clauses {
        match &mut clause.action {
            MergeAction::Insert(MergeInsertExpr { columns: names, kind: MergeInsertKind::Values(values), .. }) => {
                let named: Vec<&TargetColumn> = match names.is_empty() {
                    true => columns.iter().collect(),
                    false => names.iter().map(|name| find(columns, table, &last_of(name))).collect::<Result<_, _>>()?,
                };
                for (at, value) in values.rows.iter_mut().flat_map(|row| row.iter_mut().enumerate()) {
                    let column = named.get(at);
                    typed.push(column.map_or(Ok(None), |column| give(value, column))?);
                }
            }
            MergeAction::Update(MergeUpdateExpr { kind: MergeUpdateKind::Set(assignments), .. }) => {
                typed.extend(set(assignments, table, columns)?);
            }
            _ => {}
        }
    }
    Ok(typed)
}

/// Gives a column its value; answers the column, where the value has to have its type.
fn give(value: &mut Expr, column: &TargetColumn) -> Result<Option<Assigned>, TranslateError> {
    // What goes into a SUPER is written as such.
    let is_typed = column.data_type != Type::Super && !is_untyped(value);
    coerce_value(value, column)?;
    Ok(is_typed.then(|| Assigned { column: column.clone(), is_written: true }))
}
