//! Functions without arguments that answer a list of rows, which `unnest` makes a table of: a function that answers a table is
//! given no state that safe code could read.

use std::error::Error;
use std::iter::repeat_n;
use std::marker::PhantomData;
use std::sync::Arc;

use duckdb::arrow::array::{Array, ArrayRef, ListArray, StructArray};
use duckdb::arrow::buffer::OffsetBuffer;
use duckdb::arrow::datatypes::{Field, Fields};
use duckdb::core::{DataChunkHandle, LogicalTypeHandle, LogicalTypeId};
use duckdb::vscalar::{ScalarFunctionSignature, VScalar};
use duckdb::vtab::arrow::{WritableVector, write_arrow_array_to_vector};

/// The columns of the rows that a function answers.
pub type Columns = [(&'static str, LogicalTypeId)];

/// Rows that are as they are when the function is called.
pub trait RowSource: 'static {
    type State: Send + Sync + 'static;
    type Row;
    const COLUMNS: &'static Columns;

    fn rows(state: &Self::State) -> Vec<Self::Row>;

    /// The values of each column.
    fn values(rows: &[&Self::Row]) -> Vec<ArrayRef>;
}

/// The function that answers the rows of a source.
pub struct RowFunction<S>(PhantomData<S>);

impl<S: RowSource> VScalar for RowFunction<S> {
    type State = Arc<S::State>;

    fn invoke(
        state: &Self::State,
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn Error>> {
        let rows = S::rows(state);
        let repeated: Vec<&S::Row> = repeat_n(&rows, input.len()).flatten().collect();
        answer(S::COLUMNS, S::values(&repeated), input.len(), rows.len(), output)
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        let fields: Vec<_> = S::COLUMNS.iter().map(|(name, kind)| (*name, LogicalTypeHandle::from(*kind))).collect();
        let rows = LogicalTypeHandle::list(&LogicalTypeHandle::struct_type(&fields));
        vec![ScalarFunctionSignature::exact(Vec::new(), rows)]
    }

    fn volatile() -> bool {
        true
    }
}

/// Writes so many lists of as many rows each.
fn answer(
    columns: &Columns,
    values: Vec<ArrayRef>,
    lists: usize,
    rows: usize,
    output: &mut dyn WritableVector,
) -> Result<(), Box<dyn Error>> {
    let fields: Fields = columns
        .iter()
        .zip(&values)
        .map(|((name, _), values)| Field::new(*name, values.data_type().clone(), true))
        .collect();
    let values = StructArray::try_new(fields, values, None)?;
    let item = Arc::new(Field::new("item", values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(repeat_n(rows, lists));
    let list: ArrayRef = Arc::new(ListArray::try_new(item, offsets, Arc::new(values), None)?);
    write_arrow_array_to_vector(&list, output)
}
