//! Events as a person reads them.

use std::time::Duration;

use anstream::{eprintln, println};

use super::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, tables};
use crate::event::Event;
use crate::plan::{Glyph, Plan};

pub fn show(event: &Event, quiet: bool) {
    match event {
        Event::Warning { message } => eprintln!("{YELLOW}warning{YELLOW:#}: {message}"),
        Event::Loaded { report } => {
            println!("{}", tables::report(report));
            if !quiet {
                eprintln!("{GREEN}loaded{GREEN:#} in {}", time(report.took));
            }
        }
        _ if quiet => {}
        Event::Chapter { title } => eprintln!("\n{BOLD}{title}{BOLD:#}"),
        Event::Planned { verb, stack, plan } => show_plan(verb, stack, plan),
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
        Event::Ready { stack, endpoint, database } => {
            eprintln!("{GREEN}ready{GREEN:#} the warehouse {stack}: database {database} at {endpoint}");
        }
        Event::Gone { stack, looked_at } => {
            eprintln!("{GREEN}gone{GREEN:#} nothing of the stack {stack} is left. Looked again for:");
            looked_at.iter().for_each(|what| eprintln!("     {what}"));
        }
    }
}

fn show_plan(verb: &str, stack: &str, plan: &Plan) {
    if plan.is_empty() {
        match verb {
            "down" => eprintln!("down: nothing of the stack {stack} is there"),
            verb => eprintln!("{verb}: nothing to do, the stack {stack} is as it should be"),
        }
        return;
    }
    eprintln!("{verb} of the stack {stack}:");
    for step in &plan.steps {
        let style = match step.action.glyph() {
            Glyph::Create => GREEN,
            Glyph::Change => YELLOW,
            Glyph::Delete => RED,
            Glyph::Wait => CYAN,
        };
        let sign = step.action.glyph().sign();
        eprintln!("  {style}{sign}{style:#} {} {DIM}({}){DIM:#}", crate::apply::describe(step), step.reason);
    }
}

/// A duration short enough for the end of a line.
fn time(duration: Duration) -> String {
    match duration.as_secs() {
        0..=9 => format!("{:.2} s", duration.as_secs_f64()),
        10..=119 => format!("{} s", duration.as_secs()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
