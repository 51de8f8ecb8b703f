//! `init`: an infra.toml and a sql/ for a directory of one's own data, which run as they are.

mod address;
mod choose_convention;
mod columns;
pub mod convention;
mod date_order;
mod discovery;
mod draft;
pub mod example;
mod file_sample;
mod first_line;
pub mod infer;
mod input;
mod nested;
mod nested_samples;
mod parquet;
mod quotes;
mod records;
mod sample;
mod sql_text;
mod times;
pub mod update;
mod walk;
pub mod words;

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::interrupt;
use crate::load::sql::STATEMENT_BYTES;
use draft::TableDraft;

/// The folder of the local target's state: it does not belong into a repository.
const STATE: &str = ".sparkify";
const IGNORED: &str = ".gitignore";

/// A table that was inferred.
pub struct InferredTable {
    pub name: String,
    pub files: usize,
    /// `None` where not all was read.
    pub rows: Option<u64>,
    /// Names and types.
    pub columns: Vec<(String, String)>,
}

/// Files and tables that were written.
pub struct WrittenProject {
    pub files: Vec<PathBuf>,
    pub tables: Vec<InferredTable>,
    /// Notes on data that was not read, would be lost, or is uncertain.
    pub notes: Vec<String>,
}

/// Into the working directory.
///
/// # Errors
/// Where there is an infra.toml or a sql/ already: nothing is ever overwritten. As `discovery::tables`.
pub fn write(data: &Path, stack: &str, region: &str, snake_case: bool) -> Result<WrittenProject> {
    require_free()?;
    let (drafts, mut notes) = discovery::tables(data, snake_case)?;
    // All files or none: a look may have taken long.
    interrupt::safe_point()?;
    let mut files = vec![(PathBuf::from("infra.toml"), infra(&drafts, data, stack, region))];
    for table in &drafts {
        notes.extend(table.notes.iter().cloned());
        let of_table = table_files(table);
        notes.extend(of_table.iter().filter_map(|(path, text)| too_long(path, text)));
        files.extend(of_table);
    }
    files.extend(ignored().map(|text| (PathBuf::from(IGNORED), text)));
    let files = files.into_iter().map(|(path, text)| write_file(path, &text)).collect::<Result<_>>()?;
    let tables = drafts.into_iter().map(inferred).collect();
    Ok(WrittenProject { files, tables, notes })
}

/// The files of `sql/` for a table: paths and contents.
fn table_files(table: &TableDraft) -> Vec<(PathBuf, String)> {
    let (sql, name, number) = (Path::new("sql"), &table.name, table.number);
    let mut files = vec![
        (sql.join(format!("schema/{number:02}_{name}.sql")), sql_text::schema(table)),
        (sql.join(format!("copy/{name}.sql")), sql_text::copy(table)),
        (sql.join(format!("check/{name}_has_rows.sql")), sql_text::check(table)),
        (sql.join(format!("analysis/{name}_at_a_glance.sql")), sql_text::analysis(table)),
    ];
    files.extend(sql_text::jsonpaths(table).map(|text| (jsonpaths_file(name), text)));
    files
}

/// Fails where there is an infra.toml or a sql/ already.
fn require_free() -> Result<()> {
    for taken in ["infra.toml", "sql"].map(Path::new) {
        if taken.exists() {
            return Err(Error::usage(format!("{} is there already; nothing was written", taken.display()))
                .hint("Begin in an empty directory, or remove it.")
                .hint("`init --update` changes sql/ where the data has changed since."));
        }
    }
    Ok(())
}

/// Writes a file and the folders above it, and returns its path.
fn write_file(path: PathBuf, text: &str) -> Result<PathBuf> {
    let unwritable = |error| Error::failed(format!("cannot write {}", path.display())).because(error);
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text)).map_err(unwritable)?;
    Ok(path)
}

fn inferred(draft: TableDraft) -> InferredTable {
    let columns = draft.columns.into_iter().map(|column| (column.name, column.data_type)).collect();
    InferredTable { name: draft.name, files: draft.files, rows: draft.rows, columns }
}

fn jsonpaths_file(table: &str) -> PathBuf {
    Path::new(sql_text::JSONPATHS).join(format!("{table}.json"))
}

/// A note on a statement that is too long for the Data API.
fn too_long(path: &Path, text: &str) -> Option<String> {
    let statement = text.find("create table").map_or(text, |at| &text[at..]);
    let is_sql = path.extension().is_some_and(|extension| extension == "sql");
    (is_sql && statement.len() > STATEMENT_BYTES).then(|| {
        format!(
            "{} has {} bytes, and the Data API takes {STATEMENT_BYTES}: `load` will refuse it. Remove columns, or put them \
             below one key, which becomes a SUPER",
            path.display(),
            statement.len()
        )
    })
}

/// The content of .gitignore with the state in it; `None` where it is in it already.
fn ignored() -> Option<String> {
    let text = std::fs::read_to_string(IGNORED).unwrap_or_default();
    let is_in = text.lines().any(|line| line.trim().trim_matches('/') == STATE);
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    (!is_in).then(|| format!("{text}{end}/{STATE}\n"))
}

fn infra(tables: &[TableDraft], data: &Path, stack: &str, region: &str) -> String {
    let bucket = format!("{stack}-data");
    let mut text = format!(
        "# The warehouse that `sparkify-infra up` brings up, `load` fills and `down` takes away again.\n\
         # Made by `sparkify-infra init`; everything in it is yours to change.\n\n\
         # Names every resource and tags it: nothing without this tag is ever changed or deleted.\n\
         stack = \"{stack}\"\nregion = \"{region}\"\n\
         # account = \"123456789012\"   # where set, no other account is ever touched\n\
         # expires = \"12h\"            # `down --all-expired` takes it down after that\n\n\
         [cluster]\nnode_type = \"ra3.large\"\nnodes = 1\ndatabase = \"dev\"\n\n\
         # [load]\n# mode = \"append\"            # only objects that were not loaded before\n"
    );
    for table in tables {
        text.push_str(&source(table, &bucket));
    }
    text.push_str(&format!(
        "\n# On the local target this directory plays the bucket above. On AWS it has to be one that exists:\n\
         # `aws s3 sync {} s3://{bucket}`.\n[local.buckets.{bucket}]\npath = {}\n",
        data.display(),
        toml::Value::from(data.display().to_string())
    ));
    text
}

fn source(table: &TableDraft, bucket: &str) -> String {
    let url = toml::Value::from(format!("s3://{bucket}/{}", table.address.prefix));
    let mut text = format!("\n[sources.{}]\nurl = {url}\n", table.name);
    if !table.address.files.is_empty() {
        text.push_str(&format!("files = {}\n", toml::Value::from(table.address.files.clone())));
    }
    if table.needs_paths {
        let path = jsonpaths_file(&table.name);
        text.push_str(&format!("jsonpaths = {}\n", toml::Value::from(path.display().to_string())));
    }
    if let Some(path) = &table.record_path {
        text.push_str(&format!("record_path = {}\n", toml::Value::from(path.keys.clone())));
        let key = path.key_field.as_ref().map(|field| format!("record_key = {}\n", toml::Value::from(field.clone())));
        text.push_str(&key.unwrap_or_default());
    }
    // COPY refuses lists and byte-order marks, and reads no names of folders.
    if table.hive_partitions {
        text.push_str("hive_partitions = true\n");
    } else if table.is_gathered && table.record_path.is_none() {
        text.push_str("gather = \"always\"\n");
    } else if table.header_lines > 1 {
        // Gathering takes names on one line only.
        text.push_str("gather = \"never\"\n");
    }
    text
}
