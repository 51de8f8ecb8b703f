//! The engine of this process.

use std::future::ready;

use sqllogictest::{DB, DBOutput, DefaultColumnType};

use super::{Record, Refusal};
use crate::warehouse::copy::Access;
use crate::warehouse::tests::Warehouse;
use crate::warehouse::{Session, SqlError};
use crate::wire::value_text;

/// A session of a warehouse.
struct StandIn {
    session: Session,
    access: Access,
}

/// The cases that fail in a warehouse that is new.
pub fn failures(records: &[Record]) -> Vec<String> {
    let warehouse = Warehouse::new();
    super::failures(records, || ready(StandIn::connect(&warehouse)))
}

impl StandIn {
    fn connect(warehouse: &Warehouse) -> Result<Self, Refusal> {
        let session = Session::new(warehouse.session.system.clone(), &warehouse.access.admin)?;
        Ok(Self { session, access: warehouse.access.clone() })
    }
}

impl DB for StandIn {
    type Error = Refusal;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Refusal> {
        let outcome = self.session.run(sql, &self.access, 1)?;
        let Some(set) = outcome.rows else {
            return Ok(DBOutput::StatementComplete(u64::try_from(outcome.count).unwrap_or_default()));
        };
        let rows =
            set.rows.iter().map(|row| row.iter().zip(&set.columns).map(|(value, column)| value_text(value, column)));
        Ok(super::output(set.columns.len(), rows))
    }

    /// A label, as of `onlyif` and `skipif`.
    fn engine_name(&self) -> &str {
        "local"
    }

    fn error_sql_state(error: &Refusal) -> Option<String> {
        Some(error.sqlstate.clone())
    }
}

impl From<SqlError> for Refusal {
    fn from(error: SqlError) -> Self {
        Self { sqlstate: error.sqlstate.into(), message: error.message }
    }
}
