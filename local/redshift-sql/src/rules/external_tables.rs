//! *External tables* in queries: each is read from a temporary table of the session, which holds its rows while a statement
//! runs, under the name and with the columns that it has in Redshift. Nothing changes them.

use sqlparser::ast::{
    ExcludeSelectItem, Expr, Ident, JoinConstraint, ObjectName, Select, SelectItem, SelectItemQualifiedWildcardKind,
    Statement, TableAlias, TableFactor, TableWithJoins, WildcardAdditionalOptions,
};

use crate::bind::joins::constraint;
use crate::error::TranslateError;
use crate::external::relation::{PSEUDO_COLUMNS, rows_table};
use crate::options::TranslateOptions;
use crate::rules::table_factors::table_factor;
use crate::statement::changed_table;
use crate::statement::relation_name::{Name, quoted};

fn is_external(reading: TranslateOptions<'_>, name: &Name) -> bool {
    name.schema.is_some() && reading.catalog.is_some_and(|catalog| catalog.is_external(name))
}

/// Refuses statements that change rows of an external table.
///
/// # Errors
/// 0A000
pub fn refuse_changes(statement: &Statement, reading: TranslateOptions<'_>) -> Result<(), TranslateError> {
    match changed_table::target(statement) {
        Some(target) if is_external(reading, &target.folded()) => {}
        _ => return Ok(()),
    }
    let verb = match statement {
        Statement::Insert(_) => "INSERT INTO",
        Statement::Update(_) => "UPDATE of",
        Statement::Merge(_) => "MERGE INTO",
        _ => "DELETE FROM",
    };
    Err(TranslateError::unsupported(&format!("{verb} an external table")))
}

/// Writes what holds the rows of an external table in its place in FROM.
///
/// # Errors
/// 0A000 in a view that is bound to what it reads: it needs WITH NO SCHEMA BINDING (`r_CREATE_VIEW`).
pub fn replace(
    factor: &mut TableFactor,
    reading: TranslateOptions<'_>,
    is_bound_view: bool,
) -> Result<(), TranslateError> {
    let TableFactor::Table { args: None, name, alias, .. } = factor else { return Ok(()) };
    let name = Name::of(name).folded();
    if !is_external(reading, &name) {
        return Ok(());
    }
    if is_bound_view {
        return Err(TranslateError::new("0A000", "External tables are not supported in views"));
    }
    *factor = rows(&name, alias.take(), reading.names_pseudo_columns)?;
    Ok(())
}

/// `schema.table.column` of an external table, which has no schema where its rows are.
pub fn drop_schema(expr: &mut Expr, reading: TranslateOptions<'_>) {
    if let Expr::CompoundIdentifier(parts) = expr
        && let [schema, table, _, ..] = parts.as_slice()
        && is_external(reading, &Name { schema: Some(schema.value.clone()), table: table.value.clone() }.folded())
    {
        parts.remove(0);
    }
}

/// What stands in FROM for an external table.
fn rows(table: &Name, alias: Option<TableAlias>, has_pseudo_columns: bool) -> Result<TableFactor, TranslateError> {
    let hidden = PSEUDO_COLUMNS.map(quoted).join(", ");
    let columns = if has_pseudo_columns { "*".to_owned() } else { format!("* EXCLUDE ({hidden})") };
    let source = format!("temp.main.{}", quoted(&rows_table(table)));
    let mut relation = table_factor(&format!("SELECT 1 FROM (SELECT {columns} FROM {source})"))?;
    if let TableFactor::Derived { alias: called, .. } = &mut relation {
        let own =
            || TableAlias { explicit: true, name: Ident::with_quote('"', &table.table), columns: Vec::new(), at: None };
        *called = Some(alias.unwrap_or_else(own));
    }
    Ok(relation)
}

/// Takes the pseudocolumns out of what `*` means in a SELECT from external tables.
///
/// # Errors
/// 0A000 for NATURAL JOIN, which would compare them.
pub fn hide_pseudo_columns(select: &mut Select, reading: TranslateOptions<'_>) -> Result<(), TranslateError> {
    let is_external = |name: &ObjectName| is_external(reading, &Name::of(name).folded());
    let mut called = Vec::new();
    select.from.iter().for_each(|joined| find(joined, &is_external, &mut called));
    if called.is_empty() {
        return Ok(());
    }
    let joins = select.from.iter().flat_map(|joined| &joined.joins);
    if joins.filter_map(|join| constraint(&join.join_operator)).any(|found| *found == JoinConstraint::Natural) {
        return Err(TranslateError::unsupported("NATURAL JOIN beside pseudocolumns"));
    }
    for item in &mut select.projection {
        match item {
            SelectItem::Wildcard(options) => hide(options),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options)
                if called.contains(&Name::of(name).folded().table) =>
            {
                hide(options);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The names that the external tables of FROM go by.
fn find(joined: &TableWithJoins, is_external: &impl Fn(&ObjectName) -> bool, called: &mut Vec<String>) {
    let relations = std::iter::once(&joined.relation).chain(joined.joins.iter().map(|join| &join.relation));
    for relation in relations {
        match relation {
            TableFactor::Table { name, alias, args: None, .. } if is_external(name) => {
                let alias = alias.as_ref().map(|alias| alias.name.value.to_lowercase());
                called.push(alias.unwrap_or_else(|| Name::of(name).folded().table));
            }
            TableFactor::NestedJoin { table_with_joins, .. } => find(table_with_joins, is_external, called),
            _ => {}
        }
    }
}

fn hide(options: &mut WildcardAdditionalOptions) {
    let mut left_out = match options.opt_exclude.take() {
        Some(ExcludeSelectItem::Single(name)) => vec![name],
        Some(ExcludeSelectItem::Multiple(names)) => names,
        None => Vec::new(),
    };
    left_out.extend(PSEUDO_COLUMNS.map(|column| ObjectName::from(vec![Ident::with_quote('"', column)])));
    options.opt_exclude = Some(ExcludeSelectItem::Multiple(left_out));
}
