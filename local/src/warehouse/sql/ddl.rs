//! CREATE TABLE and DROP in DuckDB's words. Keys are declared, not enforced, as in Redshift (C19): they are left
//! out of what DuckDB sees. A VARCHAR's length becomes a check on its bytes.

use sqlparser::ast::{ColumnDef, ColumnOption, CreateTable as Ast, CreateTableLikeKind, Ident, ObjectType, Statement};

use super::attributes::TableAttributes;
use super::types::Type;
use crate::warehouse::error::SqlError;

#[derive(Debug)]
pub struct CreateTable {
    pub table: String,
    pub if_not_exists: bool,
    /// In this order, in one transaction.
    pub statements: Vec<String>,
}

pub fn create_table(create: Ast, mut attributes: TableAttributes) -> Result<CreateTable, SqlError> {
    if let Some(CreateTableLikeKind::Parenthesized(_) | CreateTableLikeKind::Plain(_)) = create.like {
        return Err(SqlError::unsupported("CREATE TABLE LIKE"));
    }
    let table = create.name.to_string();
    let temporary = if create.temporary || table.starts_with('#') { "TEMPORARY " } else { "" };
    if let Some(query) = &create.query {
        let statements = vec![format!("CREATE {temporary}TABLE {table} AS {query}")];
        return Ok(CreateTable { table, if_not_exists: create.if_not_exists, statements });
    }
    let bare = bare_name(&table);
    let (mut before, mut columns, mut comments) = (Vec::new(), Vec::new(), Vec::new());
    for column in &create.columns {
        let name = &column.name;
        let data_type = Type::of(&column.data_type)?;
        let attribute = attributes.columns.entry(column.name.value.clone()).or_default();
        attribute.data_type = data_type.name();
        let mut definition = format!("{name} {}", data_type.duck());
        if let Some(identity) = attribute.identity {
            if !matches!(data_type, Type::Integer | Type::BigInt) {
                return Err(SqlError::new("42804", format!("identity column {name} must be of type INT or BIGINT")));
            }
            let sequence = sequence_name(&bare, &column.name.value);
            before.push(format!("DROP SEQUENCE IF EXISTS {sequence}"));
            let (seed, step) = (identity.seed, identity.step);
            before.push(format!(
                "CREATE SEQUENCE {sequence} START WITH {seed} INCREMENT BY {step} MINVALUE {} MAXVALUE {}",
                i64::MIN + 1,
                i64::MAX - 1
            ));
            definition.push_str(&format!(" DEFAULT nextval('{}')", sequence.trim_matches('"')));
        }
        definition.push_str(&options(column, attribute.identity.is_some())?);
        if let Some(limit) = data_type.limit() {
            definition.push_str(&format!(" CHECK (strlen({name}) <= {limit})"));
        }
        comments.push(format!("COMMENT ON COLUMN {table}.{name} IS {}", comment(attribute)?));
        columns.push(definition);
    }
    let missing = |key: &&String| !create.columns.iter().any(|column| column.name.value == **key);
    if let Some(key) = attributes.distkey.iter().chain(&attributes.sortkey).find(missing) {
        return Err(SqlError::new("42703", format!("column \"{key}\" named in key does not exist")));
    }
    let mut statements = before;
    statements.push(format!("CREATE {temporary}TABLE {table} ({})", columns.join(", ")));
    statements.push(format!("COMMENT ON TABLE {table} IS {}", comment(&attributes)?));
    statements.append(&mut comments);
    Ok(CreateTable { table, if_not_exists: create.if_not_exists, statements })
}

/// NOT NULL and DEFAULT are kept; keys are declarations only, and imply NOT NULL where they are primary.
fn options(column: &ColumnDef, is_identity: bool) -> Result<String, SqlError> {
    let mut written = String::new();
    for option in &column.options {
        match &option.option {
            ColumnOption::NotNull | ColumnOption::PrimaryKey(_) if !written.contains(" NOT NULL") => {
                written.push_str(" NOT NULL");
            }
            ColumnOption::NotNull
            | ColumnOption::PrimaryKey(_)
            | ColumnOption::Null
            | ColumnOption::Unique(_)
            | ColumnOption::ForeignKey(_) => {}
            ColumnOption::Default(value) if !is_identity => written.push_str(&format!(" DEFAULT {value}")),
            other => return Err(SqlError::unsupported(&format!("the column option {other}"))),
        }
    }
    Ok(written)
}

/// Redshift's attributes travel with the table as its comment, so that they are renamed, dropped and rolled back
/// together with it.
fn comment(attributes: &impl serde::Serialize) -> Result<String, SqlError> {
    let json = serde_json::to_string(attributes).map_err(|error| SqlError::new("XX000", error.to_string()))?;
    Ok(format!("'{}'", json.replace('\'', "''")))
}

/// The statements that drop each named object; a table takes its identity sequences along.
pub fn drop(statement: &Statement) -> Result<Vec<String>, SqlError> {
    let Statement::Drop { object_type, if_exists, names, cascade, .. } = statement else {
        return Err(SqlError::unsupported("this DROP"));
    };
    if !matches!(object_type, ObjectType::Table | ObjectType::View | ObjectType::Schema) {
        return Err(SqlError::unsupported(&format!("DROP {object_type}")));
    }
    let exists = if *if_exists { "IF EXISTS " } else { "" };
    let cascade = if *cascade { " CASCADE" } else { "" };
    Ok(names.iter().map(|name| format!("DROP {object_type} {exists}{name}{cascade}")).collect())
}

fn bare_name(table: &str) -> String {
    table.rsplit('.').next().unwrap_or(table).trim_matches('"').to_owned()
}

fn sequence_name(table: &str, column: &str) -> String {
    Ident::with_quote('"', format!("identity_{table}_{column}")).to_string()
}
