//! What views are made of: a relation that one reads does not go without it, and a view reads the same relations whatever
//! the search path is, and whatever they are renamed to.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{ObjectName, Query, Visit, Visitor};

use super::error::SqlError;
use super::session::Session;
use super::{batch, catalog};
use redshift_sql::{Name, literal};

/// The relations that each view reads, by their keys.
pub const KEPT: &str = "redshift_system.redshift_dependencies";

/// Gives the relations of a query the schemas where the search path finds them, so that they are the same under any other.
pub fn qualify(session: &Session, query: &mut Query) -> Result<(), SqlError> {
    redshift_sql::rename_relations(query, &mut |name: &Name| {
        if name.schema.is_some() {
            return Ok(None);
        }
        // A temporary table has no schema of ours.
        Ok(catalog::found(&session.connection, name)?.filter(|found| found.schema.is_some()))
    })?;
    Ok(())
}

/// Notes what a view reads, in the place of what one of its name read. Every relation in the query has its schema.
pub fn note(session: &Session, view: &Name, query: &Query) -> Result<(), SqlError> {
    struct Reads(BTreeSet<Name>);
    impl Visitor for Reads {
        type Break = ();
        fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
            self.0.insert(Name::of(relation));
            ControlFlow::Continue(())
        }
    }
    let mut reads = Reads(BTreeSet::new());
    let _ = query.visit(&mut reads);
    let key = literal(&view.key());
    let mut statements = vec![format!("DELETE FROM {KEPT} WHERE view_name = {key}")];
    for name in reads.0.iter().filter(|name| name.schema.is_some()) {
        if let Some(found) = catalog::found(&session.connection, name)? {
            statements.push(format!("INSERT INTO {KEPT} VALUES ({key}, {})", literal(&found.key())));
        }
    }
    batch::run(session, &statements)
}

/// A view reads nothing more that would be noted.
pub fn forget(session: &Session, view: &Name) -> Result<(), SqlError> {
    batch::run(session, &[format!("DELETE FROM {KEPT} WHERE view_name = {}", literal(&view.key()))])
}

/// What the views of a schema read goes with it.
pub fn forget_all(session: &Session, schema: &str) -> Result<(), SqlError> {
    let beginning = literal(&format!("{schema}."));
    batch::run(session, &[format!("DELETE FROM {KEPT} WHERE starts_with(view_name, {beginning})")])
}
