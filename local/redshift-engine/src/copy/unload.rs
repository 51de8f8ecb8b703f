//! UNLOAD: the rows of a query as objects under a prefix, written as the role.

use std::io::Write;
use std::sync::Arc;

use duckdb::arrow::array::{Array, AsArray, RecordBatch};
use duckdb::arrow::datatypes::DataType;
use serde_json::json;

use super::access::Access;
use super::parquet;
use crate::error::SqlError;
use crate::result::displayed;
use crate::session::Session;
use crate::storage::{Address, ObjectWriter, Storage};
use crate::unload_log::UnloadedFile;
use redshift_sql::Compression;
use redshift_sql::{UnloadCommand, UnloadFormat};
use redshift_sql::{literal, quoted};

/// The rows of an UNLOAD with partitions, while it goes through them. No user's table begins so.
const ROWS: &str = "redshift_unloaded";

/// A file that is being written.
struct Open {
    address: Address,
    output: Output,
    /// Bytes before compression.
    bytes: u64,
    rows: u64,
}

enum Output {
    Plain(Box<dyn ObjectWriter>),
    Gzip(flate2::write::GzEncoder<Box<dyn ObjectWriter>>),
    Bzip2(bzip2::write::BzEncoder<Box<dyn ObjectWriter>>),
    Zstd(zstd::stream::write::Encoder<'static, Box<dyn ObjectWriter>>),
}

impl Output {
    fn new(object: Box<dyn ObjectWriter>, compression: Compression) -> std::io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(object),
            Compression::Gzip => Self::Gzip(flate2::write::GzEncoder::new(object, flate2::Compression::fast())),
            Compression::Bzip2 => Self::Bzip2(bzip2::write::BzEncoder::new(object, bzip2::Compression::default())),
            Compression::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(object, 3)?),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(output) => output.write_all(bytes),
            Self::Gzip(output) => output.write_all(bytes),
            Self::Bzip2(output) => output.write_all(bytes),
            Self::Zstd(output) => output.write_all(bytes),
        }
    }

    fn finish(self) -> std::io::Result<Box<dyn ObjectWriter>> {
        match self {
            Self::Plain(output) => Ok(output),
            Self::Gzip(output) => output.finish(),
            Self::Bzip2(output) => output.finish(),
            Self::Zstd(output) => output.finish(),
        }
    }
}

struct Unload<'a> {
    command: &'a UnloadCommand,
    storage: Arc<dyn Storage>,
    bucket: String,
    /// The finished files.
    written: &'a mut Vec<UnloadedFile>,
}

/// Rows that cannot be kept on their way into Parquet.
fn unkept(error: &std::io::Error) -> SqlError {
    SqlError::from_io("cannot keep the unloaded rows in", &std::env::temp_dir(), error)
}

/// Writes the files and answers the number of rows. What was written before an error is in `written` as well.
pub fn unload(
    session: &Session,
    command: &UnloadCommand,
    access: &Access,
    written: &mut Vec<UnloadedFile>,
) -> Result<u64, SqlError> {
    let to = Address::parse(&command.to)?;
    let storage = access.storage(command.credential.as_ref())?;
    let mut unload = Unload { command, storage, bucket: to.bucket.clone(), written };
    unload.make_room(&to)?;
    let rows = match (&command.partitions[..], &command.format) {
        ([], _) => unload.rows(session, &command.query, &to.key)?,
        _ => unload.partitions(session, &to.key)?,
    };
    if command.manifest {
        unload.manifest(session, &to.key)?;
    }
    Ok(rows)
}

