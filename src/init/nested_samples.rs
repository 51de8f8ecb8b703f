//! Samples of JSON files that are one value each, by the records that lie within them.

use super::columns::Columns;
use super::look::Sample;
use super::nested::{Nesting, may_have_records, nested};
use super::records;
use super::walk::{DataFile, Kind};

/// More files of one object each are a record each.
const DOCUMENTS: usize = 1_000;

/// A JSON file that is no JSON objects: one list of anything, or an object with more keys than a table has columns.
pub fn read_value(file: &DataFile) -> Option<Sample> {
    let mut found = if file.kind == Kind::Json { nested(&file.path, file.packed, false) } else { Vec::new() };
    let (nesting, columns) = found.pop().filter(|_| found.is_empty())?;
    records::fit_a_table(&columns, &file.path).ok()?;
    Some(sample_of(file, nesting, columns))
}

fn sample_of(file: &DataFile, nesting: Nesting, columns: Columns) -> Sample {
    Sample { files: vec![file.clone()], columns, layout: None, left: 0, nesting: Some(nesting) }
}

/// Samples of JSON, with the records within files that are one object each.
pub fn opened(samples: Vec<Sample>) -> Vec<Sample> {
    let of_samples: Vec<Option<Vec<Sample>>> = samples.iter().map(|sample| within(sample, &samples)).collect();
    let or_itself = |(sample, within): (Sample, Option<Vec<Sample>>)| within.unwrap_or_else(|| vec![sample]);
    samples.into_iter().zip(of_samples).flat_map(or_itself).collect()
}

/// The records within the files of a sample, if each of them is one object and all are alike.
fn within(sample: &Sample, all: &[Sample]) -> Option<Vec<Sample>> {
    if !sample.has_one_object_a_file() {
        return None;
    }
    let is_sibling = |other: &&Sample| other.has_one_object_a_file() && other.is_alike(sample, true);
    let has_siblings =
        sample.files.len() > 1 || all.len() > DOCUMENTS || all.iter().filter(is_sibling).take(2).count() > 1;
    if has_siblings && !may_have_records(&sample.columns) {
        return None;
    }
    let mut tables: Vec<Sample> = Vec::new();
    for file in &sample.files {
        let found = nested(&file.path, file.packed, has_siblings);
        if found.is_empty() || found.iter().any(|(_, columns)| records::fit_a_table(columns, &file.path).is_err()) {
            return None;
        }
        for (nesting, columns) in found {
            let mut one = sample_of(file, nesting, columns);
            match tables.iter_mut().find(|table| table.has_form_of(&one)) {
                Some(table) => table.join(&mut one),
                None => tables.push(one),
            }
        }
    }
    // Each table has all of the files.
    tables.iter().all(|table| table.files.len() == sample.files.len()).then_some(tables)
}
