//! `load`: everything is in the loader; here its report is told, and drawn where that is asked for.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::{Outcome, Stack};
use crate::cli::LoadArgs;
use crate::error::{Error, Result};
use crate::event::{Event, Events};
use crate::load::report::LoadReport;
use crate::load::{self, LoadOptions, sql};
use crate::resource::tags;
use crate::sync::locked;
use crate::view;
use crate::view::report::{Answered, Timed};

pub async fn run(stack: &Stack, args: &LoadArgs) -> Result<Outcome> {
    let options = LoadOptions { prefixes: args.prefix.clone(), recreate: args.recreate, mode: args.mode };
    let (aws, config, names, events) = (&stack.aws, &stack.config, &stack.names, &stack.events);
    if args.dry_run {
        let steps = load::plan(aws, config, names, &options, events).await?;
        events.emit(Event::LoadPlanned { steps });
        return Ok(Outcome::Done);
    }
    if args.check {
        let sources = load::check(aws, config, names, &options, events).await?;
        events.emit(Event::Checked { sources });
        return Ok(Outcome::Done);
    }
    let timeline = Timeline::new(events);
    let report = load::run(aws, config, names, &options, &timeline.events).await?;
    let report = Arc::new(report);
    events.emit(Event::Loaded { report: report.clone() });
    if let Some(directory) = &args.report {
        draw(stack, directory, &report, &timeline).await?;
    }
    Ok(Outcome::Done)
}

/// Passes events on, and remembers when each stage was.
struct Timeline {
    events: Events,
    stages: Arc<Mutex<Vec<Timed>>>,
}

impl Timeline {
    fn new(to: &Events) -> Self {
        let (began, to) = (Instant::now(), to.clone());
        let stages: Arc<Mutex<Vec<Timed>>> = Arc::default();
        let kept = stages.clone();
        let events = Events::to(move |event| {
            if let Event::StageDone { stage, detail, took } = &event {
                let began = began.elapsed().saturating_sub(*took);
                locked(&kept).push(Timed { stage: stage.clone(), detail: detail.clone(), began, took: *took });
            }
            to.emit(event);
        });
        Self { events, stages }
    }

    fn stages(&self) -> Vec<Timed> {
        let mut stages = locked(&self.stages).clone();
        stages.sort_by_key(|stage| stage.began);
        stages
    }
}

/// The page, with the answers to all questions of `sql/analysis/`.
async fn draw(stack: &Stack, directory: &Path, report: &LoadReport, timeline: &Timeline) -> Result<()> {
    let warehouse = load::warehouse(&stack.aws, &stack.config, &stack.names, &stack.events).await?;
    let mut answers = Vec::new();
    for file in sql::files(&stack.config.directory, "analysis")? {
        match warehouse.query(&file.statement).await? {
            Ok(rows) => answers.push(Answered { question: file.title, rows }),
            // The load is done: a question that has no answer is left out, and told.
            Err(error) => {
                let message = format!("{} is not in the report: {error}", file.path.display());
                stack.events.emit(Event::Warning { message });
            }
        }
    }
    let when = tags::time(std::time::Duration::ZERO);
    let page = view::report::html(&stack.names.stack, &when, report, &timeline.stages(), &answers);
    let path = directory.join("report.html");
    let written = std::fs::create_dir_all(directory).and_then(|()| std::fs::write(&path, page));
    written.map_err(|error| {
        Error::failed(format!("cannot write {}; the load itself is done", path.display())).because(error)
    })?;
    view::status(&format!("report in {}", path.display()));
    Ok(())
}
