//! `local serve`: the stand-in behind a loopback port, for programs that are not this one. `local check`: its state.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use sparkify_local::{Listen, Server, StoreError};

use super::{Outcome, seed};
use crate::aws;
use crate::cli::{CheckArgs, ServeArgs, SweepArgs};
use crate::config::{Config, rules};
use crate::error::{Error, FailureKind, Result};
use crate::interrupt;
use crate::local_server_discovery;
use crate::view;

pub async fn serve(args: &ServeArgs) -> Result<Outcome> {
    let mut config = configured(args)?;
    let noted = config.state.clone();
    let memory = if args.in_memory { Some(Memory::new(&noted)?) } else { None };
    if let Some(memory) = &memory {
        config.state = memory.directory.path().to_owned();
    }
    let cloud = aws::open_cloud(&config)?;
    let listen = Listen { address: args.bind, port: args.port, hosts: args.allow_host.clone() };
    let taken = |error| Error::failed(format!("cannot answer on {}, port {}", args.bind, args.port)).because(error);
    let server = cloud.serve_on(listen).await.map_err(taken)?;
    if !args.bind.is_loopback() {
        view::warning("whoever reaches this address may do everything here, and the keys are known");
    }
    let address = server.address;
    let announced = local_server_discovery::announce(&noted, &server, &config.region)?;
    if let Some(directory) = &args.seed {
        // Its clients find the server by the note.
        let found = Config { state: noted.clone(), ..config.clone() };
        seed::load(directory, &found).await?;
    }
    view::document(&format!("ready on http://{address}"));
    view::status(&what_to_point_at_it(&config, &server, &announced.authority()));
    // It is meant to be stopped by a signal: that is no failure.
    match interrupt::asked().await.kind {
        FailureKind::Interrupted(_) => Ok(Outcome::Done),
        kind => Err(Error::new(kind, "the server ended")),
    }
}

/// infra.toml, with the options of the command line.
fn configured(args: &ServeArgs) -> Result<Config> {
    let mut config = super::read_or_bare(&args.place)?;
    if let (Some(region), false) = (&args.region, args.place.config.exists()) {
        config.region.clone_from(region);
    }
    if let Some(account) = &args.account {
        rules::account(account).map_err(|(_, message)| Error::usage(format!("--account {account}: {message}")))?;
        config.local.account.clone_from(account);
    }
    config.local.instant = args.instant;
    Ok(config)
}

/// Prints what of the state can be read, and fails where something of it is damaged.
pub fn check(args: &CheckArgs) -> Result<Outcome> {
    let state = super::read_or_bare(&args.place)?.state;
    let shown = state.display();
    let checked = sparkify_local::check(&state).map_err(|error| match error {
        StoreError::Locked(_) => Error::failed(format!("another process uses the local state in {shown}"))
            .hint("End it first: a state can be checked only while nothing changes it."),
        other => Error::failed(format!("cannot check the local state in {shown}")).because(other),
    })?;
    checked.sound.iter().for_each(|line| view::document(line));
    checked.damaged.iter().for_each(|line| view::document(&format!("damaged: {line}")));
    match checked.damaged.len() {
        0 => Ok(Outcome::Done),
        damages => Err(Error::failed(format!("the local state in {shown} is damaged in {damages} places")).hint(
            "Restore the files that are named. Or go on with what can be read: remove records.mark or objects.mark beside \
             a store that is damaged, and the .mark beside a database whose log is; delete the objects, down and up a \
             warehouse whose database is.",
        )),
    }
}

/// Where Linux has a file system in memory.
const SHARED_MEMORY: &str = "/dev/shm";
/// Kilobytes that it must be able to hold: Docker gives a container 64 MB.
const LEAST_SHARED_KB: u64 = 1 << 20;

/// A state that goes with the server. The fields are dropped in this order: what the sweeper would remove is gone by then.
struct Memory {
    directory: tempfile::TempDir,
    _sweeper: Child,
}

impl Memory {
    fn new(notes: &Path) -> Result<Self> {
        let directory = memory()?;
        let sweeper = sweep_after_us(directory.path(), notes)?;
        Ok(Self { directory, _sweeper: sweeper })
    }
}

