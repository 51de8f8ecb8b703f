//! The databases of a warehouse, for PG_DATABASE.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use duckdb::arrow::array::{ArrayRef, StringArray};
use duckdb::core::LogicalTypeId;

use super::database_files;
use super::row_function::{Columns, RowSource};

/// The directory of the warehouse, once a database of it is open.
#[derive(Debug, Default)]
pub struct DatabaseList(OnceLock<Arc<Path>>);

impl DatabaseList {
    pub fn set_directory(&self, directory: Arc<Path>) {
        let _ = self.0.set(directory);
    }
}

impl RowSource for DatabaseList {
    type State = Self;
    type Row = String;
    const COLUMNS: &'static Columns = &[("name", LogicalTypeId::Varchar)];

    fn rows(list: &Self) -> Vec<String> {
        list.0.get().map(|directory| database_files::names(directory)).unwrap_or_default()
    }

    fn values(names: &[&String]) -> Vec<ArrayRef> {
        vec![Arc::new(names.iter().map(|name| Some(name.as_str())).collect::<StringArray>())]
    }
}
