//! A look at a directory of data: which sources there are, in which form, with which columns.

use std::path::{Path, PathBuf};

use super::infer::{Seen, VARCHAR_MAX};
use super::records::{self, Columns, Form, Layout, Packed};
use crate::error::{Error, Result};

/// Bytes of the files of one table that are read, spread over all of them.
const BYTES: u64 = 1 << 30;
/// So many times as large a packed file is taken to be once unpacked.
const PACKED_TO: u64 = 8;
/// Bytes of each file that are read in any case.
const LEAST_BYTES: u64 = 1 << 16;
/// Bytes of a column's name, at most.
const LONGEST_NAME: usize = 127;

/// Files of one kind in one folder, which become one table.
#[derive(Debug)]
pub struct Found {
    /// The table's name.
    pub name: String,
    /// Its place in the directory, as a prefix of keys: `orders/`, or empty.
    pub prefix: String,
    pub form: Form,
    pub packed: Packed,
    pub files: usize,
    /// In the order in which they were first seen.
    pub columns: Vec<(String, Seen)>,
    /// A key has capitals: COPY finds its column only where it ignores case.
    pub ignore_case: bool,
    /// What the table does not hold, or may not.
    pub notes: Vec<String>,
}

/// The tables, and what was not read.
///
/// # Errors
/// Where the directory cannot be read, has nothing that COPY could load, or mixes forms in one folder.
pub fn look(directory: &Path) -> Result<(Vec<Found>, Vec<String>)> {
    let mut folders: Vec<(String, Vec<PathBuf>)> = Vec::new();
    let (mut here, mut others, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for path in entries(directory)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            notes.extend(hidden(&path));
        } else if path.is_dir() {
            let mut files = Vec::new();
            collect(&path, &mut files, &mut notes)?;
            folders.push((name, files));
        } else if form(&path).is_some() {
            here.push(path);
        } else if has_content(&path) {
            others.push(path);
        }
    }
    folders.retain(|(_, files)| !files.is_empty());
    let mut found = Vec::new();
    if !here.is_empty() {
        if !folders.is_empty() {
            return Err(Error::usage(format!("{} has files beside folders with files", directory.display()))
                .hint(format!("Give each table a folder of its own: move {} into one.", here[0].display())));
        }
        if let Some(other) = others.first() {
            return Err(no_data(other));
        }
        let name = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        if std::path::absolute(".").is_ok_and(|here| here == name) {
            return Err(Error::usage(
                "the data lies beside the files that init would write, and they would be loaded too",
            )
            .hint("Move the data into a folder of its own."));
        }
        let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.push(source(&name, String::new(), &here)?);
    }
    for (name, files) in &folders {
        found.push(source(name, format!("{name}/"), files)?);
    }
    for at in 1..found.len() {
        // Two folders may come to the same name.
        let taken = |name: &str| found[..at].iter().any(|other| other.name == name);
        if taken(&found[at].name) {
            let name = (2..).map(|number| format!("{}_{number}", found[at].name)).find(|name| !taken(name));
            found[at].name = name.unwrap_or_default();
        }
    }
    if found.is_empty() {
        return Err(Error::usage(format!("there is nothing to load in {}", directory.display())).hint(
            "Files that are read end in .json, .jsonl, .ndjson, .csv or .tsv, also with .gz or .zst behind; \
             each folder becomes a table.",
        ));
    }
    notes
        .extend(others.iter().map(|path| format!("{} is no JSON or CSV by its name: no table has it", path.display())));
    Ok((found, notes))
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error| Error::usage(format!("cannot read {}", directory.display())).because(error);
    let entries = std::fs::read_dir(directory).map_err(unreadable)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

/// The data under a folder. Whatever else lies there would be loaded as data too: it is refused.
fn collect(folder: &Path, files: &mut Vec<PathBuf>, notes: &mut Vec<String>) -> Result<()> {
    for path in entries(folder)? {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            notes.extend(hidden(&path));
        } else if path.is_dir() && path.is_symlink() {
            // It may lead round in a circle.
            notes.push(format!("{} is a link to a folder, and was not followed", path.display()));
        } else if path.is_dir() {
            collect(&path, files, notes)?;
        } else if form(&path).is_some() {
            files.push(path);
        } else if has_content(&path) {
            return Err(no_data(&path));
        }
    }
    Ok(())
}

/// What there is to say of hidden data.
fn hidden(path: &Path) -> Option<String> {
    let is_data = path.is_file() && form(path).is_some();
    is_data.then(|| format!("{} is hidden, and was not read", path.display()))
}

fn has_content(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.len() > 0)
}

fn no_data(path: &Path) -> Error {
    Error::usage(format!("{} is neither JSON nor CSV by its name", path.display()))
        .hint("A load reads everything in the folders of the data: move it elsewhere.")
}

/// What a file's name says of it.
fn form(path: &Path) -> Option<(&'static str, Packed)> {
    let name = path.file_name()?.to_str()?.to_lowercase();
    let (stem, packed) = match name.rsplit_once('.')? {
        (stem, "gz") => (stem, Packed::Gzip),
        (stem, "zst") => (stem, Packed::Zstd),
        _ => (name.as_str(), Packed::No),
    };
    match stem.rsplit_once('.')?.1 {
        "json" | "jsonl" | "ndjson" => Some(("JSON", packed)),
        "csv" | "tsv" => Some(("CSV", packed)),
        _ => None,
    }
}

