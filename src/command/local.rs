//! `local serve`: the stand-in behind a loopback port, for programs that are not this one.

use std::path::Path;

use super::Outcome;
use crate::aws;
use crate::cli::ServeArgs;
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
    let _announced = serving::announce(&noted, &server)?;
    view::document(&format!("ready on http://{address}"));
    view::status(&format!(
        "export AWS_ENDPOINT_URL=http://{address} AWS_REGION={} AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={}",
        config.region,
        sparkify_local::ACCESS_KEY,
        sparkify_local::SECRET_KEY
    ));
    view::status(
        "A cluster answers PostgreSQL clients at its endpoint, the first one at: psql \"host=localhost port=5439 dbname=… user=…\"",
    );
    // It is meant to be stopped by a signal: that is no failure.
    match interrupt::asked().await.kind {
        Kind::Interrupted(_) => Ok(Outcome::Done),
        kind => Err(Error::new(kind, "the server ended")),
    }
}

/// A directory that goes with the server, in memory where the system has one there.
fn memory() -> Result<tempfile::TempDir> {
    let shared = Path::new("/dev/shm");
    let builder = || tempfile::Builder::new().prefix("sparkify-").to_owned();
    let made = builder().tempdir_in(shared).or_else(|_| builder().tempdir());
    made.map_err(|error| Error::failed("cannot make a directory for the state").because(error))
}
