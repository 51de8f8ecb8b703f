//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::aws::Target;

/// Brings a Redshift warehouse up, loads it, and takes it down again with proof.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create the role, the bucket and the cluster, or repair them, and wait until the warehouse is ready
    Up(Common),
    /// Load the sources into the star schema: all of it or nothing
    Load(LoadArgs),
    /// Delete everything that `up` and `load` created, nothing else, and look again
    Down(Common),
    /// Make a sample data set, then up, load, three analyses, down: the whole tool in one command
    Demo(DemoArgs),
    /// Write a sample data set of listening events and songs
    Sample(SampleArgs),
    /// Draw the tables of sql/schema as an SVG picture, on standard output
    #[cfg(feature = "local")]
    Schema {
        /// The file beside which sql/ lies
        #[arg(long, default_value = "infra.toml")]
        config: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct Common {
    /// Where the warehouse is: the stand-in in this process, or AWS (or what AWS_ENDPOINT_URL names)
    #[arg(long, value_enum, default_value_t = Target::Local, env = "SPARKIFY_TARGET")]
    pub target: Target,
    /// The file that says what to bring up
    #[arg(long, default_value = "infra.toml")]
    pub config: PathBuf,
    /// On the local target, let this directory play the bucket (once for each bucket)
    #[arg(long, value_name = "BUCKET=DIR", value_parser = pair)]
    pub mount: Vec<(String, String)>,
    /// Only warnings and errors
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub struct LoadArgs {
    #[command(flatten)]
    pub common: Common,
    /// Load only what is under this prefix of the source, this time
    #[arg(long, value_name = "SOURCE=PREFIX", value_parser = pair)]
    pub prefix: Vec<(String, String)>,
    /// Drop the tables first and make them anew from sql/schema
    #[arg(long)]
    pub recreate: bool,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The file that says what to bring up
    #[arg(long, default_value = "infra.toml")]
    pub config: PathBuf,
    /// Use the data set in this directory instead of a sample
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[command(flatten)]
    pub size: SampleSize,
}

#[derive(Debug, Args)]
pub struct SampleArgs {
    /// Where to write it; what the sample does not write is left alone
    pub directory: PathBuf,
    #[command(flatten)]
    pub size: SampleSize,
}

#[derive(Debug, Args, Clone, Copy)]
pub struct SampleSize {
    /// Songs, one file each
    #[arg(long, default_value_t = 14_896)]
    pub songs: u64,
    /// Events, in a file for each day
    #[arg(long, default_value_t = 8_056)]
    pub events: u64,
    /// Days that the events spread over
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3650))]
    pub days: u64,
    /// The same seed gives the same files
    #[arg(long, default_value_t = 2018)]
    pub seed: u64,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}
