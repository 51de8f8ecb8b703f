//! The names that an expression can use: the columns of FROM, then the aliases of its SELECT, then those of the queries
//! around it.

use std::sync::Arc;

use sqlparser::ast::{Ident, TableAlias};

use crate::bind::catalog::RelationColumn;
use crate::bind::joins::Output;
use crate::bind::value_type::ValueType;

/// The columns of a relation; `None` where they are not known.
pub type Columns = Option<Arc<[RelationColumn]>>;

/// A relation of FROM, by the name that it has there.
#[derive(Debug)]
pub struct Relation {
    pub name: String,
    pub columns: Columns,
    /// Columns that USING or NATURAL has joined to one before: without the relation's name they are that.
    pub joined: Vec<String>,
}

impl Relation {
    pub fn new(name: String, columns: Columns) -> Self {
        Self { name, columns, joined: Vec::new() }
    }

    /// True for the elements of a SUPER, which are the only column under the name of the relation.
    pub fn is_element(&self) -> bool {
        let first = self.columns.as_ref().and_then(|columns| columns.first());
        first.is_some_and(|column| column.name == self.name && column.value_type.is_super())
    }

    /// True where it is known to have such a column.
    pub fn has(&self, column: &str) -> bool {
        let columns = self.columns.iter().flat_map(|columns| columns.iter());
        columns.into_iter().any(|known| known.name.eq_ignore_ascii_case(column))
    }

    fn is_joined(&self, column: &str) -> bool {
        self.joined.iter().any(|joined| joined.eq_ignore_ascii_case(column))
    }
}

/// A name that the SELECT gives to an expression.
#[derive(Debug)]
pub struct Alias {
    pub name: String,
    pub value_type: ValueType,
    /// Of the expression that it names.
    pub place: usize,
}

#[derive(Debug, Default)]
pub struct Scope<'o> {
    pub relations: Vec<Relation>,
    pub aliases: Vec<Alias>,
    /// What `*` stands for, where FROM merges columns and all of them are known.
    pub outputs: Option<Vec<Output>>,
    /// Columns that USING or NATURAL has merged.
    pub merged: Vec<Output>,
    pub outer: Option<&'o Scope<'o>>,
    /// The relations beside a subquery in FROM, which it cannot see.
    pub siblings: &'o [Relation],
    /// True while the condition of a join is read.
    pub is_joining: bool,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    Column(ValueType),
    /// An alias of the same SELECT: its type, and the place of what it names.
    Alias(ValueType, usize),
    Nothing,
    /// A column of a relation whose columns are not known, perhaps.
    Unsure,
}

impl<'o> Scope<'o> {
    pub fn within(outer: Option<&'o Scope<'o>>) -> Self {
        Self { outer, ..Self::default() }
    }

    /// A name without a relation. A column of FROM wins over an alias.
    pub fn resolve(&self, name: &str) -> Resolved {
        let mut unsure = false;
        let mut found = None;
        for relation in &self.relations {
            let Some(columns) = &relation.columns else {
                unsure = true;
                continue;
            };
            if relation.is_joined(name) {
                continue;
            }
            for column in columns.iter().filter(|column| column.name.eq_ignore_ascii_case(name)) {
                // The same column twice is an error of DuckDB's.
                found = Some(match found {
                    Some(before) if before != column.value_type => ValueType::Unknown,
                    _ => column.value_type,
                });
            }
        }
        if let Some(value_type) = found {
            return Resolved::Column(value_type);
        }
        if unsure {
            return Resolved::Unsure;
        }
        if let Some(alias) = self.aliases.iter().rev().find(|alias| alias.name.eq_ignore_ascii_case(name)) {
            return Resolved::Alias(alias.value_type, alias.place);
        }
        match self.outer.map(|outer| outer.resolve(name)) {
            // Those of another SELECT cannot be used.
            Some(Resolved::Alias(..)) | None => Resolved::Nothing,
            Some(found) => found,
        }
    }

    /// A column that USING or NATURAL has merged.
    pub fn merged(&self, name: &str) -> Option<&Output> {
        if let Some(found) = self.merged.iter().rev().find(|output| output.name.eq_ignore_ascii_case(name)) {
            return Some(found);
        }
        let columns = self.relations.iter().flat_map(|relation| relation.columns.iter().flat_map(|all| all.iter()));
        let is_here = self.relations.iter().any(|relation| relation.columns.is_none())
            || columns
                .map(|column| &column.name)
                .chain(self.aliases.iter().map(|alias| &alias.name))
                .any(|known| known.eq_ignore_ascii_case(name));
        self.outer.filter(|_| !is_here).and_then(|outer| outer.merged(name))
    }

    /// The relation of this query block that alone has a column.
    pub fn owner(&self, column: &str) -> Option<&Relation> {
        let mut owners = self.relations.iter().filter(|relation| relation.has(column) && !relation.is_joined(column));
        owners.next().filter(|_| owners.next().is_none())
    }

    /// True for a relation, or a column, of the FROM that a subquery around this stands in.
    pub fn is_beside(&self, relation: Option<&str>, column: &str) -> bool {
        let names = |sibling: &Relation| match relation {
            Some(relation) => sibling.name.eq_ignore_ascii_case(relation),
            None => sibling.has(column),
        };
        self.siblings.iter().any(names) || self.outer.is_some_and(|outer| outer.is_beside(relation, column))
    }

