//! The PostgreSQL protocol as Redshift speaks it, on a loopback port for each warehouse. A cluster that is deleted is
//! no longer there to connect to.
//!
//! ```no_run
//! use std::error::Error;
//! use std::net::Ipv4Addr;
//! use std::sync::Arc;
//!
//! use redshift_engine::{DirectoryStorage, MemoryLimit, Place, Warehouses};
//! use redshift_wire::{Authenticator, WireServer};
//!
//! struct Everybody;
//!
//! impl Authenticator for Everybody {
//!     fn check(&self, _: &Place, _: &str, _: &str) -> Result<bool, Box<dyn Error + Send + Sync>> {
//!         Ok(true)
//!     }
//! }
//!
//! # async fn serve() -> Result<(), Box<dyn Error>> {
//! let warehouses = Warehouses::new("warehouses".into(), MemoryLimit::default());
//! let wire = WireServer::new(warehouses, Arc::new(DirectoryStorage::new("buckets")), Arc::new(Everybody));
//! wire.open(tokio::runtime::Handle::current(), Ipv4Addr::LOCALHOST.into(), None)?;
//! let address = wire.listen(&Place::new("warehouse", "dev", "admin"), 5439).ok_or("no port is free")?;
//! # Ok(())
//! # }
//! ```

pub mod accept;
mod arrays;
mod authenticator;
mod backend;
mod cancel;
mod command_tag;
mod connection;
mod execute;
mod flow;
mod framing;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod fuzz_entry;
mod handler;
mod parameter;
mod server;
#[cfg(test)]
mod sessions_test;
#[cfg(test)]
mod slt;
mod socket;
mod startup;
mod tls;
mod types;

pub use authenticator::Authenticator;
pub use server::WireServer;
