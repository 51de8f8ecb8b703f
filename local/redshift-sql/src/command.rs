//! What a statement asks the engine to do.

use sqlparser::ast::CreateView;
use sqlparser::tokenizer::TokenWithSpan;

use crate::bind::value_type::ValueType;
use crate::copy::copy_options::CopyCommand;
use crate::copy::unload_options::UnloadCommand;
use crate::external::ExternalCommand;
use crate::procedure::{AlterProcedure, NewProcedure, ProcedureCall, ProcedureName};
use crate::statement::alter::Alter;
use crate::statement::comment::Comment;
use crate::statement::database::IsolationLevel;
use crate::statement::ddl::{CreateTable, Drop};
use crate::statement::default_privileges::DefaultPrivileges;
use crate::statement::dml::DmlStatement;
use crate::statement::explain::Explain;
use crate::statement::grant::{Grant, RoleGrant};
use crate::statement::maintenance::Maintenance;
use crate::statement::materialized::NewMaterialized;
use crate::statement::principals::Principals;
use crate::statement::relation_name::Name;
use crate::statement::schema::{AlterSchema, NewSchema};
use crate::statement::show::Show;

/// A query, and what is known of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryCommand {
    /// DuckDB's SQL.
    pub sql: String,
    /// The types of the columns, in their order; `None` where they are not known.
    pub columns: Option<Vec<ValueType>>,
}

impl QueryCommand {
    /// A query of which only the rows, or the names of the columns, count.
    #[must_use]
    pub fn untyped(sql: &str) -> Self {
        Self { sql: sql.to_owned(), columns: None }
    }
}

/// What a statement asks the engine to do. Texts are DuckDB's SQL.
#[derive(Debug)]
pub enum Command {
    /// With the access mode, where one is named.
    Begin {
        read_only: Option<bool>,
    },
    Commit,
    Rollback,
    Copy(Box<CopyCommand>),
    Unload(Box<UnloadCommand>),
    /// A statement that answers rows.
    Query(QueryCommand),
    /// A statement that changes rows of a table and answers how many.
    Change {
        table: Name,
        sql: String,
    },
    /// One that depends on the columns of the table.
    Write(Box<DmlStatement>),
    /// External schemas and tables.
    External(Box<ExternalCommand>),
    /// Several of them, of one table, as one; what the last one changed counts.
    Changes {
        table: Name,
        statements: Vec<String>,
    },
    CreateTable(Box<CreateTable>),
    Alter(Box<Alter>),
    Drop(Drop),
    CreateSchema(NewSchema),
    AlterSchema(AlterSchema),
    /// Statements that change the catalog, in one transaction.
    Define(Vec<String>),
    CreateProcedure(Box<NewProcedure>),
    AlterProcedure(AlterProcedure),
    DropProcedure(ProcedureName),
    Call(Box<ProcedureCall>),
    Grant(Grant),
    GrantRoles(RoleGrant),
    DefaultPrivileges(DefaultPrivileges),
    /// Users, groups and roles.
    Principals(Principals),
    CreateView(Box<NewView>),
    CreateLateView(Box<NewView>),
    CreateMaterialized(Box<NewMaterialized>),
    /// ALTER MATERIALIZED VIEW … AUTO REFRESH.
    AutoRefresh {
        view: Name,
        on: bool,
    },
    /// A materialized view is filled anew.
    Refresh(Name),
    /// As Redshift's TRUNCATE: it commits the transaction that it runs in.
    Truncate {
        table: Name,
        sql: String,
    },
    Explain(Box<Explain>),
    Show(Show),
    /// The access mode of the transaction that is open, or of those of the session that come.
    SetTransaction {
        read_only: Option<bool>,
        of_session: bool,
    },
    /// `None` sets it back.
    Set {
        name: String,
        value: Option<String>,
        /// Until the transaction ends.
        local: bool,
    },
    /// As whom the session goes on; `None` is the user who has connected.
    SessionAuthorization {
        user: Option<String>,
        /// Until the transaction ends.
        local: bool,
    },
    Declare {
        cursor: String,
        query: QueryCommand,
    },
    /// How many rows; `None` for all.
    Fetch {
        cursor: String,
        count: Option<u64>,
    },
    Close(String),
    Prepare {
        name: String,
        statement: Prepared,
    },
    Execute {
        name: String,
        arguments: Vec<Vec<TokenWithSpan>>,
    },
    /// `None` for all.
    Deallocate(Option<String>),
    CreateDatabase {
        name: String,
        /// Redshift's default where none is named.
        isolation: Option<IsolationLevel>,
    },
    /// ALTER DATABASE … ISOLATION LEVEL.
    AlterDatabase {
        name: String,
        isolation: IsolationLevel,
    },
    DropDatabase {
        name: String,
        /// True if connections to it are ended.
        force: bool,
    },
    Comment(Comment),
    /// LOCK: nobody else reads or writes these tables until the transaction ends.
    Lock(Vec<Name>),
    /// CANCEL: ends the statement that another session runs.
    Cancel {
        pid: i32,
        message: Option<String>,
    },
    /// Has no meaning here: ANALYZE and VACUUM, of tables that must be there.
    Maintenance(Maintenance),
    /// Has no meaning here: grants on what there is none of.
    Accepted,
}

impl Command {
    /// The name of its kind in the query history.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Query(_) | Self::Fetch { .. } | Self::Declare { .. } => "SELECT",
            Self::Change { .. } | Self::Changes { .. } | Self::Write(_) => "DML",
            Self::Copy(_) => "COPY",
            Self::Unload(_) => "UNLOAD",
            Self::CreateTable(_)
            | Self::Alter(_)
            | Self::Drop(_)
            | Self::CreateSchema(_)
            | Self::AlterSchema(_)
            | Self::Define(_)
            | Self::External(_)
            | Self::CreateProcedure(_)
            | Self::AlterProcedure(_)
            | Self::DropProcedure(_)
            | Self::CreateView(_)
            | Self::CreateLateView(_)
            | Self::CreateMaterialized(_)
            | Self::AutoRefresh { .. }
            | Self::Refresh(_) => "DDL",
            _ => "UTILITY",
        }
    }

    /// Returns true if it may change the files of the database. What EXECUTE runs is not known here.
    pub fn may_write(&self) -> bool {
        !matches!(
            self,
            Self::Query(_)
                | Self::Unload(_)
                | Self::Explain(_)
                | Self::Show(_)
                | Self::Declare { .. }
                | Self::Fetch { .. }
        )
    }

    /// Returns true if it changes the database, and so is refused where a transaction is READ ONLY.
    pub fn writes(&self) -> bool {
        matches!(self.kind(), "DML" | "DDL" | "COPY")
            || matches!(
                self,
                Self::Grant(_)
                    | Self::GrantRoles(_)
                    | Self::DefaultPrivileges(_)
                    | Self::Principals(_)
                    | Self::Truncate { .. }
                    | Self::Comment(_)
                    | Self::CreateDatabase { .. }
                    | Self::AlterDatabase { .. }
                    | Self::DropDatabase { .. }
            )
    }
}

/// A view, and the query that it was made of, as it was written.
#[derive(Debug)]
pub struct NewView {
    pub view: CreateView,
    pub definition: String,
}

/// The tokens of a statement that is kept until it is executed.
#[derive(Debug, Clone)]
pub struct Prepared(pub(crate) Vec<TokenWithSpan>);
