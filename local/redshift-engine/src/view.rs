//! CREATE VIEW, of a view that is bound to what it reads.

use std::collections::HashSet;

use super::error::SqlError;
use super::result::columns_of;
use super::session::Session;
use super::{catalog, dependency, late_binding_view};
use redshift_sql::{KeptView, Name, NewView, QueryCommand, quoted};

/// A view has the columns that its query has now: what `*` means is written out, for tables get more of them. What it reads
/// is what it reads now, whatever the search path will be.
pub fn create(session: &Session, new: NewView) -> Result<(), SqlError> {
    let NewView { mut view, definition } = new;
    let name = catalog::new_name(&session.connection, &Name::of(&view.name))?;
    view.name = name.to_object_name();
    dependency::qualify(session, &mut view.query, None)?;
    // It takes the place of one that was bound late.
    if view.or_replace {
        late_binding_view::forget(session, &name)?;
    } else if late_binding_view::find(session, &name)?.is_some() {
        return Err(SqlError::new("42P07", format!("Relation \"{}\" already exists", name.table)));
    }
    let query = view.query.to_string();
    let names: Vec<String> = match query.contains('*') {
        true => columns_of(&session.connection, &QueryCommand::untyped(&query))?
            .into_iter()
            .map(|column| column.name)
            .collect(),
        false => Vec::new(),
    };
    let given: Vec<String> = view.columns.iter().map(|column| column.name.value.clone()).collect();
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
    dependency::note(session, &name, &view.query)
}
