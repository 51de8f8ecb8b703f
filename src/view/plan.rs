//! A plan as a person reads it: what happens to each resource, why, and field by field.

use std::fmt::Write as _;

use super::{CYAN, DIM, GREEN, RED, YELLOW};
use crate::plan::{Change, Glyph, Plan, Step};

/// Whether the fields of what is created are shown as well: those of what changes always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    Yes,
    No,
}

pub fn text(verb: &str, stack: &str, plan: &Plan, full: Full) -> String {
    let mut text = match (plan.is_empty(), verb) {
        (true, "down") => format!("down: nothing of the stack {stack} is there"),
        (true, verb) => format!("{verb}: nothing to do, the stack {stack} is as it should be"),
        (false, verb) => format!("{verb} of the stack {stack}:"),
    };
    for step in &plan.steps {
        add_step(&mut text, step, full);
    }
    for note in &plan.notes {
        let _ = write!(text, "\n  {DIM}i {note}{DIM:#}");
    }
    if full == Full::Yes && !plan.is_empty() {
        let count = |glyph| plan.steps.iter().filter(|step| step.action.glyph() == glyph).count();
        let (create, change, delete) = (count(Glyph::Create), count(Glyph::Change), count(Glyph::Delete));
        let _ = write!(text, "\n\n{create} to create, {change} to change, {delete} to delete; nothing was done");
    }
    text
}

fn add_step(text: &mut String, step: &Step, full: Full) {
    let glyph = step.action.glyph();
    let style = match glyph {
        Glyph::Create => GREEN,
        Glyph::Change => YELLOW,
        Glyph::Delete => RED,
        Glyph::Wait => CYAN,
    };
    let _ = write!(text, "\n  {style}{}{style:#} {step} {DIM}({}){DIM:#}", glyph.sign(), step.reason);
    // A field that only appears belongs to something new.
    let shown = step.changes.iter().filter(|change| full == Full::Yes || change.from.is_some());
    shown.for_each(|change| add_change(text, change));
}

fn add_change(text: &mut String, change: &Change) {
    let field = &change.field;
    let _ = match (&change.from, &change.to) {
        (None, Some(to)) => write!(text, "\n      {field}: {to}"),
        (Some(from), Some(to)) => write!(text, "\n      {field}: {from} {DIM}→{DIM:#} {to}"),
        (Some(from), None) => write!(text, "\n      {field}: {from} {DIM}→ none{DIM:#}"),
        (None, None) => Ok(()),
    };
}