    /// A relation by its name, the innermost one.
    pub fn relation(&self, name: &str) -> Option<&Relation> {
        let here = self.relations.iter().rev().find(|relation| relation.name.eq_ignore_ascii_case(name));
        here.or_else(|| self.outer.and_then(|outer| outer.relation(name)))
    }

    /// `relation.column`, `schema.relation.column`, or a path into a SUPER.
    pub fn resolve_path(&self, parts: &[Ident]) -> ValueType {
        for (at, part) in parts.iter().enumerate().rev().skip(1) {
            let Some(relation) = self.relation(&part.value) else { continue };
            let Some(columns) = &relation.columns else { return ValueType::Unknown };
            if let Some(column) = columns.iter().find(|column| column.name.eq_ignore_ascii_case(&parts[at + 1].value)) {
                return match (column.value_type, parts.len() - at - 2) {
                    (value_type, 0) => value_type,
                    (ValueType::SUPER, _) => ValueType::SUPER,
                    _ => ValueType::Unknown,
                };
            }
        }
        match parts.first().map(|first| self.resolve(&first.value)) {
            Some(Resolved::Column(ValueType::SUPER)) => ValueType::SUPER,
            _ => ValueType::Unknown,
        }
    }

    /// The name of a column that its relation does not have.
    pub fn missing_in_path<'p>(&self, parts: &'p [Ident]) -> Option<&'p str> {
        let [relation, column] = parts else { return None };
        let columns = self.relation(&relation.value)?.columns.as_ref()?;
        let is_path = matches!(
            self.resolve(&relation.value),
            Resolved::Column(ValueType::SUPER | ValueType::Unknown) | Resolved::Unsure
        );
        let is_missing = !is_path && !columns.iter().any(|known| known.name.eq_ignore_ascii_case(&column.value));
        is_missing.then_some(column.value.as_str())
    }

    /// The columns of all relations, as `*` has them.
    pub fn all_columns(&self) -> Columns {
        let mut all = Vec::new();
        for relation in &self.relations {
            let columns = relation.columns.as_ref()?.iter();
            all.extend(columns.filter(|column| !relation.is_joined(&column.name)).cloned());
        }
        Some(all.into())
    }
}

/// The columns as another query sees them: a literal is a text there.
pub fn settled(columns: Columns) -> Columns {
    let settle = |column: &RelationColumn| RelationColumn {
        name: column.name.clone(),
        value_type: settled_type(column.value_type),
    };
    Some(columns?.iter().map(settle).collect())
}

/// The type of a value that is no literal any more.
pub fn settled_type(value_type: ValueType) -> ValueType {
    if value_type == ValueType::Untyped { ValueType::TEXT } else { value_type }
}

/// The columns under the names that an alias gives to them.
pub fn renamed(columns: Columns, alias: &TableAlias) -> Columns {
    if alias.columns.is_empty() {
        return columns;
    }
    let mut columns = columns?.to_vec();
    for (column, name) in columns.iter_mut().zip(&alias.columns) {
        column.name.clone_from(&name.name.value);
    }
    Some(columns.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(name: &str, columns: &[(&str, ValueType)]) -> Relation {
        let column =
            |(name, value_type): &(&str, ValueType)| RelationColumn { name: (*name).into(), value_type: *value_type };
        Relation::new(name.into(), Some(columns.iter().map(column).collect()))
    }

    fn path(text: &str) -> Vec<Ident> {
        text.split('.').map(Ident::new).collect()
    }

    #[test]
    fn a_column_of_from_wins_over_an_alias() {
        let outer = Scope { relations: vec![relation("o", &[("far", ValueType::DATE)])], ..Scope::default() };
        let mut scope = Scope::within(Some(&outer));
        scope.relations.push(relation("t", &[("a", ValueType::INTEGER)]));
        for name in ["a", "b"] {
            scope.aliases.push(Alias { name: name.into(), value_type: ValueType::TEXT, place: 7 });
        }
        assert_eq!(scope.resolve("a"), Resolved::Column(ValueType::INTEGER));
        assert_eq!(scope.resolve("b"), Resolved::Alias(ValueType::TEXT, 7));
        assert_eq!(scope.resolve("far"), Resolved::Column(ValueType::DATE));
        assert_eq!(scope.resolve("none"), Resolved::Nothing);
        scope.relations.push(Relation::new("u".into(), None));
        assert_eq!(scope.resolve("b"), Resolved::Unsure);
    }

    #[test]
    fn a_path_names_a_column_or_leads_into_a_super() {
        let mut scope = Scope::default();
        scope.relations.push(relation("t", &[("a", ValueType::INTEGER), ("data", ValueType::SUPER)]));
        for (text, expected) in [
            ("t.a", ValueType::INTEGER),
            ("public.t.a", ValueType::INTEGER),
            ("t.data.key", ValueType::SUPER),
            ("data.key.deep", ValueType::SUPER),
            ("t.a.key", ValueType::Unknown),
            ("u.a", ValueType::Unknown),
        ] {
            assert_eq!(scope.resolve_path(&path(text)), expected, "{text}");
        }
    }
}
