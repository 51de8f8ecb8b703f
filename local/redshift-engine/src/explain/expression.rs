//! Expressions as plans show them, in PostgreSQL's form: every operator in parentheses, every text with its type. What
//! cannot be shown in Redshift's words is not shown.

use std::collections::BTreeSet;

use redshift_sql::{Type, is_reserved};
use sqlparser::ast::{
    BinaryOperator, CaseWhen, DataType, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Ident, UnaryOperator, Value,
};

use super::relation::{ColumnRef, Scope};
use super::walk;

/// How columns are named.
#[derive(Debug, Clone, Copy)]
pub enum Naming<'a> {
    /// In a scan: `eventid`.
    Bare,
    /// Above several relations: `sales.eventid`.
    Qualified,
    /// In a join, by the inner relations: `"outer".eventid`.
    Sides(&'a BTreeSet<usize>),
}

pub struct Printer<'a> {
    pub scope: &'a Scope,
    pub naming: Naming<'a>,
}

impl Printer<'_> {
    /// `None` where a part of it has no words of Redshift's.
    pub fn text(&self, expr: &Expr) -> Option<String> {
        Some(match expr {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => self.column(&self.scope.resolve(expr)?)?,
            Expr::Nested(inner) => self.text(inner)?,
            Expr::Value(value) => literal(&value.value, None)?,
            Expr::TypedString(typed) => literal(&typed.value.value, type_name(&typed.data_type).as_deref())?,
            Expr::Interval(interval) if interval.leading_field.is_none() => match interval.value.as_ref() {
                Expr::Value(value) => literal(&value.value, Some("interval"))?,
                _ => return None,
            },
            Expr::BinaryOp { left, op: op @ (BinaryOperator::And | BinaryOperator::Or), right } => {
                let mut parts = Vec::new();
                self.flat(left, op, &mut parts)?;
                self.flat(right, op, &mut parts)?;
                format!("({})", parts.join(&format!(" {op} ")))
            }
            Expr::BinaryOp { left, op, right } => match operator(op)? {
                Operator::Compares(sign) => self.comparison(left, sign, right)?,
                Operator::Computes(sign) => format!("({} {sign} {})", self.text(left)?, self.text(right)?),
                Operator::Matches(sign) => self.matching(left, sign, right)?,
            },
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => format!("(NOT {})", self.text(expr)?),
            Expr::UnaryOp { op: UnaryOperator::Plus, expr } => self.text(expr)?,
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match expr.as_ref() {
                Expr::Value(_) => format!("-{}", self.text(expr)?),
                _ => format!("(- {})", self.text(expr)?),
            },
            Expr::IsNull(inner) => format!("({} IS NULL)", self.text(inner)?),
            Expr::IsNotNull(inner) => format!("({} IS NOT NULL)", self.text(inner)?),
            Expr::IsTrue(inner) => format!("({} IS TRUE)", self.text(inner)?),
            Expr::IsNotTrue(inner) => format!("({} IS NOT TRUE)", self.text(inner)?),
            Expr::IsFalse(inner) => format!("({} IS FALSE)", self.text(inner)?),
            Expr::IsNotFalse(inner) => format!("({} IS NOT FALSE)", self.text(inner)?),
            Expr::InList { expr, list, negated } => {
                let (sign, word) = if *negated { ("<>", " AND ") } else { ("=", " OR ") };
                let parts = list.iter().map(|value| self.comparison(expr, sign, value)).collect::<Option<Vec<_>>>()?;
                match &parts[..] {
                    [one] => one.clone(),
                    several => format!("({})", several.join(word)),
                }
            }
            Expr::Between { expr, negated, low, high } => match negated {
                false => format!("({} AND {})", self.comparison(expr, "<=", high)?, self.comparison(expr, ">=", low)?),
                true => format!("({} OR {})", self.comparison(expr, "<", low)?, self.comparison(expr, ">", high)?),
            },
            Expr::Like { negated, any: false, expr, pattern, escape_char: None } => {
                self.matching(expr, if *negated { "!~~" } else { "~~" }, pattern)?
            }
            Expr::ILike { negated, any: false, expr, pattern, escape_char: None } => {
                self.matching(expr, if *negated { "!~~*" } else { "~~*" }, pattern)?
            }
            Expr::Cast { expr, data_type, .. } => match expr.as_ref() {
                Expr::Value(value) => literal(&value.value, Some(&type_name(data_type)?))?,
                _ => format!("({})::{}", self.text(expr)?, type_name(data_type)?),
            },
            Expr::Extract { field, expr, .. } => {
                format!("date_part('{}'::text, {})", field.to_string().to_lowercase(), self.text(expr)?)
            }
            Expr::Ceil { expr, .. } => format!("ceil({})", self.text(expr)?),
            Expr::Floor { expr, .. } => format!("floor({})", self.text(expr)?),
            Expr::Case { operand: None, conditions, else_result, .. } => {
                let mut text = "CASE".to_owned();
                for CaseWhen { condition, result } in conditions {
                    text.push_str(&format!(" WHEN {} THEN {}", self.text(condition)?, self.text(result)?));
                }
                if let Some(result) = else_result {
                    text.push_str(&format!(" ELSE {}", self.text(result)?));
                }
                text.push_str(" END");
                text
            }
            Expr::Function(function) => self.function(function)?,
            _ => return None,
        })
    }

    /// Conditions of one kind in one another, as one list.
    fn flat(&self, expr: &Expr, op: &BinaryOperator, parts: &mut Vec<String>) -> Option<()> {
        match expr {
            Expr::Nested(inner) => self.flat(inner, op, parts),
            Expr::BinaryOp { left, op: inner, right } if inner == op => {
                self.flat(left, op, parts)?;
                self.flat(right, op, parts)
            }
            other => {
                parts.push(self.text(other)?);
                Some(())
            }
        }
    }

    pub fn column(&self, reference: &ColumnRef) -> Option<String> {
        let column = self.scope.column(reference)?;
        let (relation, name) = &column.shown;
        Some(match self.naming {
            Naming::Bare => quoted(name),
            Naming::Qualified if self.scope.relations.len() < 2 => quoted(name),
            Naming::Qualified => format!("{}.{}", quoted(relation), quoted(name)),
            Naming::Sides(inner) if inner.contains(&reference.relation) => format!("\"inner\".{}", quoted(name)),
            Naming::Sides(_) => format!("\"outer\".{}", quoted(name)),
        })
    }

    /// Both sides in the type that they are compared as.
    fn comparison(&self, left: &Expr, sign: &str, right: &Expr) -> Option<String> {
        let data_type = self.type_of(left).or_else(|| self.type_of(right));
        Some(format!("({} {sign} {})", self.operand(left, data_type)?, self.operand(right, data_type)?))
    }

    fn matching(&self, left: &Expr, sign: &str, pattern: &Expr) -> Option<String> {
        let text = Some(Type::Varchar(0));
        Some(format!("({} {sign} {})", self.operand(left, text)?, self.operand(pattern, text)?))
    }

    fn operand(&self, expr: &Expr, data_type: Option<Type>) -> Option<String> {
        match (expr, data_type) {
            (Expr::Nested(inner), _) => self.operand(inner, data_type),
            (Expr::Value(value), _) => match &value.value {
                Value::SingleQuotedString(digits) if data_type.is_some_and(is_number) && is_digits(digits) => {
                    Some(digits.clone())
                }
                other => {
                    let name = data_type.filter(|known| !is_number(*known)).map(type_word);
                    literal(other, name.as_deref())
                }
            },
            (Expr::Identifier(_) | Expr::CompoundIdentifier(_), Some(Type::Varchar(_))) => {
                Some(format!("({})::text", self.text(expr)?))
            }
            _ => self.text(expr),
        }
    }

    fn type_of(&self, expr: &Expr) -> Option<Type> {
        match expr {
            Expr::Nested(inner) => self.type_of(inner),
            Expr::Cast { data_type, .. } => Type::of(data_type).ok(),
            Expr::TypedString(typed) => Type::of(&typed.data_type).ok(),
            _ => self.scope.column(&self.scope.resolve(expr)?)?.data_type,
        }
    }

    fn function(&self, function: &Function) -> Option<String> {
        if function.over.is_some() || function.filter.is_some() || !function.within_group.is_empty() {
            return None;
        }
        let name = walk::name(function);
        let FunctionArguments::List(list) = &function.args else { return None };
        let argument = |(at, argument): (usize, &FunctionArg)| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => Some("*".to_owned()),
            // A date part.
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(part)))
                if at == 0
                    && name.starts_with("date")
                    && self.scope.resolve(&Expr::Identifier(part.clone())).is_none() =>
            {
                Some(format!("'{}'::text", part.value))
            }
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.text(expr),
            _ => None,
        };
        let arguments = list.args.iter().enumerate().map(argument).collect::<Option<Vec<_>>>()?.join(", ");
        let distinct = if list.duplicate_treatment == Some(DuplicateTreatment::Distinct) { "DISTINCT " } else { "" };
        let name = match name.as_str() {
            "nvl" | "coalesce" => "COALESCE".to_owned(),
            _ => quoted(&name),
        };
        Some(format!("{name}({distinct}{arguments})"))
    }
}

