//! Redshift's SQL → DuckDB's. A statement is parsed (`parse`), every name and every type in it is bound by a `Catalog`
//! (`bind`), and rules that each have a name write it for DuckDB (`rules`). A construct without a meaning in DuckDB is
//! refused by its name, never run as something else.
//!
//! ```
//! use redshift_sql::{Command, Parameters, TranslateOptions, translate};
//!
//! let command = translate("select top 3 * from sales", &Parameters::default(), TranslateOptions::default()).unwrap();
//! let Command::Query(query) = command else { panic!("a query") };
//! assert_eq!(query.sql, "SELECT * FROM sales LIMIT 3");
//! ```

mod bind;
mod command;
mod command_tables;
mod copy;
mod error;
pub mod external;
#[cfg(test)]
mod fuzz;
mod interval_type;
mod node_types;
mod options;
mod parse;
pub mod procedure;
mod rules;
mod statement;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod time;
mod translate;
mod type_names;
mod types;

pub use bind::catalog::{Catalog, RelationColumn, Signature};
pub use bind::join_conditions::{conjuncts, for_each_own};
pub use bind::value_type::ValueType;
pub use command::{Command, NewView, Prepared, QueryCommand};
pub use command_tables::TableUse;
pub use copy::copy_format::{Format, JsonFormat, TextFormat, TextShape};
pub use copy::copy_options::{Compression, CopyCommand};
pub use copy::credential::Credential;
pub use copy::unload_options::{UnloadCommand, UnloadFormat};
pub use error::TranslateError;
pub use interval_type::IntervalType;
pub use node_types::{MOST_NODES, NODE_TYPES, NodeType};
pub use options::TranslateOptions;
pub use parse::leader_node::is_on_leader_node;
pub use parse::nesting_limits::with_large_stack;
pub use parse::parameters::{Parameter, ParameterKind, Parameters};
pub use parse::reserved_words::is_reserved;
pub use parse::simple_expressions::without_parentheses;
pub use parse::statements::{first_word, statements, tokens};
pub use parse::{is_word, split, verb_behind_with};
pub use rules::construct::all_of;
pub use rules::function_names::UDF_PREFIX;
pub use rules::function_names::{KNOWN, OF_TEXTS, is_aggregate};
pub use statement::alter::{Alter, Change};
pub use statement::attributes::{ColumnAttributes, ForeignKey, TableAttributes};
pub use statement::comment::Comment;
pub use statement::database::IsolationLevel;
pub use statement::ddl::{ColumnSpec, CreateTable, Drop, KeptView, Shape, define, describe, describe_column, literal};
pub use statement::default_privileges::DefaultPrivileges;
pub use statement::dml::{DmlStatement, TargetColumn};
pub use statement::explain::{Explain, Translated};
pub use statement::grant::{Grant, GrantCommand, GrantedPrivilege, Identity, RoleGrant};
pub use statement::grant_kind::GrantKind;
pub use statement::keys;
pub use statement::maintenance::Maintenance;
pub use statement::materialized::NewMaterialized;
pub use statement::names::{rename_relations, rename_relations_in};
pub use statement::principals::{PrincipalAction, PrincipalKind, Principals, md5_of};
pub use statement::relation_name::{Name, quoted};
pub use statement::required_privileges::{RequiredColumns, RequiredPrivilege, RequiredPrivileges};
pub use statement::schema::{AlterSchema, NewSchema, SchemaChange};
pub use statement::show::{Grants, Show};
pub use statement::udf;
pub use time::{civil, datetime, interval, loose_time, session_zone, time_of_day, zone};
pub use translate::{
    parameter_types, parse_normalized, parse_table, translate, translate_cast, translate_prepared, translate_query,
    translate_sql,
};
pub use types::{Type, VARBYTE_MAX, VARCHAR_MAX};

/// The macros that translated statements call, by Redshift's names: DuckDB's SQL, for a database that is opened.
pub const MACROS: &str = include_str!("macros.sql");
