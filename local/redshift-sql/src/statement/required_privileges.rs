//! The privileges on relations that a statement needs: SELECT on what it reads, and what GRANT names for what it changes
//! (r_GRANT). The statement is looked at before the rules write it for DuckDB.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    Assignment, AssignmentTarget, CreateTableLikeKind, Delete, Expr, FromTable, Ident, JoinConstraint, Merge,
    MergeAction, MergeUpdateKind, ObjectName, Query, Select, SelectItem, SetExpr, Statement, TableFactor, TableObject,
    TableWithJoins, Update, Visit, Visitor, visit_expressions,
};

use crate::bind::Types;
use crate::bind::joins::constraint;
use crate::bind::place;
use crate::statement::relation_name::Name;
use crate::statement::with_names::WithNames;

/// A privilege that a statement needs on a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredPrivilege {
    pub relation: Name,
    /// As GRANT names it.
    pub privilege: &'static str,
    pub columns: RequiredColumns,
}

/// The columns that a privilege is needed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequiredColumns {
    All,
    /// Names that the statement uses: those that are columns of the relation.
    Named(BTreeSet<String>),
}

/// The privileges that the statements of a translation need, in the order in which they are asked for.
pub type RequiredPrivileges = RefCell<Vec<RequiredPrivilege>>;

/// The privileges that a statement needs.
pub fn of_statement(statement: &Statement, types: &Types) -> Vec<RequiredPrivilege> {
    let mut uses = Uses {
        types,
        named: WithNames::default(),
        unread: HashSet::new(),
        changed: Vec::new(),
        read: Vec::new(),
        plain: BTreeSet::new(),
        heads: BTreeSet::new(),
        qualified: BTreeMap::new(),
        reads_all: false,
    };
    let _ = statement.visit(&mut uses);
    uses.into_required()
}

/// What a statement uses.
struct Uses<'t> {
    types: &'t Types,
    named: WithNames,
    /// Relations of FROM that are changed without being read, by their places.
    unread: HashSet<usize>,
    changed: Vec<RequiredPrivilege>,
    /// Relations that are read, and their names in the statement.
    read: Vec<(Name, String)>,
    /// Names without a relation.
    plain: BTreeSet<String>,
    /// What stands before a point: a relation, or a SUPER.
    heads: BTreeSet<String>,
    /// Names by that of their relation.
    qualified: BTreeMap<String, BTreeSet<String>>,
    /// True if there is a `*`, or a clause that takes all columns.
    reads_all: bool,
}

