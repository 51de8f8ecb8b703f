//! Calls of functions and their arguments.

use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Value};

use crate::bind::value_type::ValueType;
use crate::error::TranslateError;
use crate::rules::comparison::is_simple;
use crate::rules::construct::take;

/// A call whose arguments were taken out of it, and their types.
pub struct Call {
    pub arguments: Vec<Expr>,
    pub types: Vec<ValueType>,
}

impl Call {
    /// An argument, which is taken out.
    pub fn take(&mut self, at: usize) -> Expr {
        self.arguments.get_mut(at).map_or_else(|| Expr::value(Value::Null), take)
    }

    pub fn kind(&self, at: usize) -> ValueType {
        self.types.get(at).copied().unwrap_or(ValueType::Unknown)
    }
}

/// True for what may be mentioned several times.
pub fn is_cheap(expr: &Expr) -> bool {
    is_simple(expr) || matches!(expr, Expr::Value(_))
}

/// The arguments of a call that has no others than expressions.
pub fn arguments(function: &Function) -> Result<Vec<Expr>, TranslateError> {
    let FunctionArguments::List(list) = &function.args else { return Ok(Vec::new()) };
    let expression = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr.clone()),
        other => Err(TranslateError::syntax(format!("syntax error at or near \"{other}\""))),
    };
    list.args.iter().map(expression).collect()
}
