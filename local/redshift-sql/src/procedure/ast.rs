//! The tree of a procedure's body.

use super::sql::Sql;
use crate::statement::relation_name::Name;
use crate::types::Type;

/// The number of a variable within its procedure.
pub type Slot = usize;

/// The variable FOUND, which every procedure has.
pub const FOUND: Slot = 0;

/// A body, and its variables by their numbers.
#[derive(Debug, Default)]
pub struct Body {
    pub variables: Vec<Variable>,
    /// The variables of the arguments, in their order.
    pub arguments: Vec<Slot>,
    pub block: Block,
}

#[derive(Debug)]
pub struct Variable {
    pub name: String,
    pub data_type: VariableType,
    pub is_constant: bool,
    pub is_not_null: bool,
    pub default: Option<Sql>,
    /// The query of a bound cursor.
    pub cursor: Option<BoundCursor>,
}

#[derive(Debug)]
pub struct BoundCursor {
    /// The variables that OPEN gives values to.
    pub arguments: Vec<Slot>,
    pub query: Sql,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableType {
    Value(Type),
    Record,
    /// `refcursor`: the name of a cursor.
    Cursor,
    /// `relation.column%TYPE`.
    OfColumn(Name, String),
    /// `relation%ROWTYPE`.
    OfRow(Name),
}

/// A variable, or a field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    Variable(Slot),
    Field(Slot, String),
}

/// The variables that take a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Record(Slot),
    Each(Vec<Reference>),
}

#[derive(Debug, Default)]
pub struct Block {
    pub label: Option<String>,
    /// Initialized whenever the block is entered.
    pub declared: Vec<Slot>,
    pub statements: Vec<Statement>,
    pub handler: Option<Handler>,
}

/// EXCEPTION WHEN OTHERS.
#[derive(Debug)]
pub struct Handler {
    /// CONTINUE_HANDLER: the statement behind the one that failed comes next.
    pub continues: bool,
    pub sqlstate: Slot,
    pub message: Slot,
    pub statements: Vec<Statement>,
}

#[derive(Debug)]
pub enum Statement {
    Block(Block),
    Assign(Reference, Sql),
    /// The first branch whose condition is true; `otherwise` is `None` for a CASE without ELSE, where one must be true.
    Choose {
        branches: Vec<(Sql, Vec<Statement>)>,
        otherwise: Option<Vec<Statement>>,
    },
    /// CASE with an operand: a value, and the choice by what it is equal to.
    CaseOf(Slot, Sql, Box<Statement>),
    Loop {
        label: Option<String>,
        kind: LoopKind,
        statements: Vec<Statement>,
    },
    Exit {
        label: Option<String>,
        condition: Option<Sql>,
    },
    Continue {
        label: Option<String>,
        condition: Option<Sql>,
    },
    Return,
    Null,
    Raise(Raise),
    /// RAISE alone: the error that is being handled.
    Rethrow,
    /// A statement of SQL, and what takes its first row.
    Sql(Sql, Option<Target>),
    /// PERFORM: a query whose rows nobody wants.
    Perform(Sql),
    Execute(Sql, Option<Target>),
    /// The number of rows of the last statement of SQL.
    RowCount(Reference),
    OpenBound(Slot, Vec<Sql>),
    OpenQuery(Slot, Sql),
    OpenExecute(Slot, Sql),
    Fetch(Slot, Target),
    Close(Slot),
    Commit,
    Rollback,
    StartTransaction,
    Call(ProcedureCall),
}

#[derive(Debug)]
pub enum LoopKind {
    Forever,
    While(Sql),
    Range { variable: Slot, from: Sql, to: Sql, reverse: bool },
    Query(Target, Sql),
    Execute(Target, Sql),
}

#[derive(Debug)]
pub struct Raise {
    pub level: Level,
    pub format: String,
    pub arguments: Vec<Reference>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Log,
    Info,
    Notice,
    Warning,
    Exception,
}

/// CALL.
#[derive(Debug)]
pub struct ProcedureCall {
    pub name: Name,
    pub arguments: Vec<CallArgument>,
}

#[derive(Debug)]
pub struct CallArgument {
    pub value: Sql,
    /// The variable that the argument is: it takes the value of an INOUT argument.
    pub target: Option<Reference>,
    /// True for a literal in quotes and for NULL, which are of any type.
    pub is_untyped: bool,
}
