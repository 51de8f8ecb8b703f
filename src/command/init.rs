//! `init`: a look at one's own data, and the files that load it.

use std::path::Path;

use super::Outcome;
use crate::cli::{Example, InitArgs};
use crate::config::rules;
use crate::error::{Error, Result};
use crate::init;
use crate::view;

pub fn run(args: &InitArgs) -> Result<Outcome> {
    match (&args.data, args.example) {
        (_, Some(Example::Sparkify)) => example(),
        (Some(data), None) => from_data(data, args),
        (None, None) => Err(Error::usage("init needs the directory of your data, or --example")),
    }
}

fn example() -> Result<Outcome> {
    for path in init::example::write()? {
        view::document(&path.display().to_string());
    }
    view::status(
        "\nNow: sparkify-infra sample data, sparkify-infra up, sparkify-infra load, sparkify-infra query --list, sparkify-infra down",
    );
    Ok(Outcome::Done)
}

fn from_data(data: &Path, args: &InitArgs) -> Result<Outcome> {
    let here =
        std::path::absolute(".").map_err(|error| Error::usage("cannot find the working directory").because(error))?;
    let stack = match &args.stack {
        Some(name) => name.clone(),
        None => stack_name(&here),
    };
    rules::stack(&stack).map_err(|(_, message)| Error::usage(format!("--stack {stack}: {message}")))?;
    let written = init::write(data, &stack, &args.region, args.snake_case)?;
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
