//! Plans what is done about one staging table, without I/O: how its COPY reads the source, and what its transaction holds.

use super::copy_files::{self, ByKey, should_gather};
use super::copy_options::{has_option, unchecked};
use super::jsonpaths;
use super::source::Listing;
use super::sql::SqlFile;
use crate::config::{Mode, OnUnknown, Source};
use crate::error::{Error, Result};

pub const BATCH_EXECUTE: &str = "redshift-data:BatchExecuteStatement";
pub const EXECUTE: &str = "redshift-data:ExecuteStatement";
pub const PUT: &str = "s3:PutObject";

/// A file of `sql/copy`, and the source that it copies.
#[derive(Debug, Clone)]
pub struct TableCopy {
    pub file: SqlFile,
    pub source: Source,
}

/// How a COPY reads its source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SourceReading {
    /// Not at all: every object is loaded already.
    #[default]
    Nothing,
    /// By a manifest of the parts that its objects are gathered into.
    Parts,
    /// By a manifest of its objects, where they lie.
    Manifest,
    /// By its prefix.
    Prefix,
}

/// A statement, or several, of the transaction with a COPY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionStep {
    /// A COPY of a load that was killed may still run (R27): its rows are waited for, and seen.
    Lock,
    /// Columns for keys that had none.
    AddColumns,
    /// Empties the staging table and its tables of the audit.
    Empty,
    /// Fails where other objects are loaded than were known when the source was listed.
    RequireKnown,
    CountBefore,
    Copy,
    CountAfter,
    RememberObjects,
}

/// The facts that decide the plan of a table.
#[derive(Debug, Clone, Copy)]
pub struct TableFacts<'a> {
    pub copy: &'a TableCopy,
    pub listing: &'a Listing,
    /// Objects whose records are in the table already.
    pub known: usize,
    pub mode: Mode,
    /// COPY only reads (C15).
    pub check: bool,
    /// The region of the warehouse.
    pub region: &'a str,
}

/// The plan of one staging table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TablePlan {
    pub reading: SourceReading,
    /// The option of its COPY that keeps a source from being gathered that would be.
    pub obstacle: Option<&'static str>,
    /// A remark on a format that a check cannot read, so that its COPY does not run.
    pub unchecked: Option<&'static str>,
    /// The jsonpaths file is written to where COPY finds it.
    pub copies_jsonpaths: bool,
    /// How COPY finds columns, where the keys of the source are compared with them.
    pub compared: Option<ByKey>,
    /// VARCHARs that turn out too short are widened. A source that is not gathered is not read whole.
    pub widens: bool,
    /// Rejected rows are kept in quarantine: the transaction runs on a session of its own.
    pub keeps_rejected: bool,
    /// COPY may pass over rows that nobody counted: the system views say how many.
    pub asks_history: bool,
    pub transaction: Vec<TransactionStep>,
}

impl TablePlan {
    /// # Errors
    /// Where a manifest is needed that cannot be where its objects are (R32).
    pub fn new(facts: &TableFacts<'_>) -> Result<Self> {
        let TableFacts { copy: TableCopy { file, source }, listing, mode, check, region, .. } = *facts;
        let reading = reading(facts)?;
        let (is_gathered, statement) = (reading == SourceReading::Parts, &file.statement);
        let passes_over_errors = source.quarantine || has_option(statement, &["maxerror", "ignoreallerrors"]);
        Ok(Self {
            reading,
            obstacle: copy_files::obstacle(source, listing, file),
            unchecked: unchecked(statement).filter(|_| check),
            copies_jsonpaths: jsonpaths::is_apart(source, region, is_gathered),
            compared: ByKey::new(statement).filter(|_| is_gathered || source.on_unknown != OnUnknown::Ignore),
            widens: is_gathered && !check && source.on_unknown == OnUnknown::Add,
            keeps_rejected: source.quarantine && !check,
            asks_history: passes_over_errors && (check || !is_gathered),
            transaction: transaction(facts.known, mode, check, source.on_unknown),
        })
    }

    /// Operations of its COPY that change something, where it rejects nothing. `added_columns`: how many ALTER TABLE.
    pub fn writes(&self, added_columns: usize) -> Vec<&'static str> {
        let is_list = |step: &&TransactionStep| **step == TransactionStep::RememberObjects;
        let mut writes: Vec<&'static str> = self.transaction.iter().filter(is_list).map(|_| PUT).collect();
        writes.extend((self.reading == SourceReading::Manifest).then_some(PUT));
        writes.extend(self.copies_jsonpaths.then_some(PUT));
        match self.keeps_rejected {
            true => {
                let statements: usize = self.transaction.iter().map(|step| step.statements(added_columns)).sum();
                // Begin, commit, the end of the session.
                writes.extend(vec![EXECUTE; statements + 3]);
            }
            // The transaction, and a look at what it rejected.
            false => writes.extend([BATCH_EXECUTE, EXECUTE]),
        }
        writes.extend(self.asks_history.then_some(EXECUTE));
        // The columns of the table.
        let by_table = self.compared.as_ref().filter(|by_key| by_key.columns.is_none());
        writes.extend(by_table.map(|_| EXECUTE));
        writes
    }
}

