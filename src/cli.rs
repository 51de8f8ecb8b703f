//! The command line.

#[cfg(feature = "local")]
mod local;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::aws::Target;
use crate::config::{Mode, rules};
#[cfg(feature = "local")]
pub use local::{CheckArgs, ConnectArgs, LocalCommand, ResetArgs, ServeArgs, SnapshotArgs, SweepArgs};

/// Brings a Redshift warehouse up, loads it, and takes it down again with proof.
#[derive(Debug, Parser)]
#[command(version = env!("SPARKIFY_VERSION"), about, max_term_width = 100, disable_help_flag = true)]
pub struct Cli {
    /// Print help
    // The short form, also for --help: it fits a screen.
    #[arg(short, long, action = clap::ArgAction::HelpShort, global = true)]
    help: Option<bool>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write infra.toml and sql/ for a directory of your own JSON, CSV or Parquet: columns, types and lengths are inferred from the data
    #[command(after_help = "Example: sparkify-infra init data, sparkify-infra init --update --dry-run")]
    Init(InitArgs),
    /// Show what `up` would create and change, field by field, and why; change nothing
    #[command(after_help = "Example: sparkify-infra plan --target aws")]
    Plan(PlanArgs),
    /// Create the role, the bucket and the cluster, or repair them, and wait until the warehouse is ready
    #[command(visible_alias = "apply", after_help = "Example: sparkify-infra up --target aws --expires 2h")]
    Up(UpArgs),
    /// Load the sources into the star schema: all of it or nothing
    #[command(after_help = "Example: sparkify-infra load --mode append")]
    Load(LoadArgs),
    /// Delete everything that `up` and `load` created, nothing else, and verify that nothing is left
    #[command(
        visible_alias = "destroy",
        after_help = "Example: sparkify-infra down, sparkify-infra down --all-expired --target aws"
    )]
    Down(DownArgs),
    /// Show what exists, whether it is ready, how it differs from infra.toml, since when and until when
    #[command(after_help = "Example: sparkify-infra status --tables")]
    Status(StatusArgs),
    /// Print the least IAM policy that a caller of the commands needs for this stack, as JSON
    #[command(after_help = "Example: sparkify-infra policy --target aws > policy.json")]
    Policy(PolicyArgs),
    /// Run SQL, or one of the ready-made analyses
    #[command(
        after_help = "Example: sparkify-infra query top-songs, sparkify-infra query \"select 1\", sparkify-infra query -f FILE"
    )]
    Query(QueryArgs),
    /// Create a sample data set, then run up, load, three analyses and down: the whole tool in one command
    #[command(after_help = "Example: sparkify-infra demo --songs 1000")]
    Demo(DemoArgs),
    /// Write a sample data set of listening events and songs
    #[command(after_help = "Example: sparkify-infra sample data --songs 1000 --events 500")]
    Sample(SampleArgs),
    /// Print the completion script of a shell
    #[command(
        after_help = "Example: sparkify-infra completions bash > ~/.local/share/bash-completion/completions/sparkify-infra"
    )]
    Completions { shell: clap_complete::Shell },
    /// Print the manual page, or that of a command
    #[command(after_help = "Example: sparkify-infra man | man -l -")]
    Man { command: Option<String> },
    /// The stand-in for AWS, for other programs
    #[cfg(feature = "local")]
    #[command(subcommand)]
    Local(LocalCommand),
    /// Draw the tables of sql/schema as an SVG picture, on standard output
    #[cfg(feature = "local")]
    #[command(after_help = "Example: sparkify-infra schema > schema.svg")]
    Schema {
        /// The file beside which sql/ lies
        #[arg(long, default_value = "infra.toml")]
        config: PathBuf,
    },
}

impl Command {
    /// Whether time is a model's, on a clock that does not wait.
    #[cfg(feature = "local")]
    pub fn simulates(&self) -> bool {
        matches!(self, Self::Demo(args) if args.simulate)
    }

