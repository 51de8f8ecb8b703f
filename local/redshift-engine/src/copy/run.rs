//! A COPY from start to end: all rows or none, and every rejected row told of.

use std::sync::Arc;

use super::access::Access;
use super::columns::{Batch, Column};
use super::convert::{Rejection, Rules, rejection};
use super::json::Layout;
use super::json_values::{for_each_value, skip_lines};
use super::parquet;
use super::progress::Progress;
use super::scan::{Scan, Stopped};
use super::source::{self, Opener};
use super::text::TextRecords;
use crate::catalog::{self, Table};
use crate::error::SqlError;
use crate::session::Session;
use crate::storage::Address;
use crate::system::{LoadError, Replacement, System};
use redshift_sql::{CopyCommand, Format, JsonFormat, TextShape, Type, quoted};

/// Rows held before they are appended.
const BATCH_ROWS: usize = 20_000;
/// Bytes of their texts, where rows are long.
const BATCH_BYTES: usize = 16 << 20;
/// Rejected rows that are held before they are noted.
const ERRORS_HELD: usize = 1_000;
/// Bytes of a raw line or value that the error tables keep.
const RAW_BYTES: usize = 1024;

pub(super) struct Load<'a> {
    pub(super) copy: &'a CopyCommand,
    pub(super) columns: Vec<Column>,
    pub(super) layout: Layout,
    pub(super) rules: Rules,
    system: System,
    /// Rejected rows that are not noted yet, and how many there were in all.
    errors: Vec<LoadError>,
    rejected: u64,
    pub(super) rows: u64,
    /// Rows in which ACCEPTINVCHARS replaced something, of which the first are noted.
    pub(super) replaced: u64,
    pub(super) replacements: Vec<Replacement>,
    pub(super) opener: Opener,
}

/// What a COPY has loaded.
pub struct Copied {
    pub rows: u64,
    /// Those in which ACCEPTINVCHARS replaced something.
    pub replaced: u64,
    pub progress: Arc<Progress>,
}

/// Loads. What was rejected is in the error tables, also when the COPY failed.
pub fn run(session: &Session, copy: &CopyCommand, access: &Access, query: i64) -> Result<Copied, SqlError> {
    let started = crate::clock::now_millis();
    let table = catalog::table(&session.connection, copy.schema.as_deref(), &copy.table)?;
    let columns = target_columns(&table, copy)?;
    refuse_formats(&columns, &copy.format)?;
    if session.zone().is_some() && columns.iter().any(|column| column.data_type == Type::TimestampTz) {
        return Err(SqlError::unsupported("COPY of a TIMESTAMPTZ column in a time zone other than UTC"));
    }
    let storage = access.storage(copy.credential.as_ref())?;
    let (objects, sizes): (Vec<_>, Vec<_>) =
        source::objects(copy, &*storage, &session.canceller())?.into_iter().unzip();
    let paths = match &copy.format {
        Format::Json(JsonFormat::Paths(url)) => Some(source::jsonpaths(copy, &*storage, url)?),
        _ => None,
    };
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let json = match &copy.format {
        Format::Json(format) => format,
        _ => &JsonFormat::Auto,
    };
    let layout = Layout::new(json, paths.as_deref(), &names)?;
    let bad_format = || SqlError::unsupported("this TIMEFORMAT or DATEFORMAT");
    let rules = Rules::of(copy).ok_or_else(bad_format)?;

    let format = match copy.format {
        Format::Json(_) => "json",
        Format::Text(_) => "text",
        Format::Parquet => "parquet",
    };
    let progress = Progress::new(query, session.pid(), &copy.table, &copy.from, started, format, sizes);
    let running = session.system.copying(&progress);
    let cancel = session.canceller();
    let opener = Opener { storage, compression: copy.compression, progress: progress.clone(), cancel };
    let (system, errors) = (session.system.clone(), Vec::new());
    let replacements = Vec::new();
    let mut load =
        Load { copy, columns, layout, rules, system, errors, rejected: 0, rows: 0, replaced: 0, replacements, opener };
    // Where no row may be rejected, the first that would be ends the COPY: only then it has to be found.
    let loaded = match (&copy.format, copy.max_errors) {
        (Format::Json(_), 0 | 1) if copy.replacement.is_none() => load.fast(session, &table, &objects),
        (Format::Parquet, _) => {
            let loaded = parquet::load(session, &load.opener, &table, &load.columns, &objects, copy);
            loaded.map(|rows| load.rows = rows)
        }
        _ => load.objects(session, &table, &objects),
    };
    // What a cancel broke off is told as a cancel.
    let loaded = loaded.map_err(|error| session.check_cancelled().err().unwrap_or(error));
    load.note_errors()?;
    load.system.record_replacements(&progress, &load.replacements)?;
    if loaded.is_ok() {
        session.system.record_files(&progress, &objects.iter().map(Address::to_string).collect::<Vec<_>>())?;
    }
    drop(running);
    let rows = loaded.is_ok().then_some(load.rows);
    session.system.record_load(&progress, rows, load.rejected)?;
    loaded.map(|()| Copied { rows: if copy.no_load { 0 } else { load.rows }, replaced: load.replaced, progress })
}

