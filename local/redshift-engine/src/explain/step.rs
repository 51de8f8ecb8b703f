//! The steps of a plan, and what each is estimated to cost.

/// Of the first row, and of all of them: relative, and with the steps below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    pub startup: f64,
    pub total: f64,
}

#[derive(Debug, Clone)]
pub struct Step {
    /// Without what says where it runs: `Seq Scan on sales`.
    pub name: String,
    /// What stands below its name, without the filter.
    pub details: Vec<String>,
    /// Conditions on the rows that it passes on.
    pub filters: Vec<String>,
    pub cost: Cost,
    pub rows: f64,
    /// Bytes of a row.
    pub width: u64,
    pub children: Vec<Step>,
    /// Queries inside of expressions, under the name of their kind.
    pub subplans: Vec<(&'static str, Step)>,
}

impl Step {
    /// A step that reads nothing of another one.
    pub fn leaf(name: impl Into<String>, cost: Cost, rows: f64, width: u64) -> Self {
        Self {
            name: name.into(),
            details: Vec::new(),
            filters: Vec::new(),
            cost,
            rows,
            width,
            children: Vec::new(),
            subplans: Vec::new(),
        }
    }

    /// A step on the rows of another one, as wide as those.
    pub fn over(child: Self, name: impl Into<String>, cost: Cost, rows: f64) -> Self {
        Self { children: vec![child.clone()], ..Self::leaf(name, cost, rows, child.width) }
    }

    /// Adds `Key: a, b`, unless nothing can be shown.
    pub fn detail(mut self, key: &str, values: &[String]) -> Self {
        if !values.is_empty() {
            self.details.push(format!("{key}: {}", values.join(", ")));
        }
        self
    }
}
