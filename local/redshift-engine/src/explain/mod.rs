//! EXPLAIN: the plan of a statement in the steps that Redshift would take (r_EXPLAIN). Nothing is run.
//!
//! The steps come from the statement as it was written and from the distribution and sort keys of its tables; how many rows
//! each has is what DuckDB expects ([`estimates`]). [`text`] writes them.

mod aggregate;
mod change;
mod cost;
mod distribution;
mod estimates;
mod expression;
mod from;
mod join;
mod planner;
mod query;
mod relation;
mod set_operation;
mod step;
mod subquery;
mod text;
mod walk;

use std::ops::ControlFlow;

use redshift_sql::{Explain, Name, Translated};
use sqlparser::ast::{Statement, visit_relations};

use super::dml;
use super::error::SqlError;
use super::place::Slices;
use super::result::ResultSet;
use super::session::Session;
use super::show::texts;
use estimates::Estimates;
use planner::Planner;

/// The name of the only column.
pub const COLUMN: &str = "QUERY PLAN";

/// # Errors
/// As for the statement, where it cannot be bound; 0A000 where its plan has no steps here.
pub fn run(session: &mut Session, slices: Slices, explain: Explain) -> Result<ResultSet, SqlError> {
    let Explain { verbose, statement, translated } = explain;
    let sql = match translated {
        Translated::Sql(sql) => sql,
        Translated::Write(write) => dml::coerced(session, *write)?,
    };
    let estimates = Estimates::ask(&session.connection, &sql)?;
    let on_leader = is_on_leader(&statement);
    let mut planner = Planner::new(session, slices.count().max(1) as f64, on_leader, estimates);
    let plan = planner.statement(&statement)?;
    let mut lines = if verbose { text::tree(&plan) } else { Vec::new() };
    lines.extend(text::lines(&plan, on_leader));
    Ok(texts(&[COLUMN], lines.into_iter().map(|line| vec![line]).collect()))
}

/// Returns true where all that is read is the leader node's: PG_CATALOG and INFORMATION_SCHEMA, and SVV views over them.
fn is_on_leader(statement: &Statement) -> bool {
    let (mut leader, mut others) = (0, 0);
    let _ = visit_relations(statement, |relation| {
        let parts: Vec<&str> =
            relation.0.iter().filter_map(|part| part.as_ident()).map(|part| part.value.as_str()).collect();
        match parts[..] {
            ["temp", "main", view]
                if ["pg_", "information_schema_", "svv_"].iter().any(|prefix| view.starts_with(prefix)) =>
            {
                leader += 1;
            }
            _ if Name::of(relation).table == "generate_series" => leader += 1,
            _ => others += 1,
        }
        ControlFlow::<()>::Continue(())
    });
    leader > 0 && others == 0
}
