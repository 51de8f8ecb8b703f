//! *Operators convert their operands*: days are added to times, texts become numbers beside numbers, intervals are
//! multiplied, and a quotient of decimals has the digits of the reference.

use sqlparser::ast::{BinaryOperator, Expr, Value};

use crate::bind::value_type::{MAX_PRECISION, ValueType};
use crate::parse::simple_expressions::is_simple;
use crate::rules::casts::{coerced, interval_of};
use crate::rules::construct::time_of_text;
use crate::rules::construct::{binary, call, cast, replace, take, text};
use crate::rules::zones;
use crate::types::Type;

/// What takes the place of `left op right`; `None` where it stays as it is.
pub fn rewrite(
    (left, one): (&mut Expr, ValueType),
    op: &BinaryOperator,
    (right, two): (&mut Expr, ValueType),
) -> Option<Expr> {
    let operands = Operands { left, one, right, two };
    match op {
        BinaryOperator::Plus => operands.plus(),
        BinaryOperator::Minus => operands.minus(),
        BinaryOperator::Multiply => operands.times(),
        BinaryOperator::Divide => operands.over(),
        BinaryOperator::Modulo => {
            operands.texts_to_numbers();
            None
        }
        BinaryOperator::PGBitwiseXor => Some(call("xor", [take(operands.left), take(operands.right)])),
        _ => None,
    }
}

/// Digits that DuckDB multiplies without a wider type.
const MAX_SMALL_PRECISION: u8 = 18;

struct Operands<'e> {
    left: &'e mut Expr,
    one: ValueType,
    right: &'e mut Expr,
    two: ValueType,
}

