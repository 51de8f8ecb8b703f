//! The objects behind a part of Parquet that a COPY could not load: it names the file, and no row.

use super::copy_format::CopyKind;
use super::gatherer::Gatherer;
use super::staging::Staging;

/// The ending of a part's key.
const ENDING: &str = ".parquet";

impl Staging<'_> {
    /// Names the source objects of the part that an error of a COPY names.
    pub(super) async fn objects_behind(&self, error: &str, gatherer: &Gatherer<'_>) -> Option<String> {
        if gatherer.format.kind != CopyKind::Parquet {
            return None;
        }
        let home = gatherer.home(self.source, self.listing);
        let part = part_in(error, &home.key)?;
        let index = gatherer.index(part).await.ok()?;
        let keys = index.keys();
        let [first, last] = [keys.first()?, keys.last()?].map(|key| self.source.location.with_key(*key));
        let (part, name) = (home.with_key(part), &self.source.name);
        Some(match keys.len() {
            1 => format!("{part} has the rows of {first}."),
            count => format!(
                "{part} has the rows of {count} objects, from {first} to {last}. With `gather = \"never\"` in \
                 [sources.{name}] COPY names the object."
            ),
        })
    }
}

/// The key of the part that an error names, by whatever address.
fn part_in<'e>(error: &'e str, home: &str) -> Option<&'e str> {
    let key = &error[error.find(home)?..];
    Some(&key[..key.find(ENDING)? + ENDING.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_by_its_key() {
        let part = Some("load/t/12-parquet/part-0003.parquet");
        for error in [
            "ERROR: s3://b/load/t/12-parquet/part-0003.parquet has an incompatible Parquet schema",
            "File 'https://s3.eu-west-1.amazonaws.com/b/load/t/12-parquet/part-0003.parquet  has an incompatible schema",
        ] {
            assert_eq!(part_in(error, "load/t/12-parquet/"), part, "{error}");
        }
        assert_eq!(part_in("no such table", "load/t/12-parquet/"), None);
    }
}
