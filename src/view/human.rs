//! Events as a person reads them.

use std::time::Duration;

use anstream::{eprintln, println};

use super::plan::{self, Full};
use super::{BOLD, CYAN, DIM, GREEN, RED, tables};
use crate::event::{Event, Span};
use crate::resource::contents::Entry;

pub fn show(event: &Event, quiet: bool) {
    match event {
        Event::Warning { message } => super::warning(message),
        Event::StepFailed { step, error } => {
            super::deferred_scope();
            eprintln!("{RED}failed{RED:#} {step}: {error}");
        }
        Event::Scope { scope } => super::scope(scope, quiet),
        Event::Loaded { report } => {
            println!("{}", tables::report(report));
            if !quiet {
                eprintln!("{GREEN}loaded{GREEN:#} in {}", time(report.took));
            }
        }
        // What was asked for is shown, quiet or not.
        Event::Planned { verb, stack, plan, only: true } => println!("{}", plan::text(verb, stack, plan, Full::Yes)),
        Event::Goes { bucket, entry } => println!("    {RED}-{RED:#} {}", goes(bucket, entry)),
        Event::LoadPlanned { steps } => {
            println!("load would:");
            for step in steps {
                println!("  {GREEN}+{GREEN:#} {} {DIM}({}){DIM:#}", step.does, step.why);
            }
        }
        Event::Checked { sources } => println!("{}", tables::checked(sources)),
        Event::Status { status } => println!("{}", tables::status(status)),
        _ if quiet => {}
        // A bar shows it, or a line now and then.
        Event::Progress { .. } => {}
        Event::Chapter { title } => eprintln!("\n{BOLD}{title}{BOLD:#}"),
        Event::Planned { verb, stack, plan, only: false } => eprintln!("{}", plan::text(verb, stack, plan, Full::No)),
        Event::StageStarted { stage } | Event::StepStarted { step: stage } => eprintln!("{DIM}...{DIM:#}  {stage}"),
        Event::StepDone { step, detail, took } => {
            let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            eprintln!("{GREEN}done{GREEN:#} {step}{detail} {DIM}{}{DIM:#}", time(*took));
        }
        Event::Waiting { step, since, state } => {
            eprintln!("{DIM}still{DIM:#} {step}: {state} {DIM}{}{DIM:#}", time(*since))
        }
        Event::StageDone { stage, detail, took } => {
            eprintln!("{GREEN}done{GREEN:#} {stage}: {detail} {DIM}{}{DIM:#}", time(*took));
        }
        Event::CriticalPath { spans, took } => {
            eprintln!("{DIM}the end waited for:{DIM:#} {}", waited_for(spans, *took));
        }
        Event::Ready { stack, endpoint, database } => {
            eprintln!("{GREEN}ready{GREEN:#} the warehouse {stack}: database {database} at {endpoint}");
        }
        Event::Gone { stack, scope, looked_at, kept, kept_by_aws } => {
            let but = if kept.is_empty() { "" } else { " but what is kept on purpose" };
            eprintln!("{GREEN}gone{GREEN:#} nothing of the stack {stack} is left{but}. Looked again for ({scope}):");
            looked_at.iter().for_each(|what| eprintln!("     {what}"));
            kept.iter().for_each(|what| eprintln!("{CYAN}kept{CYAN:#} {what}"));
            kept_by_aws.iter().for_each(|what| eprintln!("{CYAN}kept by AWS{CYAN:#} {what}"));
        }
    }
}

/// The critical path in words; short spans are left out.
fn waited_for(spans: &[Span], took: Duration) -> String {
    let counts = |span: &&Span| span.critical && span.took * 50 >= took;
    let words = |span: &Span| format!("{} {DIM}{}{DIM:#}", span.name, time(span.took));
    spans.iter().filter(counts).map(words).collect::<Vec<_>>().join(", ")
}

/// How far a stage is, in words: objects, or rows and bytes of a COPY.
pub fn far(done: u64, of: u64, rows: Option<u64>) -> String {
    match rows {
        None => format!("{done} of {of} objects"),
        Some(rows) => format!("{rows} rows, {} of {}", indicatif::HumanBytes(done), indicatif::HumanBytes(of)),
    }
}

fn goes(bucket: &str, entry: &Entry) -> String {
    match entry {
        Entry::Version { key, version, bytes, .. } => {
            let version = if version == "null" { String::new() } else { format!(" version {version}") };
            format!("s3://{bucket}/{key}{version} {DIM}({}){DIM:#}", indicatif::HumanBytes(*bytes))
        }
        Entry::Marker { key, version } => format!("s3://{bucket}/{key} delete marker {version}"),
        Entry::Upload { key, .. } => format!("s3://{bucket}/{key} upload in progress"),
    }
}

/// A duration short enough for the end of a line.
pub fn time(duration: Duration) -> String {
    match duration.as_secs() {
        0..=9 => format!("{:.2} s", duration.as_secs_f64()),
        10..=119 => format!("{} s", duration.as_secs()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