impl Unload<'_> {
    /// Rows that cannot be written to where the bucket's objects lie.
    fn unwritable(&self, error: &std::io::Error) -> SqlError {
        SqlError::from_io("cannot write the unloaded rows to", &self.storage.directory(&self.bucket), error)
    }

    /// Nothing is overwritten unless that is asked for.
    fn make_room(&self, to: &Address) -> Result<(), SqlError> {
        let there = self.storage.list(to)?;
        if self.command.clean_path {
            for object in &there {
                self.storage.delete(&self.address(&object.key))?;
            }
        } else if !there.is_empty() && !self.command.allow_overwrite {
            return Err(SqlError::new(
                "XX000",
                "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually \
                 removing the target files in S3, or using the ALLOWOVERWRITE option.",
            ));
        }
        Ok(())
    }

    /// One value of the partition columns after the other.
    fn partitions(&mut self, session: &Session, prefix: &str) -> Result<u64, SqlError> {
        let command = self.command;
        let columns: Vec<String> = command.partitions.iter().map(|name| quoted(name)).collect();
        let texts: Vec<String> = columns.iter().map(|column| format!("CAST({column} AS VARCHAR)")).collect();
        // Once, however many partitions there are.
        session.connection.execute_batch(&format!("CREATE OR REPLACE TEMPORARY TABLE {ROWS} AS {}", command.query))?;
        let sql = format!("SELECT DISTINCT {} FROM {ROWS} ORDER BY ALL", texts.join(", "));
        let mut statement = session.connection.prepare(&sql)?;
        let width = columns.len();
        let value = |row: &duckdb::Row<'_>| {
            (0..width).map(|at| row.get::<_, Option<String>>(at)).collect::<Result<Vec<_>, _>>()
        };
        let values: Vec<Vec<Option<String>>> = statement.query_map([], value)?.collect::<Result<_, _>>()?;
        let mut rows = 0;
        for values in values {
            let path: String = command
                .partitions
                .iter()
                .zip(&values)
                .map(|(name, value)| format!("{name}={}/", value.as_deref().unwrap_or("__HIVE_DEFAULT_PARTITION__")))
                .collect();
            let condition: Vec<String> = texts
                .iter()
                .zip(&values)
                .map(|(text, value)| match value {
                    Some(value) => format!("{text} = {}", literal(value)),
                    None => format!("{text} IS NULL"),
                })
                .collect();
            let selected = match command.include_partitions {
                true => "*".to_owned(),
                false => format!("* EXCLUDE ({})", columns.join(", ")),
            };
            let query = format!("SELECT {selected} FROM {ROWS} WHERE {}", condition.join(" AND "));
            let slash = if prefix.is_empty() || prefix.ends_with('/') { "" } else { "/" };
            rows += self.rows(session, &query, &format!("{prefix}{slash}{path}"))?;
        }
        session.connection.execute_batch(&format!("DROP TABLE {ROWS}"))?;
        Ok(rows)
    }

    fn address(&self, key: &str) -> Address {
        Address { bucket: self.bucket.clone(), key: key.to_owned() }
    }

    fn begin(&self, address: &Address) -> Result<Box<dyn ObjectWriter>, SqlError> {
        self.storage.write(address).map_err(|error| self.unwritable(&error))
    }

    fn key(&self, prefix: &str, number: usize) -> String {
        let name = if self.command.serial { format!("{number:03}") } else { format!("{number:04}_part_00") };
        let suffix = match (&self.command.extension, &self.command.format, self.command.compression) {
            (Some(extension), ..) => format!(".{extension}"),
            (None, UnloadFormat::Parquet, _) => ".parquet".to_owned(),
            (None, UnloadFormat::Json, Compression::None) => ".json".to_owned(),
            (None, _, Compression::Gzip) => ".gz".to_owned(),
            (None, _, Compression::Bzip2) => ".bz2".to_owned(),
            (None, _, Compression::Zstd) => ".zst".to_owned(),
            (None, _, Compression::None) => String::new(),
        };
        format!("{prefix}{name}{suffix}")
    }

    fn rows(&mut self, session: &Session, query: &str, prefix: &str) -> Result<u64, SqlError> {
        if self.command.format == UnloadFormat::Parquet {
            return self.parquet(session, query, prefix);
        }
        // First, as the rows stream from the connection until the last.
        let types = duck_types(session, query)?;
        if session.zone().is_some() && types.iter().any(|duck| duck == "TIMESTAMP WITH TIME ZONE") {
            return Err(SqlError::unsupported("UNLOAD of a TIMESTAMPTZ column in a time zone other than UTC"));
        }
        let mut statement = session.connection.prepare(query)?;
        let batches = statement.stream_arrow([])?;
        let names: Vec<String> = batches.get_schema().fields().iter().map(|field| field.name().clone()).collect();
        let header = if self.command.header {
            self.line(&names.iter().map(|name| Some(name.as_str())).collect::<Vec<_>>())
        } else {
            Vec::new()
        };
        let mut open = self.open(prefix, 0, &header)?;
        let (mut total, mut number) = (0, 0);
        for batch in batches {
            session.check_cancelled()?;
            let batch = batch?;
            for row in 0..batch.num_rows() {
                let row = Row::of(&batch, row, &types)?;
                let line = match self.command.format {
                    UnloadFormat::Json => json_line(&names, &types, &batch, &row),
                    _ => self.line(&row.values.iter().map(Option::as_deref).collect::<Vec<_>>()),
                };
                if open.rows > 0 && open.bytes + line.len() as u64 > self.command.max_file_bytes {
                    number += 1;
                    let next = self.open(prefix, number, &header)?;
                    self.close(std::mem::replace(&mut open, next))?;
                }
                open.output.write(&line).map_err(|error| self.unwritable(&error))?;
                open.bytes += line.len() as u64;
                open.rows += 1;
                total += 1;
            }
        }
        self.close(open)?;
        Ok(total)
    }

    fn parquet(&mut self, session: &Session, query: &str, prefix: &str) -> Result<u64, SqlError> {
        let file = tempfile::NamedTempFile::new().map_err(|error| unkept(&error))?;
        let rows = parquet::write(session, query, file.path())?;
        let address = self.address(&self.key(prefix, 0));
        let mut object = self.begin(&address)?;
        let mut input = std::fs::File::open(file.path()).map_err(|error| unkept(&error))?;
        std::io::copy(&mut input, &mut object).map_err(|error| self.unwritable(&error))?;
        self.store(&address, object, rows)?;
        Ok(rows)
    }

    fn open(&self, prefix: &str, number: usize, header: &[u8]) -> Result<Open, SqlError> {
        let address = self.address(&self.key(prefix, number));
        let object = self.begin(&address)?;
        let mut output = Output::new(object, self.command.compression).map_err(|error| self.unwritable(&error))?;
        output.write(header).map_err(|error| self.unwritable(&error))?;
        Ok(Open { address, output, bytes: header.len() as u64, rows: 0 })
    }

    fn close(&mut self, open: Open) -> Result<(), SqlError> {
        let object = open.output.finish().map_err(|error| self.unwritable(&error))?;
        self.store(&open.address, object, open.rows)
    }

    fn store(&mut self, address: &Address, object: Box<dyn ObjectWriter>, rows: u64) -> Result<(), SqlError> {
        let bytes = object.finish()?;
        self.written.push(UnloadedFile { address: address.to_string(), bytes, rows });
        Ok(())
    }

    /// A line of delimited text, CSV or fixed width.
    fn line(&self, values: &[Option<&str>]) -> Vec<u8> {
        let command = self.command;
        let mut line = String::new();
        let delimiter =
            command.delimiter.as_deref().unwrap_or(if command.format == UnloadFormat::Csv { "," } else { "|" });
        for (at, value) in values.iter().enumerate() {
            if let UnloadFormat::FixedWidth(widths) = &command.format {
                let width = widths.get(at).copied().unwrap_or_default();
                let text: String = value.unwrap_or_default().chars().take(width).collect();
                line.push_str(&format!("{text:width$}"));
                continue;
            }
            if at > 0 {
                line.push_str(delimiter);
            }
            let Some(text) = value else {
                line.push_str(&command.null);
                continue;
            };
            let special = text.contains(delimiter) || text.contains(['"', '\n', '\r']);
            if command.format == UnloadFormat::Csv && special {
                line.push_str(&format!("\"{}\"", text.replace('"', "\"\"")));
            } else if command.escape {
                let escaped =
                    text.replace('\\', "\\\\").replace('\n', "\\\n").replace('\r', "\\\r").replace('"', "\\\"");
                let escaped = escaped.replace(delimiter, &format!("\\{delimiter}"));
                line.push_str(&if command.add_quotes { format!("\"{escaped}\"") } else { escaped });
            } else if command.add_quotes {
                line.push_str(&format!("\"{text}\""));
            } else {
                line.push_str(text);
            }
        }
        line.push('\n');
        line.into_bytes()
    }

    fn manifest(&mut self, session: &Session, prefix: &str) -> Result<(), SqlError> {
        let entry = |UnloadedFile { address: url, bytes: size, rows }: &UnloadedFile| {
            let meta = if self.command.verbose {
                json!({ "content_length": size, "record_count": rows })
            } else {
                json!({ "content_length": size })
            };
            json!({ "url": url, "meta": meta })
        };
        let mut manifest = json!({ "entries": self.written.iter().map(entry).collect::<Vec<_>>() });
        if self.command.verbose {
            let mut statement = session.connection.prepare(&format!("DESCRIBE {}", self.command.query))?;
            let column = |row: &duckdb::Row<'_>| {
                Ok(
                    json!({ "name": row.get::<_, String>(0)?, "type": { "base": row.get::<_, String>(1)?.to_lowercase() } }),
                )
            };
            let elements = statement.query_map([], column)?.collect::<Result<Vec<_>, _>>()?;
            manifest["schema"] = json!({ "elements": elements });
            let total = |at: fn(&UnloadedFile) -> u64| self.written.iter().map(at).sum::<u64>();
            manifest["meta"] =
                json!({ "content_length": total(|file| file.bytes), "record_count": total(|file| file.rows) });
            manifest["author"] = json!({ "name": "Amazon Redshift", "version": "1.0.0" });
        }
        let address = self.address(&format!("{prefix}manifest"));
        let mut object = self.begin(&address)?;
        object.write_all(manifest.to_string().as_bytes()).map_err(|error| self.unwritable(&error))?;
        object.finish().map(drop)
    }
}

