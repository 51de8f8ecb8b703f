//! What a load would do, from the same files and listings, without doing it.

use std::path::Path;

use super::copy_files::{self, ByKey, should_gather};
use super::copy_format::CopyFormat;
use super::retry_rejected::BATCH_RECORDS;
use super::source::{self, Known};
use super::sql::{self, SqlFile};
use super::stage::{Staging, found};
use super::{Load, LoadOptions, audit, jsonpaths};
use crate::bucket_keys::LOCK;
use crate::config::{Mode, OnUnknown, Source};
use crate::error::{Error, Result};
use crate::event::LoadStep;
use crate::interrupt;
use crate::resource::contents;

/// R21.
pub const BATCH: usize = 40;
const BATCH_EXECUTE: &str = "redshift-data:BatchExecuteStatement";
const EXECUTE: &str = "redshift-data:ExecuteStatement";
const PUT: &str = "s3:PutObject";

impl Load<'_> {
    /// # Errors
    /// Where a source cannot be listed, or a file of `sql/` is not as it should be.
    pub async fn dry_run(&self, sources: &[Source], options: &LoadOptions) -> Result<Vec<LoadStep>> {
        let directory = &self.stack.config.directory;
        let copies = copy_files::read(directory)?;
        let (schema, transforms) = (sql::files(directory, "schema")?, sql::files(directory, "transform")?);
        let (star, staging) = sql::divided(&schema, &transforms);
        let last = star_step(directory, &transforms, if options.recreate { star.len() } else { 0 })?;
        let mut steps = vec![self.lock_step()];
        let mut add = |does: String, why: String, writes| steps.push(LoadStep { does, why, writes });
        if options.recreate {
            let tables = names(&staging);
            add(format!("drop {tables}"), "they are made anew".into(), batches(staging.len() + 2 * copies.len()));
        }
        let step = create_step(&schema, copies.len());
        add(step.does, step.why, step.writes);
        for file in &copies {
            let source = self.source_of(file, sources)?;
            let from = self.stack.aws.s3_in(&source.region);
            let known = if options.recreate { Known::new() } else { self.known(&file.name).await? };
            let listing = interrupt::unless_asked(source::list(&from, source, &known, |_| {})).await?;
            let found = found(source, &listing);
            let what = format!("copy {} into {}", source.name, file.name);
            if self.mode == Mode::Append {
                // It is asked which objects are loaded already.
                add(format!("look for new objects of {}", source.name), "by key and ETag".into(), vec![EXECUTE]);
            }
            if listing.objects == 0 {
                add(format!("leave {} as it is", file.name), found, Vec::new());
                continue;
            }
            let format = CopyFormat::new(&file.statement);
            let slices = self.slices(format.unpacked_bytes(listing.bytes)).await?;
            let gatherer = self.gatherer(&from, slices, format);
            let mut list = Vec::new();
            if self.mode == Mode::Append {
                // The list of its objects, for the table that remembers them.
                list.push(PUT);
            }
            let is_gathered = should_gather(source, &listing, file);
            if is_gathered {
                let planned = interrupt::unless_asked(gatherer.planned(source, &listing)).await?;
                let (does, writes) = match planned.parts {
                    None => (format!("take the parts of {} as they are", source.name), Vec::new()),
                    // Each part and its index, the keys, and the manifest.
                    Some(parts) => {
                        let does = format!("gather {} into {} under {}", source.name, counted(parts), planned.home);
                        (does, vec![PUT; usize::try_from(2 * parts + 2).unwrap_or(usize::MAX)])
                    }
                };
                add(does, found.clone(), writes);
            } else if self.mode == Mode::Append || !source.files.is_empty() {
                // The manifest of its objects.
                list.push(PUT);
            }
            if jsonpaths::is_apart(source, &self.stack.aws.region, is_gathered) {
                // Its jsonpaths file, where COPY finds it.
                list.push(PUT);
            }
            match source.quarantine {
                true => list.extend(self.on_session(known.is_empty(), is_gathered)),
                // The COPY in its transaction, and a look at what it rejected.
                false => list.extend([BATCH_EXECUTE, EXECUTE]),
            }
            let is_compared = is_gathered || source.on_unknown != OnUnknown::Ignore;
            if is_compared && ByKey::new(&file.statement).is_some_and(|by_key| by_key.columns.is_none()) {
                // The columns of the table, which the keys are compared with.
                list.push(EXECUTE);
            }
            let staging = Staging { load: self, file, source, listing: &listing, known: &known, from: &from };
            for (does, why) in staging.planned_changes(&gatherer).await? {
                // In the batch of the COPY, or only where it turns out to be needed.
                add(does, why, Vec::new());
            }
            let does = if known.is_empty() { format!("empty {} and {what}", file.name) } else { what };
            let obstacle = copy_files::obstacle(source, &listing, file);
            let in_place = obstacle.map(|obstacle| format!("; not gathered, since its COPY has {obstacle}"));
            add(does, found + &in_place.unwrap_or_default(), list);
            // What is copied by its prefix has no objects of its own.
            let has_own = self.mode == Mode::Append || !source.files.is_empty();
            if is_gathered || has_own {
                let home = gatherer.home(source, &listing);
                let old = interrupt::unless_asked(gatherer.old(source, &home)).await?.len();
                if old > 0 {
                    let does = format!("delete {old} objects of earlier states of {}", source.name);
                    add(
                        does,
                        "once the load is committed".into(),
                        vec!["s3:DeleteObjects"; old.div_ceil(contents::BATCH)],
                    );
                }
            }
        }
        steps.push(last);
        Ok(steps)
    }

    /// What `--retry-rejected` would do, where COPY accepts all records.
    ///
    /// # Errors
    /// Where no source has a quarantine, what is in it cannot be counted, or a file of `sql/` is not as it should be.
    pub async fn dry_retry(&self, sources: &[Source]) -> Result<Vec<LoadStep>> {
        let directory = &self.stack.config.directory;
        let copies = copy_files::read(directory)?;
        let (schema, transforms) = (sql::files(directory, "schema")?, sql::files(directory, "transform")?);
        let last = star_step(directory, &transforms, 0)?;
        let mut steps = vec![self.lock_step(), create_step(&schema, copies.len())];
        for (file, source) in self.with_quarantine(&copies, sources)? {
            let (table, rejected) = (&file.name, audit::rejected_table(&file.name));
            let rows = self.rows_of(&rejected).await?;
            let mut writes = Vec::new();
            if jsonpaths::is_apart(source, &self.stack.aws.region, true) {
                writes.push(PUT);
            }
            // Begin, lock, what is in quarantine, commit, the end of the session.
            for _ in 0..=rows / BATCH_RECORDS {
                writes.extend([EXECUTE; 5]);
            }
            // The records and their index; the COPY between two counts, and what is accepted goes.
            for _ in 0..rows.div_ceil(BATCH_RECORDS) {
                writes.extend([PUT; 2]);
                writes.extend([EXECUTE; 4]);
            }
            let why = "those that COPY accepts now leave it in the same transaction; the others stay".into();
            steps.push(LoadStep { does: format!("copy {rows} rows of {rejected} into {table}"), why, writes });
        }
        steps.push(last);
        Ok(steps)
    }

    fn lock_step(&self) -> LoadStep {
        LoadStep {
            does: format!("lock s3://{}/{LOCK}", self.stack.names.bucket),
            why: "one load at a time; it is released at the end".into(),
            writes: vec![PUT, "s3:DeleteObject"],
        }
    }

    /// The statements of a COPY that keeps what it rejects, where it rejects nothing.
    fn on_session(&self, is_emptied: bool, is_gathered: bool) -> Vec<&'static str> {
        // Begin, lock, the COPY, the count behind it, commit, the end of the session.
        let mut statements = 6;
        // Three tables are emptied; or what is there is looked at and counted.
        statements += if is_emptied { 3 } else { 2 };
        // The list of its objects.
        statements += usize::from(self.mode == Mode::Append);
        // How many rows COPY rejected, where its records were not counted.
        statements += usize::from(!is_gathered);
        vec![EXECUTE; statements]
    }

    /// Rows of a table; none where it is not there.
    async fn rows_of(&self, table: &str) -> Result<u64> {
        match self.warehouse.query(&format!("select count(*) from {table}")).await? {
            Ok(rows) => Ok(rows.number().unwrap_or_default()),
            Err(error) if error.is_absent_relation() => Ok(0),
            Err(error) => Err(Error::failed(format!("cannot count the rows of {table}")).because(error)),
        }
    }
}

