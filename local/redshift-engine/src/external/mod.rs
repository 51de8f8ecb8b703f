//! External schemas and tables (Redshift Spectrum): their definitions are kept in tables of the database, in the place of a
//! data catalog. Before a statement runs, the objects of each external table that it reads are loaded into a temporary
//! table of the session, which is dropped after it.

mod catalog;
mod ddl;
mod files;
mod parquet;
mod partitions;
mod refusals;
mod rows;
mod source;
mod text;

pub use catalog::{ExternalNames, rename_schema};
pub use ddl::{drop_tables, forget_schema, run};
pub use rows::ExternalRows;
