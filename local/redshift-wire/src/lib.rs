//! The PostgreSQL protocol as Redshift speaks it, on a loopback port for each warehouse. A cluster that is deleted is
//! no longer there to connect to.
//!
//! ```no_run
//! use std::error::Error;
//! use std::net::Ipv4Addr;
//! use std::sync::Arc;
//!
//! use redshift_engine::{DirectoryStorage, MemoryLimit, Place, Warehouses};
//! use redshift_wire::{Authenticator, Wire};
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
//! let wire = Wire::new(warehouses, Arc::new(DirectoryStorage::new("buckets")), Arc::new(Everybody));
//! wire.open(tokio::runtime::Handle::current(), Ipv4Addr::LOCALHOST.into(), None)?;
//! let address = wire.door(&Place::new("warehouse", "dev", "admin"), 5439).ok_or("no port is free")?;
//! # Ok(())
//! # }
//! ```

pub mod accept;
mod authenticator;
mod cancel;
mod connection;
mod execute;
mod framing;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod fuzz_entry;
mod handler;
#[cfg(test)]
mod slt;
mod socket;
mod startup;
mod tls;
mod types;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use pgwire::tokio::TlsAcceptor;
use redshift_engine::sync::locked;
use redshift_engine::{Place, StorageProvider, Warehouses};
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, JoinSet};

use accept::next_connection;
use cancel::CancelKeys;
use handler::Handlers;
use tls::Tls;

pub use authenticator::Authenticator;

/// The ports of all warehouses, and what their connections need.
#[derive(Clone)]
pub struct Wire {
    warehouses: Warehouses,
    storage: Arc<dyn StorageProvider>,
    authenticator: Arc<dyn Authenticator>,
    /// By the id of the place. Nothing is answered before a server asks for it.
    doors: Arc<Mutex<HashMap<String, Door>>>,
    /// How they are answered, while a server runs.
    serving: Arc<Mutex<Option<Serving>>>,
    cancel_keys: CancelKeys,
}

#[derive(Clone)]
struct Serving {
    runtime: Handle,
    tls: TlsAcceptor,
    /// Where the ports are.
    address: IpAddr,
    /// What clients are told as their host, where it is not `localhost`.
    host: Option<String>,
}

/// A port that answers for one warehouse.
struct Door {
    address: SocketAddr,
    accepting: JoinHandle<()>,
    /// As it was when somebody asked for the door last.
    place: Arc<Mutex<Place>>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Wire {
    /// `storage` is that of COPY and UNLOAD.
    pub fn new(
        warehouses: Warehouses,
        storage: Arc<dyn StorageProvider>,
        authenticator: Arc<dyn Authenticator>,
    ) -> Self {
        let (doors, serving, cancel_keys) = Default::default();
        Self { warehouses, storage, authenticator, doors, serving, cancel_keys }
    }

    /// From now on warehouses get doors, on this runtime. Answers the certificate by which clients may know them, PEM.
    ///
    /// # Errors
    /// Where no certificate can be made.
    pub fn open(&self, runtime: Handle, address: IpAddr, host: Option<String>) -> std::io::Result<String> {
        let Tls { acceptor: tls, authority } = Tls::new().map_err(std::io::Error::other)?;
        *locked(&self.serving) = Some(Serving { runtime, tls, address, host });
        Ok(authority)
    }

    /// Nothing is answered any more.
    pub fn shut(&self) {
        *locked(&self.serving) = None;
        locked(&self.doors).clear();
    }

    /// What to call the host of a door.
    pub fn host(&self, door: SocketAddr) -> String {
        let told = locked(&self.serving).as_ref().and_then(|serving| serving.host.clone());
        told.unwrap_or_else(|| match door.ip() {
            ip if ip == Ipv4Addr::LOCALHOST => "localhost".to_owned(),
            ip => ip.to_string(),
        })
    }

    /// Where a warehouse answers: on the port that it asks for, at the first address of the loopback interface where it is
    /// free; on any port where no address is left. On another interface it is the next port that is free of those that a
    /// warehouse can have. `None` where nothing is served.
    pub fn door(&self, place: &Place, port: i64) -> Option<SocketAddr> {
        let Serving { runtime, tls, address: interface, .. } = locked(&self.serving).clone()?;
        let mut doors = locked(&self.doors);
        if let Some(door) = doors.get(&place.id) {
            locked(&door.place).clone_from(place);
            return Some(door.address);
        }
        let wanted = u16::try_from(port).unwrap_or(0);
        let bind = |address: IpAddr, port| TcpListener::bind((address, port)).ok();
        let found = match interface.is_loopback() {
            true => (1..=254).find_map(|last| bind(Ipv4Addr::new(127, 0, 0, last).into(), wanted)),
            false => (wanted..=5455).chain(8191..=8215).find_map(|port| bind(interface, port)),
        };
        let bound = found.map_or_else(|| TcpListener::bind((interface, 0)), Ok);
        let listener = bound.and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
        let listener = listener.map_err(|error| tracing::warn!(%error, "no port for a warehouse")).ok()?;
        let mut address = listener.local_addr().ok()?;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let (wire, place_id, place) = (self.clone(), place.id.clone(), Arc::new(Mutex::new(place.clone())));
        let _entered = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener).ok()?;
        let accepting = runtime.spawn(accept(wire, place.clone(), listener, tls));
        doors.insert(place_id, Door { address, accepting, place });
        Some(address)
    }

    /// Only these warehouses are there still.
    pub fn retain(&self, is_there: impl Fn(&str) -> bool) {
        locked(&self.doors).retain(|place, _| is_there(place));
    }

    /// A warehouse that is going away is not connected to any more.
    pub fn close(&self, place: &str) {
        locked(&self.doors).remove(place);
    }
}

/// Connections live as long as their door.
async fn accept(wire: Wire, place: Arc<Mutex<Place>>, listener: tokio::net::TcpListener, tls: TlsAcceptor) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            stream = next_connection(&listener) => {
                let (handlers, tls) = (Handlers::new(wire.clone(), locked(&place).clone()), tls.clone());
                connections.spawn(async move {
                    if let Err(error) = socket::serve(stream, tls, handlers).await {
                        tracing::debug!(%error, "a connection ended early");
                    }
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
