//! What the translation of a statement has to know of the database.

use std::sync::Arc;

use sqlparser::ast::ObjectName;

use crate::bind::value_type::ValueType;
use crate::external::relation::of_rows_table;
use crate::statement::relation_name::Name;
use crate::types::Type;

/// The relations of a database, as a session sees them.
pub trait Catalog {
    /// The columns of a relation in their order, with the schema that the search path finds where none is named; `None`
    /// where there is no such relation.
    fn columns(&self, relation: &Name) -> Option<Arc<[RelationColumn]>>;

    /// Returns true for a table of the user's.
    fn is_table(&self, _relation: &Name) -> bool {
        false
    }

    /// Returns true for an external table. Its name has its schema, in lower case.
    fn is_external(&self, _relation: &Name) -> bool {
        false
    }

    /// A user-defined function by its name, without its schema.
    fn function(&self, name: &str) -> Option<Signature>;

    /// Returns true if there is a system view of this name, which is a temporary view of the session.
    fn is_system_view(&self, name: &str) -> bool;

    /// The columns of a system view that has no rows, whoever asks; `None` where there is no such view.
    fn empty_view(&self, _name: &str) -> Option<&'static [(&'static str, Type)]> {
        None
    }
}

/// Returns true for the name that a system view, or the rows of an external table, has in DuckDB's SQL, whatever is called `temp` beside it.
pub fn is_system(catalog: &dyn Catalog, name: &ObjectName) -> bool {
    let parts: Vec<&str> = name.0.iter().filter_map(|part| part.as_ident()).map(|part| part.value.as_str()).collect();
    matches!(parts[..], ["temp", "main", view] if catalog.is_system_view(view) || of_rows_table(view).is_some())
}

/// The types of a user-defined function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub arguments: Vec<Type>,
    pub returns: Type,
}

/// A column of a relation, of a subquery or of a common table expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationColumn {
    /// As it was created: names are found whatever their case.
    pub name: String,
    pub value_type: ValueType,
}
