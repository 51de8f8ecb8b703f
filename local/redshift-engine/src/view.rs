//! CREATE VIEW, of a view that is bound to what it reads.

use std::collections::HashSet;

use super::error::SqlError;
use super::result::{ResultColumn, columns_of};
use super::session::Session;
use super::{catalog, dependency, late_binding_view, owner};
use redshift_sql::{KeptView, Name, NewView, QueryCommand, quoted};

/// A view has the columns that its query has now: what `*` means is written out, for tables get more of them. What it reads
/// is what it reads now, whatever the search path will be.
pub fn create(session: &Session, new: NewView) -> Result<(), SqlError> {
    let NewView { mut view, definition } = new;
    let name = catalog::new_name(&session.connection, &Name::of(&view.name))?;
    view.name = name.to_object_name();
    dependency::qualify(session, &mut view.query)?;
    let was_late = late_binding_view::find(session, &name)?.is_some();
    if was_late && !view.or_replace {
        return Err(SqlError::new("42P07", format!("Relation \"{}\" already exists", name.table)));
    }
    let replaces_bound = view.or_replace && !was_late && catalog::is_view(&session.connection, &name)?;
    // It takes the place of one that was bound late.
    late_binding_view::forget(session, &name)?;
    let query = view.query.to_string();
    let given: Vec<String> = view.columns.iter().map(|column| column.name.value.clone()).collect();
    let columns = match replaces_bound || query.contains('*') {
        true => columns_of(&session.connection, &QueryCommand::untyped(&query))?,
        false => Vec::new(),
    };
    if replaces_bound {
        refuse_other_columns(session, &name, &columns, &given)?;
    }
    let names: Vec<String> = columns.into_iter().map(|column| column.name).collect();
    let different: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let create = if !names.is_empty() && different.len() == names.len() {
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        let columns = view.columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let columns = if columns.is_empty() { columns } else { format!(" ({columns})") };
        let replace = if view.or_replace { "OR REPLACE " } else { "" };
        format!("CREATE {replace}VIEW {name}{columns} AS SELECT {} FROM ({query})", names.join(", "))
    } else {
        view.to_string()
    };
    let kept = KeptView { definition: format!("{definition};"), columns: given, late: false };
    session.connection.execute_batch(&format!("{create}; {}", kept.describe(&name)?))?;
    dependency::note(session, &name, &view.query)?;
    owner::note_relation(session, &name)
}

/// OR REPLACE keeps the columns of a view that is bound: their number, names and types.
fn refuse_other_columns(
    session: &Session,
    name: &Name,
    columns: &[ResultColumn],
    given: &[String],
) -> Result<(), SqlError> {
    let existing = format!("SELECT * FROM {name}");
    // What cannot be read any more is replaced by anything.
    let Ok(before) = columns_of(&session.connection, &QueryCommand::untyped(&existing)) else { return Ok(()) };
    let refused = |message: String| Err(SqlError::new("42P16", message));
    if before.len() != columns.len() {
        return refused("cannot change number of columns in view".into());
    }
    for (at, (old, new)) in before.iter().zip(columns).enumerate() {
        if old.name != *given.get(at).unwrap_or(&new.name) {
            return refused(format!("cannot change name of view column \"{}\"", old.name));
        }
        if old.type_name != new.type_name {
            return refused(format!("cannot change data type of view column \"{}\"", old.name));
        }
    }
    Ok(())
}
