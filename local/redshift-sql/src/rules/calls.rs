//! Calls of functions and their arguments.

use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Value};

use crate::bind::value_type::ValueType;
use crate::error::TranslateError;
use crate::parse::simple_expressions::is_simple;
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

/// Changes each argument that is an expression, with its position.
pub fn for_each_argument(function: &mut Function, mut change: impl FnMut(usize, &mut Expr)) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    for (at, argument) in list.args.iter_mut().enumerate() {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument {
            change(at, expr);
        }
    }
}
