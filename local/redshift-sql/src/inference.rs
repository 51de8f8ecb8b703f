//! The types of `$1`, `$2`, … where a client leaves them to the server: from what each stands beside.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{
    AssignmentTarget, BinaryOperator, Expr, Insert, LimitClause, Query, SelectItem, SetExpr, Statement, TableFactor,
    TableObject, Update, Value, Visit, Visitor,
};

use super::ddl::Name;
use super::types::Type;
use super::write::Target;
use super::{common_tables, one_statement, parser, spelling, tokenize};

/// By number. What nothing is said of is left out, and so is everything in a statement that cannot be read.
pub fn parameter_types(
    text: &str,
    mut columns_of: impl FnMut(&Name) -> Option<Arc<Vec<Target>>>,
) -> BTreeMap<usize, Type> {
    let parsed = tokenize(text).and_then(one_statement).ok().and_then(|mut tokens| {
        spelling::spell_out(&mut tokens);
        parser(tokens).parse_statement().ok()
    });
    let Some(statement) = parsed else { return BTreeMap::new() };
    let mut mentioned = Mentioned(Vec::new());
    let _ = statement.visit(&mut mentioned);
    let common = common_tables(&statement);
    mentioned.0.retain(|(_, name)| name.schema.is_some() || !common.contains(&name.table.to_lowercase()));
    if let Statement::Insert(Insert { table: TableObject::TableName(name), .. }) = &statement {
        mentioned.0.push((Name::of(name).table, Name::of(name)));
    }
    let known = mentioned.0.into_iter().filter_map(|(called, name)| Some((called, columns_of(&name)?)));
    let mut inference = Inference { tables: known.collect(), found: BTreeMap::new() };
    let _ = statement.visit(&mut inference);
    inference.found
}

/// The tables of a statement, and what they are called in it.
struct Mentioned(Vec<(String, Name)>);

impl Visitor for Mentioned {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, alias, .. } = factor {
            let name = Name::of(name);
            let called = alias.as_ref().map_or_else(|| name.table.clone(), |alias| alias.name.value.clone());
            self.0.push((called, name));
        }
        ControlFlow::Continue(())
    }
}

struct Inference {
    tables: Vec<(String, Arc<Vec<Target>>)>,
    found: BTreeMap<usize, Type>,
}

impl Inference {
    /// A parameter is of this type, unless something was said of it before.
    fn learn(&mut self, parameter: &Expr, data_type: Option<Type>) {
        if let (Some(number), Some(data_type)) = (number_of(parameter), data_type) {
            self.found.entry(number).or_insert(data_type);
        }
    }

    fn column(&self, table: Option<&str>, column: &str) -> Option<Type> {
        let is_of = |called: &str| table.is_none_or(|table| called.eq_ignore_ascii_case(table));
        let mut found = self
            .tables
            .iter()
            .filter(|(called, _)| is_of(called))
            .flat_map(|(_, columns)| columns.iter())
            .filter(|known| known.name.eq_ignore_ascii_case(column))
            .map(|known| known.data_type);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    fn type_of(&self, expr: &Expr) -> Option<Type> {
        match expr {
            Expr::Identifier(name) => self.column(None, &name.value),
            Expr::CompoundIdentifier(parts) => match &parts[..] {
                [.., table, column] => self.column(Some(&table.value), &column.value),
                _ => None,
            },
            Expr::Cast { data_type, .. } => Type::of(data_type).ok(),
            Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => self.type_of(inner),
            Expr::Value(value) => match &value.value {
                Value::Number(digits, _) if digits.parse::<i32>().is_ok() => Some(Type::Integer),
                Value::Number(digits, _) if digits.parse::<i64>().is_ok() => Some(Type::BigInt),
                Value::Number(..) => Some(Type::Decimal(38, 0)),
                _ => None,
            },
            Expr::BinaryOp { left, op, right } if is_arithmetic(op) => {
                match (self.type_of(left), self.type_of(right)) {
                    (Some(Type::Date), Some(Type::Date)) => Some(Type::Integer),
                    (Some(Type::Timestamp | Type::TimestampTz | Type::Time), _)
                    | (_, Some(Type::Timestamp | Type::TimestampTz | Type::Time)) => None,
                    (left, right) => left.or(right),
                }
            }
            _ => None,
        }
    }

    /// Values that a row of the query gives to columns.
    fn assign(&mut self, body: &SetExpr, columns: &[Type]) {
        match body {
            SetExpr::Values(values) => {
                for (value, data_type) in values.rows.iter().flat_map(|row| row.iter().zip(columns)) {
                    self.learn(value, Some(*data_type));
                }
            }
            SetExpr::Select(select) => {
                for (item, data_type) in select.projection.iter().zip(columns) {
                    let (SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }) = item else {
                        return;
                    };
                    self.learn(value, Some(*data_type));
                }
            }
            SetExpr::Query(query) => self.assign(&query.body, columns),
            _ => {}
        }
    }
}

