//! `local serve`: the stand-in behind a loopback port, for programs that are not this one.

use super::Outcome;
use crate::aws;
use crate::cli::ServeArgs;
use crate::error::{Error, Kind, Result};
use crate::interrupt;
use crate::view;

pub async fn serve(args: &ServeArgs) -> Result<Outcome> {
    let config = super::read_or_bare(&args.place)?;
    let cloud = aws::open_cloud(&config)?;
    let port = args.port;
    let taken = |error| Error::failed(format!("cannot answer on 127.0.0.1:{port}")).because(error);
    let server = cloud.serve(port).await.map_err(taken)?;
    let address = server.address;
    view::document(&format!("ready on http://{address}"));
    view::status(&format!(
        "export AWS_ENDPOINT_URL=http://{address} AWS_REGION={} AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={}",
        config.region,
        sparkify_local::ACCESS_KEY,
        sparkify_local::SECRET_KEY
    ));
    // It is meant to be stopped by a signal: that is no failure.
    match interrupt::asked().await.kind {
        Kind::Interrupted(_) => Ok(Outcome::Done),
        kind => Err(Error::new(kind, "the server ended")),
    }
}
