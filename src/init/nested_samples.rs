//! Samples of JSON files that are one value each, by the records that lie within them.

use super::columns::Columns;
use super::nested::{Beside, Nesting, may_have_records, nested};
use super::records;
use super::sample::{LEAST_BYTES, Sample, read_into};
use super::walk::{DataFile, FileKind};

/// More files of one object each are a record each.
const DOCUMENTS: usize = 1_000;
/// Files beside one that are looked at for its keys.
const LOOKED_AT: usize = 20;

/// Returns true if a JSON file that could not be read as records has a key of those beside it, `all` of one folder.
pub fn shares_keys(file: &DataFile, all: &[DataFile]) -> bool {
    let mut own = Columns::default();
    // The columns that were read before there were too many.
    let _ = read_into(&mut own, file, u64::MAX);
    let mut others = all.iter().filter(|other| other.key != file.key).take(LOOKED_AT);
    file.kind == FileKind::Json
        && others.any(|other| {
            let mut columns = Columns::default();
            read_into(&mut columns, other, LEAST_BYTES).is_ok() && have_keys_of(&columns, &own)
        })
}

/// A JSON file that is no JSON objects: one list of anything, or an object with more keys than a table has columns.
pub fn read_value(file: &DataFile, shares_keys: bool) -> Option<Sample> {
    if file.kind != FileKind::Json || file.has_record_lines() {
        return None;
    }
    let mut found = nested(&file.path, file.packed, Beside { is_alike: false, shares_keys });
    let (nesting, columns) = found.pop().filter(|_| found.is_empty())?;
    records::fit_a_table(&columns, &file.path).ok()?;
    Some(sample_of(file, nesting, columns))
}

/// Returns true if records have a key of others, or none at all.
fn have_keys_of(columns: &Columns, others: &Columns) -> bool {
    columns.records > 0 && (columns.len() == 0 || !columns.folded().is_disjoint(&others.folded()))
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
    if !sample.has_one_object_a_file() || sample.files.iter().any(DataFile::has_record_lines) {
        return None;
    }
    let is_sibling = |other: &&Sample| other.has_one_object_a_file() && other.is_alike(sample, true);
    let has_siblings =
        sample.files.len() > 1 || all.len() > DOCUMENTS || all.iter().filter(is_sibling).take(2).count() > 1;
    if has_siblings && !may_have_records(&sample.columns) {
        return None;
    }
    let is_of_records = |other: &&Sample| other.layout.is_none() && other.nesting.is_none();
    let others = all.iter().filter(|other| !std::ptr::eq(*other, sample)).filter(is_of_records);
    let shares_keys =
        sample.files.len() > 1 || others.into_iter().any(|other| have_keys_of(&other.columns, &sample.columns));
    let beside = Beside { is_alike: has_siblings, shares_keys };
    let mut tables: Vec<Sample> = Vec::new();
    for file in &sample.files {
        let found = nested(&file.path, file.packed, beside);
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