impl Operands<'_> {
    fn plus(self) -> Option<Expr> {
        match (self.one, self.two) {
            (one, two)
                if is_string(one) && is_string(two) && (one.is_text() || two.is_text() || is_literal(self.left)) =>
            {
                Some(binary(take(self.left), BinaryOperator::StringConcat, take(self.right)))
            }
            (date, count) if date.is_date() && count.is_integer() => {
                moved(self.left, date, BinaryOperator::Plus, days(self.right, date))
            }
            (count, date) if date.is_date() && count.is_integer() => {
                moved(self.right, date, BinaryOperator::Plus, days(self.left, date))
            }
            (ValueType::DATE, span) if span.is_interval() => {
                shifted(self.left, BinaryOperator::Plus, take(self.right), span)
            }
            (span, ValueType::DATE) if span.is_interval() => {
                shifted(self.right, BinaryOperator::Plus, take(self.left), span)
            }
            (one, two) if one.is_interval() && two.is_interval() => {
                let sum = binary(take(self.left), BinaryOperator::Plus, take(self.right));
                Some(normal(sum, one.plus(two)))
            }
            (ValueType::TIMESTAMPTZ, span) if span.is_interval() => {
                moved(self.left, ValueType::TIMESTAMPTZ, BinaryOperator::Plus, take(self.right))
            }
            (span, ValueType::TIMESTAMPTZ) if span.is_interval() => {
                moved(self.right, ValueType::TIMESTAMPTZ, BinaryOperator::Plus, take(self.left))
            }
            _ => {
                self.texts_to_numbers();
                None
            }
        }
    }

    fn minus(self) -> Option<Expr> {
        match (self.one, self.two) {
            (ValueType::DATE, span) if span.is_interval() => {
                shifted(self.left, BinaryOperator::Minus, take(self.right), span)
            }
            (one, two) if one.is_interval() && two.is_interval() => {
                let difference = binary(take(self.left), BinaryOperator::Minus, take(self.right));
                Some(normal(difference, one.minus(two)))
            }
            (date, count) if date.is_date() && (count.is_integer() || count.is_interval()) => {
                let count = if count.is_integer() { days(self.right, date) } else { take(self.right) };
                moved(self.left, date, BinaryOperator::Minus, count)
            }
            (date, text) if date.is_date() && (text.is_text() || is_literal(self.right)) => {
                replace(self.right, |text| time_of_text(text, date.known().unwrap_or(Type::Timestamp)));
                without_zone((self.left, date), (self.right, date));
                None
            }
            (text, date) if date.is_date() && (text.is_text() || is_literal(self.left)) => {
                replace(self.left, |text| time_of_text(text, date.known().unwrap_or(Type::Timestamp)));
                without_zone((self.left, date), (self.right, date));
                None
            }
            (one, two) if one.is_date() && two.is_date() => {
                without_zone((self.left, one), (self.right, two));
                None
            }
            _ => {
                self.texts_to_numbers();
                None
            }
        }
    }

    fn times(self) -> Option<Expr> {
        match (self.one, self.two) {
            // DuckDB counts intervals by integers of 32 bits.
            (span, count) if span.is_interval() => {
                let product = call(interval_times(self.left), [take(self.left), factor(self.right, count)]);
                Some(normal(product, span.widest_interval()))
            }
            (count, span) if span.is_interval() => {
                let product = call(interval_times(self.right), [take(self.right), factor(self.left, count)]);
                Some(normal(product, span.widest_interval()))
            }
            (one, two) if one.is_decimal() || two.is_decimal() => self.exact_product(),
            _ => {
                self.texts_to_numbers();
                None
            }
        }
    }

    /// *A product of exact numbers* has the digits of both and one more; DuckDB stops at 18 where both have fewer.
    fn exact_product(self) -> Option<Expr> {
        let (one, two) = (beside(self.one, self.two), beside(self.two, self.one));
        let (Some(digits), ValueType::Of(kind @ Type::Decimal(precision, _))) = (one.digits(), one.times(two)) else {
            self.texts_to_numbers();
            return None;
        };
        if self.one == ValueType::Untyped {
            replace(self.left, |text| cast(text, Type::Decimal(digits.precision, digits.scale)));
        }
        if let (ValueType::Untyped, Some(digits)) = (self.two, two.digits()) {
            replace(self.right, |text| cast(text, Type::Decimal(digits.precision, digits.scale)));
        }
        if precision > MAX_SMALL_PRECISION {
            replace(self.left, |value| cast(value, Type::Decimal(MAX_PRECISION, digits.scale)));
        }
        Some(cast(binary(take(self.left), BinaryOperator::Multiply, take(self.right)), kind))
    }

    fn over(self) -> Option<Expr> {
        if self.one.is_interval() {
            let is_of_months = self.one.is_year_to_month();
            let over = if is_of_months { "redshift_months_over" } else { "redshift_interval_over" };
            let quotient = call(over, [take(self.left), factor(self.right, self.two)]);
            return Some(normal(quotient, self.one.widest_interval()));
        }
        // A literal beside a DECIMAL has as many digits as it.
        let (one, two) = (beside(self.one, self.two), beside(self.two, self.one));
        if let Some(ValueType::Of(kind @ Type::Decimal(_, scale))) = one.quotient(two) {
            let quotient = call("redshift_divided", [take(self.left), take(self.right), text(&scale.to_string())]);
            return Some(cast(quotient, kind));
        }
        self.texts_to_numbers();
        None
    }

    /// A text beside a number becomes a double, and so do two texts; DuckDB reads a literal beside a number as one.
    fn texts_to_numbers(self) {
        let (one, two) = (self.one, self.two);
        let (first, second) = (is_literal(self.left), is_literal(self.right));
        let has_text = |kind: ValueType, is_literal: bool| {
            kind.is_text() || kind.is_super() || kind == ValueType::Untyped && !is_literal
        };
        let (left_is_text, right_is_text) = (has_text(one, first), has_text(two, second));
        let is_other = |kind: ValueType| kind.is_number() || kind.is_textual();
        if left_is_text && is_other(two) || first && (second || right_is_text) {
            replace(self.left, |value| to_double(value, one));
        }
        if right_is_text && is_other(one) || second && (first || left_is_text) {
            replace(self.right, |value| to_double(value, two));
        }
        // A literal beside a number is one of its type.
        match (one, two) {
            (ValueType::Untyped, ValueType::Of(kind)) if first && two.is_number() => {
                replace(self.left, |text| coerced(text, kind))
            }
            (ValueType::Of(kind), ValueType::Untyped) if second && one.is_number() => {
                replace(self.right, |text| coerced(text, kind))
            }
            _ => widen(self.left, one, self.right, two),
        }
    }
}

