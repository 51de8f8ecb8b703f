//! The engine of this process.

use std::future::ready;
use std::sync::Arc;

use redshift_engine::{Access, DirectoryStorage, Engine, MemoryLimit, Place, Session, Slices, SqlError};
use sqllogictest::{DB, DBOutput, DefaultColumnType};

use super::{Record, Refusal};
use crate::types::value_text;

/// A session of a warehouse.
struct StandIn {
    session: Session,
    access: Access,
}

/// The cases that fail in a warehouse that is new.
pub fn failures(records: &[Record]) -> Vec<String> {
    let directory = tempfile::tempdir().expect("directory");
    let place = Place { slices: Slices { nodes: 2, per_node: 2 }, ..Place::new("dwh", "dwh", "dwhadmin") };
    let engine = Engine::open(directory.path(), &place.database, place.slices, MemoryLimit::default()).expect("engine");
    let access = Access::new(place, Arc::new(DirectoryStorage::new(directory.path())));
    super::failures(records, || ready(StandIn::connect(&engine, &access)))
}

impl StandIn {
    fn connect(engine: &Engine, access: &Access) -> Result<Self, Refusal> {
        Ok(Self { session: engine.session(&access.place.admin)?, access: access.clone() })
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
