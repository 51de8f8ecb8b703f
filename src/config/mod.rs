//! infra.toml → checked values. All mistakes are reported at once, each with its line, column and rule.

mod mistake;
mod read;
pub mod rules;
mod table;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use crate::bucket_keys::GATHERED;
use crate::error::{Error, Result};
use crate::files;
use crate::location::{Location, matches};
use crate::read_policy::Reads;
use crate::zip;
use mistake::Mistakes;
use table::Table;

/// The cluster's admin, where infra.toml names none.
pub const ADMIN: &str = "dwhadmin";

/// Deadlines.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    pub create: Duration,
    pub delete: Duration,
    pub statement: Duration,
    /// How long AWS is asked again for what it may not show yet, or still show (R16, R35, R36). The command line says it.
    pub settle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        Self { create: hours(1), delete: hours(1), statement: hours(4), settle: Duration::ZERO }
    }
}

/// A directory that plays somebody else's bucket on the local target.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "local"), expect(dead_code, reason = "its region is used by the local target only"))]
pub struct LocalBucket {
    pub path: PathBuf,
    pub region: Option<String>,
}

/// The treatment of rows that are loaded already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// The staging tables are emptied and filled with everything.
    #[default]
    Replace,
    /// Only objects that were not loaded before are added.
    Append,
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Replace => "replace",
            Self::Append => "append",
        })
    }
}

/// How gathered parts are compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compression {
    #[default]
    Zstd,
    Gzip,
}

/// Whether a source's objects are joined into a few parts before COPY reads them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Gather {
    /// When they are many and small.
    #[default]
    Auto,
    Always,
    Never,
}

/// The treatment of JSON keys without a column: COPY leaves them out, and reports nothing (C8).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnUnknown {
    Ignore,
    /// Warns, and names them.
    #[default]
    Warn,
    /// Refuses the load.
    Fail,
    /// Adds columns for them to the staging table, and widens those that are too short for a text.
    Add,
}

impl OnUnknown {
    /// Returns true if the keys have to be known before the COPY.
    pub fn decides(self) -> bool {
        matches!(self, Self::Fail | Self::Add)
    }
}

/// Where the records lie in a JSON file that is one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordPath {
    /// Keys from the outermost object inwards. Empty: the file's value itself has the records.
    pub keys: Vec<String>,
    /// The records are the values of an object, whose keys become this field of them. `None`: they are in a list.
    pub key_field: Option<String>,
}

/// Where rows come from.
#[derive(Debug, Clone)]
pub struct Source {
    pub name: String,
    pub location: Location,
    /// Patterns of keys: only such objects are loaded. Empty where all are.
    pub files: Vec<String>,
    pub region: String,
    pub jsonpaths: Option<Location>,
    /// A jsonpaths file beside infra.toml, which each load puts where COPY finds it.
    pub jsonpaths_file: Option<PathBuf>,
    /// The rows of JSON files that are one value each.
    pub record_path: Option<RecordPath>,
    /// The folders of the keys, `dt=2026-01-01/`, are fields of their records.
    pub hive_partitions: bool,
    pub gather: Gather,
    pub on_unknown: OnUnknown,
    /// Rows that its COPY rejects are kept in a table of their own.
    pub quarantine: bool,
}

impl Source {
    /// Returns true if the object of a key under its address is loaded, or some of its members where it is an archive.
    pub fn takes(&self, key: &str) -> bool {
        let is_archive = |pattern: &str| zip::archive_of(pattern).is_some_and(|archive| matches(archive, key));
        self.files.is_empty() || self.files.iter().any(|pattern| matches(pattern, key) || is_archive(pattern))
    }

    /// Returns true if a member of an archive is loaded, whose key is that of the archive with its own name behind: of
    /// an archive that a pattern names as a whole, each is.
    pub fn takes_member(&self, archive: &str, key: &str) -> bool {
        let is_taken = |pattern: &String| matches(pattern, key) || matches(pattern, archive);
        self.files.is_empty() || self.files.iter().any(is_taken)
    }

    /// The patterns that choose members of archives.
    pub fn member_patterns(&self) -> Vec<&str> {
        self.files.iter().map(String::as_str).filter(|pattern| zip::archive_of(pattern).is_some()).collect()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cluster {
    pub identifier: String,
    pub node_type: String,
    pub nodes: i32,
    pub database: String,
    pub admin: String,
    pub port: i32,
    pub snapshot_retention_days: i32,
    /// None: the default group of the default VPC.
    pub subnet_group: Option<String>,
    /// ARN; none: the key that AWS keeps.
    pub kms_key: Option<String>,
    /// A snapshot that `down` leaves on purpose.
    pub final_snapshot: Option<FinalSnapshot>,
}

/// A snapshot that is taken when the cluster is deleted, and stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalSnapshot {
    pub name: String,
    /// -1: for ever.
    pub retention_days: i32,
}

#[derive(Debug, Clone)]
pub struct Local {
    pub account: String,
    pub buckets: BTreeMap<String, LocalBucket>,
    /// Bytes that SQL statements may use together; `None` is half of what the machine has.
    pub memory: Option<u64>,
    /// Simulates the durations of AWS, by a model. Set by the command line only.
    pub simulate: bool,
    /// No simulated durations: a cluster is available when CreateCluster answers. Set by the command line only.
    pub instant: bool,
}

impl Default for Local {
    fn default() -> Self {
        Self {
            account: "000000000000".to_owned(),
            buckets: BTreeMap::new(),
            memory: None,
            simulate: false,
            instant: false,
        }
    }
}

/// The values of infra.toml, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The directory of infra.toml: `sql/` and the local state are beside it.
    pub directory: PathBuf,
    /// Where the local target keeps its state.
    pub state: PathBuf,
    pub stack: String,
    pub region: String,
    pub account: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// How long after `up` the stack may be taken down by `down --all-expired`.
    pub expires: Option<Duration>,
    pub bucket: Option<String>,
    pub cluster: Cluster,
    pub sources: Vec<Source>,
    pub mode: Mode,
    pub compression: Compression,
    pub timeouts: Timeouts,
    pub local: Local,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Of kind `Usage`, with every mistake and where it stands.
    pub fn read(path: &Path) -> Result<Self> {
        let text = files::read_text_or_stream(path).map_err(|error| {
            let absent = error.kind() == std::io::ErrorKind::NotFound;
            let unreadable = Error::usage(format!("cannot read {}", path.display())).because(error);
            match absent {
                true => unreadable.hint("Run it where infra.toml is, or name the file with --config."),
                false => unreadable,
            }
        })?;
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(&text, directory).map_err(|mistakes| Error::usage(mistakes.render(path, &text)))
    }

