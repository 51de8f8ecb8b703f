//! Nothing that a client sends makes the stand-in panic: inputs of a kept corpus, changed at random for as long as
//! SPARKIFY_FUZZ_SECONDS says (two seconds where it says nothing, a minute in CI), thrown at everything that reads
//! what comes from outside. Without coverage to guide it: that would compile DuckDB anew.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use aws_smithy_types::body::SdkBody;

use crate::Cloud;
use crate::warehouse::fuzz;
use crate::wire::fuzz_entry;

/// Pieces that are worth putting anywhere.
const PIECES: &[&str] = &[
    "'",
    "''",
    "\"",
    "\\",
    "$$",
    "$1",
    ":x",
    "(",
    ")",
    "((((((((",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "--",
    "/*",
    "*/",
    "\0",
    "\u{feff}",
    "é",
    "\u{10FFFF}",
    "NULL",
    "0",
    "-1",
    "9223372036854775808",
    "1e999",
    "epoch",
    "interval '1 day'",
    " as ",
    " over (",
    "::varchar(3)",
    "::date",
    "identity(0,1)",
    "distkey",
    "sortkey(",
    " from ",
    "json 'auto'",
    "%",
    "99999999999999999999",
    "12018-11-30",
    "T23:59:60.9999999+15:59",
    "e-2147483648",
    "E2147483647",
    "Infinity",
    "nan",
    "..",
    "\r\n",
    "\n\n",
    "%00",
    "&",
    "?",
    "=",
    "Action=",
    "aws-chunked",
    "bytes=0-",
    "-",
    "+",
    "x-amz-",
    "{\"a\":",
    "1,\"b",
    "|",
];

struct Corpus {
    entries: Vec<Vec<u8>>,
}

impl Corpus {
    fn of(kind: &str) -> Self {
        let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(kind);
        let read =
            |entry: std::io::Result<std::fs::DirEntry>| std::fs::read(entry.expect("entry").path()).expect("corpus");
        // One file holds many inputs, parted by lines of four hyphens.
        let split = |bytes: Vec<u8>| -> Vec<Vec<u8>> {
            String::from_utf8_lossy(&bytes).split("\n----\n").map(|part| part.as_bytes().to_vec()).collect()
        };
        Self { entries: std::fs::read_dir(&directory).expect("corpus").map(read).flat_map(split).collect() }
    }

    fn input(&self, random: &mut fastrand::Rng) -> Vec<u8> {
        let mut bytes = self.entries[random.usize(..self.entries.len())].clone();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..=bytes.len());
            let end = (at + random.usize(..12)).min(bytes.len());
            match random.u8(..8) {
                // Seldom, since it takes its time: what is deep or long.
                7 if random.u8(..16) == 0 && bytes.len() < 10_000 => {
                    let copied = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, copied.repeat(random.usize(1..5_000))));
                }
                0 => drop(bytes.drain(at..end)),
                1 => drop(bytes.splice(at..at, PIECES[random.usize(..PIECES.len())].bytes())),
                2 if at < bytes.len() => bytes[at] = random.u8(..),
                3 => {
                    let copied = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, copied.repeat(random.usize(1..40))));
                }
                4 => bytes.truncate(at),
                5 => {
                    let other = &self.entries[random.usize(..self.entries.len())];
                    let from = random.usize(..=other.len());
                    drop(bytes.splice(at..end, other[from..].iter().copied()));
                }
                _ => drop(bytes.splice(at..end, PIECES[random.usize(..PIECES.len())].bytes())),
            }
        }
        bytes
    }
}

fn seconds() -> f64 {
    std::env::var("SPARKIFY_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2.0)
}

/// Throws changed inputs of a corpus at a reader for its share of the time.
fn throw(kind: &str, mut read: impl FnMut(&[u8])) {
    let corpus = Corpus::of(kind);
    for entry in &corpus.entries {
        read(entry);
    }
    throw_made(kind, |random| corpus.input(random), read);
}

/// Throws inputs at a reader for its share of the time.
fn throw_made(kind: &str, make: impl Fn(&mut fastrand::Rng) -> Vec<u8>, mut read: impl FnMut(&[u8])) {
    let seed = std::env::var("SPARKIFY_FUZZ_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    let mut random = fastrand::Rng::with_seed(seed);
    let begun = Instant::now();
    let mut thrown = 0;
    while begun.elapsed() < Duration::from_secs_f64(seconds() / 7.0) {
        let input = make(&mut random);
        let caught = catch_unwind(AssertUnwindSafe(|| read(&input)));
        assert!(caught.is_ok(), "{kind} (seed {seed}) panics at:\n{}", String::from_utf8_lossy(&input));
        thrown += 1;
    }
    assert!(thrown > 0);
}

#[test]
fn the_rewriter_of_sql() {
    throw("sql", |input| fuzz::sql(&String::from_utf8_lossy(input)));
}

#[test]
fn the_functions() {
    throw("functions", |input| fuzz::functions(&String::from_utf8_lossy(input)));
}

#[test]
fn the_reader_of_json() {
    throw("json", fuzz::json);
}

#[test]
fn the_readers_of_text() {
    throw("text", fuzz::text);
}

/// A line with method and address, lines of headers, and a body behind an empty line.
fn request(text: &str) -> Option<http::Request<String>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, uri) = lines.next()?.split_once(' ')?;
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
    }
    request.body(body.to_owned()).ok()
}

/// Behind the signature, which none of these would have.
#[test]
fn the_operations_of_s3() {
    let directory = tempfile::tempdir().expect("directory");
    let buckets = crate::s3::Buckets::alone(directory.path());
    let service = crate::s3::unsigned(buckets.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    throw("s3", |input| {
        if let Some(mut request) = request(&String::from_utf8_lossy(input)) {
            request.extensions_mut().insert(buckets.sessions.owner.clone());
            runtime.block_on(async {
                let answer = service.call(request.map(|body| s3s::Body::from(body.into_bytes()))).await;
                // A body is read when it is sent.
                if let Ok(answer) = answer {
                    let _ = http_body_util::BodyExt::collect(answer.into_body()).await;
                }
            });
        }
    });
}

/// Whole connections: startup, password, simple and extended messages.
#[test]
fn the_connections_of_postgresql() {
    let directory = tempfile::tempdir().expect("directory");
    let warehouse = fuzz_entry::Warehouse::new(Cloud::bare(directory.path()).endpoint.redshift.wire.clone());
    throw_made("wire", fuzz_entry::conversation, |bytes| drop(warehouse.converse(bytes)));
}

#[test]
fn the_router_of_http() {
    let directory = tempfile::tempdir().expect("directory");
    let cloud = Cloud::bare(directory.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    throw("http", |input| {
        let text = String::from_utf8_lossy(input);
        if let (Some(signed), Some(unsigned)) = (request(&text), request(&text)) {
            let _ = runtime.block_on(cloud.endpoint.answer(signed.map(SdkBody::from)));
            let _ = runtime.block_on(cloud.endpoint.answer_unsigned(unsigned.map(SdkBody::from)));
        }
    });
}
