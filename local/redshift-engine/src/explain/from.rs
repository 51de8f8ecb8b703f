//! FROM: its relations with the steps that read them, and how they are joined.

use redshift_sql::{Catalog, Name, ValueType};
use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Join, JoinConstraint, JoinOperator, TableAlias, TableFactor, TableWithJoins,
};

use super::distribution::Distribution;
use super::expression::quoted;
use super::planner::{Planned, Planner};
use super::relation::{Column, ColumnRef, Input, Relation, Scope};
use super::step::Step;
use super::{cost, walk};
use crate::catalog::{self, Table};
use crate::error::SqlError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
    In,
    NotIn,
}

/// Relations by their places in the scope.
#[derive(Debug)]
pub enum Joined {
    Relation(usize),
    Join { kind: JoinKind, left: Box<Self>, right: Box<Self>, on: Vec<Expr> },
}

/// A FROM: what its names stand for, and the rows of each relation.
#[derive(Debug, Default)]
pub struct Source {
    pub scope: Scope,
    pub inputs: Vec<Input>,
}

impl Planner<'_> {
    /// Reads what stands in FROM, parted by commas; `None` for nothing.
    pub fn from(&mut self, from: &[TableWithJoins], source: &mut Source) -> Result<Option<Joined>, SqlError> {
        let mut joined = None;
        for part in from {
            let right = self.table_with_joins(part, source)?;
            joined = Some(match joined {
                None => right,
                Some(left) => join(JoinKind::Inner, left, right, Vec::new()),
            });
        }
        Ok(joined)
    }

    fn table_with_joins(&mut self, part: &TableWithJoins, source: &mut Source) -> Result<Joined, SqlError> {
        let first = source.scope.relations.len();
        let mut joined = self.table_factor(&part.relation, source)?;
        for Join { relation, join_operator, .. } in &part.joins {
            let second = source.scope.relations.len();
            let right = self.table_factor(relation, source)?;
            let (kind, constraint) = match join_operator {
                JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::CrossJoin(on) => (JoinKind::Inner, on),
                JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (JoinKind::Left, on),
                JoinOperator::Right(on) | JoinOperator::RightOuter(on) => (JoinKind::Right, on),
                JoinOperator::FullOuter(on) => (JoinKind::Full, on),
                _ => return Err(SqlError::unsupported("EXPLAIN of this kind of join")),
            };
            let on = conditions(constraint, &source.scope, first, second);
            joined = join(kind, joined, right, on);
        }
        Ok(joined)
    }

    fn table_factor(&mut self, factor: &TableFactor, source: &mut Source) -> Result<Joined, SqlError> {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let parts: Vec<&str> =
                    name.0.iter().filter_map(|part| part.as_ident()).map(|part| part.value.as_str()).collect();
                if let ["temp", "main", view] = parts[..] {
                    return self.system_view(view, alias.as_ref(), source);
                }
                let name = Name::of(name);
                let called = alias.as_ref().map_or(&name.table, |alias| &alias.name.value).clone();
                let known = self.named.iter().rev().find(|(known, _)| name.schema.is_none() && *known == name.table);
                if let Some((_, planned)) = known {
                    let planned = planned.clone();
                    return Ok(Joined::Relation(add_query(&called, planned, alias.as_ref(), source)));
                }
                match catalog::table(&self.session.connection, name.schema.as_deref(), &name.table) {
                    Ok(table) => self.table(&table, &called, source),
                    Err(error) if error.is_missing_relation() => match self.view(&name)? {
                        Some(mut planned) => {
                            rename(
                                &mut planned.columns,
                                self.session
                                    .columns(&name)
                                    .iter()
                                    .flat_map(|columns| columns.iter().map(|column| column.name.clone())),
                            );
                            Ok(Joined::Relation(add_query(&called, planned, alias.as_ref(), source)))
                        }
                        None => Err(SqlError::unsupported("EXPLAIN of elements of a SUPER in FROM")),
                    },
                    Err(error) => Err(error),
                }
            }
            TableFactor::Table { name, alias, .. } => {
                let function = Name::of(name).table;
                let called = alias.as_ref().map_or(&function, |alias| &alias.name.value).clone();
                let step = Step::leaf(titled("Function Scan on", &function, &called), cost::scan(1000.0, 0), 1000.0, 4);
                Ok(add(
                    Relation { columns: vec![Column::new(&called, &called, ValueType::INTEGER)], name: called },
                    step,
                    source,
                ))
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let planned = self.query(subquery)?;
                let called = alias.as_ref().map_or_else(String::new, |alias| alias.name.value.clone());
                Ok(Joined::Relation(add_query(&called, planned, alias.as_ref(), source)))
            }
            TableFactor::NestedJoin { table_with_joins, .. } => self.table_with_joins(table_with_joins, source),
            _ => Err(SqlError::unsupported("EXPLAIN of PIVOT, UNPIVOT or elements of a SUPER")),
        }
    }

    fn table(&mut self, table: &Table, called: &str, source: &mut Source) -> Result<Joined, SqlError> {
        let sql =
            "SELECT estimated_size FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? AND table_name = ?";
        let rows: i64 =
            self.session.connection.query_row(sql, [&table.catalog, &table.schema, &table.name], |row| row.get(0))?;
        let rows = (rows as f64).max(1.0);
        let relation = source.scope.relations.len();
        let reference = |column: &String| ColumnRef { relation, column: column.clone() };
        let attributes = &table.attributes;
        let distribution = match (&attributes.distkey, attributes.diststyle.as_deref()) {
            (Some(key), _) => Distribution::Key(vec![reference(key)]),
            (None, Some("EVEN")) => Distribution::Even,
            // AUTO begins as ALL, as SVV_TABLE_INFO shows it.
            _ => Distribution::All,
        };
        let is_sorted = attributes.sortstyle.as_deref().is_none_or(|style| style == "COMPOUND");
        let columns =
            table.columns.iter().map(|column| Column::new(called, &column.name, ValueType::Of(column.data_type)));
        source.scope.relations.push(Relation { name: called.to_owned(), columns: columns.collect() });
        source.inputs.push(Input {
            step: Step::leaf(titled("Seq Scan on", &table.name, called), cost::scan(rows, 0), rows, 0),
            relations: [relation].into(),
            distribution,
            sorted: attributes.sortkey.iter().filter(|_| is_sorted).map(reference).collect(),
            tables: vec![Name { schema: Some(table.schema.clone()), table: table.name.clone() }.key()],
        });
        Ok(Joined::Relation(relation))
    }

    /// A view of the system's, which is a table to plans.
    fn system_view(&self, view: &str, alias: Option<&TableAlias>, source: &mut Source) -> Result<Joined, SqlError> {
        let bare = view.strip_prefix("information_schema_").unwrap_or(view);
        let called = alias.map_or(bare, |alias| alias.name.value.as_str()).to_owned();
        let found = self.session.columns(&Name { schema: Some("main".to_owned()), table: view.to_owned() });
        let column = |column: &redshift_sql::RelationColumn| Column::new(&called, &column.name, column.value_type);
        let columns = found.iter().flat_map(|columns| columns.iter().map(column)).collect();
        let step = Step::leaf(titled("Seq Scan on", bare, &called), cost::scan(1.0, 0), 1.0, 0);
        Ok(add(Relation { name: called, columns }, step, source))
    }
}

