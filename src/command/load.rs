//! `load`: everything is in the loader; here its report is told, and drawn where that is asked for.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::{Outcome, Stack};
use crate::cli::LoadArgs;
use crate::error::{Error, Result};
use crate::event::{Event, Events};
use crate::load::report::LoadReport;
use crate::load::{self, LoadOptions, sql};
use crate::resource::tags;
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
        let (kept, open) = (stages.clone(), Mutex::new(HashMap::new()));
        let events = Events::to(move |event| {
            match &event {
                Event::StageStarted { stage } => {
                    open.lock().unwrap_or_else(PoisonError::into_inner).insert(stage.clone(), began.elapsed());
                }
                Event::StageDone { stage, detail, took } => {
                    let began = open.lock().unwrap_or_else(PoisonError::into_inner).remove(stage).unwrap_or_default();
                    let timed = Timed { stage: stage.clone(), detail: detail.clone(), began, took: *took };
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(timed);
                }
                _ => {}
            }
            to.emit(event);
        });
        Self { events, stages }
    }

    fn stages(&self) -> Vec<Timed> {
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner).clone();
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