/// A VARBYTE is loaded of CSV and Parquet (copy-usage-varbyte).
fn refuse_formats(columns: &[Column], format: &Format) -> Result<(), SqlError> {
    let reads_bytes = match format {
        Format::Parquet => true,
        Format::Text(text) => matches!(text.shape, TextShape::Csv(_)),
        Format::Json(_) => false,
    };
    match columns.iter().find(|column| !reads_bytes && matches!(column.data_type, Type::Varbyte(_))) {
        Some(column) => Err(SqlError::unsupported(&format!(
            "COPY of the VARBYTE column {} in a format other than CSV and PARQUET",
            column.name
        ))),
        None => Ok(()),
    }
}

fn target_columns(table: &Table, copy: &CopyCommand) -> Result<Vec<Column>, SqlError> {
    let column = |found: &catalog::Column| Column {
        name: found.name.clone(),
        data_type: found.data_type,
        not_null: found.not_null,
    };
    if copy.columns.is_empty() {
        let loaded = |found: &&catalog::Column| copy.explicit_ids || !found.is_identity();
        return Ok(table.columns.iter().filter(loaded).map(column).collect());
    }
    let find = |name: &String| {
        let found = table.columns.iter().find(|found| found.name == *name);
        let found = found.ok_or_else(|| {
            SqlError::new("42703", format!("column \"{name}\" of relation \"{}\" does not exist", copy.table))
        })?;
        let is_given = found.attributes.identity.as_ref().is_some_and(|identity| !identity.by_default);
        match is_given && !copy.explicit_ids {
            true => Err(SqlError::new("0A000", format!("cannot set the identity column {name} without EXPLICIT_IDS"))),
            false => Ok(column(found)),
        }
    };
    copy.columns.iter().map(find).collect()
}

