//! `init --update`: the data is looked at again, and what has changed in it is changed in `sql/`: columns are added and become
//! wider. None is dropped, none becomes narrower, and everything else stays as somebody has written it.

mod column_type;
pub mod comparison;
mod copy_text;
mod paths_text;
mod schema_text;
mod table;
mod text_edit;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use redshift_sql::tokens;

use super::draft::TableDraft;
use super::walk::{DataFile, Walk};
use super::{discovery, words};
use crate::config::{Config, Source};
use crate::error::{Error, Result};
use crate::files;
use crate::interrupt;
use crate::load::sql::{self, SqlFile};
use column_type::ColumnType;
use copy_text::{CopyChange, CopyText};
use paths_text::PathsText;
use schema_text::SchemaText;
pub use table::DataChange;
use table::{ProjectTable, TableUpdate};

const INFRA: &str = "infra.toml";

/// Changes of the data, and the edits that follow from them.
#[derive(Debug, Default)]
pub struct Update {
    pub changes: Vec<DataChange>,
    pub notes: Vec<String>,
    /// Statements for tables that exist already, as far as Redshift changes them in place.
    pub statements: Vec<String>,
    /// Some changes cannot be applied to an existing table (C20).
    pub needs_recreation: bool,
    /// Paths and contents.
    files: Vec<(PathBuf, String)>,
}

impl Update {
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    /// Writes the files that change.
    ///
    /// # Errors
    /// Where one cannot be written.
    pub fn write(&self) -> Result<()> {
        // All files or none: a look may have taken long.
        interrupt::safe_point()?;
        self.files.iter().try_for_each(|(path, text)| super::write_file(path.clone(), text).map(drop))
    }
}

/// A directory that plays a bucket, and what is in it.
struct Mounted {
    directory: PathBuf,
    walk: Walk,
}

/// A table that was compared.
struct ComparedTable {
    table: String,
    source: String,
    /// As `FileKind::name`.
    kind: &'static str,
    columns: BTreeSet<String>,
}

/// Reads the data again: in the directory that plays the bucket of the sources, or in those of `[local.buckets]`.
///
/// # Errors
/// Where no source lies in a directory that is known, or a file of the project or of the data cannot be read.
pub fn plan(config: &Config, data: Option<&Path>, snake_case: bool) -> Result<Update> {
    let copies = sql::files(&config.directory, "copy")?;
    let schema = sql::files(&config.directory, "schema")?;
    let transforms = sql::files(&config.directory, "transform")?;
    let mounted = mounted(config, data)?;
    let (mut update, mut known) = (Update::default(), Vec::new());
    for copy in &copies {
        let source = config.sources.iter().find(|source| copy.settings.get("source") == Some(&source.name));
        let Some(source) = source else { continue };
        let bucket = &source.location.bucket;
        let Some(place) = mounted.get(bucket) else {
            update.notes.push(format!(
                "{}: no directory plays {}, so that it is not compared: name one in [local.buckets.{bucket}]",
                copy.name, source.location
            ));
            continue;
        };
        let schema = schema.iter().find(|file| file.name == copy.name);
        let Some(files) = schema.map(|schema| TableFiles { schema: &schema.path, copy: &copy.path }) else {
            update.notes.push(format!("{}: no file of sql/schema has it, so that it is not compared", copy.name));
            continue;
        };
        let (Some(schema), Some(statement)) = (SchemaText::new(read(files.schema)?), CopyText::new(read(files.copy)?))
        else {
            update.notes.push(format!("{}: tables and COPYs of this form are not compared", copy.name));
            continue;
        };
        let table = ProjectTable {
            name: &copy.name,
            source,
            schema,
            copy: statement,
            paths: paths(config, source, &mounted)?,
            files: place.walk.files.iter().filter(|file| is_of(source, file)).cloned().collect(),
            snake_case,
        };
        let compared = match table.compare() {
            Err(error) if !error.kind.ends_run() => {
                let notes = vec![format!("{}: not compared: {}", copy.name, error.with_reason())];
                TableUpdate { notes, ..TableUpdate::default() }
            }
            compared => compared?,
        };
        update.hint(&table, &compared, &transforms);
        update.change(config, &table, &files, compared)?;
        known.push(ComparedTable {
            table: copy.name.clone(),
            source: source.name.clone(),
            kind: table.kind(),
            columns: table.schema.columns.iter().map(|column| column.name.clone()).collect(),
        });
    }
    update.add_tables(config, &mounted, &schema, &known, snake_case)?;
    Ok(update)
}

/// The files of a table that exist.
struct TableFiles<'a> {
    schema: &'a Path,
    copy: &'a Path,
}

