//! The relations and functions that a session has asked the catalog for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use redshift_sql::{Name, RelationColumn, Signature};

pub type Columns = Arc<[RelationColumn]>;

/// Columns of relations and types of functions, as they were asked for by their names; `None` where there is none of a
/// name.
#[derive(Default)]
pub struct Relations {
    pub columns: RefCell<HashMap<Name, Option<Columns>>>,
    pub functions: RefCell<HashMap<String, Option<Signature>>>,
}

impl Relations {
    /// Forgets all of them: the catalog has changed.
    pub fn clear(&self) {
        self.columns.borrow_mut().clear();
        self.functions.borrow_mut().clear();
    }
}
