//! `local serve`: the stand-in behind a loopback port, for programs that are not this one. `local check`: its state.

use std::path::Path;

use sparkify_local::{Server, StoreError};

use super::Outcome;
use crate::aws;
use crate::cli::{CheckArgs, ServeArgs};
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::interrupt;
use crate::serving;
use crate::view;

pub async fn serve(args: &ServeArgs) -> Result<Outcome> {
    let mut config = super::read_or_bare(&args.place)?;
    if let (Some(region), false) = (&args.region, args.place.config.exists()) {
        config.region.clone_from(region);
    }
    let noted = config.state.clone();
    let memory = if args.in_memory { Some(memory()?) } else { None };
    if let Some(memory) = &memory {
        config.state = memory.path().to_owned();
    }
    let cloud = aws::open_cloud(&config)?;
    let port = args.port;
    let taken = |error| Error::failed(format!("cannot answer on 127.0.0.1:{port}")).because(error);
    let server = cloud.serve(port).await.map_err(taken)?;
    let address = server.address;
    let announced = serving::announce(&noted, &server)?;
    view::document(&format!("ready on http://{address}"));
    view::status(&what_to_point_at_it(&config, &server, &announced.authority()));
    // It is meant to be stopped by a signal: that is no failure.
    match interrupt::asked().await.kind {
        Kind::Interrupted(_) => Ok(Outcome::Done),
        kind => Err(Error::new(kind, "the server ended")),
    }
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
             a store that is damaged, delete the objects, down and up a warehouse whose database is.",
        )),
    }
}

/// A directory that goes with the server, in memory where the system has one there.
fn memory() -> Result<tempfile::TempDir> {
    let shared = Path::new("/dev/shm");
    let builder = || tempfile::Builder::new().prefix("sparkify-").to_owned();
    let made = builder().tempdir_in(shared).or_else(|_| builder().tempdir());
    made.map_err(|error| Error::failed("cannot make a directory for the state").because(error))
}

/// What other programs need to know. A password is that of the cluster, which nobody else knows.
fn what_to_point_at_it(config: &Config, server: &Server, authority: &Path) -> String {
    let (address, region, database, user) =
        (server.address, &config.region, &config.cluster.database, &config.cluster.admin);
    let database = if database.is_empty() { "dev" } else { database };
    let (key, secret) = (sparkify_local::ACCESS_KEY, sparkify_local::SECRET_KEY);
    format!(
        "export AWS_ENDPOINT_URL=http://{address} AWS_REGION={region} AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret}
look at it    http://{address}/_local
psql          psql \"host=localhost port=5439 dbname={database} user={user}\"
dwh.cfg       HOST=localhost DB_NAME={database} DB_USER={user} DB_PORT=5439
SQLAlchemy    redshift+redshift_connector://{user}:PASSWORD@localhost:5439/{database}
dbt           {{type: redshift, host: localhost, port: 5439, dbname: {database}, user: {user}, password: PASSWORD, schema: public, threads: 4, sslmode: disable}}
with TLS      PGSSLROOTCERT={authority} for libpq, SSL_CERT_FILE={authority} for Python

PostgreSQL clients find the first cluster at port 5439, once `up` or another client has made it; where others are is their `Endpoint`.
PASSWORD is the one that the cluster was made with, that of its managed secret, or one from GetClusterCredentials.",
        authority = authority.display()
    )
}
