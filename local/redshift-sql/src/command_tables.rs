//! The tables that a command changes, and which need a lock.

use sqlparser::ast::ObjectType;

use crate::command::Command;
use crate::statement::alter::Change;
use crate::statement::relation_name::Name;

/// What a command does with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableUse {
    /// Changes its rows.
    Write,
    /// Changes the table itself, removes it, empties it or locks it: nobody reads it meanwhile.
    Define,
    /// The same of all tables of a schema, which stands in the place of the table's name.
    DefineAll,
}

impl Command {
    /// The tables that it changes. What EXECUTE runs is not known here.
    pub fn targets(&self) -> Vec<(Name, TableUse)> {
        let write = |table: &Name| vec![(table.clone(), TableUse::Write)];
        let define = |table: &Name| vec![(table.clone(), TableUse::Define)];
        let kept = |table: &str| Name { schema: Some("redshift_system".to_owned()), table: table.to_owned() };
        match self {
            Self::Write(statement) => write(&statement.table),
            Self::Change { table, .. } | Self::Changes { table, .. } | Self::Refresh(table) => write(table),
            Self::Copy(copy) => write(&Name { schema: copy.schema.clone(), table: copy.table.clone() }),
            Self::Truncate { table, .. } | Self::AutoRefresh { view: table, .. } => define(table),
            Self::CreateTable(create) if !create.temporary => define(&create.name),
            Self::CreateView(new) | Self::CreateLateView(new) => define(&Name::of(&new.view.name)),
            Self::CreateMaterialized(new) => define(&new.name),
            Self::Comment(comment) => define(&comment.relation),
            Self::Lock(tables) => tables.iter().flat_map(define).collect(),
            Self::Drop(drop) => {
                let on = if drop.kind == ObjectType::Schema { TableUse::DefineAll } else { TableUse::Define };
                drop.names.iter().map(|name| (name.clone(), on)).collect()
            }
            Self::Alter(alter) => {
                let mut tables = define(&alter.table);
                match &alter.change {
                    Change::RenameTable(to) => {
                        tables.extend(define(&Name { schema: alter.table.schema.clone(), table: to.clone() }));
                    }
                    Change::Append { from, .. } => tables.extend(define(from)),
                    _ => {}
                }
                tables
            }
            // All of them change the same rows of one table.
            Self::Grant(_) => write(&kept("redshift_privileges")),
            Self::DefaultPrivileges(_) => write(&kept("redshift_default_privileges")),
            Self::GrantRoles(_) | Self::Principals(_) => write(&kept("redshift_users")),
            _ => Vec::new(),
        }
    }

    /// Returns true if it reads the tables whose rows it changes: all but COPY, and INSERT from elsewhere.
    pub fn reads_targets(&self) -> bool {
        match self {
            Self::Write(statement) => statement.reads_its_table(),
            Self::Copy(_) => false,
            _ => true,
        }
    }

    /// Returns true if it looks at data, so that its transaction sees the state of this moment from now on. LOCK does not
    /// (c_serial_isolation: a snapshot is taken by the first SELECT, DML or DDL).
    pub fn needs_snapshot(&self) -> bool {
        !matches!(
            self,
            Self::Begin { .. }
                | Self::Commit
                | Self::Rollback
                | Self::SetTransaction { .. }
                | Self::Set { .. }
                | Self::SessionAuthorization { .. }
                | Self::Show(_)
                | Self::Lock(_)
                | Self::Cancel { .. }
                | Self::Fetch { .. }
                | Self::Close(_)
                | Self::Prepare { .. }
                | Self::Deallocate(_)
                | Self::Maintenance(_)
                | Self::Accepted
        )
    }
}
