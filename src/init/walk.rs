//! The files of a directory, with their formats by their names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::input::Packed;
use crate::error::{Error, Result};
use crate::{files, zip};

/// Names of other files that a note has.
const SHOWN: usize = 5;

/// The format that files of a table share. Gathering joins JSON however it is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Json,
    Csv(Packed),
    Parquet,
}

impl FileKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv(_) => "csv",
            Self::Parquet => "parquet",
        }
    }

    fn packed(self, packed: Packed) -> Self {
        if let Self::Csv(_) = self { Self::Csv(packed) } else { self }
    }
}

/// A file that a table may be made of.
#[derive(Debug, Clone)]
pub struct DataFile {
    pub path: PathBuf,
    /// Its path in the directory, as a key of S3.
    pub key: String,
    pub kind: FileKind,
    pub packed: Packed,
    /// Bytes.
    pub size: u64,
}

/// All files of a directory.
#[derive(Debug, Default)]
pub struct Walk {
    pub files: Vec<DataFile>,
    /// Keys of those that are no data by their names.
    pub others: Vec<String>,
    /// Notes on files that were not read.
    pub notes: Vec<String>,
}

impl Walk {
    /// # Errors
    /// Where a directory cannot be read.
    pub fn new(directory: &Path) -> Result<Self> {
        let mut walk = Self::default();
        walk.folder(directory, "")?;
        Ok(walk)
    }

    /// Notes which files are no data by their names.
    pub fn note_others(&mut self) {
        if self.others.is_empty() {
            return;
        }
        let left = self.others.len().saturating_sub(SHOWN);
        let more = if left > 0 { format!(" and {left} more") } else { String::new() };
        let shown: Vec<&str> = self.others.iter().take(SHOWN).map(String::as_str).collect();
        let shown = shown.join(", ");
        self.notes.push(format!("no JSON, CSV or Parquet by their names, so that no table has them: {shown}{more}"));
    }

    fn folder(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        let unreadable = |error| Error::usage(format!("cannot read {}", folder.display())).because(error);
        for path in files::entries(folder).map_err(unreadable)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let key = format!("{prefix}{name}");
            let size = path.metadata().map_or(0, |found| found.len());
            if name.starts_with('.') {
                let is_data = path.is_file() && kind(&name).is_some();
                self.notes.extend(is_data.then(|| format!("{} is hidden, and was not read", path.display())));
            } else if path.is_dir() && path.is_symlink() && !prefix.is_empty() {
                // It may lead round in a circle.
                self.notes.push(format!("{} is a link to a folder, and was not followed", path.display()));
            } else if path.is_dir() {
                self.folder(&path, &format!("{key}/"))?;
            } else if kind(&name).is_some() && !path.is_file() {
                let unreadable = |error| Error::usage(format!("cannot read {}", path.display())).because(error);
                files::open(&path).map_err(unreadable)?;
            } else if zip::is_archive(&name) && path.is_file() {
                self.archive(&path, key);
            } else if size == 0 {
                // A mark, such as _SUCCESS: COPY has nothing to read there.
            } else if let Some((kind, packed)) = kind(&name) {
                self.files.push(DataFile { path, key, kind, packed, size });
            } else {
                self.others.push(key);
            }
        }
        Ok(())
    }

    /// Takes the members of an archive for files of a folder of its name.
    fn archive(&mut self, path: &Path, key: String) {
        let members = match files::open(path).and_then(|mut file| zip::members(&mut file)) {
            Ok(members) => members,
            Err(error) => {
                self.notes.push(format!("{}: {error}", path.display()));
                self.others.push(key);
                return;
            }
        };
        let mut names = BTreeSet::new();
        for (name, member) in members {
            let mut place = path.as_os_str().to_owned();
            place.push(format!("/{name}"));
            let (path, key) = (PathBuf::from(place), format!("{key}/{name}"));
            let size = member.size;
            if !names.insert(name.clone()) {
                self.notes
                    .push(format!("{} is in its archive twice, which `load` refuses: pack it again", path.display()));
            } else if member.is_encrypted {
                self.notes.push(format!("{} is encrypted, and was not read", path.display()));
            } else if size == 0 {
                // As of files.
            } else if let Some((kind @ (FileKind::Json | FileKind::Csv(_)), Packed::No)) = kind(&name) {
                self.files.push(DataFile {
                    path,
                    key,
                    kind: kind.packed(Packed::Zip(member)),
                    packed: Packed::Zip(member),
                    size,
                });
            } else {
                self.others.push(key);
            }
        }
    }
}

