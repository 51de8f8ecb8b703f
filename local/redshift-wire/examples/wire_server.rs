//! A warehouse for PostgreSQL clients, with one user:
//!
//! ```sh
//! cargo run -p redshift-wire --example wire_server
//! ```

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::Arc;

use redshift_engine::{DirectoryStorage, MemoryLimit, Place, Warehouses};
use redshift_wire::{Authenticator, WireServer};
use tokio::runtime::Handle;

const USER: &str = "admin";
const PASSWORD: &str = "Example123";

struct OneUser;

impl Authenticator for OneUser {
    fn check(&self, _: &Place, user: &str, password: &str) -> Result<bool, Box<dyn Error + Send + Sync>> {
        Ok((user, password) == (USER, PASSWORD))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let warehouses = Warehouses::new(directory.path().join("warehouses"), MemoryLimit::default());
    let storage = Arc::new(DirectoryStorage::new(directory.path()));
    let wire = WireServer::new(warehouses, storage, Arc::new(OneUser));
    wire.open(Handle::current(), Ipv4Addr::LOCALHOST.into(), None)?;
    let place = Place::new("warehouse", "dev", USER);
    let address = wire.listen(&place, 5439).ok_or("no port is free")?;
    println!("psql postgres://{USER}:{PASSWORD}@{address}/{}", place.database);
    tokio::signal::ctrl_c().await?;
    wire.shut();
    Ok(())
}