enum Operator {
    Compares(&'static str),
    Computes(&'static str),
    Matches(&'static str),
}

fn operator(op: &BinaryOperator) -> Option<Operator> {
    Some(match op {
        BinaryOperator::Eq => Operator::Compares("="),
        BinaryOperator::NotEq => Operator::Compares("<>"),
        BinaryOperator::Lt => Operator::Compares("<"),
        BinaryOperator::LtEq => Operator::Compares("<="),
        BinaryOperator::Gt => Operator::Compares(">"),
        BinaryOperator::GtEq => Operator::Compares(">="),
        BinaryOperator::Plus => Operator::Computes("+"),
        BinaryOperator::Minus => Operator::Computes("-"),
        BinaryOperator::Multiply => Operator::Computes("*"),
        BinaryOperator::Divide => Operator::Computes("/"),
        BinaryOperator::Modulo => Operator::Computes("%"),
        BinaryOperator::StringConcat => Operator::Computes("||"),
        BinaryOperator::PGRegexMatch => Operator::Matches("~"),
        BinaryOperator::PGRegexIMatch => Operator::Matches("~*"),
        BinaryOperator::PGRegexNotMatch => Operator::Matches("!~"),
        BinaryOperator::PGRegexNotIMatch => Operator::Matches("!~*"),
        _ => return None,
    })
}

/// A constant, a text with its type.
fn literal(value: &Value, data_type: Option<&str>) -> Option<String> {
    Some(match (value, data_type) {
        (Value::SingleQuotedString(text), name) => {
            format!("'{}'::{}", text.replace('\'', "''"), name.unwrap_or("text"))
        }
        (Value::Number(digits, _), _) => digits.clone(),
        (Value::Boolean(value), _) => value.to_string(),
        (Value::Null, Some(name)) => format!("NULL::{name}"),
        (Value::Null, None) => "NULL".to_owned(),
        // The value of a query inside.
        (Value::Placeholder(name), _) => name.clone(),
        _ => return None,
    })
}

fn type_name(data_type: &DataType) -> Option<String> {
    Type::of(data_type).ok().map(Type::name)
}

/// The type of a constant beside a value of this one.
fn type_word(beside: Type) -> String {
    match beside {
        Type::Varchar(_) => "text".to_owned(),
        Type::Char(_) => "bpchar".to_owned(),
        other => other.name(),
    }
}

fn is_number(data_type: Type) -> bool {
    use Type::{BigInt, Decimal, Double, Integer, Real, SmallInt};
    matches!(data_type, SmallInt | Integer | BigInt | Decimal(..) | Real | Double)
}

fn is_digits(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// A name, in quotes where it needs them.
pub fn quoted(name: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || matches!(sign, '_' | '$' | '#');
    let starts_well = name.starts_with(|sign: char| !sign.is_ascii_digit() && sign != '$');
    match starts_well && name.chars().all(is_plain) && !is_reserved(name) {
        true => name.to_owned(),
        false => Ident::with_quote('"', name).to_string(),
    }
}
