//! The command line of `local`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ConfigArgs;

#[derive(Debug, Subcommand)]
pub enum LocalCommand {
    /// Answer as S3, IAM, STS, Secrets Manager, Redshift and Redshift Data on a port of the loopback interface
    Serve(ServeArgs),
    /// Say what of the local state is damaged and what can still be read; change nothing
    #[command(after_help = "Example: sparkify-infra local check")]
    Check(CheckArgs),
    /// Save the whole local state under a name; replaces a snapshot of that name
    #[command(after_help = "Example: sparkify-infra local snapshot loaded")]
    Snapshot(SnapshotArgs),
    /// Restore the local state from a snapshot
    #[command(after_help = "Example: sparkify-infra local restore loaded")]
    Restore(SnapshotArgs),
    /// Remove everything from the local state, or all of a service; or reset a database to its template
    #[command(after_help = "Example: sparkify-infra local reset, sparkify-infra local reset --service s3")]
    Reset(ResetArgs),
    /// Print what a shell needs to point AWS's tools and SDKs at the server that runs in this folder
    #[command(after_help = "Example: eval \"$(sparkify-infra local env)\"")]
    Env(CheckArgs),
    /// Print how to connect to a warehouse of the server that runs in this folder, with a password
    #[command(after_help = "Example: sparkify-infra local connect")]
    Connect(ConnectArgs),
    /// Wait for the end of standard input, and remove what a server in memory has left
    #[command(hide = true)]
    Sweep(SweepArgs),
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub place: ConfigArgs,
}

#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// 1 to 64 letters, digits, dots, hyphens and underscores
    pub name: String,
    #[command(flatten)]
    pub place: ConfigArgs,
}

#[derive(Debug, Args)]
pub struct ResetArgs {
    /// Only this service: s3, iam, redshift, redshift-serverless, redshift-data, secretsmanager, ec2 or sts
    #[arg(long, value_name = "NAME", conflicts_with = "database")]
    pub service: Option<String>,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,
    #[command(flatten)]
    pub place: ConfigArgs,
}

#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// The cluster; the first one by default
    pub cluster: Option<String>,
    #[command(flatten)]
    pub place: ConfigArgs,
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The port; 0 is any that is free
    #[arg(long, default_value_t = 4566)]
    pub port: u16,
    /// The region to play, where infra.toml names none
    #[arg(long, env = "AWS_REGION")]
    pub region: Option<String>,
    /// Begin with nothing and keep nothing: the state goes with the server, also where that is killed
    #[arg(long)]
    pub in_memory: bool,
    /// Take no time for what takes minutes on AWS: a cluster is available when CreateCluster answers
    #[arg(long)]
    pub instant: bool,
    /// The account to play, whatever infra.toml says
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// The address to answer on; 0.0.0.0 for a container. Whoever reaches it may do everything
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub bind: std::net::IpAddr,
    /// Answer requests to this host, too (once for each); the first one is reported as the host of warehouses
    #[arg(long, value_name = "HOST")]
    pub allow_host: Vec<String>,
    /// Begin with the objects of DIR/buckets/BUCKET/ and with what DIR/*.sql do in the database dev of a cluster `local`
    #[arg(long, value_name = "DIR")]
    pub seed: Option<PathBuf>,
    #[command(flatten)]
    pub place: ConfigArgs,
}

/// The leftovers of a server that was killed.
#[derive(Debug, Args)]
pub struct SweepArgs {
    /// The directory of its state
    pub memory: PathBuf,
    /// Where it is announced
    pub notes: PathBuf,
}