impl Update {
    /// Names the transforms that read a table, and know nothing of its new columns.
    fn hint(&mut self, table: &ProjectTable<'_>, compared: &TableUpdate, transforms: &[SqlFile]) {
        let names: Vec<&str> = compared.added.iter().map(|(name, _)| name.as_str()).collect();
        let reads =
            |file: &&SqlFile| tokens(&file.statement).iter().any(|token| token.eq_ignore_ascii_case(table.name));
        for file in transforms.iter().filter(reads).filter(|_| !names.is_empty()) {
            self.notes.push(format!(
                "{} reads {}, and knows nothing of {}: name it there and in the table that it fills, where it is wanted",
                file.path.display(),
                table.name,
                names.join(", ")
            ));
        }
    }

    /// Adds the changes of a table.
    fn change(
        &mut self,
        config: &Config,
        table: &ProjectTable<'_>,
        files: &TableFiles<'_>,
        compared: TableUpdate,
    ) -> Result<()> {
        let TableUpdate { changes, notes, types, added, copy, paths } = compared;
        self.changes.extend(changes);
        self.notes.extend(notes);
        let added: Vec<(String, String)> =
            added.into_iter().map(|(name, data_type)| (words::quoted(&name), data_type)).collect();
        for (name, data_type) in &added {
            self.statements.push(format!("alter table {} add column {name} {data_type}", table.name));
        }
        for (name, data_type) in &types {
            let was = table.schema.column(name).map_or(ColumnType::Other, |column| column.column_type);
            let are_texts =
                [was, ColumnType::parse(data_type)].iter().all(|text| matches!(text, ColumnType::Varchar(_)));
            match are_texts {
                true => self.statements.push(format!(
                    "alter table {} alter column {} type {data_type}",
                    table.name,
                    words::quoted(name)
                )),
                false => self.needs_recreation = true,
            }
        }
        if !types.is_empty() || !added.is_empty() {
            let text = table.schema.changed(&types, &added);
            self.notes.extend(super::too_long(files.schema, &text));
            self.files.push((files.schema.to_owned(), text));
        }
        if copy != CopyChange::default() {
            self.files.push((files.copy.to_owned(), table.copy.changed(&copy)));
        }
        if let (Some(file), false) = (&table.source.jsonpaths_file, paths.is_empty()) {
            let path = config.directory.join(file);
            let unchanged = || {
                Error::usage(format!("{} is not written as `init` does, and was not changed", path.display()))
                    .hint(format!("Add these paths behind the others, and run it again: {}.", paths.join(", ")))
            };
            let text = table.paths.as_ref().and_then(|text| text.changed(&paths)).ok_or_else(unchanged)?;
            self.files.push((path, text));
        }
        Ok(())
    }

    /// Tables for files that no source takes, as `init` writes them.
    fn add_tables(
        &mut self,
        config: &Config,
        mounted: &BTreeMap<String, Mounted>,
        schema: &[SqlFile],
        known: &[ComparedTable],
        snake_case: bool,
    ) -> Result<()> {
        let names = schema.iter().map(|file| &file.name).chain(config.sources.iter().map(|source| &source.name));
        let mut taken: Vec<String> = names.cloned().collect();
        let mut number = schema.iter().filter_map(number).max().unwrap_or_default() + 1;
        let mut sections = String::new();
        for (bucket, place) in mounted {
            self.notes.extend(place.walk.notes.iter().cloned());
            let is_free = |file: &&DataFile| {
                !config.sources.iter().any(|source| is_of(source, file) || is_paths(source, bucket, file))
            };
            let files: Vec<DataFile> = place.walk.files.iter().filter(is_free).cloned().collect();
            let (drafts, notes) =
                discovery::tables_beside(&place.directory, &place.walk, &files, number, &taken, snake_case)?;
            self.notes.extend(notes);
            for draft in drafts {
                let columns: BTreeSet<String> = draft.columns.iter().map(|column| column.name.clone()).collect();
                let is_alike = |known: &&ComparedTable| known.kind == draft.form.name() && known.columns == columns;
                if let Some(ComparedTable { table, source, .. }) = known.iter().find(is_alike) {
                    self.notes.push(format!(
                        "{} has the columns of {table}, and [sources.{source}] does not take it: change its `url`, `prefix` or \
                         `files`",
                        address(&draft, bucket)
                    ));
                    continue;
                }
                taken.push(draft.name.clone());
                number = draft.number + 1;
                self.changes.extend(rows(&draft, bucket));
                self.notes.extend(draft.notes.iter().cloned());
                sections.push_str(&super::source(&draft, bucket));
                for (path, text) in super::table_files(&draft) {
                    self.notes.extend(super::too_long(&path, &text));
                    self.files.push((config.directory.join(path), text));
                }
            }
        }
        if sections.is_empty() { Ok(()) } else { self.add_sources(config, &sections) }
    }