    /// The options that commands about a stack share.
    pub fn common(&self) -> Option<&Common> {
        match self {
            Self::Plan(args) => Some(&args.common),
            Self::Up(args) => Some(&args.common),
            Self::Load(args) => Some(&args.common),
            Self::Down(args) => Some(&args.common),
            Self::Status(args) => Some(&args.common),
            Self::Policy(args) => Some(&args.common),
            Self::Query(args) => Some(&args.common),
            _ => None,
        }
    }
}

#[derive(Debug, Args, Clone)]
pub struct Common {
    /// Where the warehouse is: the stand-in in this process, or AWS (or what AWS_ENDPOINT_URL names)
    #[arg(long, value_enum, default_value_t = Target::Local, env = "SPARKIFY_TARGET")]
    pub target: Target,
    #[command(flatten)]
    pub place: ConfigArgs,
    /// Print only warnings and errors
    #[arg(long, short)]
    pub quiet: bool,
    /// Print a line for every call to AWS, with its duration
    #[arg(long, short, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Text for people, or one JSON object a line on standard output (docs/output.md)
    #[arg(long, value_enum, default_value_t = Output::Human)]
    pub output: Output,
    /// How long to ask AWS again for changes that it may not show yet
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(..=3600),
        env = "SPARKIFY_SETTLE",
        hide_env_values = true
    )]
    pub settle: u64,
}

impl Common {
    /// The local target is consistent at once.
    pub fn settle(&self) -> Duration {
        match self.target {
            Target::Local => Duration::ZERO,
            Target::Aws => Duration::from_secs(self.settle),
        }
    }
}

/// infra.toml, and what the command line adds to it for the local target.
#[derive(Debug, Args, Clone)]
pub struct ConfigArgs {
    /// The file that says what to bring up
    #[arg(long, default_value = "infra.toml")]
    pub config: PathBuf,
    /// On the local target, let this directory play the bucket (once for each bucket)
    #[arg(long, value_name = "BUCKET=DIR", value_parser = pair)]
    pub mount: Vec<(String, String)>,
    /// Where the local target keeps its state, if not in .sparkify beside the file
    #[arg(long, value_name = "DIR", env = "SPARKIFY_LOCAL_STATE")]
    pub local_state: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    Human,
    Json,
}

#[derive(Debug, Args)]
pub struct UpArgs {
    #[command(flatten)]
    pub common: Common,
    /// Show the plan and change nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub plan_options: PlanOptions,
    /// If it fails, remove what this run created, and only that
    #[arg(long)]
    pub rollback: bool,
    /// Then load; small files are combined while the cluster is being created
    #[arg(long)]
    pub load: bool,
    /// Write the load as a page to look at, DIR/report.html
    #[arg(long, value_name = "DIR", requires = "load")]
    pub report: Option<PathBuf>,
}

