//! The star's tables, all in one transaction: emptied, filled, checked, reconciled, and only then visible.

use tokio::time::Instant;

use super::merge::Merge;
use super::plan::{Severity, StarPlan};
use super::reconcile;
use super::sql::{self, SqlFile};
use super::{Load, audit, unchanged};
use crate::error::{Error, FailureKind, Result};
use crate::event::Event;
use crate::load_report::{Changes, CheckReport, LoadReport, SourceReport, TableReport};
use crate::warehouse::{Rows, SESSION_SECONDS, Session};

/// Offending rows that a failed check shows.
const SHOWN: usize = 5;

impl Load<'_> {
    /// # Errors
    /// Where a statement or a check fails: the transaction is rolled back, and the last good load stays.
    pub async fn fill_star(
        &self,
        plan: &StarPlan,
        staged: Vec<SourceReport>,
        started: &str,
        clock: Instant,
    ) -> Result<LoadReport> {
        let session = self.warehouse.session("begin").await?;
        let filled = self.fill(&session, plan, staged, clock).await;
        let recorded = match filled {
            Ok(report) => self.record_load(&session, started, &report).await.map(|()| report),
            Err(error) => Err(error),
        };
        match recorded {
            Ok(star) => {
                let done = session.to_the_end("commit").await.map_err(doubtful)?;
                session.close().await;
                done.map_err(|error| Error::failed("cannot commit the star; it is as it was before").because(error))?;
                Ok(star)
            }
            Err(error) if error.kind.is_cut_off() => Err(with_open_transaction(error)),
            Err(error) => {
                // The error at hand says more than one about rolling back.
                if !session.roll_back().await {
                    return Err(with_open_transaction(error));
                }
                Err(unchanged(error))
            }
        }
    }

    /// Writes the load's own row, in the transaction that it describes.
    async fn record_load(&self, session: &Session, started: &str, report: &LoadReport) -> Result<()> {
        let row = audit::insert_load(&self.run, started, self.mode, report)?;
        statement(session, &row, "record the load in", "sparkify_infra_loads").await.map(drop)
    }

    async fn fill(
        &self,
        session: &Session,
        plan: &StarPlan,
        sources: Vec<SourceReport>,
        clock: Instant,
    ) -> Result<LoadReport> {
        recreate(session, &plan.recreated.iter().collect::<Vec<_>>()).await?;
        let tables = self.staged("transform", transform(session, &plan.transforms)).await?;
        let checks = self.staged("check", self.check(session, &plan.checks)).await?;
        let reconciliations = self.staged("reconcile", reconcile::run(session, &plan.sums)).await?;
        Ok(LoadReport { sources, tables, checks, reconciliations, took: clock.elapsed() })
    }

    async fn check(&self, session: &Session, planned: &[(SqlFile, Severity)]) -> Result<(Vec<CheckReport>, String)> {
        let mut checks = Vec::new();
        for (file, severity) in planned {
            let rows = session.query(&file.statement).await?;
            let rows =
                rows.map_err(|error| Error::failed(format!("the check {} does not run", file.name)).because(error))?;
            let report = CheckReport {
                name: file.name.clone(),
                question: file.title.clone(),
                offending: rows.rows.len() as u64,
            };
            if report.offending > 0 && *severity == Severity::Warn {
                self.stack.events.emit(Event::Warning { message: format!("{}: {}", report.question, sample(&rows)) });
            } else if report.offending > 0 {
                let message = format!(
                    "the check {} failed: {} has {} for an answer",
                    report.name,
                    report.question,
                    if report.offending == 1 { "a row".to_owned() } else { format!("{} rows", report.offending) }
                );
                return Err(Error::new(FailureKind::CheckFailed, message)
                    .hint(format!("The first of them: {}", sample(&rows)))
                    .hint("The star is as the last good load left it; the staging tables hold the new data."));
            }
            checks.push(report);
        }
        let failed = checks.iter().filter(|check| check.offending > 0).count();
        let detail = format!("{} questions, {failed} warnings", checks.len());
        Ok((checks, detail))
    }
}

