//! *Arguments before overloads*: DuckDB chooses among the overloads of a macro before it knows the types of aggregates,
//! window functions and aliases, and takes any of them, or none. A lambda's argument is bound before its body: a call
//! with such an argument becomes the body of one.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Function, GroupByExpr, Query, Select, SelectItem, SetExpr, Visit, Visitor, VisitorMut};

use super::function_names::{AGGREGATES, OVERLOADED};
use super::functions;
use crate::error::TranslateError;

/// The parameter of the lambdas.
const PARAMETER: &str = "redshift_value";

/// Rewrites calls of macros with overloads, once everything else is rewritten.
pub struct BindArguments {
    /// Every call, so that DuckDB reports a name that it does not find instead of a macro that does not fit.
    every: bool,
    /// The aliases of the queries and SELECTs around.
    scopes: Vec<BTreeSet<String>>,
    in_group_by: bool,
}

impl BindArguments {
    pub fn new(every: bool) -> Self {
        Self { every, scopes: Vec::new(), in_group_by: false }
    }
}

impl VisitorMut for BindArguments {
    type Break = TranslateError;

    /// ORDER BY stands outside the SELECT whose aliases it may use.
    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<TranslateError> {
        self.scopes.push(match query.body.as_ref() {
            SetExpr::Select(select) => aliases(select),
            _ => BTreeSet::new(),
        });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<TranslateError> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<TranslateError> {
        self.scopes.push(aliases(select));
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &mut Select) -> ControlFlow<TranslateError> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    /// What is grouped by is of FROM, and is to look like the same expression in the SELECT.
    fn pre_visit_group_by(&mut self, _: &mut GroupByExpr) -> ControlFlow<TranslateError> {
        self.in_group_by = true;
        ControlFlow::Continue(())
    }

    fn post_visit_group_by(&mut self, _: &mut GroupByExpr) -> ControlFlow<TranslateError> {
        self.in_group_by = false;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<TranslateError> {
        let Expr::Function(function) = &*expr else { return ControlFlow::Continue(()) };
        let name = function.name.to_string().to_lowercase().replace('"', "");
        if function.over.is_some() || OVERLOADED.binary_search(&name.as_str()).is_err() {
            return ControlFlow::Continue(());
        }
        let none = BTreeSet::new();
        let aliases = if self.in_group_by { &none } else { self.scopes.last().unwrap_or(&none) };
        let bound = functions::arguments(function).and_then(|arguments| {
            match self.every || arguments.iter().any(|argument| is_opaque(argument, aliases)) {
                true => bound_first(function, &arguments),
                false => Ok(None),
            }
        });
        match bound {
            Ok(Some(rewritten)) => *expr = rewritten,
            Ok(None) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }
}

/// The names that a SELECT gives. One that stands in what it names is a column of FROM, which comes before it.
fn aliases(select: &Select) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for item in &select.projection {
        if let SelectItem::ExprWithAlias { expr, alias } = item {
            let name = BTreeSet::from([alias.value.to_lowercase()]);
            if !mentions(expr, |inner| is_one_of(inner, &name)) {
                found.extend(name);
            }
        }
    }
    found
}

fn is_one_of(expr: &Expr, names: &BTreeSet<String>) -> bool {
    matches!(expr, Expr::Identifier(ident) if names.contains(&ident.value.to_lowercase()))
}

/// Whether DuckDB knows the type of an expression only as a part of its SELECT.
fn is_opaque(expr: &Expr, aliases: &BTreeSet<String>) -> bool {
    mentions(expr, |inner| match inner {
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase().replace('"', "");
            function.over.is_some() || AGGREGATES.binary_search(&name.as_str()).is_ok()
        }
        _ => is_one_of(inner, aliases),
    })
}

/// Whether a part of an expression is such; queries in it have names of their own.
fn mentions(expr: &Expr, is_such: impl Fn(&Expr) -> bool) -> bool {
    struct Finds<F>(F, usize);
    impl<F: Fn(&Expr) -> bool> Visitor for Finds<F> {
        type Break = ();

        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.1 += 1;
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.1 -= 1;
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match self.1 == 0 && (self.0)(expr) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    }
    expr.visit(&mut Finds(is_such, 0)).is_break()
}

/// The call in a lambda over its arguments. Literals stay in the call, where DuckDB takes them for whatever is beside
/// them; `None` where there is nothing else.
fn bound_first(function: &Function, arguments: &[Expr]) -> Result<Option<Expr>, TranslateError> {
    let mut arguments = arguments.to_vec();
    // Of what a side is compared with only the type counts: so both sides stay apart, and can be hashed.
    if let ("redshift_side", Some(beside)) = (function.name.to_string().as_str(), arguments.get_mut(1))
        && !is_literal(beside)
    {
        *beside = functions::parse(&format!("cast_to_type(NULL, {beside})"))?;
    }
    let mut bound: Vec<String> = Vec::new();
    for value in arguments.iter().filter_map(value_of) {
        if !bound.contains(&value) {
            bound.push(value);
        }
    }
    let row = match &bound[..] {
        [] => return Ok(None),
        [one] => one.clone(),
        several => format!("row({})", several.join(", ")),
    };
    let argument = |argument: &Expr| {
        let place = value_of(argument).and_then(|value| bound.iter().position(|known| *known == value));
        let found = match place {
            None => return argument.to_string(),
            Some(_) if bound.len() == 1 => PARAMETER.to_owned(),
            Some(at) => format!("struct_extract({PARAMETER}, {})", at + 1),
        };
        if argument_of_typeof(argument).is_some() { format!("typeof({found})") } else { found }
    };
    let call: Vec<String> = arguments.iter().map(argument).collect();
    functions::written(&format!(
        "list_extract(list_transform(list_value({row}), lambda {PARAMETER} : {}({})), 1)",
        function.name,
        call.join(", ")
    ))
}

/// What is to be bound of an argument: itself, or what its type is asked of; nothing of a literal.
fn value_of(argument: &Expr) -> Option<String> {
    let value = argument_of_typeof(argument);
    let value = value.as_ref().unwrap_or(argument);
    (!is_literal(value)).then(|| value.to_string())
}

fn argument_of_typeof(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Function(function) if function.name.to_string() == "typeof" => {
            functions::arguments(function).ok().and_then(|mut arguments| arguments.pop())
        }
        _ => None,
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::TypedString(_) | Expr::Interval(_) => true,
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => is_literal(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(text: &str, alias: &str) -> String {
        let aliases = BTreeSet::from([alias.to_owned()]);
        let Ok(Expr::Function(function)) = functions::parse(text) else { panic!("{text}") };
        let arguments = functions::arguments(&function).expect("arguments");
        match arguments.iter().any(|argument| is_opaque(argument, &aliases)) {
            true => bound_first(&function, &arguments).expect("SQL").expect("arguments").to_string(),
            false => text.to_owned(),
        }
    }

    #[test]
    fn what_is_known_of_the_whole_select_only_is_bound_first() {
        let of_one = |call: &str, value: &str| {
            format!("list_extract(list_transform(list_value({value}), lambda redshift_value : {call}), 1)")
        };
        assert_eq!(bound("to_char(max(a), 'YYYY')", "b"), of_one("to_char(redshift_value, 'YYYY')", "max(a)"));
        assert_eq!(bound("trunc(b)", "b"), of_one("trunc(redshift_value)", "b"));
        assert_eq!(
            bound("redshift_side(a, lag(a) OVER (), typeof(a))", "b"),
            of_one(
                "redshift_side(struct_extract(redshift_value, 1), struct_extract(redshift_value, 2), \
                 typeof(struct_extract(redshift_value, 1)))",
                "row(a, cast_to_type(NULL, lag(a) OVER ()))"
            )
        );
        for plain in ["trunc(a)", "trunc(t.b)", "trunc((SELECT max(b) FROM t))", "to_char(length(a), '9')"] {
            assert_eq!(bound(plain, "b"), plain);
        }
    }

    #[test]
    fn the_macros_with_overloads_by_type_are_known() {
        const TYPES: [&str; 10] =
            ["VARCHAR", "TIMESTAMPTZ", "TIMESTAMP", "DATE", "TIME", "INTEGER", "BIGINT", "SMALLINT", "DOUBLE", "FLOAT"];
        let made = crate::MACROS.split("CREATE OR REPLACE MACRO redshift_system.").skip(1);
        let typed = made.filter(|text| {
            // A parameter with a type: `(v VARCHAR`, `, b DATE`.
            text.split(['(', ',']).any(|part| {
                let mut words = part.split([' ', ')', '\n']).filter(|word| !word.is_empty());
                words.next().is_some_and(|name| name.chars().all(char::is_lowercase))
                    && words.next().is_some_and(|kind| TYPES.contains(&kind))
            })
        });
        let found: BTreeSet<&str> = typed.filter_map(|text| text.split('(').next()).collect();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), OVERLOADED);
        assert!(OVERLOADED.is_sorted() && AGGREGATES.is_sorted());
    }
}