fn to_double(text: Expr, kind: ValueType) -> Expr {
    match kind {
        // In a SUPER only a number is one.
        ValueType::SUPER => cast(call("redshift_number_in_super", [text]), Type::Double),
        _ => cast(text, Type::Double),
    }
}

/// *Numbers of two types* (Computations with numeric values): a REAL beside any other number is computed as a double, and a
/// SMALLINT beside an INTEGER as one, which DuckDB does not do for literals.
fn widen(left: &mut Expr, one: ValueType, right: &mut Expr, two: ValueType) {
    const REAL: ValueType = ValueType::Of(Type::Real);
    const SMALLINT: ValueType = ValueType::Of(Type::SmallInt);
    match (one, two) {
        (REAL, REAL) => {}
        (REAL, other) | (other, REAL) if other.is_number() => {
            replace(left, |value| cast(value, Type::Double));
            replace(right, |value| cast(value, Type::Double));
        }
        (SMALLINT, ValueType::INTEGER) => replace(left, |value| cast(value, Type::Integer)),
        (ValueType::INTEGER, SMALLINT) => replace(right, |value| cast(value, Type::Integer)),
        _ => {}
    }
}

/// True for texts and for what may be one.
fn is_string(kind: ValueType) -> bool {
    kind.is_text() || kind == ValueType::Untyped
}

/// A text in quotes, and not NULL.
fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => !matches!(value.value, Value::Null | Value::Number(..) | Value::Boolean(_)),
        Expr::Nested(inner) => is_literal(inner),
        _ => false,
    }
}

fn beside(kind: ValueType, other: ValueType) -> ValueType {
    if kind == ValueType::Untyped && other.is_decimal() { other } else { kind }
}

fn factor(count: &mut Expr, kind: ValueType) -> Expr {
    let count = take(count);
    if kind.is_textual() { to_double(count, kind) } else { count }
}

/// The macro mentions the interval several times.
fn interval_times(interval: &Expr) -> &'static str {
    match interval {
        Expr::Interval(_) => "redshift_interval_times",
        interval if is_simple(interval) => "redshift_interval_times",
        _ => "redshift_interval_times_once",
    }
}

/// So many days, as they are added to a time of this type.
fn days(count: &mut Expr, date: ValueType) -> Expr {
    let count = take(count);
    match date {
        ValueType::DATE => count,
        _ => call("to_days", [cast(count, Type::Integer)]),
    }
}

/// A time, and so much after it or before it. What has a zone is moved by months there, and by the rest in UTC.
fn moved(time: &mut Expr, kind: ValueType, op: BinaryOperator, by: Expr) -> Option<Expr> {
    let time = take(time);
    Some(match kind {
        ValueType::TIMESTAMPTZ if op == BinaryOperator::Plus => call("redshift_later", [time, by]),
        ValueType::TIMESTAMPTZ => call("redshift_earlier", [time, by]),
        _ => binary(time, op, by),
    })
}

/// A date, and an interval after it or before it: a date again where it is of months.
fn shifted(date: &mut Expr, op: BinaryOperator, by: Expr, span: ValueType) -> Option<Expr> {
    let shifted = binary(take(date), op, by);
    Some(if span.is_year_to_month() { cast(shifted, Type::Date) } else { shifted })
}

/// What is computed of intervals, with no units but those of its type, and 24 hours a day.
fn normal(span: Expr, kind: ValueType) -> Expr {
    match kind {
        ValueType::Of(kind @ Type::Interval(_)) => interval_of(span, kind),
        _ => span,
    }
}

/// The sides of a difference, of which neither has a zone any more.
fn without_zone((left, one): (&mut Expr, ValueType), (right, two): (&mut Expr, ValueType)) {
    if one == ValueType::TIMESTAMPTZ || two == ValueType::TIMESTAMPTZ {
        zones::in_utc(left, one);
        zones::in_utc(right, two);
    }
}
