//! How many rows DuckDB expects, from its EXPLAIN of the same statement. Its steps are in another order than Redshift's:
//! what both have in common is which tables a step reads.

use std::collections::{BTreeMap, VecDeque};

use duckdb::Connection;
use redshift_sql::Name;
use serde::Deserialize;
use sqlparser::dialect::DuckDbDialect;
use sqlparser::parser::Parser;

use crate::error::SqlError;

/// A step of DuckDB's plan.
#[derive(Debug, Deserialize)]
struct Node {
    name: String,
    #[serde(default)]
    children: Vec<Node>,
    #[serde(default)]
    extra_info: Info,
}

#[derive(Debug, Default, Deserialize)]
struct Info {
    #[serde(rename = "Table")]
    table: Option<String>,
    #[serde(rename = "Estimated Cardinality")]
    rows: Option<String>,
}

/// Rows by the tables that are read for them.
#[derive(Debug, Default)]
pub struct Estimates {
    /// Of one table, in the order of the plan.
    scans: BTreeMap<String, VecDeque<f64>>,
    joins: BTreeMap<Vec<String>, f64>,
    groups: BTreeMap<Vec<String>, f64>,
}

impl Estimates {
    /// Asks DuckDB, which does not run the statement.
    ///
    /// # Errors
    /// As for the statement, where it cannot be bound.
    pub fn ask(connection: &Connection, sql: &str) -> Result<Self, SqlError> {
        let plan: String = connection.query_row(&format!("EXPLAIN (FORMAT json) {sql}"), [], |row| row.get(1))?;
        let mut estimates = Self::default();
        // Estimates are only that: a plan in another form has none.
        let nodes: Vec<Node> = serde_json::from_str(&plan).unwrap_or_default();
        nodes.iter().for_each(|node| drop(estimates.read(node)));
        Ok(estimates)
    }

    /// The rows of a table that its filters leave; each scan of it is asked for once.
    pub fn scan(&mut self, table: &str) -> Option<f64> {
        self.scans.get_mut(table)?.pop_front()
    }

    pub fn join(&self, tables: &[String]) -> Option<f64> {
        self.joins.get(tables).copied()
    }

    pub fn groups(&self, tables: &[String]) -> Option<f64> {
        self.groups.get(tables).copied()
    }

    /// The tables below a node, in their order.
    fn read(&mut self, node: &Node) -> Vec<String> {
        let mut tables: Vec<String> = node.children.iter().flat_map(|child| self.read(child)).collect();
        tables.sort();
        let rows = node.extra_info.rows.as_deref().and_then(|rows| rows.parse().ok());
        if let Some(table) = node.extra_info.table.as_deref().and_then(key) {
            self.scans.entry(table.clone()).or_default().push_back(rows.unwrap_or(1.0));
            tables.push(table);
            return tables;
        }
        let Some(rows) = rows else { return tables };
        match (node.name.trim(), &node.children[..]) {
            ("FILTER", [scan]) => {
                if let (Some(table), [_]) = (&scan.extra_info.table, &tables[..])
                    && let Some(last) = key(table).and_then(|table| self.scans.get_mut(&table)?.back_mut())
                {
                    *last = rows;
                }
            }
            (name, [_, _]) if name.ends_with("JOIN") => drop(self.joins.insert(tables.clone(), rows)),
            (name, [_]) if name.ends_with("GROUP_BY") => {
                self.groups.entry(tables.clone()).or_insert(rows);
            }
            _ => {}
        }
        tables
    }
}

/// `dev.public."event"` as tables are known here.
fn key(table: &str) -> Option<String> {
    let name = Parser::new(&DuckDbDialect {}).try_with_sql(table).ok()?.parse_object_name(false).ok()?;
    Some(Name::of(&name).key())
}
