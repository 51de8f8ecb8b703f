//! Conversations of a client with a warehouse, well-formed and not.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use bytes::BytesMut;
use redshift_engine::{DirectoryStorage, MemoryLimit, Place, Warehouses};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::authenticator::Authenticator;
use super::backend::Backend;
use super::handler::Handlers;
use super::socket::converse;

const STARTUP: &[u8] = b"\0\x03\0\0user\0ann\0database\0dwh\0\0";
const PASSWORD: &[u8] = b"Fuzzed1234\0";

/// Statements that end soon.
const STATEMENTS: &[&str] = &[
    "select 1",
    "select $1::int, $2::varchar",
    "select $1",
    "select * from generate_series(1, 5000)",
    "begin; select 1; commit",
    "begin",
    "rollback",
    "create temp table if not exists t (n int, s varchar(9), d date, f float8, b bool)",
    "insert into t values ($1, $2, $3, $4, $5)",
    "select n, s, d, f, b from t",
    "select 1/0",
    "select nothing",
    "declare c cursor for select 1",
    "fetch 1 from c",
    "set extra_float_digits to 2",
    "show search_path",
    "",
    ";",
    "select '",
];

/// Panics of all threads: a client is only told that its statement's thread ended.
static PANICS: AtomicUsize = AtomicUsize::new(0);
static COUNTING: Once = Once::new();

fn count_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        print(panic);
    }));
}

/// Lets in the one user that conversations log in as.
struct OneUser;

impl Authenticator for OneUser {
    fn check(&self, _: &Place, user: &str, password: &str) -> Result<bool, Box<dyn Error + Send + Sync>> {
        Ok((user, password) == ("ann", "Fuzzed1234"))
    }
}

/// A warehouse to converse with.
pub struct Warehouse {
    backend: Backend,
    place: Place,
    runtime: tokio::runtime::Runtime,
    _directory: tempfile::TempDir,
}

impl Warehouse {
    pub fn new() -> Self {
        COUNTING.call_once(count_panics);
        let directory = tempfile::tempdir().expect("directory");
        let warehouses = Warehouses::new(directory.path().to_owned(), MemoryLimit::default());
        let storage = Arc::new(DirectoryStorage::new(directory.path()));
        let backend =
            Backend { warehouses, storage, authenticator: Arc::new(OneUser), cancel_keys: Default::default() };
        let place = Place::new("fuzzed", "dwh", "ann");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        Self { backend, place, runtime, _directory: directory }
    }

    /// Sends bytes and answers what comes, to the end.
    ///
    /// # Panics
    /// Where the connection or a statement does.
    pub fn converse(&self, bytes: &[u8]) -> Vec<u8> {
        self.runtime.block_on(async {
            let (client, server) = tokio::io::duplex(1 << 16);
            let handlers = Handlers::new(self.backend.clone(), self.place.clone());
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
            let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
            let serving = tokio::spawn(converse(server, BytesMut::new(), address, false, deadline, handlers));
            let (mut reader, mut writer) = tokio::io::split(client);
            let send = async {
                let _ = writer.write_all(bytes).await;
                let _ = writer.shutdown().await;
            };
            let mut answers = Vec::new();
            let _ = tokio::join!(send, reader.read_to_end(&mut answers));
            if let Err(error) = serving.await
                && error.is_panic()
            {
                std::panic::resume_unwind(error.into_panic());
            }
            assert_eq!(PANICS.load(Ordering::SeqCst), 0, "a statement panicked");
            answers
        })
    }
}

/// What a client might send: startup, password, messages of both protocols; some with wrong lengths, some cut off.
pub fn conversation(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut sent = Vec::new();
    sent.extend(spoilt(random, STARTUP, None));
    sent.extend(spoilt(random, PASSWORD, Some(b'p')));
    for _ in 0..random.usize(..12) {
        let (kind, body) = message(random);
        sent.extend(spoilt(random, &body, Some(kind)));
    }
    if random.u8(..4) == 0 {
        sent.truncate(random.usize(..=sent.len()));
    }
    sent
}