/// Format and packing of a file by its name.
fn kind(name: &str) -> Option<(FileKind, Packed)> {
    let name = name.to_lowercase();
    let (stem, packed) = match name.rsplit_once('.')? {
        (stem, "gz") => (stem, Packed::Gzip),
        (stem, "zst") => (stem, Packed::Zstd),
        _ => (name.as_str(), Packed::No),
    };
    match stem.rsplit_once('.')?.1 {
        "json" | "jsonl" | "ndjson" | "geojson" | "topojson" => Some((FileKind::Json, packed)),
        "csv" | "tsv" => Some((FileKind::Csv(packed), packed)),
        "parquet" if packed == Packed::No => Some((FileKind::Parquet, packed)),
        _ => None,
    }
}

impl DataFile {
    /// The folder of the file in the directory, with its slash.
    pub fn folder(&self) -> &str {
        self.key.rfind('/').map_or("", |slash| &self.key[..=slash])
    }

    /// The folder whose files are looked at together: the first one, or the directory itself, where Hive's folders are.
    pub fn unit(&self) -> &str {
        match self.key.split_once('/') {
            Some((folder, _)) if !folder.contains('=') => folder,
            _ => "",
        }
    }

    /// Names and values of Hive's folders, `dt=2026-01-01/`.
    pub fn partitions(&self) -> Vec<(&str, &str)> {
        self.folder().split('/').filter_map(|folder| folder.split_once('=')).collect()
    }

    /// The key of the archive that has it.
    pub fn archive(&self) -> Option<&str> {
        let is_member = matches!(self.packed, Packed::Zip(_));
        zip::archive_of(&self.key).filter(|_| is_member)
    }

    /// The file's name without its endings.
    pub fn stem(&self) -> &str {
        let name = &self.key[self.folder().len()..];
        name.split('.').next().unwrap_or_default()
    }

    /// The part between stem and endings, with its points: `.geo` of `no.geo.json`.
    pub fn middle(&self) -> &str {
        let name = &self.key[self.folder().len()..];
        let inner = name.strip_suffix(self.ending()).unwrap_or(name);
        inner.get(self.stem().len()..).unwrap_or_default()
    }

    /// Its endings, with their points: those that say what it is.
    pub fn ending(&self) -> &str {
        let name = &self.key[self.folder().len()..];
        let endings = if self.packed.option().is_none() { 1 } else { 2 };
        name.rmatch_indices('.').nth(endings - 1).map_or("", |(at, _)| &name[at..])
    }

    /// Returns true if its name says that each line is a record: further ones may come.
    pub fn has_record_lines(&self) -> bool {
        let ending = self.ending().to_lowercase();
        matches!(ending.split('.').nth(1), Some("jsonl" | "ndjson"))
    }

    /// The letters of its folders and its name: those of one kind are numbered, or have dates.
    pub fn letters(&self) -> String {
        let folders = self.folder().split('/').map(|folder| folder.split('=').next().unwrap_or_default());
        let words = folders.chain([self.stem(), self.middle()]);
        let letters = |word: &str| word.chars().filter(|sign| sign.is_alphabetic()).collect::<String>();
        words.map(letters).collect::<Vec<_>>().join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_say() {
        let file = |key: &str| {
            let name = key.rsplit('/').next().unwrap_or_default();
            let (kind, packed) = kind(name).expect(key);
            DataFile { path: key.into(), key: key.into(), kind, packed, size: 1 }
        };
        let one = file("sales/dt=2026-01-01/part-0001.v2.csv.gz");
        assert_eq!(
            (one.unit(), one.folder(), one.stem(), one.ending()),
            ("sales", "sales/dt=2026-01-01/", "part-0001", ".csv.gz")
        );
        assert_eq!((one.kind, one.partitions()), (FileKind::Csv(Packed::Gzip), vec![("dt", "2026-01-01")]));
        assert_eq!(one.letters(), file("sales/dt=2026-01-02/part-2.v3.csv.gz").letters());
        assert_eq!((one.middle(), file("a.json").middle(), file("x/no.geo.json").middle()), (".v2", "", ".geo"));
        assert_ne!(file("no.geo.json").letters(), file("no.topo.json").letters());
        assert_eq!((file("dt=1/a.JSON").unit(), file("a.json").unit()), ("", ""));
        assert!(file("x.json/a.v2.JSONL.gz").has_record_lines() && file("a.ndjson").has_record_lines());
        assert!(!file("a.jsonl.json").has_record_lines() && !file("ndjson.geojson.zst").has_record_lines());
        assert_ne!(file("x/a.json").letters(), file("y/a.json").letters());
        for name in ["a.parquet.gz", "README.md", "csv", "a.json.zip"] {
            assert!(kind(name).is_none(), "{name}");
        }
    }
}