impl Load<'_> {
    fn fast(&mut self, session: &Session, table: &Table, objects: &[Address]) -> Result<(), SqlError> {
        let open = {
            let (opener, objects, skipped) = (self.opener.clone(), objects.to_vec(), self.copy.ignored_lines);
            move |number: usize| match objects.get(number) {
                Some(address) => {
                    let input = skip_lines(opener.open(address)?, skipped);
                    input.map(Some).map_err(|error| unreadable(&address.to_string(), &error))
                }
                None => Ok(None),
            }
        };
        let scan = Scan::new(
            self.columns.clone(),
            self.layout.clone(),
            self.rules.clone(),
            self.opener.progress.clone(),
            open,
        );
        let (connection, no_load) = (&session.connection, self.copy.no_load);
        // Rows have no order in Redshift; keeping one would hold DuckDB to a single thread.
        session.keep_order(false)?;
        let scanned = scan.run(connection, |rows| match no_load {
            true => format!("SELECT count(*) FROM {rows}"),
            false => {
                let names: Vec<String> = self.columns.iter().map(|column| quoted(&column.name)).collect();
                let place = [&table.catalog, &table.schema, &table.name].map(|name| quoted(name)).join(".");
                format!("INSERT INTO {place} ({}) SELECT * FROM {rows}", names.join(", "))
            }
        });
        // One that failed leaves it to the rollback: DuckDB takes no other statement before.
        match scanned {
            Ok(rows) => {
                self.rows = rows;
                session.keep_order(true)
            }
            Err(Stopped::GaveUp(number)) => {
                session.check_cancelled()?;
                let address = objects.get(number).ok_or_else(|| SqlError::new("XX000", "an object got lost"))?;
                self.careful(session, number, address)?;
                Err(SqlError::new("XX000", format!("{address} could be read only in part")))
            }
            Err(Stopped::Failed(error)) => {
                session.check_cancelled()?;
                Err(error)
            }
        }
    }

    fn objects(&mut self, session: &Session, table: &Table, objects: &[Address]) -> Result<(), SqlError> {
        let columns = self.columns.clone();
        let names = table_names(&columns);
        let connection = &session.connection;
        let mut appender =
            connection.appender_with_columns_to_catalog_and_db(&table.name, &table.catalog, &table.schema, &names)?;
        let mut batch = Batch::new(&self.columns);
        for (number, address) in objects.iter().enumerate() {
            self.each_row(session, number, address, &mut batch, |batch| append(&mut appender, batch))?;
        }
        if batch.rows > 0 {
            append(&mut appender, &mut batch)?;
        }
        Ok(())
    }

    /// Goes through an object row by row until the one that cannot be loaded, and appends nothing.
    fn careful(&mut self, session: &Session, number: usize, address: &Address) -> Result<(), SqlError> {
        let mut batch = Batch::new(&self.columns);
        self.each_row(session, number, address, &mut batch, |batch| batch.take().map(drop).map_err(arrow))
    }

    /// Reads the object of this number row by row into `batch`, and calls `full` whenever that is.
    fn each_row(
        &mut self,
        session: &Session,
        number: usize,
        address: &Address,
        batch: &mut Batch,
        mut full: impl FnMut(&mut Batch) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let input = self.opener.open(address)?;
        let file = address.to_string();
        if let Format::Text(format) = &self.copy.format {
            let mut records = TextRecords::new(input, format);
            while let Some(record) = records.next().map_err(|error| unreadable(&file, &error))? {
                session.check_cancelled()?;
                self.opener.progress.scanned(number, 1);
                self.record(&record, format, &file, batch)?;
                if is_full(batch) {
                    full(batch)?;
                }
            }
            return Ok(());
        }
        let (progress, skipped) = (self.opener.progress.clone(), self.copy.ignored_lines);
        let input = skip_lines(input, skipped).map_err(|error| unreadable(&file, &error))?;
        let (load, batch) = (std::cell::RefCell::new(self), std::cell::RefCell::new(batch));
        for_each_value(
            input,
            &file,
            |value, line| {
                session.check_cancelled()?;
                progress.scanned(number, 1);
                let mut batch = batch.borrow_mut();
                load.borrow_mut().value(value, &file, line + skipped, &mut batch)?;
                if is_full(&batch) { full(&mut batch) } else { Ok(()) }
            },
            |malformed| {
                progress.scanned(number, 1);
                let line = malformed.line + skipped;
                if malformed.is_json {
                    return load.borrow_mut().repaired(&malformed.bytes, &file, line, &mut batch.borrow_mut());
                }
                let why = rejection(1216, format!("Invalid input line: {}", malformed.reason));
                let raw = String::from_utf8_lossy(&malformed.bytes);
                load.borrow_mut().reject(&file, line, None, why, &raw, "")
            },
        )
    }

    /// Notes a row that cannot be loaded; as many of them as MAXERROR says end the COPY, of which 0 and 1 mean the same
    /// (copy-parameters-data-load).
    pub(super) fn reject(
        &mut self,
        file: &str,
        line: u64,
        column: Option<usize>,
        why: Rejection,
        raw: &str,
        value: &str,
    ) -> Result<(), SqlError> {
        let column = column.map(|position| &self.columns[position]);
        self.errors.push(LoadError {
            file: file.to_owned(),
            line,
            column: column.map(|column| column.name.clone()).unwrap_or_default(),
            data_type: column.map(|column| column.data_type.load_error_name()).unwrap_or_default(),
            length: column.map(|column| column.data_type.load_error_length()).unwrap_or_default(),
            code: why.code,
            message: why.message,
            raw_line: clip(raw),
            raw_value: clip(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)),
        });
        self.rejected += 1;
        if self.errors.len() >= ERRORS_HELD {
            self.note_errors()?;
        }
        match self.rejected >= self.copy.max_errors.max(1) {
            true => Err(SqlError::new(
                "XX000",
                format!(
                    "Load into table '{}' failed.  Check 'sys_load_error_detail' system table for details.",
                    self.copy.table
                ),
            )),
            false => Ok(()),
        }
    }

    /// Writes the rejected rows into the error tables.
    fn note_errors(&mut self) -> Result<(), SqlError> {
        let errors = std::mem::take(&mut self.errors);
        self.system.record_errors(&self.opener.progress, &errors)
    }
}

pub fn is_full(batch: &Batch) -> bool {
    batch.rows >= BATCH_ROWS || batch.bytes >= BATCH_BYTES
}

fn table_names(columns: &[Column]) -> Vec<&str> {
    columns.iter().map(|column| column.name.as_str()).collect()
}

fn arrow(error: duckdb::arrow::error::ArrowError) -> SqlError {
    SqlError::new("XX000", error.to_string())
}

pub fn append(appender: &mut duckdb::Appender<'_>, batch: &mut Batch) -> Result<(), SqlError> {
    let rows = batch.take().map_err(arrow)?;
    appender.append_record_batch(rows)?;
    // The appender itself would hold ten times as many rows, however long they are.
    Ok(appender.flush()?)
}

fn unreadable(file: &str, error: &std::io::Error) -> SqlError {
    SqlError::new("XX000", format!("cannot read {file}: {error}"))
}

/// What the error tables keep of a line or a value.
pub(super) fn clip(text: &str) -> String {
    let mut end = text.len().min(RAW_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