/// Drops and creates tables of the star. DDL is part of the transaction.
async fn recreate(session: &Session, tables: &[&SqlFile]) -> Result<()> {
    for (drop, file) in sql::drops(tables).iter().zip(tables.iter().rev()) {
        statement(session, drop, "drop", &file.name).await?;
    }
    for file in tables {
        statement(session, &file.statement, "create", &file.name).await?;
    }
    Ok(())
}

/// Fills or merges the tables of the star, in the order of their files.
async fn transform(session: &Session, transforms: &[(SqlFile, Option<Merge>)]) -> Result<(Vec<TableReport>, String)> {
    // DELETE and not TRUNCATE, which would commit (finding 8).
    for (file, _) in transforms.iter().rev().filter(|(_, merge)| merge.is_none()) {
        statement(session, &format!("delete from {}", file.name), "empty", &file.name).await?;
    }
    let mut tables = Vec::new();
    for (file, merge) in transforms {
        let (rows, changes) = match merge {
            None => (statement(session, &file.statement, "fill", &file.name).await?, None),
            Some(merge) => {
                let (rows, changes) = merge_into(session, &file.name, merge).await?;
                (rows, Some(changes))
            }
        };
        tables.push(TableReport { table: file.name.clone(), title: file.title.clone(), rows, changes });
    }
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    let detail = format!("{rows} rows in {} tables", tables.len());
    Ok((tables, detail))
}

/// Adds the hint for a run that could not roll back.
fn with_open_transaction(error: Error) -> Error {
    let minutes = SESSION_SECONDS / 60;
    unchanged(error).hint(format!("Its transaction is rolled back when its session ends, within {minutes} minutes."))
}

/// A commit of which nobody knows how it ended.
fn doubtful(error: Error) -> Error {
    error.hint(
        "Whether the star has changed is not known: `select * from sparkify_infra_loads order by started` says it. \
         Run `load` again in either case.",
    )
}

/// The rows that the table has now, and those that were touched.
async fn merge_into(session: &Session, table: &str, merge: &Merge) -> Result<(u64, Changes)> {
    statement(session, &merge.answer, "work out", table).await?;
    let doubtful = session.query(&merge.doubtful).await?;
    let doubtful =
        doubtful.map_err(|error| Error::failed(format!("cannot look at the keys of {table}")).because(error))?;
    if !doubtful.rows.is_empty() {
        return Err(Error::new(
            FailureKind::CheckFailed,
            format!("the transform of {table} answers a key twice, or none"),
        )
        .hint(format!("The first of them: {}", sample(&doubtful)))
        .hint("A row of each key is merged: correct sql/transform, or the `key` in its header.")
        .hint("The star is as the last good load left it."));
    }
    let removed = statement(session, &merge.remove, "remove what is gone from", table).await?;
    let changed = match &merge.change {
        Some(change) => statement(session, change, "change", table).await?,
        None => 0,
    };
    let added = statement(session, &merge.add, "add to", table).await?;
    statement(session, &merge.forget, "tidy up after", table).await?;
    let counted = session.query(&format!("select count(*) from {table}")).await?;
    let counted = counted.map_err(|error| Error::failed(format!("cannot count {table}")).because(error))?;
    Ok((counted.number().unwrap_or_default(), Changes { added, changed, removed }))
}

async fn statement(session: &Session, sql: &str, doing: &str, table: &str) -> Result<u64> {
    let done = session.run(sql).await?;
    let failure = |error| {
        Error::failed(format!("cannot {doing} {table}"))
            .because(error)
            .hint("The star is as the last good load left it.")
    };
    Ok(u64::try_from(done.map_err(failure)?.rows).unwrap_or_default())
}

fn sample(rows: &Rows) -> String {
    let value =
        |(column, value): (&String, &Option<String>)| format!("{column} = {}", value.as_deref().unwrap_or("NULL"));
    let row = |row: &Vec<Option<String>>| rows.columns.iter().zip(row).map(value).collect::<Vec<_>>().join(", ");
    rows.rows.iter().take(SHOWN).map(row).collect::<Vec<_>>().join("; ")
}