/// A message as it is sent; the first one has no type.
pub fn message_of(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(body.len() + 4).unwrap_or(i32::MAX);
    kind.into_iter().chain(length.to_be_bytes()).chain(body.iter().copied()).collect()
}

/// What a client says until it may ask.
pub fn login() -> Vec<u8> {
    [message_of(None, STARTUP), message_of(Some(b'p'), PASSWORD)].concat()
}

/// A message as it is sent, now and then with another length, another body or another type.
fn spoilt(random: &mut fastrand::Rng, body: &[u8], kind: Option<u8>) -> Vec<u8> {
    let (mut kind, mut body) = (kind, body.to_vec());
    let mut length = i32::try_from(body.len() + 4).unwrap_or(i32::MAX);
    match random.u8(..24) {
        0 => length = [-1, i32::MIN, 0, 1, 3, 4, 5, 9_999, 10_001, i32::MAX][random.usize(..10)],
        1 => length = length.saturating_add(random.i32(-9..9)),
        2 => body.truncate(random.usize(..=body.len())),
        3 => body.extend((0..random.usize(1..9)).map(|_| random.u8(..))),
        4 | 5 => (0..random.usize(1..4)).for_each(|_| {
            if let Some(at) = (!body.is_empty()).then(|| random.usize(..body.len())) {
                body[at] = random.u8(..);
            }
        }),
        6 => kind = kind.map(|_| random.u8(..)),
        _ => {}
    }
    // A length that is right for what has become of the body, as often as not.
    if random.bool() && body.len() < 10_000 {
        length = i32::try_from(body.len() + 4).unwrap_or(i32::MAX);
    }
    kind.into_iter().chain(length.to_be_bytes()).chain(body).collect()
}

fn message(random: &mut fastrand::Rng) -> (u8, Vec<u8>) {
    let name = [&b"\0"[..], b"s\0", b"p\0"][random.usize(..3)];
    let sql = [STATEMENTS[random.usize(..STATEMENTS.len())].as_bytes(), b"\0"].concat();
    let count = |random: &mut fastrand::Rng| [0_u16, 0, 1, 2, 5, 9, u16::MAX][random.usize(..7)];
    match random.u8(..10) {
        0 | 1 => (b'Q', sql),
        2 => {
            let types = random.usize(..4);
            let oids = (0..types)
                .flat_map(|_| [23_u32, 25, 16, 701, 1082, 1700, 0, 20, 99_999][random.usize(..9)].to_be_bytes());
            let head = [name, &sql, &u16::try_from(types).unwrap_or(0).to_be_bytes()].concat();
            (b'P', head.into_iter().chain(oids).collect())
        }
        3 | 4 => {
            let mut body = [name, name].concat();
            let (formats, values, columns) = (count(random), count(random), count(random));
            body.extend(formats.to_be_bytes());
            (0..formats.min(9)).for_each(|_| body.extend(random.u16(..3).to_be_bytes()));
            body.extend(values.to_be_bytes());
            for _ in 0..values.min(9) {
                let value =
                    [&b""[..], b"1", b"abc", b"2024-01-01", &[0, 0, 0, 7], &[0; 8], &[255; 3]][random.usize(..7)];
                match random.u8(..6) {
                    0 => body.extend((-1_i32).to_be_bytes()),
                    1 => body.extend((-2_i32).to_be_bytes()),
                    _ => {
                        body.extend(u32::try_from(value.len()).unwrap_or(0).to_be_bytes());
                        body.extend(value);
                    }
                }
            }
            body.extend(columns.to_be_bytes());
            (0..columns.min(9)).for_each(|_| body.extend(random.u16(..3).to_be_bytes()));
            (b'B', body)
        }
        5 => (b'D', [&[b"SPX"[random.usize(..3)]][..], name].concat()),
        6 => (b'E', [name, &[0, 1, 3, -1, i32::MAX][random.usize(..5)].to_be_bytes()].concat()),
        7 => (b'C', [&[b"SP"[random.usize(..2)]][..], name].concat()),
        8 => ([b'S', b'S', b'H', b'c', b'f', b'd'][random.usize(..6)], if random.bool() { Vec::new() } else { sql }),
        _ => (b'S', Vec::new()),
    }
}
