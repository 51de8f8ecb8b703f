//! Stored procedures: CREATE PROCEDURE and CALL, and a parser of their bodies in PL/pgSQL.
//!
//! A body is read into a tree of statements (`ast`). The SQL in it stays a list of tokens, in which every name of a variable
//! has become `$1`, `$2`, … (`scope`): Redshift sends `INSERT INTO t VALUES ( $1 )` to its SQL engine, too, as its page
//! "Managing transactions" shows. Values are put in the places of these when the statement runs (`sql`).

pub mod arguments;
pub mod ast;
mod blocks;
pub mod calls;
mod control;
pub mod definition;
mod loops;
mod queries;
mod reader;
mod scope;
mod simple;
pub mod sql;
mod statements;
#[cfg(test)]
mod tests;

pub use arguments::{Argument, ArgumentMode};
pub use ast::{
    Block, Body, CallArgument, Handler, Level, LoopKind, ProcedureCall, Raise, Reference, Slot, Statement, Target,
    Variable, VariableType,
};
pub use definition::{AlterProcedure, Definition, NewProcedure, ProcedureChange, ProcedureName};
pub use simple::{Simple, SimpleOperator};
pub use sql::{Datum, Sql};