impl TransactionStep {
    fn statements(self, added_columns: usize) -> usize {
        match self {
            Self::AddColumns => added_columns,
            Self::Empty => 3,
            _ => 1,
        }
    }
}

fn reading(facts: &TableFacts<'_>) -> Result<SourceReading> {
    let TableCopy { file, source } = facts.copy;
    if facts.listing.objects == 0 {
        return Ok(SourceReading::Nothing);
    }
    if should_gather(source, facts.listing, file) {
        return Ok(SourceReading::Parts);
    }
    let by = match (source.files.is_empty(), facts.mode) {
        (true, Mode::Replace) => return Ok(SourceReading::Prefix),
        (true, Mode::Append) => "an append copies it",
        (false, _) => "its `files` are copied",
    };
    // R32: a manifest must be where its objects are.
    if source.region != facts.region {
        let (name, region) = (&source.name, &source.region);
        return Err(Error::usage(format!(
            "the source {name} is in {region}, and {by} by a manifest, which must be there too"
        ))
        .hint(format!("Set `gather = \"always\"` for [sources.{name}].")));
    }
    Ok(SourceReading::Manifest)
}

fn transaction(known: usize, mode: Mode, check: bool, on_unknown: OnUnknown) -> Vec<TransactionStep> {
    use TransactionStep::{AddColumns, Copy, CountAfter, CountBefore, Empty, Lock, RememberObjects, RequireKnown};
    if check {
        return vec![Copy];
    }
    let mut steps = vec![Lock];
    steps.extend((on_unknown == OnUnknown::Add).then_some(AddColumns));
    // An append to a table of which nothing is remembered begins with all of it, as a replace does.
    match known {
        0 => steps.push(Empty),
        _ => steps.extend([RequireKnown, CountBefore]),
    }
    steps.extend([Copy, CountAfter]);
    steps.extend((mode == Mode::Append).then_some(RememberObjects));
    steps
}

#[cfg(test)]
pub mod tests {
    use super::TransactionStep::{
        AddColumns, Copy, CountAfter, CountBefore, Empty, Lock, RememberObjects, RequireKnown,
    };
    use super::*;
    use crate::config::Gather;
    use crate::location::Location;

    const REGION: &str = "us-west-2";

    pub fn file(folder: &str, name: &str, text: &str) -> SqlFile {
        SqlFile::parse(format!("sql/{folder}/{name}.sql").into(), &format!("-- One row: one.\n{text};\n"))
            .expect("file")
    }

    /// A source of small files that COPY reads by their prefix, unless a test changes it.
    pub fn copy(options: &str, change: impl FnOnce(&mut Source)) -> TableCopy {
        let mut source = Source {
            name: "songs".into(),
            location: Location { bucket: "raw".into(), key: "songs/".into() },
            files: Vec::new(),
            region: REGION.into(),
            jsonpaths: None,
            jsonpaths_file: None,
            record_path: None,
            hive_partitions: false,
            gather: Gather::Never,
            on_unknown: OnUnknown::Ignore,
            quarantine: false,
        };
        change(&mut source);
        let text = format!("-- source: songs\ncopy staging from :'from' {options} :options");
        TableCopy { file: file("copy", "staging", &text), source }
    }

    fn listing(objects: u64) -> Listing {
        let mut listing = Listing::nothing("f");
        (listing.objects, listing.bytes) = (objects, objects * 10);
        listing
    }

    fn planned(copy: &TableCopy, objects: u64, known: usize, mode: Mode, check: bool) -> Result<TablePlan> {
        let listing = listing(objects);
        TablePlan::new(&TableFacts { copy, listing: &listing, known, mode, check, region: REGION })
    }

    fn reading(copy: &TableCopy, objects: u64, mode: Mode) -> SourceReading {
        planned(copy, objects, 0, mode, false).expect("plan").reading
    }

    #[test]
    fn a_source_is_read_by_its_prefix_a_manifest_or_parts() {
        let in_place = copy("json 'auto'", |_| {});
        assert_eq!(reading(&in_place, 9, Mode::Replace), SourceReading::Prefix);
        assert_eq!(reading(&in_place, 9, Mode::Append), SourceReading::Manifest);
        assert_eq!(reading(&in_place, 0, Mode::Append), SourceReading::Nothing);
        let some = copy("json 'auto'", |source| source.files = vec!["*.json".into()]);
        assert_eq!(reading(&some, 9, Mode::Replace), SourceReading::Manifest);
        let auto = copy("json 'auto'", |source| source.gather = Gather::Auto);
        assert_eq!(reading(&auto, 9, Mode::Append), SourceReading::Parts);
        assert_eq!(reading(&auto, 1, Mode::Replace), SourceReading::Prefix);
    }

