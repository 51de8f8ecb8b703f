//! The files of `sql/copy/`: which table each of them fills, and which keys of JSON its columns take.

use std::path::Path;

use redshift_sql::tokens;

use super::copy_format::{self, CopyFormat, CopyKind};
use super::record_format::RecordFormat;
use super::source::Listing;
use super::sql::{self, SqlFile};
use crate::config::{Gather, Source};
use crate::error::{Error, Result};
use crate::zip;

/// C1: smaller than this on average, many objects are gathered.
const SMALL_OBJECT_BYTES: u64 = 1 << 20;

/// Reads the files.
///
/// # Errors
/// As `sql::files`, and where a file copies into another table than the one that its name says, or two into one: what the
/// first has loaded would be emptied for the second.
pub fn read(directory: &Path) -> Result<Vec<SqlFile>> {
    let files = sql::files(directory, "copy")?;
    for (at, file) in files.iter().enumerate() {
        let path = file.path.display();
        if let Some(other) = files[..at].iter().find(|other| other.name == file.name) {
            return Err(Error::usage(format!("{} and {path} copy into the same table", other.path.display()))
                .hint("A table is emptied before it is copied into: give each a table of its own."));
        }
        let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_lowercase();
        if let Some(table) = table(&file.statement).filter(|table| last(table) != last(&file.name)) {
            return Err(Error::usage(format!("{path} copies into {table}, and its name says {}", file.name))
                .hint("The file's name is the table, which is emptied before it is copied into."));
        }
    }
    Ok(files)
}

/// The source that a file copies.
///
/// # Errors
/// Where the file names none, or one that infra.toml does not have or gives settings which its COPY cannot follow.
pub fn source_of<'s>(file: &SqlFile, sources: &'s [Source]) -> Result<&'s Source> {
    let path = file.path.display();
    let unnamed = || {
        Error::usage(format!("{path} does not say which source it copies"))
            .hint("Add a line `-- source: NAME` to its header.")
    };
    let name = file.settings.get("source").ok_or_else(unnamed)?;
    let unknown = || Error::usage(format!("{path} copies the source {name}, which infra.toml does not have"));
    let source = sources.iter().find(|source| source.name == *name).ok_or_else(unknown)?;
    if source.quarantine {
        check_quarantine(file, name)?;
    }
    let format = CopyFormat::new(&file.statement);
    if source.hive_partitions && format.kind != CopyKind::Json {
        return Err(Error::usage(format!("{path} reads no JSON, and only that takes the values of Hive's folders"))
            .hint(format!("Remove `hive_partitions` from [sources.{name}].")));
    }
    match format.obstacle().filter(|_| source.gather == Gather::Always) {
        None => Ok(source),
        Some(obstacle) => Err(Error::usage(format!("{path} has {obstacle}, and so its objects are not gathered"))
            .hint(format!("Remove `gather = \"always\"` from [sources.{name}]: COPY reads it from where it lies."))),
    }
}

/// Refuses a source whose COPY rejects no single rows, or rows that could not be read again.
///
/// # Errors
/// Of kind `Usage`.
fn check_quarantine(file: &SqlFile, source: &str) -> Result<()> {
    if let Some(encoding) = copy_format::other_encoding(&file.statement) {
        let message =
            format!("{} has ENCODING {encoding}, and rejected records are kept of UTF-8 only", file.path.display());
        return Err(Error::usage(message).hint(format!("Remove `quarantine = true` from [sources.{source}].")));
    }
    match RecordFormat::new(&file.statement) {
        Some(_) => Ok(()),
        None => Err(Error::usage(format!(
            "{} reads a format of which no rejected record can be kept: JSON and text can, plain or by gzip or zstd",
            file.path.display()
        ))
        .hint(format!("Remove `quarantine = true` from [sources.{source}]: such a COPY loads all rows or none."))),
    }
}

/// True if a source is gathered: by default, many small objects that can be joined.
pub fn should_gather(source: &Source, listing: &Listing, file: &SqlFile) -> bool {
    match source.gather {
        Gather::Always => true,
        Gather::Never => false,
        Gather::Auto => {
            let needs_it = has_archives(listing) || are_many_and_small(listing);
            needs_it && CopyFormat::new(&file.statement).obstacle().is_none()
        }
    }
}

/// The option of its COPY that keeps a source from being gathered which otherwise would be.
pub fn obstacle(source: &Source, listing: &Listing, file: &SqlFile) -> Option<&'static str> {
    let would_be = source.gather == Gather::Auto && are_many_and_small(listing);
    CopyFormat::new(&file.statement).obstacle().filter(|_| would_be)
}

/// COPY reads no archives.
fn has_archives(listing: &Listing) -> bool {
    listing.kept().is_some_and(|objects| objects.iter().any(|object| zip::is_archive(&object.key)))
}

fn are_many_and_small(listing: &Listing) -> bool {
    listing.objects > 1 && listing.bytes / listing.objects < SMALL_OBJECT_BYTES
}