/// DuckDB's names of the types of the columns, some of which Arrow does not tell.
fn duck_types(session: &Session, query: &str) -> Result<Vec<String>, SqlError> {
    let mut statement = session.connection.prepare(&format!("DESCRIBE {query}"))?;
    Ok(statement.query_map([], |row| row.get(1))?.collect::<Result<_, _>>()?)
}

/// A row as Redshift writes it.
struct Row {
    number: usize,
    values: Vec<Option<String>>,
}

impl Row {
    fn of(batch: &RecordBatch, number: usize, types: &[String]) -> Result<Self, SqlError> {
        let value = |(array, duck): (&std::sync::Arc<dyn Array>, &String)| -> Result<_, SqlError> {
            if array.is_null(number) {
                return Ok(None);
            }
            Ok(Some(match array.data_type() {
                DataType::Boolean => if array.as_boolean().value(number) { "t" } else { "f" }.to_owned(),
                _ if duck == "TIME WITH TIME ZONE" => displayed(array.as_ref(), number)? + "+00",
                _ => displayed(array.as_ref(), number)?,
            }))
        };
        Ok(Self { number, values: batch.columns().iter().zip(types).map(value).collect::<Result<_, _>>()? })
    }
}

fn json_line(names: &[String], types: &[String], batch: &RecordBatch, row: &Row) -> Vec<u8> {
    let mut line = Vec::from(*b"{");
    for (at, (name, value)) in names.iter().zip(&row.values).enumerate() {
        if at > 0 {
            line.push(b',');
        }
        line.extend(serde_json::Value::from(name.as_str()).to_string().bytes());
        line.push(b':');
        let array = batch.column(at);
        match (value, array.data_type()) {
            (None, _) => line.extend(b"null"),
            (Some(_), DataType::Boolean) => line.extend(array.as_boolean().value(row.number).to_string().bytes()),
            (Some(text), _) if types.get(at).is_some_and(|duck| duck == "JSON") => line.extend(text.bytes()),
            (Some(text), kind) if kind.is_numeric() && is_json_number(text) => line.extend(text.bytes()),
            (Some(text), _) => line.extend(serde_json::Value::from(text.as_str()).to_string().bytes()),
        }
    }
    line.extend(b"}\n");
    line
}

/// NaN and infinity are texts in JSON.
fn is_json_number(text: &str) -> bool {
    text.bytes().last().is_some_and(|last| last.is_ascii_digit())
}
