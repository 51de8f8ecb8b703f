//! Expressions that are computed without a query: counters, conditions on them, and texts put together. A loop is made of
//! them.

use sqlparser::ast::{BinaryOperator, Expr, SelectItem, SetExpr, Statement, UnaryOperator, Value};

use super::ast::Reference;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Simple {
    Null,
    Boolean(bool),
    Integer(i32),
    Text(String),
    Variable(Reference),
    Not(Box<Simple>),
    IsNull(Box<Simple>),
    Binary(Box<Simple>, SimpleOperator, Box<Simple>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimpleOperator {
    Add,
    Subtract,
    Multiply,
    Concatenate,
    Equal,
    Less,
    LessOrEqual,
    And,
    Or,
}

/// The only value of a SELECT, if it is simple.
pub fn compile(statement: &Statement, references: &[Reference]) -> Option<Simple> {
    let Statement::Query(query) = statement else { return None };
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let [SelectItem::UnnamedExpr(expr)] = &select.projection[..] else { return None };
    let is_bare = query.with.is_none()
        && query.order_by.is_none()
        && query.limit_clause.is_none()
        && select.from.is_empty()
        && select.selection.is_none()
        && select.having.is_none()
        && select.qualify.is_none()
        && select.distinct.is_none();
    if is_bare { of_expr(expr, references) } else { None }
}

fn of_expr(expr: &Expr, references: &[Reference]) -> Option<Simple> {
    let of = |expr: &Expr| of_expr(expr, references);
    Some(match expr {
        Expr::Nested(inner) => of(inner)?,
        Expr::Value(value) => of_value(&value.value, references)?,
        Expr::IsNull(operand) => Simple::IsNull(Box::new(of(operand)?)),
        Expr::IsNotNull(operand) => not(Simple::IsNull(Box::new(of(operand)?))),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => not(of(expr)?),
        Expr::InList { expr, list, negated } => {
            let operand = of(expr)?;
            let mut found: Option<Simple> = None;
            for one in list {
                let equal = binary(operand.clone(), SimpleOperator::Equal, of(one)?);
                found = Some(match found {
                    Some(before) => binary(before, SimpleOperator::Or, equal),
                    None => equal,
                });
            }
            if *negated { not(found?) } else { found? }
        }
        Expr::BinaryOp { left, op, right } => {
            let (left, right) = (of(left)?, of(right)?);
            match op {
                BinaryOperator::Plus => binary(left, SimpleOperator::Add, right),
                BinaryOperator::Minus => binary(left, SimpleOperator::Subtract, right),
                BinaryOperator::Multiply => binary(left, SimpleOperator::Multiply, right),
                BinaryOperator::StringConcat => binary(left, SimpleOperator::Concatenate, right),
                BinaryOperator::And => binary(left, SimpleOperator::And, right),
                BinaryOperator::Or => binary(left, SimpleOperator::Or, right),
                BinaryOperator::Eq => binary(left, SimpleOperator::Equal, right),
                BinaryOperator::NotEq => not(binary(left, SimpleOperator::Equal, right)),
                BinaryOperator::Lt => binary(left, SimpleOperator::Less, right),
                BinaryOperator::LtEq => binary(left, SimpleOperator::LessOrEqual, right),
                BinaryOperator::Gt => binary(right, SimpleOperator::Less, left),
                BinaryOperator::GtEq => binary(right, SimpleOperator::LessOrEqual, left),
                _ => return None,
            }
        }
        _ => return None,
    })
}

fn of_value(value: &Value, references: &[Reference]) -> Option<Simple> {
    Some(match value {
        Value::Null => Simple::Null,
        Value::Boolean(is_true) => Simple::Boolean(*is_true),
        Value::Number(digits, false) => Simple::Integer(digits.parse().ok()?),
        Value::SingleQuotedString(text) => Simple::Text(text.clone()),
        Value::Placeholder(name) => {
            let number: usize = name.strip_prefix('$')?.parse().ok()?;
            Simple::Variable(references.get(number.checked_sub(1)?)?.clone())
        }
        _ => return None,
    })
}

fn not(operand: Simple) -> Simple {
    Simple::Not(Box::new(operand))
}

fn binary(left: Simple, operator: SimpleOperator, right: Simple) -> Simple {
    Simple::Binary(Box::new(left), operator, Box::new(right))
}
