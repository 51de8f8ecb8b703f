//! `init`: a look at one's own data, and the files that load it.

use std::path::Path;

use super::Outcome;
use crate::cli::InitArgs;
use crate::config::rules;
use crate::error::{Error, Result};
use crate::init;
use crate::view;

pub fn run(args: &InitArgs) -> Result<Outcome> {
    let here =
        std::path::absolute(".").map_err(|error| Error::usage("cannot find the working directory").because(error))?;
    let stack = match &args.stack {
        Some(name) => name.clone(),
        None => stack_name(&here),
    };
    rules::stack(&stack).map_err(|(_, message)| Error::usage(format!("--stack {stack}: {message}")))?;
    let written = init::write(&args.data, &stack, &args.region)?;
    view::initialised(&written);
    written.notes.iter().for_each(|note| view::warning(note));
    view::status("\nNow: sparkify-infra up, sparkify-infra load, sparkify-infra query --list, sparkify-infra down");
    Ok(Outcome::Done)
}

/// The directory's name as a stack's: lower-case letters, digits, single hyphens.
fn stack_name(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let words: Vec<&str> =
        name.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut name = words.join("-");
    name.truncate(30);
    let name = name.trim_end_matches('-');
    if name.starts_with(|sign: char| sign.is_ascii_lowercase()) { name.to_owned() } else { "warehouse".to_owned() }
}
