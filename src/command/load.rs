//! `load`: everything is in the loader; here its report is told.

use std::sync::Arc;

use super::{Outcome, Stack};
use crate::cli::LoadArgs;
use crate::error::Result;
use crate::event::Event;
use crate::load::{self, LoadOptions};

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
    let report = load::run(aws, config, names, &options, events).await?;
    events.emit(Event::Loaded { report: Arc::new(report) });
    Ok(Outcome::Done)
}
