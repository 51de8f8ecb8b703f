//! Sources into their staging tables: gathered or where they lie, by COPY, each table replaced in one transaction.

use std::collections::BTreeMap;

use super::Load;
use super::gather::{Gathered, Gatherer};
use super::rejected::Rejected;
use super::report::SourceReport;
use super::source::{self, Listing};
use super::sql::{self, SqlFile};
use crate::config::{Gather, Source};
use crate::error::{Error, Result};
use crate::interrupt;
use crate::location::Location;
use crate::warehouse::StatementError;

/// C1: smaller than this on average, many objects are gathered.
const SMALL_OBJECT_BYTES: u64 = 1 << 20;

impl Load<'_> {
    /// All sources, side by side.
    pub async fn stage(&self, sources: &[Source]) -> Result<Vec<SourceReport>> {
        let files = sql::files(&self.config.directory, "copy")?;
        let mut work = Vec::new();
        for file in &files {
            work.push(self.stage_table(file, self.source_of(file, sources)?));
        }
        // All of them come to their end, also when one fails: no statement is left running that nobody waits for.
        futures::future::join_all(work).await.into_iter().collect()
    }

    pub(super) fn source_of<'s>(&self, file: &SqlFile, sources: &'s [Source]) -> Result<&'s Source> {
        let path = file.path.display();
        let unnamed = || {
            Error::usage(format!("{path} does not say which source it copies"))
                .hint("Add a line `-- source: NAME` to its header.")
        };
        let name = file.settings.get("source").ok_or_else(unnamed)?;
        let unknown = || Error::usage(format!("{path} copies the source {name}, which infra.toml does not have"));
        sources.iter().find(|source| source.name == *name).ok_or_else(unknown)
    }

    async fn stage_table(&self, file: &SqlFile, source: &Source) -> Result<SourceReport> {
        let from = self.aws.s3_in(&source.region);
        let listing = self
            .staged(&format!("list {}", source.name), async {
                let listing = interrupt::unless_asked(source::list(&from, source)).await?;
                let detail =
                    format!("{} objects, {} under {}", listing.objects.len(), size(listing.bytes()), source.location);
                Ok((listing, detail))
            })
            .await?;
        let gathered = match should_gather(source, &listing) {
            true => Some(self.gather(&from, source, &listing).await?),
            false => None,
        };
        self.copy(file, source, &listing, gathered.as_ref()).await
    }

    pub(super) fn gatherer<'g>(&'g self, from: &'g aws_sdk_s3::Client) -> Gatherer<'g> {
        Gatherer {
            from,
            to: &self.aws.s3,
            bucket: &self.names.bucket,
            account: &self.aws.account,
            slices: slices(&self.config.cluster.node_type) * u64::try_from(self.config.cluster.nodes).unwrap_or(1),
        }
    }

    async fn gather(&self, from: &aws_sdk_s3::Client, source: &Source, listing: &Listing) -> Result<Gathered> {
        let gatherer = self.gatherer(from);
        self.staged(&format!("gather {}", source.name), async {
            // Dropped where a signal finds it: without a manifest, what was written so far is not read by anybody.
            let gathered = interrupt::unless_asked(gatherer.gather(source, listing)).await?;
            let parts = gathered.index.parts.len();
            let again = if gathered.reused { ", unchanged since an earlier load" } else { "" };
            let detail = format!(
                "{} records in {parts} {}{again}",
                gathered.index.records,
                if parts == 1 { "part" } else { "parts" }
            );
            Ok((gathered, detail))
        })
        .await
    }

    async fn copy(
        &self,
        file: &SqlFile,
        source: &Source,
        listing: &Listing,
        gathered: Option<&Gathered>,
    ) -> Result<SourceReport> {
        let table = &file.name;
        let (from, options) = match gathered {
            Some(gathered) => (gathered.manifest.to_string(), "manifest zstd".to_owned()),
            // R32: another region is found only by its name.
            None if source.region != self.aws.region => {
                (source.location.to_string(), format!("region {}", sql::literal(&source.region)))
            }
            None => (source.location.to_string(), String::new()),
        };
        let jsonpaths = source.jsonpaths.as_ref().map(Location::to_string);
        let mut variables =
            BTreeMap::from([("from", from), ("iam_role", self.names.role_arn.clone()), ("options", options)]);
        variables.extend(jsonpaths.map(|paths| ("jsonpaths", paths)));
        let copy = file.with_variables(&variables)?;

        self.staged(&format!("copy {table}"), async {
            let done = self.warehouse.run_all(&[format!("delete from {table}"), copy]).await?;
            let done = match done {
                Ok(done) => done,
                Err(error) => return Err(self.explain(error, table, source, gathered).await),
            };
            let rejected =
                Rejected::of(&self.warehouse, done.query, gathered.map(|gathered| &gathered.index), source).await?;
            let report = SourceReport {
                source: source.name.clone(),
                location: source.location.to_string(),
                objects: listing.objects.len() as u64,
                markers: listing.markers,
                bytes: listing.bytes(),
                parts: gathered.map(|gathered| gathered.index.parts.len() as u64),
                records: gathered.map(|gathered| gathered.index.records),
                table: table.clone(),
                staged: u64::try_from(done.rows).unwrap_or_default(),
                rejected: rejected.count,
                rejections: rejected.shown,
            };
            report.check()?;
            let detail = format!("{} rows, {} rejected", report.staged, report.rejected);
            Ok((report, detail))
        })
        .await
    }

    /// A COPY that failed, with the rows it failed on by their own file and line.
    async fn explain(&self, error: StatementError, table: &str, source: &Source, gathered: Option<&Gathered>) -> Error {
        let query = error.query;
        let mut failure = Error::failed(format!("cannot copy into {table}; it is as it was before")).because(error);
        if let Ok(rejected) =
            Rejected::of(&self.warehouse, query, gathered.map(|gathered| &gathered.index), source).await
        {
            for line in &rejected.shown {
                failure = failure.hint(line.clone());
            }
            if rejected.is_too_long {
                failure = failure.hint(format!("Widen the column in sql/schema, then run `load --recreate`, or add `truncatecolumns` to sql/copy/{table}.sql."));
            }
            if rejected.count > 0 {
                failure =
                    failure.hint(format!("All of them: select * from sys_load_error_detail where query_id = {query}"));
            }
        }
        failure
    }
}

pub fn should_gather(source: &Source, listing: &Listing) -> bool {
    let count = listing.objects.len() as u64;
    match source.gather {
        Gather::Always => true,
        Gather::Never => false,
        Gather::Auto => count > 1 && listing.bytes() / count < SMALL_OBJECT_BYTES,
    }
}

/// Slices of one node (C5). Sizes that AWS does not publish count as two.
fn slices(node_type: &str) -> u64 {
    match node_type {
        "ra3.4xlarge" | "rg.4xlarge" => 4,
        "ra3.16xlarge" | "rg.12xlarge" => 16,
        _ => 2,
    }
}

/// Bytes as a person reads them.
pub fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}
