//! The faulty objects of a source that is gathered, and the error about them.

use super::copy_format::CopyKind;
use super::fault::Fault;
use crate::config::Source;
use crate::error::{Error, Result};
use crate::location::Location;

/// Faulty objects that are named.
const SHOWN: usize = 10;

/// Objects whose content is not what it should be.
#[derive(Default)]
pub struct Faults {
    count: usize,
    first: Vec<(Location, Fault)>,
    /// Some name other columns than the first object.
    has_other_columns: bool,
}

impl Faults {
    pub fn add(&mut self, fault: (Location, Fault)) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(fault);
        }
    }

    /// As `add`, of a header with other columns.
    pub fn add_header(&mut self, fault: (Location, Fault)) {
        self.has_other_columns = true;
        self.add(fault);
    }

    /// # Errors
    /// Where there is any.
    pub fn none(self, source: &Source, kind: CopyKind) -> Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        let line = |(location, fault): &(Location, Fault)| {
            format!("\n  {location}:{}:{}: {}", fault.line, fault.column, fault.reason)
        };
        let shown: String = self.first.iter().map(line).collect();
        let more = match self.count - self.first.len() {
            0 => String::new(),
            more => format!("\n  and {more} more"),
        };
        if let CopyKind::Text(_) | CopyKind::Parquet = kind {
            let objects = if self.count == 1 { "an object".to_owned() } else { format!("{} objects", self.count) };
            let name = &source.name;
            let columns = " COPY fills columns by position: give objects with other columns a source of their own, by `prefix` \
                           or `files`.";
            let columns = if self.has_other_columns { columns } else { "" };
            return Err(Error::failed(format!("cannot join {objects} with the others of {name}:{shown}{more}"))
                .hint(format!("Nothing was loaded.{columns}"))
                .hint(format!(
                    "Where COPY may read them as they are, `gather = \"never\"` in [sources.{name}] leaves them where they lie."
                )));
        }
        let objects = if self.count == 1 { "object is".to_owned() } else { format!("{} objects are", self.count) };
        Err(Error::failed(format!("{objects} not made of JSON objects:{shown}{more}"))
            .hint("Nothing was loaded. Mend or remove them, or narrow the source with `prefix`.")
            .hint(format!(
                "Gathering takes JSON objects, one after the other or in a list, packed by gzip or zstd too. What COPY reads \
                 in another way it reads from where it lies: `gather = \"never\"` in [sources.{}].",
                source.name
            )))
    }
}