/// A directory that goes with the server, in memory where the system has one there that is large enough.
fn memory() -> Result<tempfile::TempDir> {
    let builder = || tempfile::Builder::new().prefix("sparkify-").to_owned();
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let shared = Some(SHARED_MEMORY).filter(|_| has_room(&mounts)).and_then(|path| builder().tempdir_in(path).ok());
    shared
        .map_or_else(|| builder().tempdir(), Ok)
        .map_err(|error| Error::failed("cannot make a directory for the state").because(error))
}

/// Returns true if the system has a file system in memory that is not too small.
fn has_room(mounts: &str) -> bool {
    let mut lines = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let Some(fields) = lines.find(|fields| fields.get(1) == Some(&SHARED_MEMORY)) else { return false };
    let options = fields.get(3).copied().unwrap_or_default();
    let kilobytes =
        options.split(',').find_map(|option| option.strip_prefix("size=")?.strip_suffix('k')?.parse::<u64>().ok());
    // Without a size it is half of the machine's memory.
    kilobytes.is_none_or(|kilobytes| kilobytes >= LEAST_SHARED_KB)
}

/// Starts a process that removes the state when this one has ended, however it ends: the pipe between them breaks then.
fn sweep_after_us(memory: &Path, notes: &Path) -> Result<Child> {
    let notes = std::path::absolute(notes).unwrap_or_else(|_| notes.to_owned());
    let spawn = |program: std::path::PathBuf| {
        // In a group of its own, which no signal from the terminal reaches.
        let mut command = Command::new(program);
        command.args(["local", "sweep"]).arg(memory).arg(&notes).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    };
    let spawned = std::env::current_exe().and_then(spawn);
    spawned
        .map_err(|error| Error::failed("cannot start the process that clears away the state in memory").because(error))
}

/// Waits until the server has ended, and removes what it left.
pub fn sweep(args: &SweepArgs) -> Result<Outcome> {
    // What the pipe brings means nothing: its end does.
    let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
    if args.memory.exists() {
        let _ = std::fs::remove_dir_all(&args.memory);
        local_server_discovery::forget(&args.notes);
    }
    Ok(Outcome::Done)
}

/// Environment and connection settings for other programs, with the password of the cluster.
fn what_to_point_at_it(config: &Config, server: &Server, authority: &Path) -> String {
    let (address, region, database, user) =
        (server.address, &config.region, &config.cluster.database, &config.cluster.admin);
    let database = if database.is_empty() { "dev" } else { database };
    let (key, secret) = (sparkify_local::ACCESS_KEY, sparkify_local::SECRET_KEY);
    format!(
        "export AWS_ENDPOINT_URL=http://{address} AWS_REGION={region} AWS_DEFAULT_REGION={region} AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret}
look at it    http://{address}/_local
psql          psql \"host=localhost port=5439 dbname={database} user={user}\"
dwh.cfg       HOST=localhost DB_NAME={database} DB_USER={user} DB_PORT=5439
SQLAlchemy    redshift+redshift_connector://{user}:PASSWORD@localhost:5439/{database}
dbt           {{type: redshift, host: localhost, port: 5439, dbname: {database}, user: {user}, password: PASSWORD, schema: public, threads: 4, sslmode: disable}}
with TLS      PGSSLROOTCERT={authority} for libpq, SSL_CERT_FILE={authority} for Python

PostgreSQL clients find the first cluster at port 5439, once `up` or another client has created it; where others are is their `Endpoint`.
PASSWORD is the one that the cluster was created with, that of its managed secret, or one from GetClusterCredentials.",
        authority = authority.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_memory_that_is_small_or_is_none_is_passed_over() {
        let mounts = |options: &str| format!("proc /proc proc rw 0 0\nshm /dev/shm tmpfs {options} 0 0\n");
        assert!(has_room(&mounts("rw,nosuid,nodev,inode64")));
        assert!(has_room(&mounts("rw,size=8161876k,mode=1777")));
        assert!(!has_room(&mounts("rw,nosuid,nodev,noexec,relatime,size=65536k")));
        assert!(!has_room("overlay / overlay rw 0 0\n"));
    }
}
