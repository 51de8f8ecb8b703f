//! `load`: runs the loader, emits its report, and draws the page where `--report` asks for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Outcome, Stack};
use crate::cli::LoadArgs;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::load::{self, LoadOptions, PreGathered, sql};
use crate::load_report::{LoadReport, SourceReport};
use crate::resource::tags;
use crate::timeline::Timeline;
use crate::view;
use crate::view::report::{Answered, Run};

pub async fn run(stack: &Stack, args: &LoadArgs) -> Result<Outcome> {
    let options = LoadOptions {
        prefixes: args.prefix.clone(),
        recreate: args.recreate,
        mode: args.mode,
        retry_rejected: args.retry_rejected,
    };
    let events = &stack.events;
    if args.dry_run {
        let steps = load::plan(stack, &options).await?;
        events.emit(Event::LoadPlanned { steps });
        return Ok(Outcome::Done);
    }
    if args.check {
        let (sources, failure) = load::check(stack, &options).await?;
        if !sources.is_empty() || failure.is_none() {
            events.emit(Event::Checked { sources });
        }
        return failure.map_or(Ok(Outcome::Done), Err);
    }
    let timeline = Timeline::new(events);
    let report = load_and_report(stack, &options, PreGathered::default(), &timeline, args.report.as_deref()).await?;
    Ok(if args.retry_rejected { report_retried(&report) } else { Outcome::Done })
}

/// Prints how many rejected rows were loaded.
fn report_retried(report: &LoadReport) -> Outcome {
    let sum = |count: fn(&SourceReport) -> u64| report.sources.iter().map(count).sum::<u64>();
    let (accepted, left) = (sum(|source| source.staged), sum(|source| source.rejected));
    view::status(&format!("rejected rows: {accepted} accepted, {left} left in quarantine"));
    if left == 0 { Outcome::Done } else { Outcome::RowsLeft }
}

/// Loads, emits the report and the critical path, and draws the page: also of a load that failed.
pub async fn load_and_report(
    stack: &Stack,
    options: &LoadOptions,
    pre_gathered: PreGathered,
    timeline: &Timeline,
    page: Option<&Path>,
) -> Result<Arc<LoadReport>> {
    let report = match load::run(&stack.with_events(&timeline.events), options, pre_gathered).await {
        Ok(report) => Arc::new(report),
        Err(error) => {
            if let Some(directory) = page {
                draw_failure(stack, directory, &error, timeline);
            }
            return Err(error);
        }
    };
    stack.events.emit(Event::Loaded { report: report.clone() });
    stack.events.emit(Event::CriticalPath { spans: timeline.spans(), took: timeline.took() });
    if let Some(directory) = page {
        draw(stack, directory, &report, timeline).await?;
    }
    Ok(report)
}

/// The page, with the columns of the star and the answers to all questions of `sql/analysis/`.
async fn draw(stack: &Stack, directory: &Path, report: &LoadReport, timeline: &Timeline) -> Result<()> {
    let (when, spans) = (tags::time(Duration::ZERO), timeline.spans());
    let warehouse = load::warehouse(stack).await?;
    let profiles = load::profile::run(&warehouse, &report.tables, &stack.events).await?;
    let mut answers = Vec::new();
    for file in sql::files(&stack.config.directory, "analysis")? {
        match warehouse.query(&file.statement).await? {
            Ok(rows) => {
                answers.push(Answered { question: file.title, rows, bars: file.settings.get("bars").cloned() });
            }
            // The load is done: a question that fails is left out with a warning.
            Err(error) => {
                let message = format!("{} is not in the report: {error}", file.path.display());
                stack.events.emit(Event::Warning { message });
            }
        }
    }
    let run = Run { stack: &stack.names.stack, when: &when, timeline: &spans };
    write(directory, &view::report::html(&run, report, &profiles, &answers)).map_err(|(path, error)| {
        Error::failed(format!("cannot write {}; the load itself is done", path.display())).because(error)
    })
}

/// Draws the page of a load that failed, over that of an earlier one. Best effort: the failure itself matters more.
fn draw_failure(stack: &Stack, directory: &Path, error: &Error, timeline: &Timeline) {
    let (when, spans) = (tags::time(Duration::ZERO), timeline.spans());
    let run = Run { stack: &stack.names.stack, when: &when, timeline: &spans };
    if let Err((path, cause)) = write(directory, &view::report::failed(&run, error)) {
        let message = format!("cannot write {}: {cause}", path.display());
        stack.events.emit(Event::Warning { message });
    }
}

/// Writes the page into the directory, and says where.
fn write(directory: &Path, page: &str) -> std::result::Result<(), (PathBuf, std::io::Error)> {
    let path = directory.join("report.html");
    let written = std::fs::create_dir_all(directory).and_then(|()| std::fs::write(&path, page));
    match written {
        Ok(()) => {
            view::status(&format!("report in {}", path.display()));
            Ok(())
        }
        Err(error) => Err((path, error)),
    }
}
