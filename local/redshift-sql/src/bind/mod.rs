//! *Binding*: every name has its column or alias, and every expression its type, before anything is rewritten.

pub mod blanks;
pub mod catalog;
mod coercion;
mod correlation;
mod expressions;
pub mod function_types;
pub mod join_conditions;
pub mod joins;
mod leader_node_functions;
mod literals;
mod merge;
pub mod merged_columns;
mod queries;
pub mod scope;
mod set_operations;
mod sorted_aggregates;
mod statements;
#[cfg(test)]
mod tests;
pub mod value_type;

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName, Select, SetExpr, Statement,
};

use crate::error::TranslateError;
use crate::types::Type;
use blanks::{Blanks, DistinctColumn};
use catalog::{Catalog, RelationColumn};
use merged_columns::Expansion;
use scope::{Relation, Scope};
use value_type::ValueType;

/// What is known of a statement. An expression is known by its place in memory: the statement must not be moved between
/// this and its rewriting.
#[derive(Debug, Default)]
pub struct Types {
    found: HashMap<usize, ValueType>,
    /// Aliases that stand for an expression, and the expressions that are so named.
    laterals: HashMap<usize, usize>,
    named: HashSet<usize>,
    /// Literals that take the type of values that they do not stand beside.
    coerced: HashMap<usize, Type>,
    /// The type of the column that a subquery compares with, by the comparison.
    compared: HashMap<usize, ValueType>,
    /// Names in FROM that lead to the elements of a SUPER, by their places.
    unnested: HashSet<usize>,
    /// By the number of the parameter.
    parameters: BTreeMap<usize, Type>,
    /// The types of the columns that a query answers.
    columns: Option<Vec<ValueType>>,
    /// The columns of what an INSERT reads, or the values that an UPDATE assigns.
    given: Option<Vec<ValueType>>,
    /// What is spelled out before the types are asked for again.
    expansion: Expansion,
    /// Texts whose blanks behind them do not count where rows are told apart by them.
    distinct_texts: HashMap<usize, Blanks>,
    /// Names of columns that are written as something else.
    lost_names: HashMap<usize, String>,
    /// The columns of each SELECT DISTINCT with texts.
    distinct: HashMap<usize, Vec<DistinctColumn>>,
    /// The names of the columns that a UNION and the like answers, and which of them are texts, by the place of its body.
    set_operations: HashMap<usize, Vec<(String, bool)>>,
    /// True if DuckDB makes a TIMESTAMPTZ of a time without a zone, which it takes for one of UTC.
    mixes_zones: bool,
    /// The first mistake: a column that no relation has, a condition that is none.
    refusal: Option<TranslateError>,
}

impl Types {
    /// The types of a statement; `arguments` are names that stand for values everywhere in it.
    pub fn of_statement(statement: &Statement, catalog: Option<&dyn Catalog>, arguments: &[(String, Type)]) -> Self {
        let arguments = arguments
            .iter()
            .map(|(name, data_type)| RelationColumn { name: name.clone(), value_type: ValueType::Of(*data_type) });
        let mut outermost = Scope::default();
        outermost.relations.push(Relation::new(String::new(), Some(arguments.collect())));
        let mut typer = Typer {
            catalog,
            types: Self::default(),
            common: Vec::new(),
            is_grouped: false,
            has_outer_join_operator: false,
            leader_node: None,
        };
        typer.statement(statement, &outermost);
        if let (Some(function), Some(catalog)) = (typer.leader_node.take(), catalog)
            && let Err(error) = leader_node_functions::check(&function, statement, catalog)
        {
            typer.refuse(error);
        }
        typer.types
    }

    /// The first mistake that was found in the statement.
    ///
    /// # Errors
    /// 42703 for a column that no relation has, 42804 for a condition that is no BOOLEAN.
    pub fn check(&mut self) -> Result<(), TranslateError> {
        self.refusal.take().map_or(Ok(()), Err)
    }