    fn add_sources(&mut self, config: &Config, sections: &str) -> Result<()> {
        let path = config.directory.join(INFRA);
        let text = read(&path)?;
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let text = format!("{text}{end}{sections}");
        if toml::from_str::<toml::Table>(&text).is_err() {
            return Err(Error::usage(format!("{} takes no further sources behind the others", path.display()))
                .hint("Write its sources as tables, [sources.NAME], and run it again."));
        }
        self.files.push((path, text));
        Ok(())
    }
}

/// The directories that play the buckets of the sources.
fn mounted(config: &Config, data: Option<&Path>) -> Result<BTreeMap<String, Mounted>> {
    let buckets: BTreeSet<&String> = config.sources.iter().map(|source| &source.location.bucket).collect();
    let directories: Vec<(&String, PathBuf)> = match data {
        Some(data) if buckets.len() == 1 => buckets.into_iter().map(|bucket| (bucket, data.to_owned())).collect(),
        Some(_) => {
            return Err(Error::usage(format!(
                "the sources of infra.toml lie in {} buckets, and a directory plays one",
                buckets.len()
            ))
            .hint("Name a directory for each in [local.buckets.NAME], and run it without DATA."));
        }
        None => {
            let known = config.local.buckets.iter().filter(|(bucket, _)| buckets.contains(bucket));
            known.map(|(bucket, local)| (bucket, config.directory.join(&local.path))).collect()
        }
    };
    if directories.is_empty() {
        return Err(Error::usage("no directory plays a bucket of the sources")
            .hint("Say where the data is, `init --update DATA`, or name the directory in [local.buckets.NAME]."));
    }
    // What `init` writes is no data.
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let sql = absolute(&config.directory.join("sql"));
    let mut mounted = BTreeMap::new();
    for (bucket, directory) in directories {
        let mut walk = Walk::new(&directory)?;
        walk.files.retain(|file| !absolute(&file.path).starts_with(&sql));
        mounted.insert(bucket.clone(), Mounted { directory, walk });
    }
    Ok(mounted)
}

/// The jsonpaths file of a source, where it is here.
fn paths(config: &Config, source: &Source, mounted: &BTreeMap<String, Mounted>) -> Result<Option<PathsText>> {
    let in_bucket = source.jsonpaths.as_ref().and_then(|paths| {
        let place = mounted.get(&paths.bucket)?;
        Some(place.directory.join(&paths.key)).filter(|path| path.is_file())
    });
    let path = source.jsonpaths_file.as_ref().map(|file| config.directory.join(file)).or(in_bucket);
    Ok(path.map(|path| read(&path)).transpose()?.and_then(PathsText::new))
}

fn read(path: &Path) -> Result<String> {
    files::read_text(path).map_err(|error| Error::usage(format!("cannot read {}", path.display())).because(error))
}

fn is_of(source: &Source, file: &DataFile) -> bool {
    file.key.starts_with(&source.location.key)
        && match file.archive() {
            Some(archive) => source.takes(archive) && source.takes_member(archive, &file.key),
            None => source.takes(&file.key),
        }
}

fn is_paths(source: &Source, bucket: &str, file: &DataFile) -> bool {
    source.jsonpaths.as_ref().is_some_and(|paths| paths.bucket == bucket && paths.key == file.key)
}

/// The number that the name of a schema file begins with.
fn number(file: &SqlFile) -> Option<usize> {
    let name = file.path.file_name()?.to_str()?;
    let digits = name.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(name.len());
    name[..digits].parse().ok()
}

/// Where the files of a new table are.
fn address(draft: &TableDraft, bucket: &str) -> String {
    let pattern = draft.address.files.first().map(String::as_str).unwrap_or_default();
    format!("s3://{bucket}/{}{pattern}", draft.address.prefix)
}

fn rows(draft: &TableDraft, bucket: &str) -> Vec<DataChange> {
    let why = match draft.files {
        1 => format!("new table, {}", address(draft, bucket)),
        files => format!("new table, {files} files, {}", address(draft, bucket)),
    };
    let whys = std::iter::once(why).chain(std::iter::repeat(String::new()));
    let row = |(column, why): (&super::draft::DraftColumn, String)| DataChange {
        table: draft.name.clone(),
        column: column.name.clone(),
        was: String::new(),
        becomes: column.data_type.clone(),
        why,
    };
    draft.columns.iter().zip(whys).map(row).collect()
}
