//! The ports of the warehouses, and the server that opens and closes them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use pgwire::tokio::TlsAcceptor;
use redshift_engine::sync::locked;
use redshift_engine::{Place, StorageProvider, Warehouses};
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, JoinSet};

use super::accept::next_connection;
use super::authenticator::Authenticator;
use super::backend::Backend;
use super::cancel::CancelKeys;
use super::handler::Handlers;
use super::socket;
use super::tls::Tls;

/// The ports of all warehouses, and what their connections need.
#[derive(Clone)]
pub struct WireServer {
    backend: Backend,
    /// By the id of the place. Nothing is answered before `open`.
    listeners: Arc<Mutex<HashMap<String, Listener>>>,
    /// How they are answered, between `open` and `shut`.
    serving: Arc<Mutex<Option<Serving>>>,
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
struct Listener {
    address: SocketAddr,
    accepting: JoinHandle<()>,
    /// As it was at the last `listen`.
    place: Arc<Mutex<Place>>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl WireServer {
    /// A server that answers nothing yet. COPY and UNLOAD reach `storage`.
    pub fn new(
        warehouses: Warehouses,
        storage: Arc<dyn StorageProvider>,
        authenticator: Arc<dyn Authenticator>,
    ) -> Self {
        let backend = Backend { warehouses, storage, authenticator, cancel_keys: CancelKeys::default() };
        Self { backend, listeners: Arc::default(), serving: Arc::default() }
    }

    /// Serves warehouses from now on, on this runtime. Returns the certificate by which clients may know them, as PEM.
    ///
    /// # Errors
    /// Where no certificate can be created.
    pub fn open(&self, runtime: Handle, address: IpAddr, host: Option<String>) -> std::io::Result<String> {
        let Tls { acceptor: tls, authority } = Tls::new().map_err(std::io::Error::other)?;
        *locked(&self.serving) = Some(Serving { runtime, tls, address, host });
        Ok(authority)
    }

    /// Closes every port and connection.
    pub fn shut(&self) {
        *locked(&self.serving) = None;
        locked(&self.listeners).clear();
    }

    /// The host name of an address that `listen` returned, as clients see it.
    pub fn host(&self, address: SocketAddr) -> String {
        let told = locked(&self.serving).as_ref().and_then(|serving| serving.host.clone());
        told.unwrap_or_else(|| match address.ip() {
            ip if ip == Ipv4Addr::LOCALHOST => "localhost".to_owned(),
            ip => ip.to_string(),
        })
    }

    /// Listens for a warehouse, unless that is done already, and returns the address: the port that it asks for, at the first
    /// address of the loopback interface where it is free; any port where no address is left. On another interface it is the
    /// next port that is free of those that a warehouse can have. `None` where nothing is served.
    pub fn listen(&self, place: &Place, port: i64) -> Option<SocketAddr> {
        let Serving { runtime, tls, address: interface, .. } = locked(&self.serving).clone()?;
        let mut listeners = locked(&self.listeners);
        if let Some(known) = listeners.get(&place.id) {
            locked(&known.place).clone_from(place);
            return Some(known.address);
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
        let (backend, place_id, place) = (self.backend.clone(), place.id.clone(), Arc::new(Mutex::new(place.clone())));
        let _entered = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener).ok()?;
        let accepting = runtime.spawn(accept(backend, place.clone(), listener, tls));
        listeners.insert(place_id, Listener { address, accepting, place });
        Some(address)
    }

    /// Closes the ports of warehouses that are no longer there.
    pub fn retain(&self, is_there: impl Fn(&str) -> bool) {
        locked(&self.listeners).retain(|place, _| is_there(place));
    }

    /// Closes the port and the connections of a warehouse.
    pub fn close(&self, place: &str) {
        locked(&self.listeners).remove(place);
    }
}

/// Accepts connections, which live as long as their listener.
async fn accept(backend: Backend, place: Arc<Mutex<Place>>, listener: tokio::net::TcpListener, tls: TlsAcceptor) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            stream = next_connection(&listener) => {
                let (handlers, tls) = (Handlers::new(backend.clone(), locked(&place).clone()), tls.clone());
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