fn create_step(schema: &[SqlFile], copies: usize) -> LoadStep {
    LoadStep {
        does: format!("create tables {}", names(&schema.iter().collect::<Vec<_>>())),
        why: "those that are there stay as they are".into(),
        // The tables of the audit: one of loads, and for each staging table one of objects and one of rejected records.
        writes: batches(schema.len() + 1 + 2 * copies),
    }
}

/// `recreated`: tables of the star that are dropped and made anew before.
fn star_step(directory: &Path, transforms: &[SqlFile], recreated: usize) -> Result<LoadStep> {
    let (checks, sums) = (sql::files(directory, "check")?.len(), sql::files(directory, "reconcile")?.len());
    // Begin, the row of the audit, commit, the end of the session.
    let statements = 4 + 2 * transforms.len() + checks + sums + 2 * recreated;
    Ok(LoadStep {
        does: format!("fill {} in one transaction", names(&transforms.iter().collect::<Vec<_>>())),
        why: format!("{checks} checks and {sums} sums may refuse it before it commits"),
        writes: vec![EXECUTE; statements],
    })
}

fn counted(parts: u64) -> String {
    if parts == 1 { "1 part".to_owned() } else { format!("{parts} parts") }
}

fn names(files: &[&SqlFile]) -> String {
    files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn batches(statements: usize) -> Vec<&'static str> {
    vec![BATCH_EXECUTE; statements.div_ceil(BATCH)]
}