/// The table of a COPY.
fn table(statement: &str) -> Option<String> {
    let mut tokens = tokens(statement).into_iter();
    tokens.next().filter(|word| word.eq_ignore_ascii_case("copy"))?;
    let name = tokens.take_while(|token| *token != "(" && !token.eq_ignore_ascii_case("from"));
    Some(name.map(unquoted).collect::<String>()).filter(|name| !name.is_empty())
}

/// A COPY that finds the column of a value by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByKey {
    pub ignore_case: bool,
    /// The columns that the statement lists; `None` for all of the table.
    pub columns: Option<Vec<String>>,
}

impl ByKey {
    /// `None` for other formats than JSON, and for jsonpaths, which choose their keys.
    pub fn new(statement: &str) -> Option<Self> {
        let tokens = tokens(statement);
        let json = tokens.iter().rposition(|token| token.eq_ignore_ascii_case("json"))?;
        let mut behind = tokens[json + 1..].iter().filter(|token| !token.eq_ignore_ascii_case("as"));
        let ignore_case = match behind.next()?.to_lowercase().as_str() {
            "'auto'" => false,
            "'auto ignorecase'" => true,
            _ => return None,
        };
        let from = tokens.iter().position(|token| token.eq_ignore_ascii_case("from"))?;
        let open = tokens[..from].iter().position(|token| *token == "(");
        let listed = |open: usize| tokens[open + 1..from].iter().filter(|token| !matches!(**token, "," | ")"));
        let columns = open.map(|open| listed(open).map(|token| unquoted(token)).collect());
        Some(Self { ignore_case, columns })
    }
}

/// A name as Redshift folds it.
fn unquoted(token: &str) -> String {
    let quoted = token.strip_prefix('"').and_then(|token| token.strip_suffix('"'));
    quoted.map_or_else(|| token.to_owned(), |name| name.replace("\"\"", "\"")).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_and_the_columns_of_a_copy() {
        let all = |ignore_case| Some(ByKey { ignore_case, columns: None });
        assert_eq!(ByKey::new("copy t\nfrom :'from' iam_role :'iam_role'\nformat as json 'auto' :options"), all(false));
        assert_eq!(ByKey::new("COPY t FROM :'from' JSON AS 'Auto IgnoreCase'"), all(true));
        let listed = ByKey::new("copy s.t (id, \"My Key\", \"a,b\") /* json */ from :'from' json 'auto'");
        let columns = Some(["id", "my key", "a,b"].map(str::to_owned).to_vec());
        assert_eq!(listed, Some(ByKey { ignore_case: false, columns }));
        assert_eq!(ByKey::new("copy t from :'from' format as json :'jsonpaths' :options"), None);
        assert_eq!(ByKey::new("copy t from 's3://json' format as csv"), None);
        assert_eq!(table("copy t (a) from :'from'").as_deref(), Some("t"));
        assert_eq!(table("copy \"S\".T\nfrom :'from'").as_deref(), Some("s.t"));
        assert_eq!(table("insert into t values (1)"), None);
    }

    #[test]
    fn another_encoding_is_refused_by_name() {
        let checked = |options: &str| {
            let text = format!("-- One row: one.\ncopy t from :'from' {options} :options");
            check_quarantine(&SqlFile::parse("t.sql".into(), &text).expect("file"), "s")
                .map_err(|error| error.to_string())
        };
        for encoding in ["utf16", "'UTF16'", "as ISO88591"] {
            for format in ["csv", "json 'auto'"] {
                let message = checked(&format!("{format} encoding {encoding}")).expect_err("refused");
                assert!(message.starts_with("t.sql has ENCODING "), "{message}");
            }
        }
        assert_eq!(checked("csv encoding 'utf8'"), Ok(()));
    }

    #[test]
    fn a_table_has_one_file_of_its_name() {
        let directory = tempfile::tempdir().expect("directory");
        let folder = directory.path().join("sql/copy");
        std::fs::create_dir_all(&folder).expect("folder");
        let write = |name: &str, table: &str| {
            let text = format!("-- One row: one.\n-- source: s\ncopy {table} from :'from' :options;\n");
            std::fs::write(folder.join(name), text).expect("file");
            read(directory.path()).map(|files| files.len()).map_err(|error| error.to_string())
        };
        assert_eq!(write("01_a.sql", "a"), Ok(1));
        assert_eq!(write("b.sql", "public.B"), Ok(2));
        let error = write("02_a.sql", "a").expect_err("two for one");
        assert!(error.ends_with("02_a.sql copy into the same table"), "{error}");
        let error = write("02_a.sql", "c").expect_err("the same name first");
        assert!(error.contains("same table"), "{error}");
        std::fs::remove_file(folder.join("02_a.sql")).expect("removed");
        let error = write("d.sql", "a").expect_err("another");
        assert!(error.ends_with("d.sql copies into a, and its name says d"), "{error}");
    }
}
