//! `demo`: a sample data set, then up, load, three analyses, down, in a directory of its own.

use clap::Parser;

use super::{Outcome, Stack};
use crate::aws::Target;
use crate::cli::{Cli, Command, DemoArgs, LoadArgs};
use crate::config::{Config, LocalBucket};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::load::{self, sql};
use crate::view;

/// The analyses that the demo shows, from `sql/analysis/`.
const ANALYSES: [&str; 3] = ["top_songs", "plays_by_hour", "free_against_paid"];

pub async fn run(args: &DemoArgs) -> Result<Outcome> {
    let events = view::human(false);
    let chapter = |title: &str| events.emit(Event::Chapter { title: title.to_owned() });
    let mut config = Config::read(&args.config)?;
    let home = std::path::absolute(config.directory.join(".sparkify/demo"))
        .map_err(|error| Error::failed("cannot find the working directory").because(error))?;

    let data = match &args.data {
        Some(directory) => std::path::absolute(directory).unwrap_or_else(|_| directory.clone()),
        None => {
            chapter("A sample data set, in place of s3://udacity-dend");
            let written = crate::sample::write(&home.join("data"), args.size)?;
            view::status(&format!("{} songs and {} events in {} files", written.songs, written.events, written.files));
            home.join("data")
        }
    };
    config.local.buckets.insert(crate::sample::BUCKET.to_owned(), LocalBucket { path: data, region: None });
    config.state = home;
    let stack = Stack::connect(config, Target::Local, events.clone()).await?;

    chapter("up: the role, the bucket, the cluster");
    if let Command::Up(args) = usual("up")? {
        super::up::run(&stack, &args).await?;
    }
    chapter("load: gather, COPY, transform, check, reconcile");
    if let Command::Load(args) = usual("load")? {
        super::load::run(&stack, &LoadArgs { recreate: true, ..args }).await?;
    }
    analyse(&stack).await?;
    chapter("down: all of it goes, and nothing else");
    match usual("down")? {
        Command::Down(args) => super::down::run(&stack, &args).await,
        _ => Ok(Outcome::Done),
    }
}

/// A command as it is without options.
fn usual(command: &str) -> Result<Command> {
    let parsed = Cli::try_parse_from(["sparkify-infra", command]);
    parsed.map(|cli| cli.command).map_err(|error| Error::usage(format!("cannot run {command}")).because(error))
}

async fn analyse(stack: &Stack) -> Result<()> {
    let warehouse = load::warehouse(&stack.aws, &stack.config, &stack.names, &stack.events).await?;
    let files = sql::files(&stack.config.directory, "analysis")?;
    for name in ANALYSES {
        let missing = || Error::usage(format!("there is no sql/analysis/{name}.sql"));
        let file = files.iter().find(|file| file.name == name).ok_or_else(missing)?;
        stack.events.emit(Event::Chapter { title: file.title.clone() });
        let rows = warehouse.query(&file.statement).await?;
        view::table(&rows.map_err(|error| Error::failed(format!("the analysis {name} failed")).because(error))?);
    }
    Ok(())
}
