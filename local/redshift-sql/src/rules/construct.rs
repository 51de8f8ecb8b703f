//! Expressions of DuckDB's, built from their parts.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, Value,
};

use crate::types::{Type, VARCHAR_MAX};

/// The conditions joined by AND; none where there are none. An OR among them is put in parentheses.
pub fn all_of(conditions: impl IntoIterator<Item = Expr>) -> Option<Expr> {
    let closed = conditions.into_iter().map(|condition| match condition {
        condition @ Expr::BinaryOp { op: BinaryOperator::Or, .. } => Expr::Nested(Box::new(condition)),
        condition => condition,
    });
    closed.reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    })
}

/// A name with its schemas: `system.main.rtrim`.
fn name(path: &str) -> ObjectName {
    ObjectName::from(path.split('.').map(Ident::new).collect::<Vec<_>>())
}

/// `function(arguments)`.
pub fn call<const N: usize>(function: &str, arguments: [Expr; N]) -> Expr {
    call_with(function, arguments.into())
}

pub fn call_with(function: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Function(function_call(function, arguments))
}

pub fn function_call(function: &str, arguments: Vec<Expr>) -> Function {
    let args = arguments.into_iter().map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))).collect();
    Function {
        name: name(function),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        within_group: Vec::new(),
        filter: None,
        null_treatment: None,
        over: None,
    }
}

/// `CAST(expr AS kind)`.
pub fn cast(expr: Expr, kind: Type) -> Expr {
    cast_as(CastKind::Cast, expr, &kind.duck())
}

/// `TRY_CAST(expr AS kind)`.
pub fn try_cast(expr: Expr, kind: Type) -> Expr {
    cast_as(CastKind::TryCast, expr, &kind.duck())
}

/// A cast to a type by DuckDB's name.
pub fn cast_as(kind: CastKind, expr: Expr, duck: &str) -> Expr {
    let data_type = DataType::Custom(ObjectName::from(vec![Ident::new(duck)]), Vec::new());
    Expr::Cast { kind, expr: Box::new(expr), data_type, format: None }
}

/// A text of ours, without quotes and backslashes in it.
pub fn text(text: &str) -> Expr {
    Expr::value(Value::SingleQuotedString(text.to_owned()))
}

pub fn number(number: impl ToString) -> Expr {
    Expr::value(Value::Number(number.to_string(), false))
}

/// A column by its name.
pub fn column(name: &str) -> Expr {
    Expr::Identifier(Ident::with_quote('"', name))
}

/// `(expr)`.
pub fn nested(expr: Expr) -> Expr {
    Expr::Nested(Box::new(expr))
}

/// `left op right`. The sides are in parentheses where they are more than a call or a name.
pub fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(closed(left)), op, right: Box::new(closed(right)) }
}

/// The expression as it can stand beside an operator.
pub fn closed(expr: Expr) -> Expr {
    match expr {
        Expr::BinaryOp { .. }
        | Expr::UnaryOp { .. }
        | Expr::Between { .. }
        | Expr::InList { .. }
        | Expr::Like { .. } => nested(expr),
        closed => closed,
    }
}

/// `CASE WHEN condition THEN result … ELSE otherwise END`.
pub fn case(whens: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: whens.into_iter().map(|(condition, result)| CaseWhen { condition, result }).collect(),
        else_result: otherwise.map(Box::new),
    }
}

/// Takes an expression out of its place.
pub fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::value(Value::Null))
}

/// Puts into a place what is made of the expression there.
pub fn replace(expr: &mut Expr, with: impl FnOnce(Expr) -> Expr) {
    let taken = take(expr);
    *expr = with(taken);
}

/// A text as a time, in any of Redshift's orders of day and month.
pub fn time_of_text(value: Expr, wanted: Type) -> Expr {
    let function = match wanted {
        Type::Date => "redshift_date_of_text",
        Type::Timestamp => "redshift_timestamp_of_text",
        Type::Time => "redshift_time_of_text",
        Type::TimeTz => "redshift_timetz_of_text",
        _ => "redshift_timestamptz_of_text",
    };
    call(function, [cast(value, Type::Varchar(VARCHAR_MAX))])
}
