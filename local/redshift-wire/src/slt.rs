//! SQL and its answers: the files `tests/sql/*.slt`, against the engine in process, or over the wire against the Redshift
//! whose URL is in `SPARKIFY_TEST_REDSHIFT`. Their format is described in `tests/sql/README.md`.

mod redshift;
mod stand_in;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use redshift_engine::sync::locked;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, MakeConnection, Runner};

type Record = sqllogictest::Record<DefaultColumnType>;

const URL: &str = "SPARKIFY_TEST_REDSHIFT";

/// An error of a statement, as `statement error` reads it.
#[derive(Debug, thiserror::Error)]
#[error("{sqlstate} {message}")]
struct Refusal {
    sqlstate: String,
    message: String,
}

#[test]
fn sql_answers_as_the_reference_says() {
    let url = std::env::var(URL).ok();
    let (groups, failures) = (Mutex::new(groups()), Mutex::new(Vec::new()));
    let next = || locked(&groups).pop();
    let work = || {
        while let Some(records) = next() {
            let failed = match &url {
                Some(url) => redshift::failures(url, &records),
                None => stand_in::failures(&records),
            };
            locked(&failures).extend(failed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let failures = locked(&failures);
    assert!(failures.is_empty(), "{} cases differ\n\n{}", failures.len(), failures.join("\n"));
}

/// The cases that share a database: those of each subtest, and those of all files that are in none.
fn groups() -> Vec<Vec<Record>> {
    let (mut groups, mut alone) = (Vec::new(), Vec::new());
    for file in files() {
        let records: Vec<Record> = sqllogictest::parse_file(&file).unwrap_or_else(|error| panic!("{error}"));
        let mut parts = records.split(|record| matches!(record, Record::Subtest { .. })).map(<[Record]>::to_vec);
        alone.extend(parts.next().unwrap_or_default());
        groups.extend(parts);
    }
    groups.push(alone);
    groups
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sql");
    let entries = std::fs::read_dir(&directory).expect("tests/sql").map(|entry| entry.expect("file").path());
    entries.filter(|path| path.extension().is_some_and(|found| found == "slt")).collect()
}

/// Runs cases one after another, also behind one that fails.
fn failures<M>(records: &[Record], connect: M) -> Vec<String>
where
    M: MakeConnection,
    M::Conn: AsyncDB<ColumnType = DefaultColumnType>,
{
    let mut runner = Runner::new(connect);
    // More exact than the default, which takes all blanks for one.
    runner.with_validator(|_, actual, expected| {
        actual.iter().map(|row| row.concat()).eq(expected.iter().map(String::as_str))
    });
    runner.with_column_validator(|actual, expected| actual.len() == expected.len());
    records.iter().filter_map(|record| runner.run(record.clone()).err()).map(|error| error.to_string()).collect()
}

/// Rows as the files have them: a line for each, its values between tabs.
fn output(
    columns: usize,
    rows: impl Iterator<Item = impl Iterator<Item = Option<String>>>,
) -> DBOutput<DefaultColumnType> {
    let line = |row: Vec<String>| vec![row.join("\t")];
    let rows = rows.map(|row| line(row.map(cell).collect())).collect();
    DBOutput::Rows { types: vec![DefaultColumnType::Text; columns], rows }
}

fn cell(value: Option<String>) -> String {
    match value {
        None => "NULL".into(),
        Some(text) if text.is_empty() => "(empty)".into(),
        Some(text) => text.replace('\n', "\\n").replace('\t', "\\t"),
    }
}