/// Options of a plan, beside infra.toml.
#[derive(Debug, Args, Clone, Copy)]
pub struct PlanOptions {
    /// From when on `down --all-expired` may take the stack down: after 2h, 90m, 3d, or never
    #[arg(long, value_name = "DURATION", value_parser = expires)]
    pub expires: Option<Expires>,
    /// Change the type or number of nodes of a cluster that exists
    #[arg(long)]
    pub resize: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expires {
    After(Duration),
    Never,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub plan_options: PlanOptions,
    /// Exit with 5 where there is something to do, with 0 where there is not
    #[arg(long)]
    pub detailed_exitcode: bool,
}

#[derive(Debug, Args, Clone)]
pub struct DownArgs {
    #[command(flatten)]
    pub common: Common,
    /// Show the plan and every object that would go, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask: on AWS `down` asks at a terminal before it deletes
    #[arg(long, short)]
    pub yes: bool,
    /// Take down this stack, whatever infra.toml says and even without one
    #[arg(long, value_name = "NAME", conflicts_with = "all_expired")]
    pub stack: Option<String>,
    /// Take down every stack whose `expires` has passed, in every region: the line for a nightly job
    #[arg(long)]
    pub all_expired: bool,
    /// The region to delete in, where infra.toml names another, or none
    #[arg(long)]
    pub region: Option<String>,
    /// Take a last snapshot of the cluster under this name, and leave it
    #[arg(long, value_name = "NAME")]
    pub final_snapshot: Option<String>,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub common: Common,
    /// Count the rows of every table of sql/schema
    #[arg(long)]
    pub tables: bool,
}

#[derive(Debug, Args)]
pub struct PolicyArgs {
    #[command(flatten)]
    pub common: Common,
    /// Only this part, from 1 on: all of it may not fit one managed policy
    #[arg(long, value_name = "N")]
    pub part: Option<usize>,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// The data: each folder in it becomes a table, or each file where they are of different kinds
    #[arg(required_unless_present_any = ["example", "update"])]
    pub data: Option<PathBuf>,
    /// Write a warehouse that ships with the program; `sample` writes its data
    #[arg(long, value_enum, value_name = "NAME", conflicts_with_all = ["data", "stack", "region", "snake_case"])]
    pub example: Option<Example>,
    /// The stack's name; that of the working directory by default
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,
    #[arg(long, default_value = "us-west-2")]
    pub region: String,
    /// Name columns in snake_case: `orderId` and "Order ID" become order_id
    #[arg(long)]
    pub snake_case: bool,
    /// Look at the data again and change sql/ where it has changed: new keys, wider texts, other types. Without DATA,
    /// reads the directories of `[local.buckets]`
    #[arg(long, conflicts_with_all = ["example", "stack", "region"])]
    pub update: bool,
    /// Show what has changed, and change nothing
    #[arg(long, requires = "update")]
    pub dry_run: bool,
}

/// A warehouse that ships with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Example {
    Sparkify,
}

#[derive(Debug, Args, Clone)]
pub struct QueryArgs {
    #[command(flatten)]
    pub common: Common,
    /// A statement, or several with semicolons between; or the name of an analysis. Without it, standard input is read
    pub sql: Option<String>,
    /// Run the statements of this file
    #[arg(long, short, value_name = "FILE", conflicts_with = "sql")]
    pub file: Option<PathBuf>,
    /// Show the analyses of sql/analysis, and the question that each answers
    #[arg(long, conflicts_with_all = ["sql", "file"])]
    pub list: bool,
    /// A table on a terminal and CSV elsewhere by default
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// One column a line, as psql's \x; also where a table is too wide for the terminal
    #[arg(long, short = 'x', conflicts_with = "format")]
    pub expanded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Table,
    Csv,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Args)]
pub struct LoadArgs {
    #[command(flatten)]
    pub common: Common,
    /// Load only what is under this prefix of the source, this time
    #[arg(long, value_name = "SOURCE=PREFIX", value_parser = pair)]
    pub prefix: Vec<(String, String)>,
    /// Load everything again, or only objects that were not loaded before; infra.toml sets the default
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// Let COPY read every source but Parquet and ORC, and load nothing: reports the rows that it would reject
    #[arg(long, conflicts_with_all = ["dry_run", "recreate", "mode"])]
    pub check: bool,
    /// Show what would be gathered, copied and filled, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write the load as one HTML page into this directory: verdict, counts, checks, columns, analyses as charts
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dry_run", "check"])]
    pub report: Option<PathBuf>,
    /// Drop the tables first and create them again from sql/schema
    #[arg(long)]
    pub recreate: bool,
    /// Load the rejected rows in quarantine, as they are now, instead of the sources
    #[arg(long, conflicts_with_all = ["check", "recreate", "prefix"])]
    pub retry_rejected: bool,
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
    /// Show how long everything would take on AWS, by the model of docs/load.md. No real waiting: the clock is simulated
    #[cfg(feature = "local")]
    #[arg(long)]
    pub simulate: bool,
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

fn expires(text: &str) -> Result<Expires, String> {
    match text {
        "never" => Ok(Expires::Never),
        text => rules::duration(text).map(Expires::After),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}