    #[test]
    fn an_option_may_keep_small_files_where_they_lie() {
        let plan =
            planned(&copy("delimiter ',' escape", |source| source.gather = Gather::Auto), 9, 0, Mode::Replace, false);
        let plan = plan.expect("plan");
        assert_eq!((plan.reading, plan.obstacle), (SourceReading::Prefix, Some("ESCAPE")));
    }

    #[test]
    fn a_manifest_in_another_region_is_refused_by_every_plan() {
        let far = copy("json 'auto'", |source| source.region = "eu-west-1".into());
        assert_eq!(reading(&far, 9, Mode::Replace), SourceReading::Prefix);
        let error = planned(&far, 9, 0, Mode::Append, false).expect_err("refused").to_string();
        assert!(error.contains("the source songs is in eu-west-1, and an append copies it by a manifest"), "{error}");
    }

    #[test]
    fn the_transaction_of_a_copy_follows_from_what_is_loaded() {
        let transaction =
            |copy: &TableCopy, known, mode, check| planned(copy, 9, known, mode, check).expect("plan").transaction;
        let plain = copy("json 'auto'", |_| {});
        assert_eq!(transaction(&plain, 0, Mode::Replace, false), [Lock, Empty, Copy, CountAfter]);
        assert_eq!(transaction(&plain, 0, Mode::Append, false), [Lock, Empty, Copy, CountAfter, RememberObjects]);
        let more = [Lock, RequireKnown, CountBefore, Copy, CountAfter, RememberObjects];
        assert_eq!(transaction(&plain, 7, Mode::Append, false), more);
        assert_eq!(transaction(&plain, 0, Mode::Replace, true), [Copy]);
        let adding = copy("json 'auto'", |source| source.on_unknown = OnUnknown::Add);
        assert_eq!(transaction(&adding, 0, Mode::Replace, false), [Lock, AddColumns, Empty, Copy, CountAfter]);
    }

    #[test]
    fn the_writes_of_a_copy_are_counted() {
        let writes = |copy: &TableCopy, known, mode, added| {
            planned(copy, 9, known, mode, false).expect("plan").writes(added).join(" ")
        };
        let batch = format!("{BATCH_EXECUTE} {EXECUTE}");
        assert_eq!(writes(&copy("csv", |_| {}), 0, Mode::Replace, 0), batch);
        assert_eq!(writes(&copy("csv", |_| {}), 7, Mode::Append, 0), format!("{PUT} {PUT} {batch}"));
        // What it passes over is asked of the system views.
        assert_eq!(writes(&copy("csv maxerror 5", |_| {}), 0, Mode::Replace, 0), format!("{batch} {EXECUTE}"));
        // Keys are compared with the columns of the table.
        let warned = copy("json 'auto'", |source| source.on_unknown = OnUnknown::Warn);
        assert_eq!(writes(&warned, 0, Mode::Replace, 0), format!("{batch} {EXECUTE}"));
        let kept = |gather, on_unknown| {
            copy("csv", |source| (source.quarantine, source.gather, source.on_unknown) = (true, gather, on_unknown))
        };
        // Begin, lock, three tables emptied, COPY, count, commit, the end of the session; and the system views.
        let statements = |copy: &TableCopy, known, mode, added| {
            writes(copy, known, mode, added).split(' ').filter(|write| *write == EXECUTE).count()
        };
        assert_eq!(statements(&kept(Gather::Always, OnUnknown::Ignore), 0, Mode::Replace, 0), 9);
        assert_eq!(statements(&kept(Gather::Never, OnUnknown::Ignore), 0, Mode::Replace, 0), 10);
        assert_eq!(statements(&kept(Gather::Always, OnUnknown::Ignore), 7, Mode::Append, 0), 9);
        assert_eq!(statements(&kept(Gather::Always, OnUnknown::Add), 0, Mode::Replace, 2), 11);
    }

    #[test]
    fn a_check_keeps_and_changes_nothing() {
        let kept = copy("json 'auto'", |source| {
            (source.quarantine, source.gather, source.on_unknown) = (true, Gather::Always, OnUnknown::Add);
        });
        let load = planned(&kept, 9, 0, Mode::Replace, false).expect("plan");
        assert!(load.keeps_rejected && load.widens && !load.asks_history);
        let check = planned(&kept, 9, 0, Mode::Replace, true).expect("plan");
        assert!(!check.keeps_rejected && !check.widens && check.asks_history);
        assert_eq!(planned(&copy("parquet", |_| {}), 9, 0, Mode::Replace, false).expect("plan").unchecked, None);
        assert!(planned(&copy("parquet", |_| {}), 9, 0, Mode::Replace, true).expect("plan").unchecked.is_some());
    }
}
