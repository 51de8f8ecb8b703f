//! UNION, INTERSECT and EXCEPT.

use sqlparser::ast::{SetExpr, SetOperator, SetQuantifier};

use super::cost;
use super::distribution::Distribution;
use super::expression::quoted;
use super::planner::{Planned, Planner};
use super::relation::{Column, ColumnRef};
use super::step::Step;
use crate::error::SqlError;

impl Planner<'_> {
    pub fn set_operation(&mut self, body: &SetExpr) -> Result<Planned, SqlError> {
        let SetExpr::SetOperation { left, op, set_quantifier, right } = body else { return self.operand(body) };
        let mut operands = Vec::new();
        match op {
            SetOperator::Union => self.same(left, *set_quantifier, &mut operands)?,
            _ => operands.push(self.operand(left)?),
        }
        operands.push(self.operand(right)?);
        let columns: Vec<Column> = operands[0]
            .columns
            .iter()
            .map(|column| Column { shown: (String::new(), column.name.clone()), ..column.clone() })
            .collect();
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
        let mut tables: Vec<String> = operands.iter().flat_map(|operand| operand.tables.clone()).collect();
        tables.sort();
        let rows: Vec<f64> = operands.iter().map(|operand| operand.step.rows).collect();
        let total: f64 = rows.iter().sum();
        let step = match op {
            SetOperator::Intersect => self.intersect(operands),
            _ => {
                let selects: Vec<Step> =
                    operands.into_iter().enumerate().map(|(at, operand)| self.select_of(operand, at)).collect();
                let width = selects.iter().map(|select| select.width).max().unwrap_or(0);
                let append =
                    Step { children: selects.clone(), ..Step::leaf("Append", cost::append(&selects), total, width) };
                match (op, set_quantifier) {
                    (SetOperator::Union, SetQuantifier::All) => append,
                    _ => {
                        let sort = cost::sort(&append, self.on_leader);
                        let sort = Step::over(append, "Sort", sort, total).detail("Sort Key", &names);
                        let is_union = *op == SetOperator::Union;
                        let left = if is_union { total } else { rows[0] };
                        let estimated = self.estimates.groups(&tables).unwrap_or(left).clamp(1.0, left.max(1.0));
                        let cost = cost::unique(&sort, if is_union { names.len() } else { 1 });
                        Step::over(sort, if is_union { "Unique" } else { "SetOp Except" }, cost, estimated)
                    }
                }
            }
        };
        Ok(Planned { step, columns, distribution: Distribution::Even, sorted: Vec::new(), tables, is_plain: false })
    }

    /// The operands of UNION in UNION of the same kind.
    fn same(&mut self, body: &SetExpr, quantifier: SetQuantifier, operands: &mut Vec<Planned>) -> Result<(), SqlError> {
        match body {
            SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier, right }
                if *set_quantifier == quantifier =>
            {
                self.same(left, quantifier, operands)?;
                operands.push(self.operand(right)?);
            }
            other => operands.push(self.operand(other)?),
        }
        Ok(())
    }

    fn operand(&mut self, body: &SetExpr) -> Result<Planned, SqlError> {
        match body {
            SetExpr::Query(query) => self.query(query),
            SetExpr::Select(select) => self.select(select, &[]),
            SetExpr::SetOperation { .. } => self.set_operation(body),
            _ => Err(SqlError::unsupported("EXPLAIN of VALUES in a UNION")),
        }
    }

    /// Hash Intersect: rows of the first query are looked for among those of the second.
    fn intersect(&mut self, operands: Vec<Planned>) -> Step {
        let by_first = |operand: &Planned| {
            let first = operand.columns.first().map(|column| ColumnRef { relation: 0, column: column.name.clone() });
            first.is_some_and(|first| operand.distribution.is_by(&first)) || operand.distribution == Distribution::All
        };
        let (mut conditions, mut nulls) = (Vec::new(), Vec::new());
        if let [left, right] = &operands[..] {
            for (left, right) in left.columns.iter().zip(&right.columns) {
                let (left, right) =
                    (format!("\"outer\".{}", quoted(&left.name)), format!("\"inner\".{}", quoted(&right.name)));
                conditions.push(format!("({left} = {right})"));
                nulls.push(format!("(({left} = {right}) OR (({right} IS NULL) AND ({left} IS NULL)))"));
            }
        }
        let sides = operands.into_iter().enumerate().map(|(at, operand)| {
            let is_there = by_first(&operand) || self.on_leader;
            let step = self.select_of(operand, at);
            if is_there {
                return step;
            }
            let (cost, rows) = (step.cost, step.rows);
            let mut network = Step::over(step, "Network", cost, rows);
            network.details.push("Distribute".to_owned());
            network
        });
        let mut sides: Vec<Step> = sides.collect();
        let (cost, rows, width) = match &sides[..] {
            [outer, inner] => (cost::hash_join(outer, inner, 0.0, 0.0), outer.rows.min(inner.rows), outer.width),
            _ => (cost::append(&sides), 1.0, 0),
        };
        if let Some(inner) = sides.pop() {
            let (hash, all) = (cost::hash(&inner), inner.rows);
            sides.push(Step::over(inner, "Hash", hash, all));
        }
        let name = if self.on_leader { "Hash Intersect Distinct" } else { "Hash Intersect Distinct DS_DIST_NONE" };
        let texts = |texts: &[String]| super::text::all_of(texts).into_iter().collect::<Vec<_>>();
        let step = Step { children: sides, ..Step::leaf(name, cost, rows, width) };
        step.detail("Hash Cond", &texts(&conditions)).detail("Join Filter", &texts(&nulls))
    }

    /// An operand under the name that PostgreSQL gives it.
    fn select_of(&self, operand: Planned, at: usize) -> Step {
        let is_constant = operand.step.name == "Result" && operand.step.children.is_empty();
        let (cost, rows) = (cost::subquery(&operand.step, 0), operand.step.rows);
        let scan = Step::over(operand.step, format!("Subquery Scan \"*SELECT* {}\"", at + 1), cost, rows);
        if !is_constant || self.on_leader {
            return scan;
        }
        let mut network = Step::over(scan, "Network", cost, rows);
        network.details.push("Distribute Round Robin".to_owned());
        network
    }
}
