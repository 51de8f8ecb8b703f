//! Stored procedures: kept in the catalog (`catalog`), called (`call`), and their bodies carried out statement by statement
//! (`execution`). Every statement of SQL goes the way that those of a client go.

mod assignment;
mod call;
mod catalog;
mod context;
mod cursors;
mod errors;
mod execution;
mod loops;
mod messages;
mod overload;
mod rows;
mod simple;
mod sql;
mod values;

pub use call::{call, describe};
pub use catalog::{alter, are_in, create, drop, forget_all, move_all, show};
