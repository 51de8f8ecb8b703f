//! `demo`: a sample data set, then up, load, three analyses, down, in a directory of its own.

use std::path::Path;

use clap::Parser;
use tokio::time::Instant;

use super::{Outcome, Stack};
use crate::aws::Target;
use crate::cli::{Cli, Command, DemoArgs, UpArgs};
use crate::config::{Config, LocalBucket};
use crate::error::{Error, Result};
use crate::event::{Event, Scope};
use crate::init;
use crate::interrupt;
use crate::load::{self, LoadOptions, sql};
use crate::view;

/// The analyses that the demo shows, from `sql/analysis/`.
const ANALYSES: [&str; 3] = ["top_songs", "plays_by_hour", "free_against_paid"];

pub async fn run(args: &DemoArgs) -> Result<Outcome> {
    let (events, begun) = (view::human(false, false), Instant::now());
    let chapter = |title: &str| events.emit(Event::Chapter { title: title.to_owned() });
    let beside = args.config.parent().unwrap_or(Path::new("")).join(".sparkify/demo");
    let home = std::path::absolute(beside)
        .map_err(|error| Error::failed("cannot find the working directory").because(error))?;
    let mut config = read(&args.config, &home)?;
    // As the local target will answer; it cannot be asked before the data that plays its bucket is there.
    let (account, region) = (config.local.account.clone(), config.region.clone());
    events.emit(Event::Scope { scope: Scope { target: Target::Local, account, region, endpoint: None } });
    if config.directory == home {
        view::status(
            "There is no infra.toml here: this is the example that `sparkify-infra init --example sparkify` writes.",
        );
    }

    let data = match &args.data {
        Some(directory) => std::path::absolute(directory).unwrap_or_else(|_| directory.clone()),
        None => {
            chapter("A sample data set, in place of s3://udacity-dend");
            let (directory, size) = (home.join("data"), args.size);
            let written = interrupt::on_thread(move || crate::sample::write(&directory, size)).await?;
            view::status(&format!("{} songs and {} events in {} files", written.songs, written.events, written.files));
            home.join("data")
        }
    };
    config.local.buckets.insert(crate::sample::BUCKET.to_owned(), LocalBucket { path: data, region: None });
    config.state = home;
    #[cfg(feature = "local")]
    {
        config.local.simulate = args.simulate;
    }
    let stack = Stack::connect(config, Target::Local, events.clone()).await?;

    chapter("up --load: the role, the bucket, the cluster; gather, COPY, transform, check, reconcile");
    if let Command::Up(args) = usual("up")? {
        // What an earlier demo left when it was stopped may have other tables.
        let options = LoadOptions { recreate: true, ..LoadOptions::default() };
        super::up::run_with(&stack, &UpArgs { load: true, ..args }, &options).await?;
    }
    analyse(&stack).await?;
    chapter("down: all of it goes, and nothing else");
    if let Command::Down(args) = usual("down")? {
        super::down::run(&stack, &args).await?;
    }
    if stack.config.local.simulate {
        let took = view::time(begun.elapsed());
        view::status(&format!("\nAll of it would have taken {took} on AWS, by the model of docs/load.md."));
    }
    Ok(Outcome::Done)
}

/// Reads infra.toml; where there is none in the working directory, the example, which it writes into `home`.
fn read(path: &Path, home: &Path) -> Result<Config> {
    if path != Path::new("infra.toml") || path.symlink_metadata().is_ok() {
        return Config::read(path);
    }
    // Another version of the program may have written other files.
    if let Err(error) = std::fs::remove_dir_all(home.join("sql"))
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(Error::failed(format!("cannot empty {}", home.join("sql").display())).because(error));
    }
    init::example::write_into(home)?;
    Config::read(&home.join("infra.toml"))
}

/// A command as it is without options.
fn usual(command: &str) -> Result<Command> {
    let parsed = Cli::try_parse_from(["sparkify-infra", command]);
    parsed.map(|cli| cli.command).map_err(|error| Error::usage(format!("cannot run {command}")).because(error))
}

async fn analyse(stack: &Stack) -> Result<()> {
    let warehouse = load::warehouse(stack).await?;
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
