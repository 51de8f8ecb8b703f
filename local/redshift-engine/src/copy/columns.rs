//! Rows gathered column by column until they are appended to the table in one piece.

use std::sync::Arc;

use duckdb::arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder, Int16Builder,
    Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use duckdb::arrow::datatypes::{DataType, Field, Schema};
use duckdb::arrow::error::ArrowError;
use duckdb::arrow::record_batch::RecordBatch;

use super::convert::Cell;
use redshift_sql::Type;

/// One column of the target table.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub data_type: Type,
    pub not_null: bool,
}

enum Builder {
    Text(StringBuilder),
    Short(Int16Builder),
    Integer(Int32Builder),
    Long(Int64Builder),
    Decimal(Decimal128Builder),
    Real(Float32Builder),
    Double(Float64Builder),
    Boolean(BooleanBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
}

/// Rows on their way into a table.
pub struct Batch {
    schema: Arc<Schema>,
    builders: Vec<Builder>,
    pub rows: usize,
    /// Of the texts.
    pub bytes: usize,
}

impl Batch {
    pub fn new(columns: &[Column]) -> Self {
        let builders: Vec<Builder> = columns.iter().map(|column| Builder::new(column.data_type)).collect();
        let field = |(column, builder): (&Column, &Builder)| Field::new(&column.name, builder.data_type(), true);
        let schema = Arc::new(Schema::new(columns.iter().zip(&builders).map(field).collect::<Vec<_>>()));
        Self { schema, builders, rows: 0, bytes: 0 }
    }

    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    pub fn push(&mut self, row: &[Cell<'_>]) {
        for (column, cell) in row.iter().enumerate() {
            self.push_cell(column, cell);
        }
        self.rows += 1;
    }

    /// One value of a row that is built value by value; `rows` counts it when it is whole.
    pub fn push_cell(&mut self, column: usize, cell: &Cell<'_>) {
        if let Cell::Text(text) = cell {
            self.bytes += text.len();
        }
        self.builders[column].push(cell);
    }

    /// The rows gathered so far; the batch is empty afterwards.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        (self.rows, self.bytes) = (0, 0);
        RecordBatch::try_new(self.schema.clone(), self.builders.iter_mut().map(Builder::finish).collect())
    }
}

impl Builder {
    fn new(data_type: Type) -> Self {
        match data_type {
            Type::SmallInt => Self::Short(Int16Builder::new()),
            Type::Integer => Self::Integer(Int32Builder::new()),
            Type::BigInt => Self::Long(Int64Builder::new()),
            Type::Decimal(precision, scale) => {
                let scale = i8::try_from(scale).unwrap_or(0);
                Self::Decimal(Decimal128Builder::new().with_data_type(DataType::Decimal128(precision, scale)))
            }
            Type::Real => Self::Real(Float32Builder::new()),
            Type::Double => Self::Double(Float64Builder::new()),
            Type::Boolean => Self::Boolean(BooleanBuilder::new()),
            Type::Date => Self::Date(Date32Builder::new()),
            Type::Timestamp | Type::TimestampTz => Self::Timestamp(TimestampMicrosecondBuilder::new()),
            Type::Interval(_) => Self::Text(StringBuilder::new()),
            Type::Char(_) | Type::Varchar(_) | Type::Varbyte(_) | Type::Super | Type::Time | Type::TimeTz => {
                Self::Text(StringBuilder::new())
            }
        }
    }

    fn data_type(&self) -> DataType {
        use duckdb::arrow::array::Array as _;
        match self {
            Self::Text(_) => DataType::Utf8,
            Self::Short(_) => DataType::Int16,
            Self::Integer(_) => DataType::Int32,
            Self::Long(_) => DataType::Int64,
            Self::Decimal(builder) => builder.finish_cloned().data_type().clone(),
            Self::Real(_) => DataType::Float32,
            Self::Double(_) => DataType::Float64,
            Self::Boolean(_) => DataType::Boolean,
            Self::Date(_) => DataType::Date32,
            Self::Timestamp(_) => DataType::Timestamp(duckdb::arrow::datatypes::TimeUnit::Microsecond, None),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the conversion has checked the range of the column's type")]
    fn push(&mut self, cell: &Cell<'_>) {
        match (self, cell) {
            (Self::Text(builder), Cell::Text(text)) => builder.append_value(text),
            (Self::Text(builder), _) => builder.append_null(),
            (Self::Short(builder), Cell::Integer(value)) => builder.append_value(*value as i16),
            (Self::Short(builder), _) => builder.append_null(),
            (Self::Integer(builder), Cell::Integer(value)) => builder.append_value(*value as i32),
            (Self::Integer(builder), _) => builder.append_null(),
            (Self::Long(builder), Cell::Integer(value)) => builder.append_value(*value),
            (Self::Long(builder), _) => builder.append_null(),
            (Self::Decimal(builder), Cell::Decimal(value)) => builder.append_value(*value),
            (Self::Decimal(builder), _) => builder.append_null(),
            (Self::Real(builder), Cell::Float(value)) => builder.append_value(*value as f32),
            (Self::Real(builder), _) => builder.append_null(),
            (Self::Double(builder), Cell::Float(value)) => builder.append_value(*value),
            (Self::Double(builder), _) => builder.append_null(),
            (Self::Boolean(builder), Cell::Boolean(value)) => builder.append_value(*value),
            (Self::Boolean(builder), _) => builder.append_null(),
            (Self::Date(builder), Cell::Days(value)) => builder.append_value(*value),
            (Self::Date(builder), _) => builder.append_null(),
            (Self::Timestamp(builder), Cell::Micros(value)) => builder.append_value(*value),
            (Self::Timestamp(builder), _) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Short(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Long(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder) => Arc::new(builder.finish()),
            Self::Real(builder) => Arc::new(builder.finish()),
            Self::Double(builder) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
        }
    }
}
