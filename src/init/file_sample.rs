//! Reads data files into samples: files of the same letters that are alike are one.

use super::columns::Columns;
use super::nested_samples::{read_value, shares_keys};
use super::records;
use super::sample::{LEAST_BYTES, Sample, read_into};
use super::walk::DataFile;
use crate::error::{Error, Result};

/// Bytes of the files of one kind in a folder that are read, spread over all of them.
const BYTES: u64 = 1 << 30;
/// The estimated ratio of an unpacked file to a packed one.
const PACKED_TO: u64 = 8;
/// The files that have something in common, in the order in which they come.
pub fn groups(files: &[DataFile], key: impl Fn(&DataFile) -> String) -> Vec<Vec<DataFile>> {
    let mut groups: Vec<(String, Vec<DataFile>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for file in files {
        let key = key(file);
        let place = *places.entry(key.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((key, Vec::new()));
        }
        groups[place].1.push(file.clone());
    }
    groups.into_iter().map(|(_, files)| files).collect()
}

/// Reads files of one kind: those of the same letters are one sample, or one for each of their layouts.
pub fn read_samples(all: &[DataFile], failures: &mut Vec<Error>) -> Result<Vec<Sample>> {
    let bytes: u64 = all.iter().map(|file| file.size).sum();
    let mut samples = Vec::new();
    for files in groups(all, DataFile::letters) {
        let mut of_letters: Vec<Sample> = Vec::new();
        for file in &files {
            let mut sample = match read(file, share(file, bytes)) {
                Ok(sample) => sample,
                Err(error) => {
                    let shares_keys = shares_keys(file, all);
                    match read_value(file, shares_keys) {
                        Some(sample) => sample,
                        // One of several is no other thing that lies beside the data: its rows would be missing.
                        None if files.len() > 1 || shares_keys => return Err(error),
                        None => {
                            failures.push(error);
                            continue;
                        }
                    }
                }
            };
            match of_letters.iter_mut().find(|known| known.takes(&sample)) {
                Some(known) => known.join(&mut sample),
                None => of_letters.push(sample),
            }
        }
        for sample in &of_letters {
            records::fit_a_table(&sample.columns, &sample.files[0].path)?;
        }
        samples.extend(of_letters);
    }
    Ok(samples)
}

fn read(file: &DataFile, share: u64) -> Result<Sample> {
    let mut columns = Columns::default();
    let (left, layout) = read_into(&mut columns, file, share)?;
    Ok(Sample { files: vec![file.clone()], columns, layout, left, nesting: None })
}

/// Bytes of a file that are read: all, or where the files have too many, its share of those that are.
pub fn share(file: &DataFile, all: u64) -> u64 {
    let most = if file.packed.option().is_none() { BYTES } else { BYTES / PACKED_TO };
    if all <= most {
        return u64::MAX;
    }
    let share = u128::from(file.size) * u128::from(most) / u128::from(all);
    u64::try_from(share).unwrap_or(file.size).max(LEAST_BYTES)
}
