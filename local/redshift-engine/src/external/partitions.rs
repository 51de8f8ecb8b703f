//! ALTER TABLE … ADD, DROP and SET LOCATION of partitions.

use duckdb::params;

use super::catalog::{self, Found};
use crate::error::SqlError;
use crate::session::Session;
use redshift_sql::external::alter::PartitionValues;

/// The partitions of an external table.
pub struct Partitions<'a> {
    pub session: &'a Session,
    pub found: &'a Found,
    pub table: &'a str,
}

impl Partitions<'_> {
    /// Adds partitions.
    ///
    /// # Errors
    /// 42710 where there is one of these values, unless it is passed over.
    pub fn add(&self, if_not_exists: bool, new: &[(PartitionValues, String)]) -> Result<(), SqlError> {
        for (values, location) in new {
            self.check_keys(values)?;
            if self.has(values)? {
                match if_not_exists {
                    true => continue,
                    false => return Err(SqlError::new("42710", "Partition already exists.")),
                }
            }
            let sql = "INSERT INTO redshift_system.redshift_external_partitions \
                       (database_name, table_name, partition_values, location) VALUES (?, ?, ?, ?)";
            let key = self.key(values)?;
            self.session.connection.execute(sql, params![self.found.database, self.table, key, location])?;
        }
        Ok(())
    }

    /// # Errors
    /// 42704 where there is none of these values.
    pub fn drop(&self, values: &PartitionValues) -> Result<(), SqlError> {
        self.require(values)?;
        let sql = "DELETE FROM redshift_system.redshift_external_partitions \
                   WHERE database_name = ? AND table_name = ? AND partition_values = ?";
        self.session.connection.execute(sql, params![self.found.database, self.table, self.key(values)?])?;
        Ok(())
    }

    /// # Errors
    /// As `drop`.
    pub fn set_location(&self, values: &PartitionValues, location: &str) -> Result<(), SqlError> {
        self.require(values)?;
        let sql = "UPDATE redshift_system.redshift_external_partitions SET location = ? \
                   WHERE database_name = ? AND table_name = ? AND partition_values = ?";
        self.session.connection.execute(sql, params![location, self.found.database, self.table, self.key(values)?])?;
        Ok(())
    }

    fn require(&self, values: &PartitionValues) -> Result<(), SqlError> {
        self.check_keys(values)?;
        match self.has(values)? {
            true => Ok(()),
            false => Err(SqlError::new("42704", "Partition does not exist.")),
        }
    }

    fn has(&self, values: &PartitionValues) -> Result<bool, SqlError> {
        let all = catalog::partitions(&self.session.connection, &self.found.database, self.table)?;
        Ok(all.iter().any(|(known, _)| known == values))
    }

    /// All partition keys have a value, and nothing else has.
    fn check_keys(&self, values: &PartitionValues) -> Result<(), SqlError> {
        let keys = &self.found.table.partition_keys;
        let is_whole = keys.len() == values.len() && keys.iter().all(|key| values.contains_key(&key.name));
        match is_whole && !keys.is_empty() {
            true => Ok(()),
            false => {
                let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
                let message = format!("the partition keys of \"{}\" are ({})", self.table, names.join(", "));
                Err(SqlError::new("42601", message))
            }
        }
    }

    fn key(&self, values: &PartitionValues) -> Result<String, SqlError> {
        let broken = |error| SqlError::new("XX000", format!("cannot keep a partition of \"{}\": {error}", self.table));
        serde_json::to_string(values).map_err(broken)
    }
}
