//! Random input for tests of all crates: inputs of a kept corpus, changed at random for as long as SPARKIFY_FUZZ_SECONDS
//! says (two seconds where it says nothing, a minute in CI). Without coverage to guide it: that would compile DuckDB anew.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

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
    fn read(directory: &str) -> Self {
        let read =
            |entry: std::io::Result<std::fs::DirEntry>| std::fs::read(entry.expect("entry").path()).expect("corpus");
        // One file holds many inputs, parted by lines of four hyphens.
        let split = |bytes: Vec<u8>| -> Vec<Vec<u8>> {
            String::from_utf8_lossy(&bytes).split("\n----\n").map(|part| part.as_bytes().to_vec()).collect()
        };
        Self { entries: std::fs::read_dir(directory).expect("corpus").map(read).flat_map(split).collect() }
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

/// Gives a reader the inputs of a corpus, the directory of a crate's `corpus/`, then changed ones for its share of the time.
///
/// # Panics
/// Where the reader does; the input is in the message.
pub fn fuzz_corpus(directory: &str, mut read: impl FnMut(&[u8])) {
    let corpus = Corpus::read(directory);
    for entry in &corpus.entries {
        read(entry);
    }
    fuzz_with(directory, |random| corpus.input(random), read);
}

/// Gives a reader generated inputs for its share of the time.
///
/// # Panics
/// Where the reader does; the input is in the message.
pub fn fuzz_with(kind: &str, make: impl Fn(&mut fastrand::Rng) -> Vec<u8>, mut read: impl FnMut(&[u8])) {
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
