//! Relations that a query reads, under other names: with the schema that the search path found, or after a rename.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, TableAlias, TableFactor, VisitMut, VisitorMut};
use sqlparser::tokenizer::Tokenizer;

use crate::error::TranslateError;
use crate::parse::dialect::Redshift;
use crate::parse::parser;
use crate::statement::relation_name::Name;
use crate::statement::with_names::WithNames;

/// Answers the new name of a relation; `None` leaves it as it is.
pub type NewName<'n> = dyn FnMut(&Name) -> Result<Option<Name>, TranslateError> + 'n;

/// Gives other names to the relations of a query. What WITH names is left as it is, and so are functions.
pub fn rename_relations(query: &mut Query, rename: &mut NewName<'_>) -> Result<(), TranslateError> {
    match query.visit(&mut Renames { rename, named: WithNames::default() }) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// Every relation of a view WITH NO SCHEMA BINDING has its schema, those of the system too (r_CREATE_VIEW).
///
/// # Errors
/// 0A000
pub fn refuse_unqualified(query: &Query) -> Result<(), TranslateError> {
    rename_relations(&mut query.clone(), &mut |name: &Name| match name.schema {
        Some(_) => Ok(None),
        None => Err(TranslateError::new(
            "0A000",
            "All the relation names inside should be qualified when creating VIEW WITH NO SCHEMA BINDING.",
        )),
    })
}

/// The same for Redshift's SQL, whose literals stay as they are written.
pub fn rename_relations_in(query: &str, rename: &mut NewName<'_>) -> Result<String, TranslateError> {
    let tokens = Tokenizer::new(&Redshift, query.trim_end_matches(';')).with_unescape(false).tokenize_with_location();
    let tokens = tokens.map_err(|error| TranslateError::syntax(error.message))?;
    let mut parsed = parser(tokens).parse_query().map_err(TranslateError::from_parser)?;
    rename_relations(&mut parsed, rename)?;
    Ok(parsed.to_string())
}

struct Renames<'r, 'n> {
    rename: &'r mut NewName<'n>,
    named: WithNames,
}

impl Renames<'_, '_> {
    fn new_name(&mut self, name: &Name) -> ControlFlow<TranslateError, Option<Name>> {
        match (self.rename)(name) {
            Ok(new) => ControlFlow::Continue(new),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

impl VisitorMut for Renames<'_, '_> {
    type Break = TranslateError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<TranslateError> {
        self.named.enter(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<TranslateError> {
        self.named.leave(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<TranslateError> {
        let TableFactor::Table { name, alias, args: None, .. } = factor else { return ControlFlow::Continue(()) };
        let found = Name::of(name);
        if found.schema.is_none() && self.named.contains(&found.table) {
            return ControlFlow::Continue(());
        }
        let Some(new) = self.new_name(&found)? else { return ControlFlow::Continue(()) };
        // What says of which relation a column is goes on saying so.
        if !new.table.eq_ignore_ascii_case(&found.table)
            && let Some(last) = name.0.last().and_then(|part| part.as_ident())
        {
            alias.get_or_insert_with(|| TableAlias {
                explicit: true,
                name: last.clone(),
                columns: Vec::new(),
                at: None,
            });
        }
        *name = new.to_object_name();
        ControlFlow::Continue(())
    }

    /// `schema.relation.column`: the relation alone says as much, and keeps doing so.
    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<TranslateError> {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [schema, table, _, ..] = parts.as_slice()
        {
            let name = Name { schema: Some(schema.value.clone()), table: table.value.clone() };
            if self.new_name(&name)?.is_some() {
                parts.remove(0);
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::rename_relations_in;
    use crate::statement::relation_name::Name;

    fn renamed(query: &str, from: (Option<&str>, &str), to: (&str, &str)) -> String {
        let mut rename = |name: &Name| {
            let is_it = name.table == from.1 && name.schema.as_deref() == from.0;
            Ok(is_it.then(|| Name { schema: Some(to.0.into()), table: to.1.into() }))
        };
        rename_relations_in(query, &mut rename).expect("query")
    }

    #[test]
    fn a_relation_gets_its_schema() {
        for (query, expected) in [
            ("SELECT t.a FROM t", "SELECT t.a FROM \"s\".\"t\""),
            ("SELECT a FROM t AS x, u.t", "SELECT a FROM \"s\".\"t\" AS x, u.t"),
            // What WITH names is no relation, but in the query that it names, and those before.
            ("WITH t AS (SELECT a FROM t) SELECT a FROM t", "WITH t AS (SELECT a FROM \"s\".\"t\") SELECT a FROM t"),
            (
                "WITH v AS (SELECT a FROM t), t AS (SELECT a FROM v) SELECT a FROM t WHERE a IN (SELECT a FROM t)",
                "WITH v AS (SELECT a FROM \"s\".\"t\"), t AS (SELECT a FROM v) SELECT a FROM t WHERE a IN (SELECT a FROM t)",
            ),
            (
                "SELECT a FROM (WITH t AS (SELECT 1 AS a) SELECT a FROM t) AS x JOIN t USING(a)",
                "SELECT a FROM (WITH t AS (SELECT 1 AS a) SELECT a FROM t) AS x JOIN \"s\".\"t\" USING(a)",
            ),
            (
                "WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t) SELECT a FROM t",
                "WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t) SELECT a FROM t",
            ),
        ] {
            assert_eq!(renamed(query, (None, "t"), ("s", "t")), expected);
        }
    }

    #[test]
    fn a_relation_that_is_renamed_keeps_its_columns() {
        let query = "SELECT t.a, old.t.b, 'x' FROM old.t WHERE old.t.b > 0";
        assert_eq!(
            renamed(query, (Some("old"), "t"), ("new", "t")),
            "SELECT t.a, t.b, 'x' FROM \"new\".\"t\" WHERE t.b > 0"
        );
        assert_eq!(
            renamed("SELECT t.a FROM old.t", (Some("old"), "t"), ("old", "u")),
            "SELECT t.a FROM \"old\".\"u\" AS t"
        );
    }
}