impl Visitor for Inference {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Insert(Insert {
                table: TableObject::TableName(name), columns, source: Some(source), ..
            }) => {
                let table = Name::of(name).table;
                let columns: Option<Vec<Type>> = match columns.is_empty() {
                    true => {
                        let known = self.tables.iter().find(|(called, _)| *called == table);
                        known.map(|(_, columns)| columns.iter().map(|column| column.data_type).collect())
                    }
                    false => columns.iter().map(|name| self.column(Some(&table), &Name::of(name).table)).collect(),
                };
                self.assign(&source.body, &columns.unwrap_or_default());
            }
            Statement::Update(Update { assignments, .. }) => {
                for assignment in assignments {
                    let AssignmentTarget::ColumnName(name) = &assignment.target else { continue };
                    let data_type = self.column(None, &Name::of(name).table);
                    self.learn(&assignment.value, data_type);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &query.limit_clause {
            for count in limit.iter().chain(offset.as_ref().map(|offset| &offset.value)) {
                self.learn(count, Some(Type::BigInt));
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Cast { expr: inner, data_type, .. } => self.learn(inner, Type::of(data_type).ok()),
            Expr::BinaryOp { left, op, right } if is_arithmetic(op) || is_comparison(op) => {
                for (one, other) in [(left, right), (right, left)] {
                    let beside = self.type_of(other);
                    // Days are added to a date, and dates taken from it.
                    let beside = match beside {
                        Some(Type::Date) if *op == BinaryOperator::Plus => Some(Type::Integer),
                        Some(Type::Timestamp | Type::TimestampTz | Type::Time) if is_arithmetic(op) => None,
                        beside => beside,
                    };
                    self.learn(one, beside);
                }
            }
            Expr::Between { expr, low, high, .. } => {
                let data_type = self.type_of(expr);
                self.learn(low, data_type);
                self.learn(high, data_type);
            }
            Expr::InList { expr, list, .. } => {
                let data_type = self.type_of(expr);
                list.iter().for_each(|value| self.learn(value, data_type));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn number_of(expr: &Expr) -> Option<usize> {
    let Expr::Value(value) = expr else { return None };
    let Value::Placeholder(name) = &value.value else { return None };
    name.strip_prefix('$')?.parse().ok()
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Divide, Minus, Modulo, Multiply, Plus};
    matches!(op, Plus | Minus | Multiply | Divide | Modulo)
}

fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_of_the_type_of_what_it_stands_beside() {
        let columns_of = |name: &Name| {
            let column = |name: &str, data_type| Target { name: name.into(), data_type, is_identity: false };
            let columns = vec![column("a", Type::Integer), column("d", Type::Date), column("t", Type::Varchar(9))];
            (name.table == "t").then(|| Arc::new(columns))
        };
        let types = |text: &str| {
            let found = parameter_types(text, columns_of);
            found.iter().map(|(number, found)| format!("{number} {}", found.short_name())).collect::<Vec<_>>()
        };
        assert_eq!(types("select $1::float8, $2, cast($3 as date)"), ["1 float8", "3 date"]);
        assert_eq!(types("select * from t x where x.a = $1 and $2 < d limit $3"), ["1 int4", "2 date", "3 int8"]);
        assert_eq!(
            types("select d + $1, a * $2 from t where d between $3 and $4"),
            ["1 int4", "2 int4", "3 date", "4 date"]
        );
        assert_eq!(types("delete from t where t in ($1, $2) or a in (1, $3)"), ["1 varchar", "2 varchar", "3 int4"]);
        assert_eq!(
            types("insert into t values ($1, $2, $3), ($4, 'x', null)"),
            ["1 int4", "2 date", "3 varchar", "4 int4"]
        );
        assert_eq!(types("insert into t (t, a) select $1, $2 from other"), ["1 varchar", "2 int4"]);
        assert_eq!(types("update t set d = $1, a = a + $2 where t = upper($3)"), ["1 date", "2 int4"]);
        assert_eq!(types("select 1 from t where d - d > $1 and d - $2 = 3"), ["1 int4", "2 date"]);
        assert!(types("with t as (select 'x' a) select a from t where a = $1").is_empty());
        assert!(types("select from where $1").is_empty());
    }
}
