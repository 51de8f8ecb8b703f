//! A look at a directory of data: which sources there are, in which form, with which columns.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::infer::Seen;
use crate::error::{Error, Result};

/// Records of one source that are looked at, from as many of its files as it takes.
const RECORDS: usize = 200_000;
/// Files of one source that are looked at, spread over all of them.
const FILES: usize = 2_000;

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
        let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.push(source(&name, String::new(), &here)?);
    }
    for (name, files) in &folders {
        found.push(source(name, format!("{name}/"), files)?);
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

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for path in entries(folder)? {
        if path.is_dir() {
            collect(&path, files)?;
        } else if form(&path).is_some() {
            files.push(path);
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
    let mut form = Form::Json;
    let every = files.len().div_ceil(FILES);
    for path in files.iter().step_by(every) {
        if columns.records >= RECORDS {
            break;
        }
        form = match forms[0].0 {
            "JSON" => json(path, packed, &mut columns)?,
            _ => csv(path, packed, &mut columns)?,
        };
    }
    Ok(Found { name: table_name(name), prefix, form, packed, files: files.len(), columns: columns.seen })
}

#[derive(Default)]
struct Columns {
    seen: Vec<(String, Seen)>,
    places: HashMap<String, usize>,
    records: usize,
}

impl Columns {
    fn of(&mut self, name: &str) -> &mut Seen {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => {
                self.seen.push((name.to_owned(), Seen::default()));
                self.places.insert(name.to_owned(), self.seen.len() - 1);
                self.seen.len() - 1
            }
        };
        &mut self.seen[place].1
    }
}

fn open(path: &Path, packed: Packed) -> Result<Box<dyn Read>> {
    let unreadable = |error| Error::usage(format!("cannot read {}", path.display())).because(error);
    let file = BufReader::new(File::open(path).map_err(unreadable)?);
    Ok(match packed {
        Packed::No => Box::new(file),
        Packed::Gzip => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Packed::Zstd => Box::new(zstd::stream::read::Decoder::new(file).map_err(unreadable)?),
    })
}

fn json(path: &Path, packed: Packed, columns: &mut Columns) -> Result<Form> {
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
    Ok(Form::Json)
}

fn csv(path: &Path, packed: Packed, columns: &mut Columns) -> Result<Form> {
    let unreadable = |error: csv::Error| Error::usage(format!("{} is not CSV", path.display())).because(error);
    let mut start = Vec::new();
    let read = open(path, packed)?.take(1 << 16).read_to_end(&mut start);
    read.map_err(|error| Error::usage(format!("cannot read {}", path.display())).because(error))?;
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| first.iter().filter(|byte| **byte == sign).count();
    let delimiter =
        [b',', b'\t', b';', b'|'].into_iter().max_by_key(|sign| (count(*sign), *sign == b',')).unwrap_or(b',');

    let reader = || -> Result<csv::Reader<Box<dyn Read>>> {
        Ok(csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(open(path, packed)?))
    };
    let mut records = reader()?.into_records();
    let Some(header) = records.next() else { return Ok(Form::Csv(delimiter, true)) };
    let header = header.map_err(unreadable)?;
    let is_name = |field: &str| !field.trim().is_empty() && field.trim().parse::<f64>().is_err();
    let mut names: Vec<&str> = header.iter().map(str::trim).collect();
    names.sort_unstable();
    names.dedup();
    let has_header = names.len() == header.len() && header.iter().all(is_name);
    let name = |at: usize| match has_header {
        true => header.get(at).map(|name| name.trim().trim_start_matches('\u{feff}').to_owned()),
        false => Some(format!("column_{}", at + 1)),
    };
    if has_header {
        (0..header.len()).filter_map(name).for_each(|name| _ = columns.of(&name));
        records = reader()?.into_records();
        records.next();
    } else {
        records = reader()?.into_records();
    }
    for record in records.take(RECORDS) {
        for (at, field) in record.map_err(unreadable)?.iter().enumerate() {
            if let Some(name) = name(at) {
                columns.of(&name).field(field);
            }
        }
        columns.records += 1;
    }
    Ok(Form::Csv(delimiter, has_header))
}

/// A name that needs no quotes: lower-case letters, digits and underscores.
pub fn table_name(text: &str) -> String {
    let mut name: String =
        text.to_lowercase().chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '_' }).collect();
    if !name.starts_with(|sign: char| sign.is_ascii_lowercase()) {
        name.insert_str(0, "t_");
    }
    name.truncate(100);
    name
}
