//! Sources into their staging tables, side by side: gathered or where they lie, by COPY, each table in one transaction.

use std::collections::BTreeMap;

use super::copied::CopyAttempt;
use super::copy_batch::CopyBatch;
use super::copy_files::{ByKey, should_gather};
use super::copy_format::{self, CopyFormat, CopyKind};
use super::gather::{Gathered, Gatherer};
use super::quarantine;
use super::read::ReadAhead;
use super::rejected::Rejected;
use super::source::{self, Known, Listing, Object};
use super::sql::{self, SqlFile};
use super::unknown::ComparedKeys;
use super::{Load, audit, copy_files, jsonpaths};
use crate::config::{Gather, Mode, Source};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::interrupt;
use crate::load_report::SourceReport;
use crate::location::Location;

/// What COPY reads.
enum From {
    Parts(Gathered),
    /// Objects where they lie, one by one.
    Manifest(Location),
    Place,
    /// Every object is loaded already.
    Nothing,
}

impl From {
    fn gathered(&self) -> Option<&Gathered> {
        match self {
            Self::Parts(gathered) => Some(gathered),
            Self::Manifest(_) | Self::Place | Self::Nothing => None,
        }
    }
}

impl Load<'_> {
    /// All sources, side by side.
    ///
    /// # Errors
    /// Where any of them fails: all that failed are named.
    pub async fn stage(&self, sources: &[Source]) -> Result<Vec<SourceReport>> {
        match self.stage_each(sources).await? {
            (_, Some(failure)) => Err(failure),
            (staged, None) => Ok(staged),
        }
    }

    /// All sources, side by side: those that came through, and what failed.
    pub(super) async fn stage_each(&self, sources: &[Source]) -> Result<(Vec<SourceReport>, Option<Error>)> {
        let files = copy_files::read(&self.stack.config.directory)?;
        for unused in copy_files::unused(&files, sources) {
            let message = format!("no file of sql/copy copies the source {}: it is not loaded", unused.name);
            self.stack.events.emit(Event::Warning { message });
        }
        let mut work = Vec::new();
        for file in &files {
            work.push(self.stage_table(file, self.source_of(file, sources)?));
        }
        Ok(all_of(work).await)
    }

    pub(super) fn source_of<'s>(&self, file: &SqlFile, sources: &'s [Source]) -> Result<&'s Source> {
        let path = file.path.display();
        let unnamed = || {
            Error::usage(format!("{path} does not say which source it copies"))
                .hint("Add a line `-- source: NAME` to its header.")
        };
        let name = file.settings.get("source").ok_or_else(unnamed)?;
        let unknown = || Error::usage(format!("{path} copies the source {name}, which infra.toml does not have"));
        let source = sources.iter().find(|source| source.name == *name).ok_or_else(unknown)?;
        if source.quarantine {
            quarantine::check(file, name)?;
        }
        let format = CopyFormat::new(&file.statement);
        if source.hive_partitions && format.kind != CopyKind::Json {
            return Err(Error::usage(format!(
                "{path} reads no JSON, and only that takes the values of Hive's folders"
            ))
            .hint(format!("Remove `hive_partitions` from [sources.{name}].")));
        }
        match format.obstacle().filter(|_| source.gather == Gather::Always) {
            None => Ok(source),
            Some(obstacle) => Err(Error::usage(format!("{path} has {obstacle}, and so its objects are not gathered"))
                .hint(format!(
                    "Remove `gather = \"always\"` from [sources.{name}]: COPY reads it from where it lies."
                ))),
        }
    }

    /// The objects that an append need not load again.
    pub(super) async fn known(&self, table: &str) -> Result<Known> {
        match self.mode {
            Mode::Append => audit::known(&self.warehouse, table).await,
            Mode::Replace => Ok(Known::new()),
        }
    }

    async fn stage_table(&self, file: &SqlFile, source: &Source) -> Result<SourceReport> {
        let from = self.stack.aws.s3_in(&source.region);
        let known = self.known(&file.name).await?;
        let listed;
        let mut ahead = None;
        let listing = match self.ahead.0.get(&source.name).filter(|_| known.is_empty()) {
            Some(listing) => listing,
            None => {
                ahead = self.read_ahead(&from, source, file).await?;
                listed = self.list(&from, source, &known, ahead.as_mut()).await?;
                &listed
            }
        };
        let staging = Staging { load: self, file, source, listing, known: &known, from: &from };
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
        known: &Known,
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
        known: &Known,
        ahead: Option<ReadAhead>,
    ) -> Result<Gathered> {
        let stage = format!("gather {}", source.name);
        let progress = |done| {
            let (stage, of) = (stage.clone(), listing.objects);
            self.stack.events.emit(Event::Progress { stage, done, of, rows: None });
        };
        self.staged(&stage, async {
            // Dropped where a signal finds it: without a manifest, what was written so far is read by nobody.
            let gathered = interrupt::unless_asked(gatherer.gather(source, listing, known, ahead, progress)).await?;
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

/// What came through of some work on tables, and what failed. All of it comes to its end, also when one fails: no statement
/// is left running that nobody waits for.
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

/// One source on its way into its staging table.
pub(super) struct Staging<'a> {
    pub(super) load: &'a Load<'a>,
    pub(super) file: &'a SqlFile,
    pub(super) source: &'a Source,
    pub(super) listing: &'a Listing,
    pub(super) known: &'a Known,
    pub(super) from: &'a aws_sdk_s3::Client,
}

impl Staging<'_> {
    async fn copy(&self, ahead: Option<ReadAhead>) -> Result<SourceReport> {
        let (load, table) = (self.load, &self.file.name);
        let paths =
            interrupt::unless_asked(jsonpaths::read(self.from, self.source, &load.stack.config.directory)).await?;
        let format = CopyFormat::new(&self.file.statement);
        let slices = load.slices(format.unpacked_bytes(self.listing.bytes)).await?;
        let gatherer = load.gatherer(self.from, slices, format);
        let from = interrupt::unless_asked(self.what_to_copy(&gatherer, ahead)).await?;
        if matches!(from, From::Nothing) {
            return Ok(self.report(&from, 0, Rejected::default()));
        }
        let is_gathered = matches!(from, From::Parts(_));
        let paths = jsonpaths::for_copy(&gatherer, self.source, self.listing, paths, is_gathered).await?;
        let copy = self.statement(&from, paths.as_ref())?;
        let stage = if load.check { format!("check {table}") } else { format!("copy {table}") };
        if let Some(remark) = copy_files::unchecked(&self.file.statement).filter(|_| load.check) {
            let report = SourceReport { remark: Some(remark), ..self.report(&from, 0, Rejected::default()) };
            return load.staged(&stage, async { Ok((report, remark.to_owned())) }).await;
        }
        let [objects, rejected] = [audit::objects_table(table), audit::rejected_table(table)];
        let mut batch = CopyBatch::default();
        let compared = self.decided(from.gathered(), &gatherer).await?;
        if !load.check {
            // A COPY of a load that was killed may still run (R27): its rows are waited for, and seen.
            batch.add(format!("lock table {table}, {objects}, {rejected}"));
        }
        if let Some(compared) = &compared {
            batch.statements.extend(compared.added.iter().map(|(alter, _)| alter.clone()));
        }
        if !load.check {
            // An append to a table of which nothing is remembered begins with all of it, as a replace does.
            match self.known.len() {
                0 => batch.statements.extend([table, &objects, &rejected].map(|table| format!("delete from {table}"))),
                known => {
                    batch.add(audit::fail_unless_known(&objects, known));
                    batch.count_before(table);
                }
            }
        }
        batch.add_copy(copy);
        if !load.check {
            batch.count_after(table);
            if load.mode == Mode::Append {
                let list = gatherer.objects(self.source, self.listing, self.known, &load.run);
                let list = interrupt::unless_asked(list).await?;
                batch.add(audit::copy_objects(table, &list, &load.stack.names.role_arn)?);
            }
        }
        load.staged(&stage, self.run(&stage, &batch, &from, &gatherer, compared)).await
    }

    /// Runs a batch with a COPY, and compares the keys of its source with its columns where that was not done before.
    async fn run(
        &self,
        stage: &str,
        batch: &CopyBatch,
        from: &From,
        gatherer: &Gatherer<'_>,
        compared: Option<ComparedKeys>,
    ) -> Result<(SourceReport, String)> {
        let load = self.load;
        let comparing = async {
            match self.source.on_unknown.decides() {
                true => Ok(compared),
                false => self.compare(from.gathered(), gatherer).await,
            }
        };
        let records = from.gathered().filter(|_| !load.check).map(|gathered| gathered.records);
        let attempt = CopyAttempt { stage, batch, records, is_last: false, gatherer };
        let (mut copied, compared) = tokio::join!(self.copied(&attempt), comparing);
        if let Ok(Err(error)) = &copied
            && (self.widen(error.process, gatherer).await? || self.keeps_too_long(error.process).await?)
        {
            copied = self.copied(&CopyAttempt { is_last: true, ..attempt }).await;
        }
        let copied = match copied? {
            Ok(copied) => copied,
            Err(error) => return Err(self.explain(error, gatherer).await),
        };
        let mut report = self.report(from, copied.staged, copied.rejected);
        if !load.check {
            report.check()?;
        }
        let mut detail = format!("{} rows, {} rejected", report.staged, report.rejected);
        if let Some(compared) = compared? {
            report.unmatched_keys = Some(self.report_keys(compared));
        } else if ByKey::new(&self.file.statement).is_some() {
            detail.push_str(", keys not compared with columns");
        }
        Ok((report, detail))
    }

    async fn what_to_copy(&self, gatherer: &Gatherer<'_>, ahead: Option<ReadAhead>) -> Result<From> {
        let (source, listing) = (self.source, self.listing);
        if listing.objects == 0 {
            return Ok(From::Nothing);
        }
        if should_gather(source, listing, self.file) {
            return self.load.gather(gatherer, source, listing, self.known, ahead).await.map(From::Parts);
        }
        let by = match (source.files.is_empty(), self.load.mode) {
            (true, Mode::Replace) => return Ok(From::Place),
            (true, Mode::Append) => "an append copies it",
            (false, _) => "its `files` are copied",
        };
        // R32: a manifest must be where its objects are.
        if source.region != self.load.stack.aws.region {
            let (name, region) = (&source.name, &source.region);
            return Err(Error::usage(format!(
                "the source {name} is in {region}, and {by} by a manifest, which must be there too"
            ))
            .hint(format!("Set `gather = \"always\"` for [sources.{name}].")));
        }
        gatherer.manifest_in_place(source, listing, self.known).await.map(From::Manifest)
    }

    /// The COPY, with psql's variables filled in.
    fn statement(&self, from: &From, jsonpaths: Option<&Location>) -> Result<String> {
        let (load, source) = (self.load, self.source);
        let (address, mut options) = match from {
            From::Parts(gathered) => {
                let options = CopyFormat::new(&self.file.statement).part_options(load.stack.config.compression);
                (gathered.manifest.to_string(), options.to_owned())
            }
            From::Manifest(manifest) => (manifest.to_string(), "manifest".to_owned()),
            // R32: another region is found only by its name.
            From::Place | From::Nothing if source.region != load.stack.aws.region => {
                (source.location.to_string(), format!("region {}", sql::literal(&source.region)))
            }
            From::Place | From::Nothing => (source.location.to_string(), String::new()),
        };
        if load.check {
            options.push_str(" noload");
        }
        match from {
            From::Parts(_) => {
                let statement = copy_format::for_parts(&self.file.statement);
                self.copy_from(&SqlFile { statement, ..self.file.clone() }, address, options, jsonpaths)
            }
            From::Manifest(_) | From::Place | From::Nothing => self.copy_from(self.file, address, options, jsonpaths),
        }
    }

    /// The COPY that reads this address with these options.
    pub(super) fn copy_from(
        &self,
        file: &SqlFile,
        address: String,
        options: String,
        jsonpaths: Option<&Location>,
    ) -> Result<String> {
        let role = self.load.stack.names.role_arn.clone();
        let mut variables = BTreeMap::from([("from", address), ("iam_role", role), ("options", options)]);
        variables.extend(jsonpaths.map(|paths| ("jsonpaths", paths.to_string())));
        let copy = file.with_variables(&variables)?;
        Ok(if self.source.quarantine { quarantine::with_maxerror(copy) } else { copy })
    }

    fn report(&self, from: &From, staged: u64, rejected: Rejected) -> SourceReport {
        let (source, listing) = (self.source, self.listing);
        let (parts, records) = match from {
            From::Parts(gathered) => (Some(gathered.parts), Some(gathered.records)),
            From::Manifest(_) | From::Place => (None, None),
            From::Nothing => (Some(0), Some(0)),
        };
        SourceReport {
            source: source.name.clone(),
            location: source.location.to_string(),
            objects: listing.objects,
            markers: listing.markers,
            known: listing.known,
            bytes: listing.bytes,
            fingerprint: listing.fingerprint.clone(),
            parts,
            records,
            manifest: match from {
                From::Parts(gathered) => Some(gathered.manifest.clone()),
                From::Manifest(manifest) => Some(manifest.clone()),
                From::Place | From::Nothing => None,
            },
            table: self.file.name.clone(),
            staged,
            rejected: rejected.count,
            rejections: rejected.shown,
            quarantine: self.has_quarantine().then(|| audit::rejected_table(&self.file.name)),
            unmatched_keys: None,
            remark: None,
        }
    }
}

/// What a listing found, in words.
pub fn found(source: &Source, listing: &Listing) -> String {
    let known = match listing.known {
        0 => String::new(),
        known => format!(", and {known} that are loaded already"),
    };
    format!("{} objects, {} under {}{known}", listing.objects, size(listing.bytes), source.location)
}

/// Bytes as a person reads them.
pub fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}
