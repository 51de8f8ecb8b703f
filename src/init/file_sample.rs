//! Samples of data files: what was read of those that become one table or a part of one, and which are alike.

use super::columns::Columns;
use super::nested::Nesting;
use super::nested_samples::{read_value, shares_keys};
use super::parquet;
use super::records::{self, Layout};
use super::walk::{DataFile, FileKind};
use crate::config::RecordPath;
use crate::error::{Error, Result};
use crate::load::record_path::VALUE_FIELD;

/// Bytes of the files of one kind in a folder that are read, spread over all of them.
const BYTES: u64 = 1 << 30;
/// The estimated ratio of an unpacked file to a packed one.
const PACKED_TO: u64 = 8;
/// The least bytes that are read of each file.
pub const LEAST_BYTES: u64 = 1 << 16;

/// Files that are read together, and become one table or a part of one.
pub struct Sample {
    pub files: Vec<DataFile>,
    pub columns: Columns,
    /// The layout of CSV and Parquet.
    pub layout: Option<Layout>,
    /// Bytes that were not read.
    pub left: u64,
    /// The place of records in JSON files that are one value each.
    pub nesting: Option<Nesting>,
}

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

/// Reads `share` bytes of a file; how many are left, and of CSV and Parquet the layout.
///
/// # Errors
/// Where it cannot be read, or is not what its name says.
pub fn read_into(columns: &mut Columns, file: &DataFile, share: u64) -> Result<(u64, Option<Layout>)> {
    let path = &file.path;
    match file.kind {
        FileKind::Json => Ok((records::json(path, file.packed, share, columns)?, None)),
        FileKind::Csv(packed) => records::csv(path, packed, share, columns),
        FileKind::Parquet => Ok((0, Some(parquet::parquet(path, columns)?))),
    }
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

impl Sample {
    pub(super) fn join(&mut self, other: &mut Self) {
        self.files.append(&mut other.files);
        self.columns.merge(std::mem::take(&mut other.columns));
        self.left += other.left;
    }

    /// Whether a file of the same letters is of the same table: an empty one has no layout.
    fn takes(&self, other: &Self) -> bool {
        // Objects of nothing but lists have records in these, and their keys name them.
        let is_apart = other.has_one_object_a_file() && other.columns.are_nested() && !self.is_alike(other, true);
        self.path() == other.path() && (self.layout == other.layout || other.layout.is_none()) && !is_apart
    }

    /// True if another sample is read in the same way.
    pub(super) fn has_form_of(&self, other: &Self) -> bool {
        self.layout == other.layout && self.path() == other.path()
    }

    fn path(&self) -> Option<&RecordPath> {
        self.nesting.as_ref().map(|nesting| &nesting.path)
    }

    pub(super) fn has_one_object_a_file(&self) -> bool {
        let Self { files, columns, layout, left, nesting } = self;
        let is_read = layout.is_none() && nesting.is_none() && *left == 0;
        is_read && !columns.quirks.is_list && columns.records == files.len() as u64
    }

    /// Whether two samples are of one kind: of CSV and Parquet by their layout, of JSON by their keys. A few files beside
    /// each other have to share most of them; of many files each may have few of all keys.
    pub(super) fn is_alike(&self, other: &Self, is_strict: bool) -> bool {
        if self.layout.is_some() || other.layout.is_some() || self.path() != other.path() {
            return self.has_form_of(other);
        }
        // Values alone say nothing of what they are: that is in the file's name.
        if self.nesting.is_some() && (self.columns.has(VALUE_FIELD) || other.columns.has(VALUE_FIELD)) {
            return false;
        }
        let (one, two) = (self.columns.folded(), other.columns.folded());
        let shared = one.intersection(&two).count();
        let all = if is_strict { one.len() + two.len() - shared } else { one.len().min(two.len()) };
        2 * shared > all || one.is_empty() || two.is_empty()
    }
}
