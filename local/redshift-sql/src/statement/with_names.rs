//! The names that WITH gives to queries: where they can be seen, they stand before relations.

use sqlparser::ast::{Cte, Query};

/// The names of one WITH, and how many of them can be seen: within its own queries, those before.
struct Scope {
    names: Vec<String>,
    queries: Vec<*const Query>,
    is_recursive: bool,
    seen: usize,
}

/// The names that can be seen where a visitor of a statement is.
#[derive(Default)]
pub struct WithNames {
    /// Of the queries around, the innermost last.
    scopes: Vec<Scope>,
}

impl WithNames {
    pub fn contains(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.names[..scope.seen].iter().any(|known| known.eq_ignore_ascii_case(name)))
    }

    /// The visitor enters a query.
    pub fn enter(&mut self, query: &Query) {
        if let Some(place) = self.place(query)
            && let Some(around) = self.scopes.last_mut()
        {
            around.seen = place + usize::from(around.is_recursive);
        }
        let tables: &[Cte] = match &query.with {
            Some(with) => &with.cte_tables,
            None => &[],
        };
        self.scopes.push(Scope {
            names: tables.iter().map(|table| table.alias.name.value.clone()).collect(),
            queries: tables.iter().map(|table| std::ptr::from_ref(table.query.as_ref())).collect(),
            is_recursive: query.with.as_ref().is_some_and(|with| with.recursive),
            seen: tables.len(),
        });
    }

    /// The visitor leaves a query.
    pub fn leave(&mut self, query: &Query) {
        self.scopes.pop();
        if self.place(query).is_some()
            && let Some(around) = self.scopes.last_mut()
        {
            around.seen = around.names.len();
        }
    }

    /// The place of a query among those of the WITH around it.
    fn place(&self, query: &Query) -> Option<usize> {
        self.scopes.last()?.queries.iter().position(|known| std::ptr::eq(*known, query))
    }
}
