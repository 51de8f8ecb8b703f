//! Aggregates and window functions.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArguments, NamedWindowExpr, Select, WindowSpec, WindowType,
};

use super::distribution::Distribution;
use super::expression::{Naming, Printer};
use super::planner::Planner;
use super::relation::{ColumnRef, Input, Scope};
use super::step::Step;
use super::{cost, walk};

impl Planner<'_> {
    /// Groups rows, and filters the groups.
    pub fn aggregate(
        &mut self,
        mut input: Input,
        groups: &[Expr],
        aggregates: &[Function],
        having: &[Expr],
        scope: &Scope,
    ) -> Input {
        let keys: Vec<ColumnRef> = groups.iter().filter_map(|key| scope.resolve(key)).collect();
        let all = input.step.rows;
        let rows = match groups {
            [] => 1.0,
            _ => self.estimates.groups(&input.tables).unwrap_or(all / 5.0).clamp(1.0, all.max(1.0)),
        };
        if aggregates.iter().any(is_distinct) {
            input.step = self.without_duplicates(input.step, groups.len());
        }
        let is_sorted = !keys.is_empty()
            && keys.len() == groups.len()
            && input.sorted.len() >= keys.len()
            && input.sorted[..keys.len()].iter().all(|column| keys.contains(column));
        let counts = (groups.len(), aggregates.len());
        let (name, cost) = match groups {
            [] => ("Aggregate", cost::hash_aggregate(&input.step, rows, counts.0, counts.1)),
            _ if is_sorted => ("GroupAggregate", cost::group_aggregate(&input.step, rows, counts.0, counts.1)),
            _ => ("HashAggregate", cost::hash_aggregate(&input.step, rows, counts.0, counts.1)),
        };
        input.step = Step::over(input.step, name, cost, rows);
        let mut filters = Vec::new();
        having.iter().for_each(|condition| walk::conjuncts(condition, &mut filters));
        let printer = Printer { scope, naming: Naming::Bare };
        input.step.filters = filters.iter().filter_map(|condition| printer.text(condition)).collect();
        let keeps = match &input.distribution {
            Distribution::All => true,
            Distribution::Key(known) => known.iter().any(|key| keys.contains(key)),
            Distribution::Even => false,
        };
        if !keeps {
            // Rows of a group meet on one slice.
            let is_by_one = groups.len() == 1 && keys.len() == 1;
            input.distribution = if is_by_one { Distribution::Key(keys) } else { Distribution::Even };
        }
        input.sorted = Vec::new();
        input
    }

    /// Values that are aggregated once each are grouped before.
    fn without_duplicates(&self, step: Step, groups: usize) -> Step {
        let rows = step.rows;
        let inner = cost::hash_aggregate(&step, rows, groups + 1, 0);
        let inner = Step::over(step, "HashAggregate", inner, rows);
        let scan = cost::subquery(&inner, 0);
        Step::over(inner, "Subquery Scan volt_dt_0", scan, rows)
    }

    /// A step for each window, sorted by its partitions and order.
    pub fn windows(&mut self, mut input: Input, calls: &[Function], select: &Select, scope: &Scope) -> Input {
        let mut specs: Vec<&WindowSpec> = Vec::new();
        for spec in calls.iter().filter_map(|call| spec(call, select)) {
            let is_same =
                |known: &&WindowSpec| known.partition_by == spec.partition_by && known.order_by == spec.order_by;
            if !specs.iter().any(is_same) {
                specs.push(spec);
            }
        }
        let printer = Printer { scope, naming: Naming::Qualified };
        let texts = |exprs: &mut dyn Iterator<Item = &Expr>| -> Vec<String> {
            exprs.filter_map(|expr| printer.text(expr)).collect()
        };
        for spec in specs {
            let partition = texts(&mut spec.partition_by.iter());
            let order = texts(&mut spec.order_by.iter().map(|by| &by.expr));
            let columns: Vec<ColumnRef> = spec.partition_by.iter().filter_map(|expr| scope.resolve(expr)).collect();
            let is_there = columns.iter().any(|column| input.distribution.is_by(column));
            let rows = input.step.rows;
            let mut step = input.step;
            if !self.on_leader && !is_there {
                let cost = step.cost;
                step = Step::over(step, "Network", cost, rows);
                let to = if spec.partition_by.is_empty() { "Send to slice 0" } else { "Distribute" };
                step.details.push(to.to_owned());
                input.distribution = match &columns[..] {
                    [one] => Distribution::Key(vec![one.clone()]),
                    _ => Distribution::Even,
                };
            }
            if !spec.partition_by.is_empty() || !spec.order_by.is_empty() {
                let cost = cost::sort(&step, self.on_leader);
                step = Step::over(step, "Sort", cost, rows).detail("Sort Key", &[&partition[..], &order].concat());
            }
            let cost = cost::window(&step);
            input.step = Step::over(step, "Window", cost, rows).detail("Partition", &partition).detail("Order", &order);
            input.sorted = Vec::new();
        }
        input
    }
}

fn is_distinct(function: &Function) -> bool {
    match &function.args {
        FunctionArguments::List(list) => list.duplicate_treatment == Some(DuplicateTreatment::Distinct),
        _ => false,
    }
}

fn spec<'a>(call: &'a Function, select: &'a Select) -> Option<&'a WindowSpec> {
    match call.over.as_ref()? {
        WindowType::WindowSpec(spec) => Some(spec),
        WindowType::NamedWindow(name) => {
            select.named_window.iter().find(|window| window.0.value == name.value).and_then(|window| match &window.1 {
                NamedWindowExpr::WindowSpec(spec) => Some(spec),
                NamedWindowExpr::NamedWindow(_) => None,
            })
        }
    }
}
