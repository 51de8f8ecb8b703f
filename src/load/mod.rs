//! `load`: sources → gather → COPY → transform → check → reconcile → report.

mod audit;
mod check_json;
mod copied;
mod copy_batch;
mod copy_files;
mod copy_format;
mod copy_options;
mod copy_source;
pub mod csv_cursor;
mod denied;
mod dry_run;
mod fault;
mod faults;
mod gather;
mod gatherer;
mod headers;
mod index;
mod json_cursor;
mod jsonpaths;
mod keys;
mod lock;
mod merge;
mod parquet_file;
mod part;
mod part_objects;
mod part_store;
mod part_writer;
pub mod plain_json;
mod plain_text;
mod plan;
mod pre_gather;
pub mod profile;
mod project_files;
mod quarantine;
mod read;
mod reconcile;
mod record_format;
pub mod record_path;
mod record_picker;
mod rejected;
mod rejected_records;
mod retry_rejected;
mod s3_fast_get;
mod sample;
mod slices;
mod source;
pub mod sql;
mod stage;
mod staging;
mod table_plan;
mod thrift;
mod transform;
mod unknown;
mod unpack;
mod unpacker;
mod values;

use std::time::Duration;

use tokio::time::Instant;

use crate::config::{Config, Mode, Source};
use crate::error::{Error, Result};
use crate::event::{Event, LoadStep};
use crate::interrupt;
use crate::load_report::{LoadReport, SourceReport};
use crate::location::Location;
use crate::resource::{Names, cluster, contents, tags};
use crate::stack::Stack;
use crate::warehouse::{ClusterDatabase, Warehouse};
use copy_format::CopyFormat;
use lock::Lock;
use plan::{LoadPlan, SetupPlan};
pub use pre_gather::PreGathered;
use project_files::ProjectFiles;

/// Options of the command line, beside infra.toml.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Source → prefix under its address, for this run only.
    pub prefixes: Vec<(String, String)>,
    /// Drop the tables and create them again from `sql/schema/`.
    pub recreate: bool,
    /// Instead of infra.toml's.
    pub mode: Option<Mode>,
    /// Try the records again that are in quarantine, instead of the sources.
    pub retry_rejected: bool,
}

/// Everything the stages of a load need.
pub struct Load<'a> {
    pub stack: &'a Stack,
    pub warehouse: Warehouse,
    pub mode: Mode,
    /// Nothing is loaded: COPY only reads (C15).
    pub check: bool,
    pub run: String,
    pre_gathered: PreGathered,
}

/// Connects to the cluster of the stack.
///
/// # Errors
/// Where there is no cluster, or it does not take statements.
pub async fn warehouse(stack: &Stack) -> Result<Warehouse> {
    let Stack { aws, config, names, events, .. } = stack;
    let absent = || {
        Error::failed(format!("there is no cluster {}: the warehouse is not up", names.cluster))
            .hint("Run `sparkify-infra up` first.")
    };
    let cluster = interrupt::unless_asked(cluster::observe(aws, names)).await?.ok_or_else(absent)?;
    if !cluster.is_ready() {
        return Err(Error::failed(format!(
            "the cluster {} is {}, and takes no statements",
            names.cluster,
            cluster.doing()
        ))
        .hint("Run `sparkify-infra up`: it waits until the cluster is ready."));
    }
    Ok(Warehouse::new(aws, cluster_database(config, names), cluster.secret, config.timeouts.statement, events))
}

fn cluster_database(config: &Config, names: &Names) -> ClusterDatabase {
    let (database, admin) = (&config.cluster.database, &config.cluster.admin);
    ClusterDatabase { cluster: names.cluster.clone(), database: database.clone(), admin: admin.clone() }
}

/// Gathers what a load will gather, while the cluster is being created: no statement is run.
///
/// # Errors
/// Where a source cannot be listed or gathered. Nothing is lost by that: the load tries again.
pub async fn pre_gather(stack: &Stack) -> Result<PreGathered> {
    let Stack { aws, config, names, events, .. } = stack;
    let warehouse = Warehouse::new(aws, cluster_database(config, names), None, config.timeouts.statement, events);
    let (mode, run, pre_gathered) = (config.mode, tags::run_id(), PreGathered::default());
    let load = Load { stack, warehouse, mode, check: false, run, pre_gathered };
    load.gather_all(&config.sources).await
}

/// Loads all sources into the star.
///
/// # Errors
/// Nothing of the star has changed when it fails: its tables change in one transaction, checks included.
pub async fn run(stack: &Stack, options: &LoadOptions, pre_gathered: PreGathered) -> Result<LoadReport> {
    let (mut load, plan) = open(stack, options).await?;
    load.pre_gathered = pre_gathered;
    let lock = interrupt::finish(Lock::take(&stack.aws, &stack.names, &load.run)).await?;
    match load.everything(&plan, options.retry_rejected).await {
        // Nobody would answer.
        Err(error) if error.kind.is_cut_off() => Err(error.hint(lock.left())),
        loaded => {
            let released = interrupt::briefly(lock.release()).await;
            let is_released = released.is_some_and(|released| released.is_ok());
            match loaded {
                Err(error) if !is_released => Err(error.hint(lock.left())),
                Ok(report) if !is_released => {
                    let message = format!("the load is done, and its lock could not be released. {}", lock.left());
                    stack.events.emit(Event::Warning { message });
                    Ok(report)
                }
                loaded => loaded,
            }
        }
    }
}

