//! One file a command; each reads like its manual page.

mod confirm;
mod demo;
mod down;
mod init;
mod load;
#[cfg(feature = "local")]
mod local;
#[cfg(feature = "local")]
mod local_control;
mod policy;
mod prove;
mod query;
#[cfg(feature = "local")]
mod schema;
#[cfg(feature = "local")]
mod seed;
mod status;
mod up;

use std::path::Path;

use clap::CommandFactory;

#[cfg(feature = "local")]
use crate::cli::LocalCommand;
use crate::cli::{Cli, Command, Common, ConfigArgs, DownArgs, Output};
use crate::config::{Config, LocalBucket};
use crate::error::{Error, FailureKind, Result};
use crate::event::Events;
use crate::interrupt;
use crate::stack::Stack;
use crate::view;

/// How a run ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// `plan --detailed-exitcode`: there is something to do.
    ChangesPending,
    /// `status`: the warehouse does not take statements, or something is missing.
    NotReady,
    /// `load --retry-rejected`: some rows were rejected again; the others are loaded.
    RowsLeft,
}

impl Outcome {
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::ChangesPending => 5,
            Self::NotReady => 6,
            // 7 to 9 are an error's.
            Self::RowsLeft => 10,
        }
    }
}

/// Opens the stack of a command.
impl Stack {
    async fn open(common: &Common) -> Result<Self> {
        let stack = Self::connect(read(common)?, common.target, events(common)).await?;
        stack.announce();
        Ok(stack)
    }

    /// For `query` and `policy`, whose standard output is rows or a document: the first line is on standard error, also
    /// where events are JSON.
    async fn open_beside_output(common: &Common) -> Result<Self> {
        let stack = Self::connect(read(common)?, common.target, events(common)).await?;
        view::scope(&stack.scope(), common.quiet);
        Ok(stack)
    }

    /// For `down`: a stack that is named on the command line needs no infra.toml. Where there is one, it says where
    /// to look, unless the command line does.
    async fn open_to_delete(args: &DownArgs) -> Result<Self> {
        let common = &args.common;
        let mut config = match args.stack.is_some() || args.all_expired {
            true => read_or_bare(&common.place)?,
            false => read(common)?,
        };
        config.timeouts.settle = common.settle();
        match &args.region {
            Some(region) => {
                crate::config::rules::region(region)
                    .map_err(|(_, message)| Error::usage(format!("--region {region}: {message}")))?;
                config.region.clone_from(region);
            }
            None if !common.place.config.exists() => {
                let region = async { Ok(crate::aws::usual_region().await) };
                config.region = interrupt::unless_asked(region).await?;
            }
            None => {}
        }
        let stack = Self::connect(config, common.target, events(common)).await?;
        stack.announce();
        match &args.stack {
            Some(name) if *name != stack.config.stack => {
                crate::config::rules::stack(name)
                    .map_err(|(_, message)| Error::usage(format!("--stack {name}: {message}")))?;
                Ok(stack.named(name, &stack.config.region))
            }
            _ => Ok(stack),
        }
    }
}

/// infra.toml, with what the command line adds.
fn read(common: &Common) -> Result<Config> {
    let mut config = configured(&common.place, Config::read(&common.place.config)?);
    config.timeouts.settle = common.settle();
    Ok(config)
}

/// As `configured`, where there need not be an infra.toml.
fn read_or_bare(place: &ConfigArgs) -> Result<Config> {
    let config = match place.config.exists() {
        true => Config::read(&place.config)?,
        false => Config::bare(place.config.parent().unwrap_or(Path::new(""))),
    };
    Ok(configured(place, config))
}

/// infra.toml, with the options of the command line.
fn configured(place: &ConfigArgs, mut config: Config) -> Config {
    for (bucket, path) in &place.mount {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
        config.local.buckets.insert(bucket.clone(), LocalBucket { path, region: None });
    }
    if let Some(state) = &place.local_state {
        config.state.clone_from(state);
    }
    config
}

fn events(common: &Common) -> Events {
    match common.output {
        Output::Human => view::human(common.quiet, common.verbose),
        Output::Json => view::json(),
    }
}

pub async fn run(command: Command) -> Result<Outcome> {
    interrupt::listen().map_err(|error| Error::new(FailureKind::Failed, "cannot listen for signals").because(error))?;
    match command {
        Command::Init(args) => interrupt::on_thread(move || init::run(&args)).await,
        Command::Plan(args) => {
            up::plan_only(&Stack::open(&args.common).await?, args.plan_options, args.detailed_exitcode).await
        }
        Command::Up(args) => up::run(&Stack::open(&args.common).await?, &args).await,
        Command::Load(args) => load::run(&Stack::open(&args.common).await?, &args).await,
        Command::Down(args) if args.all_expired => down::all_expired(&Stack::open_to_delete(&args).await?, &args).await,
        Command::Down(args) => down::run(&Stack::open_to_delete(&args).await?, &args).await,
        Command::Status(args) => status::run(&Stack::open(&args.common).await?, args.tables).await,
        Command::Policy(args) => policy::run(&Stack::open_beside_output(&args.common).await?, args.part),
        Command::Query(args) => query::run(&args).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sparkify-infra", &mut script);
            view::document(String::from_utf8_lossy(&script).trim_end());
            Ok(Outcome::Done)
        }
        Command::Man { command } => {
            view::document(&manual(command.as_deref())?);
            Ok(Outcome::Done)
        }
        Command::Demo(args) => demo::run(&args).await,
        #[cfg(feature = "local")]
        Command::Local(command) => run_local(command).await,
        #[cfg(feature = "local")]
        Command::Schema { config } => interrupt::on_thread(move || schema::run(&config)).await,
        Command::Sample(args) => {
            let (directory, size) = (args.directory.clone(), args.size);
            let written = interrupt::on_thread(move || crate::sample::write(&directory, size)).await?;
            view::status(&format!(
                "{} songs and {} events in {} files under {}",
                written.songs,
                written.events,
                written.files,
                args.directory.display()
            ));
            Ok(Outcome::Done)
        }
    }
}

#[cfg(feature = "local")]
async fn run_local(command: LocalCommand) -> Result<Outcome> {
    use interrupt::on_thread;
    match command {
        LocalCommand::Serve(args) => local::serve(&args).await,
        LocalCommand::Check(args) => on_thread(move || local::check(&args)).await,
        LocalCommand::Snapshot(args) => on_thread(move || local_control::snapshot(&args)).await,
        LocalCommand::Restore(args) => on_thread(move || local_control::restore(&args)).await,
        LocalCommand::Reset(args) => on_thread(move || local_control::reset(&args)).await,
        LocalCommand::Env(args) => on_thread(move || local_control::env(&args)).await,
        LocalCommand::Connect(args) => local_control::connect(&args).await,
        LocalCommand::Sweep(args) => on_thread(move || local::sweep(&args)).await,
    }
}

/// The manual page in roff, from the same definitions as `--help`.
fn manual(command: Option<&str>) -> Result<String> {
    let whole = Cli::command();
    let wanted = match command {
        None => whole,
        Some(name) => {
            let missing =
                || Error::usage(format!("there is no command {name}")).hint("`sparkify-infra --help` shows them all.");
            let found = whole.find_subcommand(name).ok_or_else(missing)?.clone();
            found.name(format!("sparkify-infra-{name}")).bin_name(format!("sparkify-infra {name}"))
        }
    };
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(wanted).render(&mut page);
    rendered.map_err(|error| Error::failed("cannot write the manual").because(error))?;
    Ok(String::from_utf8_lossy(&page).trim_end().to_owned())
}