impl Uses<'_> {
    fn into_required(self) -> Vec<RequiredPrivilege> {
        let Self { mut changed, read, plain, heads, qualified, reads_all, .. } = self;
        let is_relation = |name: &&String| read.iter().any(|(_, called)| called == *name);
        let supers: Vec<&String> = heads.iter().filter(|head| !is_relation(head)).collect();
        for (relation, called) in read.clone() {
            // `SELECT t FROM t` is the whole row.
            let columns = match reads_all || plain.contains(&called) {
                true => RequiredColumns::All,
                false => {
                    let own = qualified.get(&called).into_iter().flatten();
                    RequiredColumns::Named(plain.iter().chain(supers.iter().copied()).chain(own).cloned().collect())
                }
            };
            changed.push(RequiredPrivilege { relation, privilege: "SELECT", columns });
        }
        changed
    }

    /// `schema.relation.column.attribute`, of which each part can be the relation or the column.
    fn path<'i>(&mut self, parts: impl Iterator<Item = &'i Ident> + Clone) {
        for (relation, column) in parts.clone().zip(parts.clone().skip(1)) {
            self.qualified.entry(relation.value.clone()).or_default().insert(column.value.clone());
        }
        self.heads.extend(parts.take(1).map(|head| head.value.clone()));
    }

    fn needs(&mut self, name: &ObjectName, privilege: &'static str, columns: RequiredColumns) {
        self.changed.push(RequiredPrivilege { relation: Name::of(name), privilege, columns });
    }

    /// The relation that a statement changes. `is_read` where its columns count, too.
    fn changes(&mut self, target: &TableFactor, privilege: &'static str, columns: RequiredColumns, is_read: bool) {
        if let TableFactor::Table { name, .. } = target {
            self.needs(name, privilege, columns);
        }
        if !is_read {
            self.unread.insert(place(target));
        }
    }

    fn update(&mut self, update: &Update) {
        let is_read = update.selection.is_some()
            || update.from.is_some()
            || update.assignments.iter().any(|assignment| has_names(&assignment.value));
        self.changes(&update.table.relation, "UPDATE", assigned(&update.assignments), is_read);
    }

    fn delete(&mut self, delete: &Delete) {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let is_read = delete.selection.is_some() || delete.using.is_some();
        for target in from {
            self.changes(&target.relation, "DELETE", RequiredColumns::All, is_read);
        }
    }

    fn merge(&mut self, merge: &Merge) {
        for clause in &merge.clauses {
            let (privilege, columns) = match &clause.action {
                MergeAction::Insert(_) => ("INSERT", RequiredColumns::All),
                MergeAction::Update(update) => match &update.kind {
                    MergeUpdateKind::Set(assignments) => ("UPDATE", assigned(assignments)),
                    _ => ("UPDATE", RequiredColumns::All),
                },
                _ => ("DELETE", RequiredColumns::All),
            };
            self.changes(&merge.table, privilege, columns, true);
        }
    }

    /// `TABLE t` reads all of it.
    fn table_command(&mut self, body: &SetExpr) {
        match body {
            SetExpr::Table(table) => {
                let name = table.table_name.clone().unwrap_or_default();
                self.reads_all = true;
                self.read.push((Name { schema: table.schema_name.clone(), table: name.clone() }, name));
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.table_command(left);
                self.table_command(right);
            }
            _ => {}
        }
    }

    fn joins(&mut self, from: &[TableWithJoins]) {
        for join in from.iter().flat_map(|joined| &joined.joins) {
            match constraint(&join.join_operator) {
                Some(JoinConstraint::Using(names)) => self.plain.extend(names.iter().map(|name| Name::of(name).table)),
                Some(JoinConstraint::Natural) => self.reads_all = true,
                _ => {}
            }
        }
    }
}

/// True for an expression that uses columns.
fn has_names(expr: &Expr) -> bool {
    let found = visit_expressions(expr, |expr| match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// The columns that get values.
fn assigned(assignments: &[Assignment]) -> RequiredColumns {
    let column = |assignment: &Assignment| match &assignment.target {
        AssignmentTarget::ColumnName(name) => Some(Name::of(name).table),
        AssignmentTarget::Tuple(_) => None,
    };
    match assignments.iter().map(column).collect() {
        Some(columns) => RequiredColumns::Named(columns),
        None => RequiredColumns::All,
    }
}

impl Visitor for Uses<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Insert(insert) => {
                if let TableObject::TableName(name) = &insert.table {
                    self.needs(name, "INSERT", RequiredColumns::All);
                }
            }
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            Statement::Merge(merge) => self.merge(merge),
            Statement::Truncate(truncate) => {
                for table in &truncate.table_names {
                    self.needs(&table.name, "TRUNCATE", RequiredColumns::All);
                }
            }
            Statement::CreateTable(create) => {
                if let Some(CreateTableLikeKind::Parenthesized(like) | CreateTableLikeKind::Plain(like)) = &create.like
                {
                    self.needs(&like.name, "SELECT", RequiredColumns::All);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.named.enter(query);
        self.table_command(&query.body);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.named.leave(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        let is_wildcard =
            |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
        self.reads_all |= select.projection.iter().any(is_wildcard);
        self.joins(&select.from);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let found = Name::of(name);
                let is_named = found.schema.is_none() && self.named.contains(&found.table);
                if self.types.is_unnested(name) {
                    self.path(name.0.iter().filter_map(|part| part.as_ident()));
                } else if !is_named && !self.unread.contains(&place(factor)) {
                    let called = alias.as_ref().map_or(&found.table, |alias| &alias.name.value).clone();
                    self.read.push((found, called));
                }
            }
            TableFactor::Pivot { .. } | TableFactor::Unpivot { .. } => self.reads_all = true,
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => drop(self.plain.insert(ident.value.clone())),
            Expr::CompoundIdentifier(parts) => self.path(parts.iter()),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