    pub fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    pub fn of(&self, expr: &Expr) -> ValueType {
        self.found.get(&place(expr)).copied().unwrap_or(ValueType::Unknown)
    }

    /// True if a time without a zone becomes one with a zone where no rule sees it.
    pub fn mixes_zones(&self) -> bool {
        self.mixes_zones
    }

    /// The types of a call's arguments.
    pub fn of_arguments(&self, function: &Function) -> Vec<ValueType> {
        argument_expressions(function).map(|argument| self.of(argument)).collect()
    }

    /// The place of the expression that a name stands for, where it is an alias that DuckDB does not know there.
    pub fn lateral(&self, expr: &Expr) -> Option<usize> {
        self.laterals.get(&place(expr)).copied()
    }

    /// What is to be spelled out before the statement is rewritten.
    pub fn expansion(&self) -> &Expansion {
        &self.expansion
    }

    /// How a text is written where rows are told apart by it.
    pub fn distinct_texts(&self, expr: &Expr) -> Option<Blanks> {
        self.distinct_texts.get(&place(expr)).copied()
    }

    /// The name of a column of a SELECT that is written as something else.
    pub fn lost_name(&self, expr: &Expr) -> Option<&str> {
        self.lost_names.get(&place(expr)).map(String::as_str)
    }

    /// The columns of a SELECT DISTINCT with texts.
    pub fn distinct(&self, select: &Select) -> Option<&[DistinctColumn]> {
        self.distinct.get(&place(select)).map(Vec::as_slice)
    }

    /// The columns of a set operation that compares texts.
    pub fn set_operation(&self, body: &SetExpr) -> Option<&[(String, bool)]> {
        self.set_operations.get(&place(body)).map(Vec::as_slice)
    }

    /// The type that a literal takes.
    pub fn coerced(&self, expr: &Expr) -> Option<Type> {
        self.coerced.get(&place(expr)).copied()
    }

    /// The type of the column of the subquery in `expr IN (SELECT …)` and the like.
    pub fn compared(&self, comparison: &Expr) -> ValueType {
        self.compared.get(&place(comparison)).copied().unwrap_or(ValueType::Unknown)
    }

    /// True for a name in FROM that leads to the elements of a SUPER.
    pub fn is_unnested(&self, name: &ObjectName) -> bool {
        self.unnested.contains(&std::ptr::from_ref(name).addr())
    }

    /// True for an expression whose alias is used by another.
    pub fn is_named_by_lateral(&self, expr: &Expr) -> bool {
        self.named.contains(&place(expr))
    }

    pub fn into_parameters(self) -> BTreeMap<usize, Type> {
        self.parameters
    }

    /// The types of the columns that a query answers; `None` where they are not known.
    pub fn columns(&self) -> Option<Vec<ValueType>> {
        self.columns.clone()
    }

    /// The types of the columns that an INSERT reads, or of the values that an UPDATE assigns, in their order; `None`
    /// where they are not known.
    pub fn given(&self) -> Option<Vec<ValueType>> {
        self.given.clone()
    }
}

/// Where a part of a statement stands in memory.
pub fn place<T>(part: &T) -> usize {
    std::ptr::from_ref(part).addr()
}

fn argument_expressions(function: &Function) -> impl Iterator<Item = &Expr> {
    let list = match &function.args {
        FunctionArguments::List(list) => &list.args[..],
        _ => &[],
    };
    list.iter().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    })
}

struct Typer<'c> {
    catalog: Option<&'c dyn Catalog>,
    types: Types,
    /// The common table expressions that can be seen, the innermost last.
    common: Vec<Relation>,
    /// True if the expression is among the columns of a SELECT with GROUP BY, where DuckDB does not know its aliases.
    is_grouped: bool,
    /// True if the condition that is being read has a `(+)` in it.
    has_outer_join_operator: bool,
    /// A function of the leader node that is called.
    leader_node: Option<String>,
}
