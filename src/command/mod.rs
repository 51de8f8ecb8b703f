//! One file a command; each reads like its manual page.

mod demo;
mod down;
mod load;
#[cfg(feature = "local")]
mod schema;
mod up;

use crate::aws::{Aws, Target};
use crate::cli::{Command, Common};
use crate::config::{Config, LocalBucket};
use crate::error::Result;
use crate::event::Events;
use crate::resource::Names;
use crate::view;

/// What every command about a stack begins with.
struct Stack {
    config: Config,
    aws: Aws,
    names: Names,
    events: Events,
}

impl Stack {
    async fn open(common: &Common) -> Result<Self> {
        let mut config = Config::read(&common.config)?;
        for (bucket, path) in &common.mount {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
            config.local.buckets.insert(bucket.clone(), LocalBucket { path, region: None });
        }
        Self::connect(config, common.target, view::human(common.quiet)).await
    }

    async fn connect(config: Config, target: Target, events: Events) -> Result<Self> {
        let aws = Aws::connect(target, &config).await?;
        let names = Names::of(&config, &aws.account);
        Ok(Self { config, aws, names, events })
    }
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Up(common) => up::run(&Stack::open(&common).await?).await,
        Command::Load(args) => load::run(&Stack::open(&args.common).await?, args.prefix, args.recreate).await,
        Command::Down(common) => down::run(&Stack::open(&common).await?).await,
        Command::Demo(args) => demo::run(&args).await,
        #[cfg(feature = "local")]
        Command::Schema { config } => schema::run(&config),
        Command::Sample(args) => {
            let written = crate::sample::write(&args.directory, args.size)?;
            view::status(&format!(
                "{} songs and {} events in {} files under {}",
                written.songs,
                written.events,
                written.files,
                args.directory.display()
            ));
            Ok(())
        }
    }
}
