//! Statements other than queries, a family in each file.

pub mod alter;
pub mod attributes;
pub mod cancel;
pub mod changed_table;
pub mod comment;
pub mod cursor;
pub mod database;
pub mod ddl;
pub mod dml;
pub mod grant;
pub mod keys;
pub mod lock;
pub mod maintenance;
pub mod materialized;
pub mod merge;
pub mod names;
pub mod principals;
pub mod relation_name;
pub mod schema;
pub mod settings;
pub mod show;
pub mod transaction;
pub mod udf;
pub mod view_definition;
