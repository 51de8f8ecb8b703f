//! The files of `sql/`: one statement each, with a header that says what a row means, and psql's variables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::files;

/// Bytes of a statement that the Data API takes.
pub const STATEMENT_BYTES: usize = 100 << 10;

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFile {
    pub path: PathBuf,
    /// The file's name without its number and ending: for schema, copy and transform the table.
    pub name: String,
    /// The first line of the header: what a row means, or the question.
    pub title: String,
    /// `-- key: value` lines of the header.
    pub settings: BTreeMap<String, String>,
    /// The statement without its header and its semicolon.
    pub statement: String,
}

/// The files of a folder, in the order of their names; none where `sql/` has no such folder.
///
/// # Errors
/// Of kind `Usage` where there is no `sql/`, the folder or a file cannot be read, a file has no header or more than one
/// statement.
pub fn files(directory: &Path, folder: &str) -> Result<Vec<SqlFile>> {
    let path = directory.join("sql").join(folder);
    if !path.exists() && directory.join("sql").is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |error: std::io::Error| Error::usage(format!("cannot read {}", path.display())).because(error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&path).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.into_iter().map(SqlFile::read).collect()
}

impl SqlFile {
    fn read(path: PathBuf) -> Result<Self> {
        let unreadable = |error: std::io::Error| Error::usage(format!("cannot read {}", path.display())).because(error);
        let text = files::read_text(&path).map_err(unreadable)?;
        Self::parse(path, &text)
    }

    pub fn parse(path: PathBuf, text: &str) -> Result<Self> {
        let header: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("--")).map(str::trim).collect();
        let title = header.first().copied().unwrap_or_default().to_owned();
        if title.is_empty() {
            return Err(Error::usage(format!("{} has no header", path.display()))
                .hint("Begin it with a comment line that says what a row means."));
        }
        let setting = |line: &&str| {
            let (key, value) = line.split_once(": ")?;
            let is_word = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            is_word.then(|| (key.to_owned(), value.trim().to_owned()))
        };
        let settings = header.iter().skip(1).filter_map(setting).collect();
        let body: Vec<&str> = text.lines().skip(header.len()).collect();
        let statement = body.join("\n").trim().trim_end_matches(';').trim_end().to_owned();
        if statement.is_empty() {
            return Err(Error::usage(format!("{} has no statement", path.display())));
        }
        if statement.len() > STATEMENT_BYTES {
            let (path, bytes) = (path.display(), statement.len());
            return Err(Error::usage(format!("{path} has {bytes} bytes, and the Data API takes {STATEMENT_BYTES}"))
                .hint("Shorter names, fewer columns, or a SUPER make it shorter."));
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = stem.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['_', '-']).to_owned();
        Ok(Self { path, name, title, settings, statement })
    }

    /// The statement with psql's variables filled in: `:'name'` quoted as a literal, `:name` as it is.
    ///
    /// # Errors
    /// Of kind `Usage` where a variable has no value.
    pub fn with_variables(&self, variables: &BTreeMap<&str, String>) -> Result<String> {
        let mut filled = String::new();
        let (mut rest, mut in_name) = (self.statement.as_str(), false);
        while let Some(at) = rest.find(':') {
            let (before, after) = rest.split_at(at);
            filled.push_str(before);
            let after = &after[1..];
            in_name ^= before.matches('"').count() % 2 == 1;
            // `"time:utc"` is a name.
            if in_name {
                filled.push(':');
                rest = after;
                continue;
            }
            // `::` is a cast.
            if let Some(cast) = after.strip_prefix(':') {
                filled.push_str("::");
                rest = cast;
                continue;
            }
            let (quoted, name_start) = match after.strip_prefix('\'') {
                Some(inside) => (true, inside),
                None => (false, after),
            };
            let length = name_start.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name_start.len());
            let (name, behind) = name_start.split_at(length);
            let behind = if quoted { behind.strip_prefix('\'') } else { Some(behind) };
            let (Some(behind), false) = (behind, name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()))
            else {
                filled.push(':');
                rest = after;
                continue;
            };
            let value = variables.get(name).ok_or_else(|| {
                let known: Vec<&str> = variables.keys().copied().collect();
                Error::usage(format!("{}: the variable :{name} has no value", self.path.display()))
                    .hint(format!("Here these have one: {}.", known.join(", ")))
            })?;
            match quoted {
                true => filled.push_str(&literal(value)),
                false => filled.push_str(value),
            }
            rest = behind;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

/// Schema files in two: those whose tables `filling` fills, and the others.
pub fn divided<'a>(schema: &'a [SqlFile], filling: &[SqlFile]) -> (Vec<&'a SqlFile>, Vec<&'a SqlFile>) {
    schema.iter().partition(|file| filling.iter().any(|filled| filled.name == file.name))
}

/// DROP statements for the tables of these schema files: the last first, since it may refer to the others.
pub fn drops(files: &[&SqlFile]) -> Vec<String> {
    files.iter().rev().map(|file| format!("drop table if exists {}", file.name)).collect()
}

/// A string as a literal of Redshift's, where a backslash is an escape too: `\\'` would end the text early.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_settings_and_variables() {
        let text =
            "-- One row: one song.\n-- source: songs\ncopy t from :'from' :options where a::int = 1 and b = '12:30';\n";
        let file = SqlFile::parse(PathBuf::from("sql/copy/01_staging.sql"), text).expect("file");
        assert_eq!((file.name.as_str(), file.title.as_str()), ("staging", "One row: one song."));
        assert_eq!(file.settings["source"], "songs");
        let variables = BTreeMap::from([("from", "s3://it's".to_owned()), ("options", "GZIP".to_owned())]);
        let filled = file.with_variables(&variables).expect("filled");
        assert_eq!(filled, "copy t from 's3://it''s' GZIP where a::int = 1 and b = '12:30'");
        assert!(file.with_variables(&BTreeMap::new()).is_err());
    }

    #[test]
    fn no_text_ends_its_literal_early() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"foo\'; drop table users; --"), r"'foo\\''; drop table users; --'");
    }

    #[test]
    fn a_file_needs_a_header_and_a_statement() {
        assert!(SqlFile::parse(PathBuf::from("a.sql"), "select 1").is_err());
        assert!(SqlFile::parse(PathBuf::from("a.sql"), "-- what\n;").is_err());
        let long = format!("-- what\nselect '{}'", "x".repeat(STATEMENT_BYTES));
        let error = SqlFile::parse(PathBuf::from("a.sql"), &long).expect_err("too long");
        assert_eq!(error.to_string(), "a.sql has 102409 bytes, and the Data API takes 102400");
    }
}
