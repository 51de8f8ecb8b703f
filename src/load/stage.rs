//! Sources into their staging tables, side by side: each is listed, planned, and gathered or left where it lies.

use super::copy_format::CopyFormat;
use super::gather::GatherPlan;
use super::gatherer::{Gathered, Gatherer};
use super::plan::LoadPlan;
use super::read::ReadAhead;
use super::source::{self, KnownObjects, Listing, Object};
use super::sql::SqlFile;
use super::staging::Staging;
use super::table_plan::{TableCopy, TableFacts, TablePlan};
use super::{Load, audit};
use crate::config::{Gather, Mode, Source};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::interrupt;
use crate::load_report::SourceReport;

impl Load<'_> {
    /// All sources, side by side.
    ///
    /// # Errors
    /// Where any of them fails: all that failed are named.
    pub async fn stage(&self, plan: &LoadPlan) -> Result<Vec<SourceReport>> {
        match self.stage_each(plan).await {
            (_, Some(failure)) => Err(failure),
            (staged, None) => Ok(staged),
        }
    }

    /// All sources, side by side: those that came through, and what failed.
    pub(super) async fn stage_each(&self, plan: &LoadPlan) -> (Vec<SourceReport>, Option<Error>) {
        for unused in &plan.unused {
            let message = format!("no file of sql/copy copies the source {unused}: it is not loaded");
            self.stack.events.emit(Event::Warning { message });
        }
        all_of(plan.copies.iter().map(|copy| self.stage_table(copy)).collect()).await
    }

    /// Plans one table, for a run and for a dry run.
    ///
    /// # Errors
    /// As `TablePlan::new`.
    pub(super) fn plan_table(&self, copy: &TableCopy, listing: &Listing, known: &KnownObjects) -> Result<TablePlan> {
        let (known, mode, check, region) = (known.len(), self.mode, self.check, self.stack.aws.region.as_str());
        TablePlan::new(&TableFacts { copy, listing, known, mode, check, region })
    }

    /// The objects that an append need not load again.
    pub(super) async fn known(&self, table: &str) -> Result<KnownObjects> {
        match self.mode {
            Mode::Append => audit::known(&self.warehouse, table).await,
            Mode::Replace => Ok(KnownObjects::new()),
        }
    }

    async fn stage_table(&self, copy: &TableCopy) -> Result<SourceReport> {
        let TableCopy { file, source } = copy;
        let from = self.stack.aws.s3_in(&source.region);
        let known = self.known(&file.name).await?;
        let listed;
        let mut ahead = None;
        let listing = match self.pre_gathered.0.get(&source.name).filter(|_| known.is_empty()) {
            Some(listing) => listing,
            None => {
                ahead = self.read_ahead(&from, source, file).await?;
                listed = self.list(&from, source, &known, ahead.as_mut()).await?;
                &listed
            }
        };
        let plan = self.plan_table(copy, listing, &known)?;
        let staging = Staging { load: self, file, source, listing, known: &known, from: &from, plan: &plan };
        staging.copy(ahead).await
    }

    /// Reads objects while they are listed, unless it may turn out that nobody needs them.
    pub(super) async fn read_ahead(
        &self,
        from: &aws_sdk_s3::Client,
        source: &Source,
        file: &SqlFile,
    ) -> Result<Option<ReadAhead>> {
        let format = CopyFormat::new(&file.statement);
        let gatherer = self.gatherer(from, self.expected_slices(), format);
        let is_in_place = source.gather == Gather::Never || format.obstacle().is_some();
        interrupt::unless_asked(async {
            match is_in_place || gatherer.has_gathered(source).await? {
                true => Ok(None),
                false => Ok(Some(ReadAhead::new(gatherer.reader(source).await))),
            }
        })
        .await
    }

    pub(super) async fn list(
        &self,
        from: &aws_sdk_s3::Client,
        source: &Source,
        known: &KnownObjects,
        mut ahead: Option<&mut ReadAhead>,
    ) -> Result<Listing> {
        self.staged(&format!("list {}", source.name), async {
            let show = |object: &Object| {
                if let Some(ahead) = &mut ahead {
                    ahead.offer(object);
                }
            };
            let listing = interrupt::unless_asked(source::list(from, source, known, show)).await?;
            let detail = found(source, &listing);
            Ok((listing, detail))
        })
        .await
    }

    pub(super) async fn gather(
        &self,
        gatherer: &Gatherer<'_>,
        source: &Source,
        listing: &Listing,
        known: &KnownObjects,
        ahead: Option<ReadAhead>,
    ) -> Result<Gathered> {
        let stage = format!("gather {}", source.name);
        let progress = |done| {
            let (stage, of) = (stage.clone(), listing.objects);
            self.stack.events.emit(Event::Progress { stage, done, of, rows: None });
        };
        self.staged(&stage, async {
            let gathered = match interrupt::unless_asked(gatherer.plan(source, listing)).await? {
                GatherPlan::Reuse(gathered) => gathered,
                // Dropped where a signal finds it: without a manifest, what was written so far is read by nobody.
                GatherPlan::Write { shares } => {
                    let gathering = gatherer.gather(source, listing, known, shares, ahead, progress);
                    interrupt::unless_asked(gathering).await?
                }
            };
            let again = if gathered.reused { ", gathered before" } else { "" };
            let parts = gathered.parts;
            let noun = if parts == 1 { "part" } else { "parts" };
            let detail = format!("{} records in {parts} {noun}{again}", gathered.records);
            Ok((gathered, detail))
        })
        .await
    }

    pub(super) fn gatherer<'g>(
        &'g self,
        from: &'g aws_sdk_s3::Client,
        slices: u64,
        format: CopyFormat,
    ) -> Gatherer<'g> {
        let (bucket, compression) = (&self.stack.names.bucket, self.stack.config.compression);
        Gatherer { aws: &self.stack.aws, from, bucket, format, slices, compression }
    }
}

/// The reports of tables that succeeded, and the combined failure of the others. All work is awaited, also when some fails: no
/// statement is left running.
pub(super) async fn all_of(
    work: Vec<impl Future<Output = Result<SourceReport>>>,
) -> (Vec<SourceReport>, Option<Error>) {
    let (mut staged, mut failures) = (Vec::new(), Vec::new());
    for outcome in futures::future::join_all(work).await {
        match outcome {
            Ok(report) => staged.push(report),
            Err(error) => failures.push(error),
        }
    }
    (staged, Error::combined(failures))
}

/// Describes a listing in words.
pub fn found(source: &Source, listing: &Listing) -> String {
    let known = match listing.known {
        0 => String::new(),
        known => format!(", and {known} that are loaded already"),
    };
    format!("{} objects, {} under {}{known}", listing.objects, size(listing.bytes), source.location)
}

/// Formats bytes for people.
pub fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}
