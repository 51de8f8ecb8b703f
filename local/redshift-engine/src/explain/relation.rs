//! What stands in the FROM of a query, and how names in its expressions find it.

use std::collections::BTreeSet;

use redshift_sql::{Type, ValueType};
use sqlparser::ast::Expr;

use super::distribution::Distribution;
use super::step::Step;

/// A column of a relation, by the place of the relation in FROM.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnRef {
    pub relation: usize,
    pub column: String,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub data_type: Option<Type>,
    /// How plans call it: by the table that it comes from.
    pub shown: (String, String),
}

impl Column {
    pub fn new(relation: &str, name: &str, value_type: ValueType) -> Self {
        Self { name: name.to_owned(), data_type: value_type.known(), shown: (relation.to_owned(), name.to_owned()) }
    }

    /// Bytes of a value, on average: of a long text nobody uses all.
    pub fn width(&self) -> u64 {
        match self.data_type {
            Some(Type::Boolean) => 1,
            Some(Type::SmallInt) => 2,
            Some(Type::Integer | Type::Real | Type::Date) => 4,
            Some(Type::Decimal(precision, _)) if precision > 19 => 16,
            Some(Type::Interval(_)) => 16,
            Some(Type::TimeTz) => 12,
            Some(
                Type::BigInt | Type::Double | Type::Decimal(..) | Type::Time | Type::Timestamp | Type::TimestampTz,
            ) => 8,
            Some(Type::Char(length)) => length,
            // As PostgreSQL estimates them.
            Some(Type::Varchar(length) | Type::Varbyte(length)) if length <= 32 => length,
            Some(Type::Varchar(length) | Type::Varbyte(length)) => 32 + (length.min(1_000) - 32) / 2,
            Some(Type::Super) => 516,
            None => 32,
        }
    }
}

#[derive(Debug)]
pub struct Relation {
    pub name: String,
    pub columns: Vec<Column>,
}

/// Rows on their way, of one relation or of several that are joined.
#[derive(Debug, Clone)]
pub struct Input {
    pub step: Step,
    pub relations: BTreeSet<usize>,
    pub distribution: Distribution,
    /// The columns that the rows are sorted by.
    pub sorted: Vec<ColumnRef>,
    /// The tables below, in their order.
    pub tables: Vec<String>,
}

/// The relations of one FROM.
#[derive(Debug, Default)]
pub struct Scope {
    pub relations: Vec<Relation>,
}

impl Scope {
    /// The column that a name stands for.
    pub fn resolve(&self, expr: &Expr) -> Option<ColumnRef> {
        match expr {
            Expr::Identifier(ident) => self.find(None, &ident.value),
            Expr::CompoundIdentifier(parts) => match &parts[..] {
                [.., relation, column] => self.find(Some(&relation.value), &column.value),
                _ => None,
            },
            Expr::Nested(inner) => self.resolve(inner),
            _ => None,
        }
    }

    fn find(&self, relation: Option<&str>, column: &str) -> Option<ColumnRef> {
        let is_meant = |(_, known): &(usize, &Relation)| {
            relation.is_none_or(|name| known.name == name) && known.columns.iter().any(|known| known.name == column)
        };
        let (relation, _) = self.relations.iter().enumerate().find(is_meant)?;
        Some(ColumnRef { relation, column: column.to_owned() })
    }

    pub fn column(&self, reference: &ColumnRef) -> Option<&Column> {
        let relation = self.relations.get(reference.relation)?;
        relation.columns.iter().find(|column| column.name == reference.column)
    }

    /// The columns of a relation, or of all of them.
    pub fn columns(&self, name: Option<&str>) -> Vec<(ColumnRef, &Column)> {
        let is_meant = |(_, relation): &(usize, &Relation)| name.is_none_or(|name| relation.name == name);
        let columns = |(at, relation): (usize, &Relation)| (at, relation.columns.len());
        let places: Vec<_> = self.relations.iter().enumerate().filter(is_meant).map(columns).collect();
        let of = |at: usize| {
            self.relations[at]
                .columns
                .iter()
                .map(move |column| (ColumnRef { relation: at, column: column.name.clone() }, column))
        };
        places.into_iter().flat_map(|(at, _)| of(at)).collect()
    }

    /// Bytes of a row with these columns.
    pub fn width<'a>(&self, columns: impl IntoIterator<Item = &'a ColumnRef>) -> u64 {
        let different: BTreeSet<&ColumnRef> = columns.into_iter().collect();
        different.into_iter().filter_map(|column| self.column(column)).map(Column::width).sum()
    }
}
