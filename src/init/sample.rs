//! A sample of data files: what was read of those that become one table or a part of one.

use super::columns::Columns;
use super::nested::Nesting;
use super::parquet;
use super::records::{self, Layout};
use super::walk::{DataFile, FileKind};
use crate::config::RecordPath;
use crate::error::Result;
use crate::load::record_path::VALUE_FIELD;

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

impl Sample {
    pub(super) fn join(&mut self, other: &mut Self) {
        self.files.append(&mut other.files);
        self.columns.merge(std::mem::take(&mut other.columns));
        self.left += other.left;
    }

    /// Returns true if a file of the same letters is of the same table: an empty one has no layout.
    pub(super) fn takes(&self, other: &Self) -> bool {
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

    /// Returns true if two samples are of one kind: of CSV and Parquet by their layout, of JSON by their keys. A few
    /// files beside each other have to share most of them; of many files each may have few of all keys.
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
