//! What is known while a statement is planned.

use redshift_sql::{Name, parse_normalized};
use sqlparser::ast::{Query, Statement};

use super::distribution::Distribution;
use super::estimates::Estimates;
use super::relation::{Column, ColumnRef};
use super::step::Step;
use crate::error::SqlError;
use crate::session::Session;

/// Views in one another.
const MOST_VIEWS: usize = 32;

/// The plan of a query.
#[derive(Debug, Clone)]
pub struct Planned {
    pub step: Step,
    pub columns: Vec<Column>,
    /// By its columns, as if it were the first relation of a FROM.
    pub distribution: Distribution,
    pub sorted: Vec<ColumnRef>,
    /// The tables below, in their order.
    pub tables: Vec<String>,
    /// True for what only selects rows and columns: a query around it reads the same relations.
    pub is_plain: bool,
}

pub struct Planner<'s> {
    pub session: &'s Session,
    pub slices: f64,
    /// True for what the leader node does alone: queries of the catalog.
    pub on_leader: bool,
    pub estimates: Estimates,
    /// Common table expressions, the inner ones last.
    pub named: Vec<(String, Planned)>,
    /// The views that are planned, each inside of the one before.
    views: usize,
}

impl<'s> Planner<'s> {
    pub fn new(session: &'s Session, slices: f64, on_leader: bool, estimates: Estimates) -> Self {
        Self { session, slices, on_leader, estimates, named: Vec::new(), views: 0 }
    }

    /// The plan of a view's query; `None` where there is no such view.
    pub fn view(&mut self, name: &Name) -> Result<Option<Planned>, SqlError> {
        let Some(query) = self.view_query(name)? else { return Ok(None) };
        if self.views == MOST_VIEWS {
            return Err(SqlError::unsupported("EXPLAIN of so many views in one another"));
        }
        self.views += 1;
        // It does not see what a query around it has named.
        let named = std::mem::take(&mut self.named);
        let planned = self.query(&query);
        self.named = named;
        self.views -= 1;
        planned.map(Some)
    }

    fn view_query(&self, name: &Name) -> Result<Option<Query>, SqlError> {
        use duckdb::{OptionalExt, params};
        let sql = "SELECT definition FROM redshift_system.redshift_relations WHERE kind = 'VIEW' AND NOT is_materialized \
                   AND table_name = ? AND (schema_name = ? OR (? IS NULL AND (temporary OR \
                   list_contains(current_schemas(false), schema_name)))) \
                   ORDER BY list_position(current_schemas(false), schema_name) LIMIT 1";
        let row = |row: &duckdb::Row<'_>| row.get::<_, String>(0);
        let names = params![name.table, name.schema, name.schema];
        let definition = self.session.connection.query_row(sql, names, row).optional()?;
        let Some(definition) = definition else { return Ok(None) };
        Ok(match parse_normalized(&definition, self.session.reading())? {
            Statement::Query(query) => Some(*query),
            Statement::CreateView(view) => Some(*view.query),
            _ => None,
        })
    }
}
