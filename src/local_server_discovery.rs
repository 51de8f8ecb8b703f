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
    /// The server answers with the same id: another program may have got the port since.
    id: String,
    #[serde(default)]
    region: String,
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
pub fn announce(state: &Path, server: &Server, region: &str) -> Result<Announced> {
    let note = Note { address: server.address, id: server.id.clone(), region: region.to_owned() };
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
    find_with_region(state).map(|(address, _)| address)
}

/// As `find`, with the region that the server plays.
pub fn find_with_region(state: &Path) -> Option<(SocketAddr, String)> {
    let note: Note = serde_json::from_str(&files::read_text(&note_path(state)).ok()?).ok()?;
    let mut stream = TcpStream::connect_timeout(&note.address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", sparkify_local::HEALTH).ok()?;
    let mut answer = String::new();
    stream.take(1 << 16).read_to_string(&mut answer).ok()?;
    answer.contains(&note.id).then_some((note.address, note.region))
}

/// Asks a server to change its state as a whole.
///
/// # Errors
/// Where it refuses, in its words, or does not answer.
pub fn change(address: SocketAddr, path: &str) -> Result<()> {
    let exchange = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Sparkify-Local: 1\r\nContent-Length: 0\r\n");
        write!(stream, "{head}Connection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(1 << 16).read_to_string(&mut answer)?;
        Ok(answer)
    };
    let unanswered = |error| Error::failed(format!("the server at {address} does not answer")).because(error);
    let answer = exchange().map_err(unanswered)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) == Some("200") {
        return Ok(());
    }
    let told = serde_json::from_str::<serde_json::Value>(body).ok();
    let message = told.as_ref().and_then(|told| told["message"].as_str()).unwrap_or(head);
    Err(Error::failed(message))
}
