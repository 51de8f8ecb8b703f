//! The temporary tables that hold the rows of external tables while a statement runs. One is created, without rows, when a
//! statement is bound that reads it, and filled before the statement runs.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{catalog, files};
use crate::copy::Access;
use crate::error::SqlError;
use crate::session::Session;
use crate::transaction_state::Transaction;
use redshift_sql::external::relation::{PSEUDO_COLUMNS, of_rows_table};
use redshift_sql::external::table::ExternalTable;
use redshift_sql::{ColumnAttributes, ColumnSpec, Command, Name, TableAttributes, Type, VARCHAR_MAX, quoted};

/// Those that the session has, by their names.
#[derive(Default)]
pub struct ExternalRows(RefCell<BTreeMap<String, State>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Empty,
    Filled,
    /// In a transaction, whose rollback brings it back.
    Dropped,
}

impl ExternalRows {
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Forgets them: they are gone with their connection.
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }
}

/// The columns of a table that holds rows: those of the files, the partition keys, and the pseudocolumns.
pub fn columns(table: &ExternalTable) -> Result<Vec<(String, Type)>, SqlError> {
    let mut columns = Vec::new();
    for column in table.all_columns() {
        columns.push((column.name.clone(), column.value_type()?));
    }
    let [path, size] = PSEUDO_COLUMNS.map(str::to_owned);
    columns.extend([(path, Type::Varchar(VARCHAR_MAX)), (size, Type::BigInt)]);
    Ok(columns)
}

impl Session {
    /// The statements that create the temporary table of this name.
    ///
    /// # Errors
    /// 42P01 where there is no such external table any more.
    pub(crate) fn define_external_rows(&self, rows_table: &str) -> Result<Vec<String>, SqlError> {
        let name = of_rows_table(rows_table).unwrap_or_default();
        let table = catalog::table(&self.connection, &name)?.table;
        let spec = |(name, data_type): (String, Type)| ColumnSpec {
            name,
            duck: data_type.duck(),
            not_null: false,
            default: None,
            // Its lengths are seen to when it is filled.
            text: None,
            attributes: ColumnAttributes { data_type: data_type.name(), ..ColumnAttributes::default() },
        };
        let specs: Vec<ColumnSpec> = columns(&table)?.into_iter().map(spec).collect();
        let name = Name { schema: None, table: rows_table.to_owned() };
        let mut statements = vec![drop(rows_table)];
        statements.extend(redshift_sql::define(&name, true, &specs, &TableAttributes::default())?);
        self.external_rows.0.borrow_mut().insert(rows_table.to_owned(), State::Empty);
        Ok(statements)
    }

    /// Fills the tables that a statement is about to read.
    ///
    /// # Errors
    /// Where an object cannot be read.
    pub(crate) fn fill_external_rows(&self, command: &Command, access: &Access) -> Result<(), SqlError> {
        // Their columns are enough.
        if matches!(command, Command::Explain(_) | Command::CreateView(_) | Command::CreateLateView(_)) {
            return Ok(());
        }
        let rows = &self.external_rows.0;
        let is_empty = |(_, state): &(&String, &State)| **state == State::Empty;
        let empty: Vec<String> = rows.borrow().iter().filter(is_empty).map(|(name, _)| name.clone()).collect();
        for rows_table in empty {
            files::load(self, access, &rows_table)?;
            rows.borrow_mut().insert(rows_table, State::Filled);
        }
        Ok(())
    }

    /// Drops all of them before and after a statement: each reads the objects anew.
    pub(crate) fn drop_external_rows(&self) -> Result<(), SqlError> {
        if self.external_rows.is_empty() {
            return Ok(());
        }
        let drops: Vec<String> = self.external_rows.0.borrow().keys().map(|name| drop(name)).collect();
        // A cancel must not leave them.
        self.insist(|session| Ok(session.connection.execute_batch(&drops.join("; "))?))?;
        match self.transaction {
            Transaction::None => self.external_rows.clear(),
            _ => self.external_rows.0.borrow_mut().values_mut().for_each(|state| *state = State::Dropped),
        }
        Ok(())
    }
}

fn drop(rows_table: &str) -> String {
    format!("DROP TABLE IF EXISTS temp.main.{}", quoted(rows_table))
}
