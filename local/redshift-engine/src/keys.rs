//! Whether what a table's keys name is there. Redshift wants that, though it enforces none of them.

use super::catalog;
use super::error::SqlError;
use super::session::Session;
use redshift_sql::{ColumnSpec, ForeignKey, Name, TableAttributes};

/// For a table with these columns and keys, of which those to other tables are new.
pub fn check(
    session: &Session,
    name: &Name,
    columns: &[ColumnSpec],
    attributes: &TableAttributes,
    new: &[ForeignKey],
) -> Result<(), SqlError> {
    let has = |key: &&String| columns.iter().any(|column| column.name == **key);
    let unique = attributes.unique_keys.iter().flat_map(|key| &key.columns);
    if let Some(key) = attributes.primary_key.iter().chain(unique).find(|key| !has(key)) {
        return Err(SqlError::new("42703", format!("column \"{key}\" named in key does not exist")));
    }
    for key in new {
        let referencing = key.columns.iter().find(|key| !has(key));
        let referred = match key.table == name.table && (key.schema.is_none() || key.schema == name.schema) {
            true => Referred::of(attributes, columns.iter().map(|column| column.name.clone()).collect()),
            false => {
                let table = catalog::table(&session.connection, key.schema.as_deref(), &key.table)?;
                Referred::of(&table.attributes, table.columns.into_iter().map(|column| column.name).collect())
            }
        };
        let missing = referencing.or_else(|| key.referred.iter().find(|column| !referred.columns.contains(column)));
        if let Some(missing) = missing {
            let message = format!("column \"{missing}\" referenced in foreign key constraint does not exist");
            return Err(SqlError::new("42703", message));
        }
        referred.answers(key)?;
    }
    Ok(())
}

/// A table that a foreign key names.
struct Referred {
    columns: Vec<String>,
    primary_key: Vec<String>,
    /// The primary key among them.
    unique: Vec<Vec<String>>,
}

impl Referred {
    fn of(attributes: &TableAttributes, columns: Vec<String>) -> Self {
        let unique = attributes.unique_keys.iter().map(|key| key.columns.clone());
        let unique = std::iter::once(attributes.primary_key.clone()).chain(unique).map(sorted).collect();
        Self { columns, primary_key: attributes.primary_key.clone(), unique }
    }

    fn answers(&self, key: &ForeignKey) -> Result<(), SqlError> {
        let table = &key.table;
        if key.referred.is_empty() && self.primary_key.is_empty() {
            return Err(SqlError::new("42704", format!("there is no primary key for referenced table \"{table}\"")));
        }
        let wanted = if key.referred.is_empty() { &self.primary_key } else { &key.referred };
        if wanted.len() != key.columns.len() {
            let message = "number of referencing and referenced columns for foreign key disagree";
            return Err(SqlError::new("42830", message));
        }
        if !self.unique.contains(&sorted(wanted.clone())) {
            let message = format!("there is no unique constraint matching given keys for referenced table \"{table}\"");
            return Err(SqlError::new("42830", message));
        }
        Ok(())
    }
}

fn sorted(mut columns: Vec<String>) -> Vec<String> {
    columns.sort();
    columns
}
