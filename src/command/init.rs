//! `init`: a look at one's own data, and the files that load it.

use std::path::Path;

use super::Outcome;
use crate::cli::{Example, InitArgs};
use crate::config::{Config, rules};
use crate::error::{Error, Result};
use crate::init;
use crate::view;

pub fn run(args: &InitArgs) -> Result<Outcome> {
    if args.update {
        return update(args);
    }
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

/// Shows what has changed in the data, and changes sql/ accordingly.
fn update(args: &InitArgs) -> Result<Outcome> {
    let config = Config::read(Path::new("infra.toml"))?;
    let update = init::update::plan(&config, args.data.as_deref(), args.snake_case)?;
    update.notes.iter().for_each(|note| view::warning(note));
    if !update.changes.is_empty() {
        view::updated(&update);
    }
    let paths: Vec<String> = update.paths().map(|path| path.display().to_string()).collect();
    if paths.is_empty() {
        view::status("nothing to change: sql/ takes what the data has");
        return Ok(Outcome::Done);
    }
    let paths = paths.join(", ");
    if args.dry_run {
        view::status(&format!("\nwould be written: {paths}; nothing was done"));
        return Ok(Outcome::Done);
    }
    update.write()?;
    view::status(&format!("\nwritten: {paths}"));
    if update.needs_recreation {
        view::status(
            "\nTables that the warehouse has already stay as they are: `sparkify-infra load --recreate` creates them again. Redshift \
             changes no types of theirs but the length of a VARCHAR.",
        );
    } else if !update.statements.is_empty() {
        view::status(
            "\nTables that the warehouse has already stay as they are: `sparkify-infra load --recreate` creates them again, or these \
             statements change them, one at a time with `sparkify-infra query`:",
        );
        update.statements.iter().for_each(|statement| view::status(&format!("  {statement};")));
    }
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