/// Adds the hint for a run that was stopped before its commit.
fn unchanged(error: Error) -> Error {
    match error.kind.ends_run() {
        true => error.hint("The star is as the last good load left it: run `load` again."),
        false => error,
    }
}

/// Plans a load for `--dry-run`.
///
/// # Errors
/// Where there is no warehouse, a source cannot be listed, or a file of `sql/` is not as it should be.
pub async fn plan(stack: &Stack, options: &LoadOptions) -> Result<Vec<LoadStep>> {
    let (load, plan) = open(stack, options).await?;
    match options.retry_rejected {
        true => load.dry_retry(&plan).await,
        false => load.dry_run(&plan).await,
    }
}

/// Reads every source as COPY would, and loads nothing. Answers the sources that would load, and the failure of the others.
/// Of Parquet and ORC, which COPY only reads to load them, no more is read than for gathering. Tables that are missing are
/// created, and parts that it gathers are used by the next load.
///
/// # Errors
/// Those of `run` before it looks at a source.
pub async fn check(stack: &Stack, options: &LoadOptions) -> Result<(Vec<SourceReport>, Option<Error>)> {
    let (mut load, plan) = open(stack, options).await?;
    (load.check, load.mode) = (true, Mode::Replace);
    // COPY reads for a table: those that are missing are created, empty.
    load.create_tables(&plan.setup).await?;
    Ok(load.stage_each(&plan).await)
}

/// Connects to the warehouse, and plans what can be planned before a source is looked at.
async fn open<'a>(stack: &'a Stack, options: &LoadOptions) -> Result<(Load<'a>, LoadPlan)> {
    let sources = narrowed(&stack.config, options)?;
    let warehouse = warehouse(stack).await?;
    let (mode, run) = (options.mode.unwrap_or(stack.config.mode), tags::run_id());
    let files = ProjectFiles::read(&stack.config.directory)?;
    let plan = LoadPlan::new(files, &sources, mode, options.recreate)?;
    Ok((Load { stack, warehouse, mode, check: false, run, pre_gathered: PreGathered::default() }, plan))
}

/// The sources with the prefixes of the command line. They narrow: the role reads nothing outside infra.toml's.
fn narrowed(config: &Config, options: &LoadOptions) -> Result<Vec<Source>> {
    let mut sources = config.sources.clone();
    for (name, prefix) in &options.prefixes {
        let unknown = || {
            let known: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
            Error::usage(format!("--prefix {name}={prefix}: there is no source {name}"))
                .hint(format!("infra.toml has: {}.", known.join(", ")))
        };
        let source = sources.iter_mut().find(|source| source.name == *name).ok_or_else(unknown)?;
        source.location = source.location.narrowed(prefix);
    }
    Ok(sources)
}

impl Load<'_> {
    async fn everything(&self, plan: &LoadPlan, retry_rejected: bool) -> Result<LoadReport> {
        let (started, clock) = (tags::time(Duration::ZERO), Instant::now());
        self.create_tables(&plan.setup).await.map_err(unchanged)?;
        let staged = match retry_rejected {
            true => self.retry_rejected(plan).await,
            false => self.stage(plan).await,
        };
        let staged = staged.map_err(unchanged)?;
        let report = self.fill_star(&plan.star, staged, &started, clock).await?;
        // The load is done, whatever comes now.
        let _ = interrupt::briefly(self.forget_old_parts(plan, &report)).await;
        Ok(report)
    }

    /// Deletes parts of earlier states of a source. Best effort: a failure is a warning.
    async fn forget_old_parts(&self, plan: &LoadPlan, report: &LoadReport) {
        for staged in &report.sources {
            let copy = plan.copies.iter().find(|copy| copy.source.name == staged.source);
            let (Some(copy), Some(current)) = (copy, &staged.manifest) else { continue };
            if let Err(error) = self.forget(&copy.source, current).await {
                self.stack.events.emit(Event::Warning { message: format!("{error}; `down` will") });
            }
        }
    }

    async fn forget(&self, source: &Source, current: &Location) -> Result<()> {
        let old = self.gatherer(&self.stack.aws.s3, 1, CopyFormat::default()).old(source, current).await?;
        for keys in old.chunks(contents::BATCH) {
            let entries = keys.iter().map(|key| (key.clone(), None));
            contents::delete_versions(&self.stack.aws, &self.stack.names.bucket, entries).await?;
        }
        Ok(())
    }

    /// Creates the staging tables, and those of the star that are missing. A star that is recreated is so inside the
    /// transaction that fills it.
    async fn create_tables(&self, setup: &SetupPlan) -> Result<()> {
        self.staged("create tables", async {
            self.in_batches(&setup.drops, "drop the staging tables").await?;
            self.in_batches(&setup.creates, "create the tables of sql/schema").await?;
            Ok(((), format!("{} tables", setup.tables.len())))
        })
        .await
    }

    async fn in_batches(&self, statements: &[String], doing: &str) -> Result<()> {
        for batch in statements.chunks(plan::BATCH) {
            let done = self.warehouse.run_all(batch).await?;
            done.map_err(|error| Error::failed(format!("cannot {doing}")).because(error))?;
        }
        Ok(())
    }

    /// Emits the start and the end of a stage.
    async fn staged<T>(&self, stage: &str, work: impl Future<Output = Result<(T, String)>>) -> Result<T> {
        self.stack.events.emit(Event::StageStarted { stage: stage.to_owned() });
        let started = Instant::now();
        let (value, detail) = work.await?;
        self.stack.events.emit(Event::StageDone { stage: stage.to_owned(), detail, took: started.elapsed() });
        Ok(value)
    }
}
