//! One source on its way into its staging table: gathered or where it lies, by COPY, in one transaction.

use std::collections::BTreeMap;

use super::copied::CopyAttempt;
use super::copy_batch::CopyBatch;
use super::copy_files::ByKey;
use super::copy_format::{self, CopyFormat};
use super::gatherer::{Gathered, Gatherer};
use super::quarantine;
use super::read::ReadAhead;
use super::rejected::Rejected;
use super::sql::{self, SqlFile};
use super::staging::Staging;
use super::table_plan::{SourceReading, TransactionStep};
use super::unknown::ComparedKeys;
use super::{audit, jsonpaths};
use crate::error::Result;
use crate::interrupt;
use crate::load_report::SourceReport;
use crate::location::Location;

/// The objects that COPY reads.
enum CopyInput {
    Parts(Gathered),
    /// Objects where they lie, one by one.
    Manifest(Location),
    Prefix,
    /// Every object is loaded already.
    Nothing,
}

impl CopyInput {
    fn gathered(&self) -> Option<&Gathered> {
        match self {
            Self::Parts(gathered) => Some(gathered),
            Self::Manifest(_) | Self::Prefix | Self::Nothing => None,
        }
    }
}

impl Staging<'_> {
    pub(super) async fn copy(&self, ahead: Option<ReadAhead>) -> Result<SourceReport> {
        let (load, plan, table) = (self.load, self.plan, &self.file.name);
        let paths =
            interrupt::unless_asked(jsonpaths::read(self.from, self.source, &load.stack.config.directory)).await?;
        let format = CopyFormat::new(&self.file.statement);
        let slices = load.slices(format.unpacked_bytes(self.listing.bytes)).await?;
        let gatherer = load.gatherer(self.from, slices, format);
        let input = interrupt::unless_asked(self.input(&gatherer, ahead)).await?;
        if matches!(input, CopyInput::Nothing) {
            return Ok(self.report(&input, 0, Rejected::default()));
        }
        let paths = jsonpaths::for_copy(&gatherer, self.source, self.listing, paths, plan.copies_jsonpaths).await?;
        let copy = self.statement(&input, paths.as_ref())?;
        let stage = if load.check { format!("check {table}") } else { format!("copy {table}") };
        if let Some(remark) = plan.unchecked {
            let report = SourceReport { remark: Some(remark), ..self.report(&input, 0, Rejected::default()) };
            return load.staged(&stage, async { Ok((report, remark.to_owned())) }).await;
        }
        let compared = self.decided(input.gathered(), &gatherer).await?;
        let batch = self.transaction(&copy, compared.as_ref(), &gatherer).await?;
        load.staged(&stage, self.run(&stage, &batch, &input, &gatherer, compared)).await
    }

    /// The statements of the transaction, as they are planned.
    async fn transaction(
        &self,
        copy: &str,
        compared: Option<&ComparedKeys>,
        gatherer: &Gatherer<'_>,
    ) -> Result<CopyBatch> {
        let (load, table) = (self.load, &self.file.name);
        let [objects, rejected] = [audit::objects_table(table), audit::rejected_table(table)];
        let mut batch = CopyBatch::default();
        for step in &self.plan.transaction {
            match step {
                TransactionStep::Lock => _ = batch.add(format!("lock table {table}, {objects}, {rejected}")),
                TransactionStep::AddColumns => {
                    let added = compared.into_iter().flat_map(|compared| &compared.added);
                    batch.statements.extend(added.map(|(alter, _)| alter.clone()));
                }
                TransactionStep::Empty => {
                    batch.statements.extend([table, &objects, &rejected].map(|table| format!("delete from {table}")));
                }
                TransactionStep::RequireKnown => _ = batch.add(audit::fail_unless_known(&objects, self.known.len())),
                TransactionStep::CountBefore => batch.count_before(table),
                TransactionStep::Copy => batch.add_copy(copy.to_owned()),
                TransactionStep::CountAfter => batch.count_after(table),
                TransactionStep::RememberObjects => {
                    let list = gatherer.objects(self.source, self.listing, self.known, &load.run);
                    let list = interrupt::unless_asked(list).await?;
                    batch.add(audit::copy_objects(table, &list, &load.stack.names.role_arn)?);
                }
            }
        }
        Ok(batch)
    }

    /// Runs a batch with a COPY, and compares the keys of its source with its columns where that was not done before.
    async fn run(
        &self,
        stage: &str,
        batch: &CopyBatch,
        input: &CopyInput,
        gatherer: &Gatherer<'_>,
        compared: Option<ComparedKeys>,
    ) -> Result<(SourceReport, String)> {
        let load = self.load;
        let comparing = async {
            match self.source.on_unknown.decides() {
                true => Ok(compared),
                false => self.compare(input.gathered(), gatherer).await,
            }
        };
        let records = input.gathered().filter(|_| !load.check).map(|gathered| gathered.records);
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
        let mut report = self.report(input, copied.staged, copied.rejected);
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

    /// Gathers the source, or writes the manifest of its objects, as it is planned.
    async fn input(&self, gatherer: &Gatherer<'_>, ahead: Option<ReadAhead>) -> Result<CopyInput> {
        let (source, listing, known) = (self.source, self.listing, self.known);
        match self.plan.reading {
            SourceReading::Nothing => Ok(CopyInput::Nothing),
            SourceReading::Prefix => Ok(CopyInput::Prefix),
            SourceReading::Parts => {
                self.load.gather(gatherer, source, listing, known, ahead).await.map(CopyInput::Parts)
            }
            SourceReading::Manifest => {
                gatherer.manifest_in_place(source, listing, known).await.map(CopyInput::Manifest)
            }
        }
    }

    /// The COPY, with psql's variables filled in.
    fn statement(&self, input: &CopyInput, jsonpaths: Option<&Location>) -> Result<String> {
        let (load, source) = (self.load, self.source);
        let (address, mut options) = match input {
            CopyInput::Parts(gathered) => {
                let options = CopyFormat::new(&self.file.statement).part_options(load.stack.config.compression);
                (gathered.manifest.to_string(), options.to_owned())
            }
            CopyInput::Manifest(manifest) => (manifest.to_string(), "manifest".to_owned()),
            // R32: another region is found only by its name.
            CopyInput::Prefix | CopyInput::Nothing if source.region != load.stack.aws.region => {
                (source.location.to_string(), format!("region {}", sql::literal(&source.region)))
            }
            CopyInput::Prefix | CopyInput::Nothing => (source.location.to_string(), String::new()),
        };
        if load.check {
            options.push_str(" noload");
        }
        match input {
            CopyInput::Parts(_) => {
                let statement = copy_format::for_parts(&self.file.statement);
                self.copy_from(&SqlFile { statement, ..self.file.clone() }, address, options, jsonpaths)
            }
            CopyInput::Manifest(_) | CopyInput::Prefix | CopyInput::Nothing => {
                self.copy_from(self.file, address, options, jsonpaths)
            }
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

    fn report(&self, input: &CopyInput, staged: u64, rejected: Rejected) -> SourceReport {
        let (source, listing) = (self.source, self.listing);
        let (parts, records) = match input {
            CopyInput::Parts(gathered) => (Some(gathered.parts), Some(gathered.records)),
            CopyInput::Manifest(_) | CopyInput::Prefix => (None, None),
            CopyInput::Nothing => (Some(0), Some(0)),
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
            manifest: match input {
                CopyInput::Parts(gathered) => Some(gathered.manifest.clone()),
                CopyInput::Manifest(manifest) => Some(manifest.clone()),
                CopyInput::Prefix | CopyInput::Nothing => None,
            },
            table: self.file.name.clone(),
            staged,
            rejected: rejected.count,
            rejections: rejected.shown,
            quarantine: self.plan.keeps_rejected.then(|| audit::rejected_table(&self.file.name)),
            unmatched_keys: None,
            remark: None,
        }
    }
}