    /// Defaults without a file: for a stack that is named on the command line.
    pub fn bare(directory: &Path) -> Self {
        Self {
            state: directory.join(".sparkify"),
            directory: directory.to_owned(),
            stack: String::new(),
            region: "us-east-1".to_owned(),
            account: None,
            tags: BTreeMap::new(),
            expires: None,
            bucket: None,
            cluster: Cluster { admin: ADMIN.to_owned(), ..Cluster::default() },
            sources: Vec::new(),
            mode: Mode::default(),
            compression: Compression::default(),
            timeouts: Timeouts::default(),
            local: Local::default(),
        }
    }

    /// Prefixes and objects that COPY reads: those of the warehouse's bucket, where any source may be gathered and any load may
    /// append; sources that may be copied in place; and jsonpaths files.
    pub fn reads(&self, bucket: &str) -> Reads {
        let mut reads = Reads::default();
        reads.add_prefix(&Location { bucket: bucket.to_owned(), key: GATHERED.to_owned() });
        for source in &self.sources {
            if source.gather != Gather::Always {
                reads.add_prefix(&source.location);
            }
            // R37: of a source in another region COPY reads the copy beside the parts.
            if source.gather != Gather::Always || source.region == self.region {
                source.jsonpaths.iter().for_each(|paths| reads.add_object(paths));
            }
        }
        reads
    }

    fn parse(text: &str, directory: PathBuf) -> std::result::Result<Self, Mistakes> {
        let (document, malformed) = DeTable::parse_recoverable(text);
        let mistakes = RefCell::new(Mistakes::default());
        for error in &malformed {
            mistakes.borrow_mut().add(error.span().unwrap_or_default(), error.message());
        }
        // What was read of a malformed file says little about what is missing from it.
        if mistakes.borrow().is_empty() {
            let config = read::file(&Table::file(&document, &mistakes), directory);
            if mistakes.borrow().is_empty() {
                return Ok(config);
            }
        }
        Err(mistakes.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../infra.toml");

    fn mistakes(text: &str) -> String {
        Config::parse(text, PathBuf::new()).expect_err("mistakes").render(Path::new("infra.toml"), text)
    }

    #[test]
    fn the_shipped_file_is_good() {
        let config = Config::parse(GOOD, PathBuf::new()).map_err(|m| m.render(Path::new("infra.toml"), GOOD));
        let config = config.expect("config");
        assert_eq!(config.cluster.identifier, "sparkify");
        assert_eq!(config.sources.len(), 2);
    }

    #[test]
    fn all_mistakes_at_once_each_with_its_place() {
        let text = GOOD
            .replace("\"ra3.large\"", "\"dc2.large\"")
            .replace("nodes = 1", "nodes = 0")
            .replace("stack = \"sparkify\"", "stack = \"Sparkify_1\"");
        let rendered = mistakes(&text);
        for expected in ["infra.toml:5:9", "infra.toml:10:13", "infra.toml:11:9", "R7: ", "R10: ", "R11: "] {
            assert!(rendered.contains(expected), "{expected} in\n{rendered}");
        }
    }

    #[test]
    fn a_quarantine_is_asked_for_by_the_source() {
        let with =
            |value: &str| GOOD.replace("gather = \"never\"", &format!("gather = \"never\"\nquarantine = {value}"));
        let kept = |text: &str| {
            let config = Config::parse(text, PathBuf::new()).map_err(|mistakes| mistakes.render(Path::new("a"), text));
            config.expect("config").sources.iter().map(|source| source.quarantine).collect::<Vec<_>>()
        };
        assert_eq!(kept(GOOD), [false, false]);
        assert_eq!(kept(&with("true")).iter().filter(|kept| **kept).count(), 1);
        let rendered = mistakes(&with("\"yes\""));
        assert!(rendered.contains("sources.events.quarantine is true or false"), "{rendered}");
    }

    #[test]
    fn malformed_toml_names_line_and_column() {
        assert!(mistakes("stack = \"a\nregion = 1").contains("infra.toml:1:"));
        let rendered = mistakes(&GOOD.replace("nodes = 1", "nodez = 1"));
        assert!(rendered.contains("nodez") && rendered.contains("infra.toml:11:1"), "{rendered}");
    }
}
