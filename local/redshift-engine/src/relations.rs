//! The relations and functions that a session has asked the catalog for.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::external::ExternalNames;
use redshift_sql::{Name, RelationColumn, Signature};

pub type Columns = Arc<[RelationColumn]>;

/// Columns of relations and types of functions, as they were asked for by their names; `None` where there is none of a
/// name.
#[derive(Default)]
pub struct Relations {
    pub columns: RefCell<HashMap<Name, Option<Columns>>>,
    pub functions: RefCell<HashMap<String, Option<Signature>>>,
    /// External schemas and tables.
    pub external: RefCell<Option<Arc<ExternalNames>>>,
    /// The tables behind relations that are read, and those that are written to, as locks know them.
    pub read_keys: RefCell<HashMap<Name, Vec<String>>>,
    pub target_keys: RefCell<HashMap<Name, Option<String>>>,
    /// The relations that the statement which is being translated reads.
    pub asked: RefCell<BTreeSet<Name>>,
}

impl Relations {
    /// Forgets all of them: the catalog has changed.
    pub fn clear(&self) {
        self.columns.borrow_mut().clear();
        self.functions.borrow_mut().clear();
        self.external.borrow_mut().take();
        self.read_keys.borrow_mut().clear();
        self.target_keys.borrow_mut().clear();
    }
}