/// Reads the files of one table.
fn source(name: &str, prefix: String, files: &[PathBuf]) -> Result<Found> {
    let forms: Vec<_> = files.iter().filter_map(|path| form(path)).collect();
    if let Some(other) = forms.iter().position(|form| *form != forms[0]) {
        return Err(Error::usage(format!("{} and {} are of two kinds", files[0].display(), files[other].display()))
            .hint("COPY reads one kind of file into a table: give each a folder of its own."));
    }
    let (kind, packed) = forms[0];
    let sizes: Vec<u64> = files.iter().map(|path| path.metadata().map_or(0, |found| found.len())).collect();
    let all: u64 = sizes.iter().sum();
    let mut left = 0;
    let mut columns = Columns::default();
    let mut first: Option<(Layout, &PathBuf)> = None;
    for (path, size) in files.iter().zip(sizes) {
        columns.begin_file();
        let share = share(size, all, packed);
        if kind == "JSON" {
            left += records::json(path, packed, share, &mut columns)?;
            same_kind(&files[0], path, &columns)?;
            continue;
        }
        let (bytes, layout) = records::csv(path, packed, share, &mut columns)?;
        left += bytes;
        match (&first, layout) {
            (None, Some(layout)) => first = Some((layout, path)),
            // COPY takes the fields of CSV by their place.
            (Some((wanted, of)), Some(layout)) if *wanted != layout => {
                return Err(Error::usage(format!(
                    "{} and {} do not have the same columns",
                    of.display(),
                    path.display()
                ))
                .hint("COPY takes the fields of CSV by their place: give each form a folder of its own."));
            }
            _ => {}
        }
    }
    if columns.is_empty() {
        return Err(Error::usage(format!("there is no record in {}", files[0].display()))
            .hint("The columns follow from the data: it must have some."));
    }
    let form = first.map_or(Form::Json, |((form, _), _)| form);
    let (name, ignore_case, mut notes) = (table_name(name), columns.has_capitals(), Vec::new());
    if left > 0 {
        let size = indicatif::HumanBytes;
        notes.push(format!(
            "{name}: {} of {} were not read, some of each file: keys and longer values may come there that have no column",
            size(left),
            size(all)
        ));
    }
    if let Some((one, other)) = columns.twice.take() {
        let keys = if one == other { format!("'{one}' twice") } else { format!("both '{one}' and '{other}'") };
        notes.push(format!("{name}: an object has the key {keys}, and a column takes one value: the other is lost"));
    }
    let columns = columns.into_seen();
    if let Some((bad, _)) = columns.iter().find(|(name, _)| name.is_empty() || name.len() > LONGEST_NAME) {
        return Err(Error::usage(format!("{} has a key that no column can have: '{bad}'", files[0].display()))
            .hint("A column's name has 1 to 127 bytes. Take other keys, or name them by a jsonpaths file."));
    }
    for (column, seen) in &columns {
        let Some(bytes) = seen.too_long() else { continue };
        // C11: only texts of CHAR and VARCHAR are cut off.
        let remedy = match seen.data_type().as_str() {
            "super" => "and nothing cuts off a text within a SUPER".to_owned(),
            _ => format!("or cut off by `truncatecolumns` in sql/copy/{name}.sql"),
        };
        notes.push(format!(
            "{name}.{column}: a text of {bytes} bytes, and the longest that COPY takes has {VARCHAR_MAX}: its row is \
             rejected, {remedy}"
        ));
    }
    Ok(Found { name, prefix, form, packed, files: files.len(), columns, ignore_case, notes })
}

/// Bytes of a file that are read: all, or where the files of a table have too many, its share of those that are.
fn share(size: u64, all: u64, packed: Packed) -> u64 {
    let most = if packed == Packed::No { BYTES } else { BYTES / PACKED_TO };
    if all <= most {
        return u64::MAX;
    }
    let share = u128::from(size) * u128::from(most) / u128::from(all);
    u64::try_from(share).unwrap_or(size).max(LEAST_BYTES)
}

/// # Errors
/// Where the records of `path` have mostly other keys than those before, and its name is another one too: files of one
/// kind are numbered, or have dates.
fn same_kind(first: &Path, path: &Path, columns: &Columns) -> Result<()> {
    if stem(first) == stem(path) || !columns.is_of_another_kind() {
        return Ok(());
    }
    Err(Error::usage(format!("{} and {} have mostly different keys", first.display(), path.display())).hint(
        "A folder becomes one table: give each kind of record a folder of its own. Files of one kind are named alike: \
         part-1.json, part-2.json.",
    ))
}

/// The letters of a file's name, without its ending.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    stem.chars().filter(|sign| sign.is_alphabetic()).collect()
}

/// A name that needs no quotes: lower-case letters, digits and underscores.
pub fn table_name(text: &str) -> String {
    let mut name: String =
        text.to_lowercase().chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '_' }).collect();
    if !name.starts_with(|sign: char| sign.is_ascii_lowercase()) {
        name.insert_str(0, "t_");
    }
    name.truncate(100);
    if super::words::is_reserved(&name) {
        name.push('_');
    }
    name
}
