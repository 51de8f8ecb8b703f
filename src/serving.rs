//! A `local serve` that runs in the same folder: it leaves a note of where it answers, and other commands use it
//! instead of the files that it holds.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sparkify_local::Server;

use crate::error::{Error, Result};
use crate::files;

/// How long a server may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Serialize, Deserialize)]
struct Note {
    address: SocketAddr,
    /// What the server answers with as well: another program may have got the port since.
    id: String,
}

/// The note and the certificate, for as long as the server runs.
pub struct Announced(PathBuf);

impl Drop for Announced {
    fn drop(&mut self) {
        forget(&self.0);
    }
}

/// Removes the note and the certificate, and the directory where nothing else is in it.
pub fn forget(state: &Path) {
    let _ = std::fs::remove_file(note_path(state));
    let _ = std::fs::remove_file(authority_path(state));
    let _ = std::fs::remove_dir(state);
}

impl Announced {
    /// The certificate by which PostgreSQL clients may know the server.
    pub fn authority(&self) -> PathBuf {
        authority_path(&self.0)
    }
}

fn authority_path(state: &Path) -> PathBuf {
    state.join("ca.pem")
}

fn note_path(state: &Path) -> PathBuf {
    state.join("serving.json")
}

/// Leaves the note.
pub fn announce(state: &Path, server: &Server) -> Result<Announced> {
    let note = Note { address: server.address, id: server.id.clone() };
    let announced = Announced(state.to_owned());
    let write = || -> std::io::Result<()> {
        sparkify_local::make_private(state)?;
        sparkify_local::write_private(&announced.authority(), server.authority.as_bytes())?;
        sparkify_local::write_private(&note_path(state), &serde_json::to_vec(&note)?)
    };
    let unwritable = |error| Error::failed(format!("cannot write to {}", state.display())).because(error);
    write().map_err(unwritable)?;
    Ok(announced)
}

/// Where a server answers for this state, if one does.
pub fn find(state: &Path) -> Option<SocketAddr> {
    let note: Note = serde_json::from_str(&files::read_text(&note_path(state)).ok()?).ok()?;
    let mut stream = TcpStream::connect_timeout(&note.address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", sparkify_local::HEALTH).ok()?;
    let mut answer = String::new();
    stream.take(1 << 16).read_to_string(&mut answer).ok()?;
    answer.contains(&note.id).then_some(note.address)
}
