//! `load --dry-run`: shows the steps of the plan that a load carries out.

use super::copy_format::CopyFormat;
use super::gather::{GatherPlan, full_parts};
use super::gatherer::Gatherer;
use super::plan::{BATCH, LoadPlan, SetupPlan, StarPlan};
use super::retry_rejected::BATCH_RECORDS;
use super::source::{self, KnownObjects, Listing};
use super::stage::found;
use super::staging::Staging;
use super::table_plan::{BATCH_EXECUTE, EXECUTE, PUT, SourceReading, TableCopy};
use super::{Load, audit, jsonpaths};
use crate::bucket_keys::LOCK;
use crate::config::{Mode, Source};
use crate::error::{Error, Result};
use crate::event::LoadStep;
use crate::interrupt;
use crate::resource::contents;

impl Load<'_> {
    /// # Errors
    /// Where a source cannot be listed, or its plan is refused.
    pub async fn dry_run(&self, plan: &LoadPlan) -> Result<Vec<LoadStep>> {
        let mut steps = vec![self.lock_step()];
        steps.extend(setup_steps(&plan.setup));
        for copy in &plan.copies {
            // Tables that are dropped forget what they have.
            let known = match &plan.setup.dropped {
                Some(_) => KnownObjects::new(),
                None => self.known(&copy.file.name).await?,
            };
            steps.extend(self.table_steps(copy, &known).await?);
        }
        steps.push(star_step(&plan.star));
        Ok(steps)
    }

    async fn table_steps(&self, copy: &TableCopy, known: &KnownObjects) -> Result<Vec<LoadStep>> {
        let TableCopy { file, source } = copy;
        let from = self.stack.aws.s3_in(&source.region);
        let listing = interrupt::unless_asked(source::list(&from, source, known, |_| {})).await?;
        let (plan, found) = (self.plan_table(copy, &listing, known)?, found(source, &listing));
        let mut steps = Vec::new();
        let mut add = |does: String, why: String, writes| steps.push(LoadStep { does, why, writes });
        if self.mode == Mode::Append {
            // It is asked which objects are loaded already.
            add(format!("look for new objects of {}", source.name), "by key and ETag".into(), vec![EXECUTE]);
        }
        if plan.reading == SourceReading::Nothing {
            add(format!("leave {} as it is", file.name), found, Vec::new());
            return Ok(steps);
        }
        let format = CopyFormat::new(&file.statement);
        let slices = self.slices(format.unpacked_bytes(listing.bytes)).await?;
        let gatherer = self.gatherer(&from, slices, format);
        if plan.reading == SourceReading::Parts {
            let (does, writes) = gathering(&gatherer, source, &listing).await?;
            add(does, found.clone(), writes);
        }
        let staging = Staging { load: self, file, source, listing: &listing, known, from: &from, plan: &plan };
        let changes = staging.planned_changes(&gatherer).await?;
        let added_columns = changes.iter().filter(|change| change.is_certain).count();
        for change in changes {
            // In the batch of the COPY, or only where it turns out to be needed.
            add(change.does, change.why, Vec::new());
        }
        let what = format!("copy {} into {}", source.name, file.name);
        let does = if known.is_empty() { format!("empty {} and {what}", file.name) } else { what };
        let in_place = plan.obstacle.map(|obstacle| format!("; not gathered, since its COPY has {obstacle}"));
        add(does, found + &in_place.unwrap_or_default(), plan.writes(added_columns));
        // What is copied by its prefix has no objects of its own.
        if plan.reading != SourceReading::Prefix {
            let home = gatherer.home(source, &listing);
            let old = interrupt::unless_asked(gatherer.old(source, &home)).await?.len();
            if old > 0 {
                let does = format!("delete {old} objects of earlier states of {}", source.name);
                let writes = vec!["s3:DeleteObjects"; old.div_ceil(contents::BATCH)];
                add(does, "once the load is committed".into(), writes);
            }
        }
        Ok(steps)
    }

    /// Shows the steps of `--retry-rejected`, assuming that COPY accepts all records.
    ///
    /// # Errors
    /// Where no source has a quarantine, or what is in it cannot be counted.
    pub async fn dry_retry(&self, plan: &LoadPlan) -> Result<Vec<LoadStep>> {
        let mut steps = vec![self.lock_step()];
        steps.extend(setup_steps(&plan.setup));
        for TableCopy { file, source } in plan.with_quarantine()? {
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
        steps.push(star_step(&plan.star));
        Ok(steps)
    }

    fn lock_step(&self) -> LoadStep {
        LoadStep {
            does: format!("lock s3://{}/{LOCK}", self.stack.names.bucket),
            why: "one load at a time; it is released at the end".into(),
            writes: vec![PUT, "s3:DeleteObject"],
        }
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

/// Describes how a source is gathered, with the operations that write its parts.
async fn gathering(gatherer: &Gatherer<'_>, source: &Source, listing: &Listing) -> Result<(String, Vec<&'static str>)> {
    let shares = match interrupt::unless_asked(gatherer.plan(source, listing)).await? {
        GatherPlan::Reuse(_) => return Ok((format!("take the parts of {} as they are", source.name), Vec::new())),
        GatherPlan::Write { shares } => shares,
    };
    let parts = full_parts(listing, shares);
    let counted = if parts == 1 { "1 part".to_owned() } else { format!("{parts} parts") };
    let does = format!("gather {} into {counted} under {}", source.name, gatherer.home(source, listing));
    // Each part and its index, the keys, and the manifest.
    Ok((does, vec![PUT; usize::try_from(2 * parts + 2).unwrap_or(usize::MAX)]))
}

fn setup_steps(setup: &SetupPlan) -> Vec<LoadStep> {
    let drop = setup.dropped.as_ref().map(|tables| LoadStep {
        does: format!("drop {}", tables.join(", ")),
        why: "they are created again".into(),
        writes: batches(&setup.drops),
    });
    let create = LoadStep {
        does: format!("create tables {}", setup.tables.join(", ")),
        why: "those that are there stay as they are".into(),
        writes: batches(&setup.creates),
    };
    drop.into_iter().chain([create]).collect()
}

fn star_step(star: &StarPlan) -> LoadStep {
    let tables: Vec<&str> = star.transforms.iter().map(|(file, _)| file.name.as_str()).collect();
    let (checks, sums) = (star.checks.len(), star.sums.len());
    LoadStep {
        does: format!("fill {} in one transaction", tables.join(", ")),
        why: format!("{checks} checks and {sums} sums may refuse it before it commits"),
        writes: star.writes(),
    }
}

fn batches(statements: &[String]) -> Vec<&'static str> {
    vec![BATCH_EXECUTE; statements.len().div_ceil(BATCH)]
}
