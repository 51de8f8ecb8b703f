//! What a CREATE TABLE says, for pictures and pages: columns, keys, distribution.

use redshift_engine::{SqlError, TableAttributes, Type, parse_table};
use sqlparser::ast::{ColumnOption, CreateTable, ObjectName, Statement, TableConstraint};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableShape {
    pub name: String,
    pub columns: Vec<ColumnShape>,
    /// `ALL`, `EVEN`, `AUTO` or `KEY (column)`.
    pub distribution: String,
    /// In order; empty where Redshift chooses.
    pub sort_key: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnShape {
    pub name: String,
    /// Redshift's name of the type.
    pub data_type: String,
    pub is_primary_key: bool,
    /// The table that it refers to.
    pub refers_to: Option<String>,
    pub is_identity: bool,
}

/// Reads one CREATE TABLE.
///
/// # Errors
/// Where it is no CREATE TABLE with columns, or Redshift would refuse it.
pub fn read(sql: &str) -> Result<TableShape, SqlError> {
    let (statement, attributes) = parse_table(sql)?;
    let Statement::CreateTable(create) = statement else { return Err(SqlError::syntax("not a CREATE TABLE")) };
    let (primary, foreign) = keys(&create);
    let column = |column: &sqlparser::ast::ColumnDef| {
        let name = column.name.value.clone();
        Ok(ColumnShape {
            data_type: Type::of(&column.data_type)?.name(),
            is_primary_key: primary.contains(&name),
            refers_to: foreign.iter().find(|(key, _)| *key == name).map(|(_, table)| table.clone()),
            is_identity: attributes.columns.get(&name).is_some_and(|found| found.identity.is_some()),
            name,
        })
    };
    Ok(TableShape {
        name: bare(&create.name),
        columns: create.columns.iter().map(column).collect::<Result<_, SqlError>>()?,
        distribution: distribution(&attributes),
        sort_key: attributes.sortkey.clone(),
    })
}

fn distribution(attributes: &TableAttributes) -> String {
    match (&attributes.diststyle, &attributes.distkey) {
        (_, Some(key)) => format!("KEY ({key})"),
        (Some(style), None) => style.clone(),
        (None, None) => "AUTO".to_owned(),
    }
}

fn bare(name: &ObjectName) -> String {
    name.to_string().rsplit('.').next().unwrap_or_default().trim_matches('"').to_owned()
}

/// Columns of the primary key, and columns with the tables that they refer to.
fn keys(create: &CreateTable) -> (Vec<String>, Vec<(String, String)>) {
    let (mut primary, mut foreign) = (Vec::new(), Vec::new());
    for column in &create.columns {
        for option in &column.options {
            match &option.option {
                ColumnOption::PrimaryKey(_) => primary.push(column.name.value.clone()),
                ColumnOption::ForeignKey(key) => foreign.push((column.name.value.clone(), bare(&key.foreign_table))),
                _ => {}
            }
        }
    }
    for constraint in &create.constraints {
        match constraint {
            TableConstraint::PrimaryKey(key) => {
                primary.extend(key.columns.iter().map(|column| column.column.expr.to_string()))
            }
            TableConstraint::ForeignKey(key) => {
                foreign.extend(key.columns.iter().map(|column| (column.value.clone(), bare(&key.foreign_table))));
            }
            _ => {}
        }
    }
    (primary, foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_distribution_and_sort_order() {
        let table = read(
            "create table Plays (id bigint identity(0,1) primary key, song varchar(8) references songs (id), who int distkey, \
             at_time timestamp, foreign key (who) references users (id)) compound sortkey (at_time, id)",
        )
        .expect("table");
        assert_eq!((table.name.as_str(), table.distribution.as_str()), ("plays", "KEY (who)"));
        assert_eq!(table.sort_key, ["at_time", "id"]);
        let refers: Vec<_> = table.columns.iter().map(|column| column.refers_to.as_deref()).collect();
        assert_eq!(refers, [None, Some("songs"), Some("users"), None]);
        assert!(table.columns[0].is_primary_key && table.columns[0].is_identity);
        assert_eq!(table.columns[1].data_type, "character varying(8)");
        assert!(read("select 1").is_err());
    }
}
