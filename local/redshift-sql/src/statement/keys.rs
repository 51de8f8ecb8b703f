//! Primary, unique and foreign keys as CREATE TABLE and ALTER TABLE declare them. Nothing enforces them (C19).

use sqlparser::ast::{ColumnOption, CreateTable, Expr, ForeignKeyConstraint, Ident, IndexColumn, TableConstraint};

use crate::error::TranslateError;
use crate::statement::attributes::{ForeignKey, TableAttributes, UniqueKey};
use crate::statement::relation_name::Name;

/// Takes the keys of a new table over, those of the columns first.
pub fn take(create: &CreateTable, attributes: &mut TableAttributes) -> Result<(), TranslateError> {
    let table = Name::of(&create.name).table;
    for column in &create.columns {
        let columns = || vec![column.name.value.clone()];
        for option in &column.options {
            let name = option.name.as_ref();
            match &option.option {
                ColumnOption::PrimaryKey(_) => add_primary(attributes, &table, name, columns())?,
                ColumnOption::Unique(_) => add_unique(attributes, name, columns()),
                ColumnOption::ForeignKey(key) => add_foreign(attributes, key, name, columns()),
                _ => {}
            }
        }
    }
    create.constraints.iter().try_for_each(|constraint| add(attributes, &table, constraint))
}

/// One more key of a table.
pub fn add(attributes: &mut TableAttributes, table: &str, constraint: &TableConstraint) -> Result<(), TranslateError> {
    match constraint {
        TableConstraint::PrimaryKey(key) => {
            add_primary(attributes, table, key.name.as_ref(), columns_of(&key.columns))?;
        }
        TableConstraint::Unique(key) => add_unique(attributes, key.name.as_ref(), columns_of(&key.columns)),
        TableConstraint::ForeignKey(key) => add_foreign(attributes, key, key.name.as_ref(), names(&key.columns)),
        other => return Err(TranslateError::unsupported(&format!("the constraint {other}"))),
    }
    Ok(())
}

/// Forgets the key of this name; whether there was one. Those without a name are called as PostgreSQL calls them.
pub fn drop(attributes: &mut TableAttributes, table: &str, name: &str) -> bool {
    let count = |attributes: &TableAttributes| {
        usize::from(!attributes.primary_key.is_empty()) + attributes.unique_keys.len() + attributes.foreign_keys.len()
    };
    let before = count(attributes);
    let is = |known: &Option<String>, columns: &[String], kind: &str| match known {
        Some(known) => known == name,
        None => name == format!("{table}_{}_{kind}", columns.first().map_or("", String::as_str)),
    };
    if attributes.primary_key_name.as_deref().map_or_else(|| name == format!("{table}_pkey"), |known| known == name) {
        attributes.primary_key.clear();
        attributes.primary_key_name = None;
    }
    attributes.unique_keys.retain(|key| !is(&key.name, &key.columns, "key"));
    attributes.foreign_keys.retain(|key| !is(&key.name, &key.columns, "fkey"));
    count(attributes) < before
}

/// Forgets the keys that a column is part of.
pub fn drop_with_column(attributes: &mut TableAttributes, column: &str) {
    let has = |columns: &[String]| columns.iter().any(|known| known == column);
    if has(&attributes.primary_key) {
        (attributes.primary_key, attributes.primary_key_name) = (Vec::new(), None);
    }
    attributes.unique_keys.retain(|key| !has(&key.columns));
    attributes.foreign_keys.retain(|key| !has(&key.columns));
}

/// Every list of columns that a key is of.
pub fn columns(attributes: &mut TableAttributes) -> impl Iterator<Item = &mut Vec<String>> {
    let unique = attributes.unique_keys.iter_mut().map(|key| &mut key.columns);
    let foreign = attributes.foreign_keys.iter_mut().map(|key| &mut key.columns);
    std::iter::once(&mut attributes.primary_key).chain(unique).chain(foreign)
}

fn add_primary(
    attributes: &mut TableAttributes,
    table: &str,
    name: Option<&Ident>,
    columns: Vec<String>,
) -> Result<(), TranslateError> {
    if !attributes.primary_key.is_empty() {
        return Err(TranslateError::new(
            "42P16",
            format!("multiple primary keys for table \"{table}\" are not allowed"),
        ));
    }
    attributes.primary_key = columns;
    attributes.primary_key_name = name.map(|name| name.value.clone());
    Ok(())
}

fn add_unique(attributes: &mut TableAttributes, name: Option<&Ident>, columns: Vec<String>) {
    attributes.unique_keys.push(UniqueKey { name: name.map(|name| name.value.clone()), columns });
}

fn add_foreign(
    attributes: &mut TableAttributes,
    key: &ForeignKeyConstraint,
    name: Option<&Ident>,
    columns: Vec<String>,
) {
    let Name { schema, table } = Name::of(&key.foreign_table);
    let name = name.map(|name| name.value.clone());
    let referred = names(&key.referred_columns);
    attributes.foreign_keys.push(ForeignKey { name, columns, schema, table, referred });
}

fn names(idents: &[Ident]) -> Vec<String> {
    idents.iter().map(|ident| ident.value.clone()).collect()
}

fn columns_of(columns: &[IndexColumn]) -> Vec<String> {
    let name = |column: &IndexColumn| match &column.column.expr {
        Expr::Identifier(ident) => ident.value.clone(),
        other => other.to_string(),
    };
    columns.iter().map(name).collect()
}
