//! The COPY of a source: its progress while it runs, and its rows that were staged and rejected.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::Instant;

use super::copy_batch::CopyBatch;
use super::gatherer::Gatherer;
use super::rejected::Rejected;
use super::sql;
use super::staging::Staging;
use crate::error::Result;
use crate::event::Event;
use crate::retry::Backoff;
use crate::statement_process::StatementProcess;
use crate::warehouse::StatementError;

/// Time between two polls of a COPY's progress.
const WATCHED_EVERY: Duration = Duration::from_secs(2);

/// A COPY of a source, which may be run again with wider columns.
#[derive(Clone, Copy)]
pub struct CopyAttempt<'a> {
    pub stage: &'a str,
    pub batch: &'a CopyBatch,
    /// How many records there are, where they were counted.
    pub records: Option<u64>,
    /// A quarantine keeps texts that are too long, too, although their columns could be widened.
    pub is_last: bool,
    pub gatherer: &'a Gatherer<'a>,
}

/// The result of a COPY.
pub struct Copied {
    pub staged: u64,
    pub rejected: Rejected,
}

impl Staging<'_> {
    /// Runs the batch and emits the progress of its COPY. Answers how many rows it staged and rejected.
    pub(super) async fn copied(
        &self,
        attempt: &CopyAttempt<'_>,
    ) -> Result<std::result::Result<Copied, StatementError>> {
        let copying = async {
            match self.plan.keeps_rejected {
                true => self.copy_and_keep(attempt).await,
                false => self.copied_in_batch(attempt).await,
            }
        };
        tokio::select! {
            copied = copying => copied,
            never = self.watch(attempt.stage) => match never {},
        }
    }

    async fn copied_in_batch(&self, attempt: &CopyAttempt<'_>) -> Result<std::result::Result<Copied, StatementError>> {
        let (load, CopyAttempt { stage, batch, records, gatherer, .. }) = (self.load, *attempt);
        let done = match load.run_once_allowed(stage, &batch.statements).await? {
            Ok(done) => done,
            Err(error) => return Ok(Err(error)),
        };
        let staged = batch.added(&load.warehouse, &done, &self.file.name).await?;
        let counted = match records {
            None if self.plan.asks_history => self.count_errors(stage, done.process).await?,
            _ => 0,
        };
        let missing = records.map_or(counted, |records| records.saturating_sub(staged));
        let mut rejected = Rejected::at_least(missing, load, stage, done.process, gatherer, self.source).await?;
        rejected.count = rejected.count.max(counted);
        Ok(Ok(Copied { staged, rejected }))
    }

    /// Counts the rows that a COPY has rejected, where its records were not counted. The system views may show its end late
    /// (C17): they are polled until they do. A warning says so where they do not in time.
    async fn count_errors(&self, stage: &str, process: StatementProcess) -> Result<u64> {
        let load = self.load;
        let mut backoff = Backoff::until(Instant::now() + load.stack.config.timeouts.settle);
        loop {
            if let Some(errors) = self.errors_in_history(process).await? {
                return Ok(errors);
            }
            if !backoff.next(&load.stack.events, stage, "the system views to show what was rejected").await? {
                let table = &self.file.name;
                let message = format!(
                    "the system views do not show how many rows COPY rejected from {table}: there may be more than are reported. \
                     Run it again, with a longer --settle."
                );
                load.stack.events.emit(Event::Warning { message });
                return Ok(0);
            }
        }
    }

    /// Emits the progress of the COPY while it runs (C17). Best effort: errors are ignored.
    async fn watch(&self, stage: &str) -> Infallible {
        let sql = format!(
            "select loaded_rows, file_bytes_scanned, source_file_bytes from sys_load_history \
             where table_name = {} and status = 'running' order by start_time desc limit 1",
            sql::literal(&self.file.name)
        );
        loop {
            tokio::time::sleep(WATCHED_EVERY).await;
            let Ok(Ok(found)) = self.load.warehouse.query(&sql).await else { continue };
            let number = |column: usize| found.rows.first()?.get(column)?.as_ref()?.parse().ok();
            if let (rows @ Some(_), Some(done), Some(of)) = (number(0), number(1), number(2)) {
                self.load.stack.events.emit(Event::Progress { stage: stage.to_owned(), done, of, rows });
            }
        }
    }
}