/// `Seq Scan on sales s`.
fn titled(step: &str, table: &str, called: &str) -> String {
    match table == called {
        true => format!("{step} {}", quoted(table)),
        false => format!("{step} {} {}", quoted(table), quoted(called)),
    }
}

fn add(relation: Relation, step: Step, source: &mut Source) -> Joined {
    let at = source.scope.relations.len();
    source.scope.relations.push(relation);
    let (distribution, sorted, tables) = (Distribution::All, Vec::new(), Vec::new());
    source.inputs.push(Input { step, relations: [at].into(), distribution, sorted, tables });
    Joined::Relation(at)
}

/// Adds a query as a relation; answers its place.
pub fn add_query(called: &str, mut planned: Planned, alias: Option<&TableAlias>, source: &mut Source) -> usize {
    let at = source.scope.relations.len();
    let before: Vec<String> = planned.columns.iter().map(|column| column.name.clone()).collect();
    rename(&mut planned.columns, alias.iter().flat_map(|alias| &alias.columns).map(|column| column.name.value.clone()));
    let renamed = |reference: &ColumnRef| {
        let place = before.iter().position(|name| *name == reference.column)?;
        Some(ColumnRef { relation: at, column: planned.columns[place].name.clone() })
    };
    let distribution = match &planned.distribution {
        Distribution::Key(keys) => Distribution::Key(keys.iter().filter_map(renamed).collect()),
        other => other.clone(),
    };
    let sorted = planned.sorted.iter().map_while(renamed).collect();
    let mut step = planned.step;
    if !planned.is_plain {
        let rows = step.rows;
        let cost = cost::subquery(&step, 0);
        step = Step::over(step, format!("Subquery Scan {}", quoted(called)), cost, rows);
        for column in &mut planned.columns {
            column.shown = (called.to_owned(), column.name.clone());
        }
    }
    source.scope.relations.push(Relation { name: called.to_owned(), columns: planned.columns });
    source.inputs.push(Input { step, relations: [at].into(), distribution, sorted, tables: planned.tables });
    at
}

pub fn rename(columns: &mut [Column], names: impl Iterator<Item = String>) {
    for (column, name) in columns.iter_mut().zip(names) {
        if column.shown.0.is_empty() {
            column.shown.1.clone_from(&name);
        }
        column.name = name;
    }
}

fn join(kind: JoinKind, left: Joined, right: Joined, on: Vec<Expr>) -> Joined {
    Joined::Join { kind, left: Box::new(left), right: Box::new(right), on }
}

/// The conditions of a join of the relations from `first` on with those from `second` on.
fn conditions(constraint: &JoinConstraint, scope: &Scope, first: usize, second: usize) -> Vec<Expr> {
    let holder = |places: std::ops::Range<usize>, column: &str| {
        let has = |relation: &&super::relation::Relation| relation.columns.iter().any(|known| known.name == column);
        scope.relations[places].iter().find(has).map(|relation| relation.name.clone())
    };
    let equal = |column: &str| {
        let left = holder(first..second, column)?;
        let right = holder(second..scope.relations.len(), column)?;
        let side =
            |relation: String| Box::new(Expr::CompoundIdentifier(vec![Ident::new(relation), Ident::new(column)]));
        Some(Expr::BinaryOp { left: side(left), op: BinaryOperator::Eq, right: side(right) })
    };
    match constraint {
        JoinConstraint::On(condition) => {
            let mut parts = Vec::new();
            walk::conjuncts(condition, &mut parts);
            parts
        }
        JoinConstraint::Using(names) => names.iter().filter_map(|name| equal(&Name::of(name).table)).collect(),
        JoinConstraint::Natural => {
            let right = scope.relations[second..].iter().flat_map(|relation| &relation.columns);
            right.filter_map(|column| equal(&column.name)).collect()
        }
        JoinConstraint::None => Vec::new(),
    }
}
