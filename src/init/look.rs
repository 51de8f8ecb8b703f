//! A look at a directory of data: which sources there are, in which form, with which columns.

use std::collections::HashMap;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::infer::Seen;
use crate::error::{Error, Result};
use crate::files;

/// Records of one source that are looked at, from as many of its files as it takes.
const RECORDS: usize = 200_000;
/// Files of one source that are looked at, spread over all of them.
const FILES: usize = 2_000;
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    /// With its delimiter, and whether the first line has the names.
    Csv(u8, bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packed {
    No,
    Gzip,
    Zstd,
}

/// # Errors
/// Where the directory cannot be read, has nothing that COPY could load, or mixes forms in one folder.
pub fn look(directory: &Path) -> Result<Vec<Found>> {
    let mut folders: Vec<(String, Vec<PathBuf>)> = Vec::new();
    let mut here = Vec::new();
    for path in entries(directory)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            let mut files = Vec::new();
            collect(&path, &mut files)?;
            folders.push((name, files));
        } else if form(&path).is_some() {
            here.push(path);
        }
    }
    folders.retain(|(_, files)| !files.is_empty());
    let mut found = Vec::new();
    if !here.is_empty() {
        if !folders.is_empty() {
            return Err(Error::usage(format!("{} has files beside folders with files", directory.display()))
                .hint(format!("Give each table a folder of its own: move {} into one.", here[0].display())));
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
    Ok(found)
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
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for path in entries(folder)? {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        // A link to a folder may lead round in a circle.
        if is_hidden || path.is_dir() && path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else if form(&path).is_some() {
            files.push(path);
        } else if path.metadata().is_ok_and(|found| found.len() > 0) {
            return Err(Error::usage(format!("{} is neither JSON nor CSV by its name", path.display()))
                .hint("A load reads everything in the folders of the data: move it elsewhere."));
        }
    }
    Ok(())
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

fn source(name: &str, prefix: String, files: &[PathBuf]) -> Result<Found> {
    let forms: Vec<_> = files.iter().filter_map(|path| form(path)).collect();
    if let Some(other) = forms.iter().position(|form| *form != forms[0]) {
        return Err(Error::usage(format!("{} and {} are of two kinds", files[0].display(), files[other].display()))
            .hint("COPY reads one kind of file into a table: give each a folder of its own."));
    }
    let packed = forms[0].1;
    let mut columns = Columns::default();
    let mut first: Option<(Layout, &PathBuf)> = None;
    let every = files.len().div_ceil(FILES);
    for path in files.iter().step_by(every) {
        if columns.records >= RECORDS {
            break;
        }
        let found = match forms[0].0 {
            "JSON" => json(path, packed, &mut columns)?,
            _ => csv(path, packed, &mut columns)?,
        };
        match (&first, found) {
            (None, Some(found)) => first = Some((found, path)),
            // COPY takes the fields of CSV by their place.
            (Some((wanted, of)), Some(found)) if *wanted != found => {
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
    let Some(((form, _), _)) = first.filter(|_| !columns.seen.is_empty()) else {
        return Err(Error::usage(format!("there is no record in {}", files[0].display()))
            .hint("The columns follow from the data: it must have some."));
    };
    if let Some((bad, _)) = columns.seen.iter().find(|(name, _)| name.is_empty() || name.len() > LONGEST_NAME) {
        return Err(Error::usage(format!("{} has a key that no column can have: '{bad}'", files[0].display()))
            .hint("A column's name has 1 to 127 bytes. Take other keys, or name them by a jsonpaths file."));
    }
    Ok(Found { name: table_name(name), prefix, form, packed, files: files.len(), columns: columns.seen })
}

/// The form, and of CSV the names in their order.
type Layout = (Form, Vec<String>);

#[derive(Default)]
struct Columns {
    seen: Vec<(String, Seen)>,
    places: HashMap<String, usize>,
    records: usize,
}

impl Columns {
    fn of(&mut self, name: &str) -> &mut Seen {
        // Redshift folds names: two that differ in their case only are one column.
        let folded = name.to_lowercase();
        let place = match self.places.get(&folded) {
            Some(place) => *place,
            None => {
                self.seen.push((name.to_owned(), Seen::default()));
                self.places.insert(folded, self.seen.len() - 1);
                self.seen.len() - 1
            }
        };
        &mut self.seen[place].1
    }
}

fn open(path: &Path, packed: Packed) -> Result<Box<dyn Read>> {
    let unreadable = |error| Error::usage(format!("cannot read {}", path.display())).because(error);
    let file = BufReader::new(files::open(path).map_err(unreadable)?);
    Ok(match packed {
        Packed::No => Box::new(file),
        Packed::Gzip => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Packed::Zstd => Box::new(zstd::stream::read::Decoder::new(file).map_err(unreadable)?),
    })
}

fn json(path: &Path, packed: Packed, columns: &mut Columns) -> Result<Option<Layout>> {
    let records = serde_json::Deserializer::from_reader(open(path, packed)?).into_iter::<serde_json::Value>();
    for record in records.take(RECORDS) {
        let record = record.map_err(|error| Error::usage(format!("{} is not JSON", path.display())).because(error))?;
        let serde_json::Value::Object(fields) = record else {
            return Err(Error::usage(format!("{} is not JSON objects, one after the other", path.display()))
                .hint("COPY reads objects. An array is taken apart by `jq -c '.[]'`."));
        };
        fields.iter().for_each(|(name, value)| columns.of(name).json(value));
        columns.records += 1;
    }
    Ok(Some((Form::Json, Vec::new())))
}

fn csv(path: &Path, packed: Packed, columns: &mut Columns) -> Result<Option<Layout>> {
    let unreadable = |error: csv::Error| Error::usage(format!("{} is not CSV", path.display())).because(error);
    let mut start = Vec::new();
    let read = open(path, packed)?.take(1 << 16).read_to_end(&mut start);
    read.map_err(|error| Error::usage(format!("cannot read {}", path.display())).because(error))?;
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| first.iter().filter(|byte| **byte == sign).count();
    let delimiter =
        [b',', b'\t', b';', b'|'].into_iter().max_by_key(|sign| (count(*sign), *sign == b',')).unwrap_or(b',');

    let reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(open(path, packed)?);
    let mut records = reader.into_records();
    let Some(header) = records.next() else { return Ok(None) };
    let header = header.map_err(unreadable)?;
    let second = records.next().transpose().map_err(unreadable)?;
    let is_number = |field: &str| field.trim().parse::<f64>().is_ok();
    let is_text = |field: &str| !field.trim().is_empty() && !is_number(field);
    // Names are texts; a year may be one where there are texts above numbers beside it.
    let is_value = |field: &str| field.trim().starts_with(|sign: char| sign.is_ascii_digit() || sign == '-');
    let above = |(at, field): (usize, &str)| {
        is_text(field) && !is_value(field) && second.as_ref().and_then(|row| row.get(at)).is_some_and(is_value)
    };
    let has_header =
        header.iter().any(is_text) && (!header.iter().any(is_number) || header.iter().enumerate().any(above));
    let mut names: Vec<String> = Vec::new();
    for (at, field) in header.iter().enumerate() {
        let name = field.trim().trim_start_matches('\u{feff}');
        let taken = |name: &str| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        names.push(match has_header && !name.is_empty() {
            false => format!("column_{}", at + 1),
            true if taken(name) => format!("{name}_{}", at + 1),
            true => name.to_owned(),
        });
    }
    names.iter().for_each(|name| _ = columns.of(name));
    let first = (!has_header).then_some(header).into_iter().chain(second).map(Ok);
    for record in first.chain(records).take(RECORDS) {
        for (name, field) in names.iter().zip(&record.map_err(unreadable)?) {
            columns.of(name).field(field);
        }
        columns.records += 1;
    }
    Ok(Some((Form::Csv(delimiter, has_header), names)))
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
