//! `load`: everything is in the loader; here its report is told.

use std::sync::Arc;

use super::Stack;
use crate::error::Result;
use crate::event::Event;
use crate::load::{self, LoadOptions};

pub async fn run(stack: &Stack, prefixes: Vec<(String, String)>, recreate: bool) -> Result<()> {
    let options = LoadOptions { prefixes, recreate };
    let report = load::run(&stack.aws, &stack.config, &stack.names, &options, &stack.events).await?;
    stack.events.emit(Event::Loaded { report: Arc::new(report) });
    Ok(())
}
