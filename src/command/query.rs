//! `query`: a statement, a file, standard input, or one of the ready-made analyses of `sql/analysis/`.

use std::io::{IsTerminal, Read};

use super::{Outcome, Stack};
use crate::cli::{Format, Output, QueryArgs};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::files;
use crate::interrupt;
use crate::load;
use crate::load::sql::{self, SqlFile};
use crate::query;
use crate::view;

pub async fn run(args: &QueryArgs) -> Result<Outcome> {
    if args.list {
        let config = Config::read(&args.common.place.config)?;
        let told: Vec<(String, String)> = sql::files(&config.directory, "analysis")?
            .iter()
            .map(|file| (cli_name(&file.name), file.title.clone()))
            .collect();
        view::analyses(&told);
        return Ok(Outcome::Done);
    }
    let stack = Stack::open_beside_output(&args.common).await?;
    let (asked, config) = (args.clone(), stack.config.clone());
    let text = interrupt::on_thread(move || text(&asked, &config)).await?;
    let warehouse = load::warehouse(&stack).await?;
    let format = args.format.or((args.common.output == Output::Json).then_some(Format::Json));
    let mut printer = view::rows::Printer::new(format, args.expanded, args.common.quiet);
    let ran = query::run(&warehouse, &text, &mut printer).await;
    ran.map(|()| Outcome::Done).map_err(|error| before_load(error, &stack.config))
}

/// A table that `sql/schema/` has and the warehouse has not: nothing was loaded yet.
fn before_load(error: Error, config: &Config) -> Error {
    let cause = error.reason();
    let missing = |file: &SqlFile| cause.contains(&format!("relation \"{}\" does not exist", file.name));
    match sql::files(&config.directory, "schema").is_ok_and(|files| files.iter().any(missing)) {
        true => error.hint("Run `sparkify-infra load` first: it creates the tables of sql/schema and fills them."),
        false => error,
    }
}

fn text(args: &QueryArgs, config: &Config) -> Result<String> {
    match (&args.sql, &args.file) {
        (Some(name), _) if is_name(name) => analysis(name, config),
        (Some(sql), _) => Ok(sql.clone()),
        (None, Some(path)) => files::read_text_or_stream(path)
            .map_err(|error| Error::usage(format!("cannot read {}", path.display())).because(error)),
        (None, None) if std::io::stdin().is_terminal() => Err(Error::usage("there is nothing to run").hint(
            "Give a statement (`query \"select 1\"`), a file (`query -f FILE`), standard input, or an analysis (`query --list`).",
        )),
        (None, None) => {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|error| Error::usage("cannot read standard input").because(error))?;
            Ok(text)
        }
    }
}

/// True if the text is one word, and so the name of an analysis: no useful statement has only one.
fn is_name(text: &str) -> bool {
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '-' || sign == '_';
    !text.is_empty() && text.chars().all(is_word)
}

fn analysis(name: &str, config: &Config) -> Result<String> {
    let files: Vec<SqlFile> = sql::files(&config.directory, "analysis")?;
    let wanted = name.replace('-', "_");
    if let Some(file) = files.iter().find(|file| file.name == wanted) {
        return Ok(file.statement.clone());
    }
    let near = files.iter().max_by(|one, other| {
        strsim::jaro_winkler(&one.name, &wanted).total_cmp(&strsim::jaro_winkler(&other.name, &wanted))
    });
    let mut error =
        Error::usage(format!("there is no analysis {name} in {}", config.directory.join("sql/analysis").display()));
    if let Some(near) = near.filter(|file| strsim::jaro_winkler(&file.name, &wanted) > 0.8) {
        error = error.hint(format!("Did you mean {}?", cli_name(&near.name)));
    }
    Err(error.hint("`sparkify-infra query --list` shows those that there are."))
}

/// The name on the command line: `top-songs`.
fn cli_name(name: &str) -> String {
    name.replace('_', "-")
}
