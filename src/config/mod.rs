//! infra.toml → checked values. All mistakes are told at once, each with its line, column and rule.

mod mistake;
pub mod rules;
mod table;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use crate::error::{Error, Result};
use crate::location::Location;
use mistake::Mistakes;
use rules::{C7, QUOTA, R1, R11, R15, R32};
use table::{At, Table};

/// The cluster's admin, where infra.toml names none.
pub const ADMIN: &str = "dwhadmin";

/// Deadlines.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    pub create: Duration,
    pub delete: Duration,
    pub statement: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        Self { create: hours(1), delete: hours(1), statement: hours(4) }
    }
}

/// A directory that plays somebody else's bucket on the local target.
#[derive(Debug, Clone)]
pub struct LocalBucket {
    pub path: PathBuf,
    pub region: Option<String>,
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

/// Where rows come from.
#[derive(Debug, Clone)]
pub struct Source {
    pub name: String,
    pub location: Location,
    pub region: String,
    pub jsonpaths: Option<Location>,
    pub gather: Gather,
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
    /// What `down` leaves on purpose.
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
}

impl Default for Local {
    fn default() -> Self {
        Self { account: "000000000000".to_owned(), buckets: BTreeMap::new() }
    }
}

/// What infra.toml says, checked.
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
    pub timeouts: Timeouts,
    pub local: Local,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Of kind `Usage`, with every mistake and where it stands.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
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

    /// What there is to know without a file: for a stack that is named on the command line.
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
            timeouts: Timeouts::default(),
            local: Local::default(),
        }
    }

    fn parse(text: &str, directory: PathBuf) -> std::result::Result<Self, Mistakes> {
        let (document, malformed) = DeTable::parse_recoverable(text);
        let mistakes = RefCell::new(Mistakes::default());
        for error in &malformed {
            mistakes.borrow_mut().add(error.span().unwrap_or_default(), error.message());
        }
        // What was read of a malformed file says little about what is missing from it.
        if mistakes.borrow().is_empty() {
            let config = file(&Table::file(&document, &mistakes), directory);
            if mistakes.borrow().is_empty() {
                return Ok(config);
            }
        }
        Err(mistakes.into_inner())
    }
}

fn file(table: &Table<'_, '_>, directory: PathBuf) -> Config {
    let checked = |value: At<String>, rule: fn(&str) -> _| {
        table.mistakes.borrow_mut().check(&value, rule);
        value.value
    };
    let required = |key, example, rule| {
        let value = table.required(key, example);
        if table.has(key) && !value.span.is_empty() { checked(value, rule) } else { value.value }
    };
    let stack = required("stack", "\"sparkify\"", rules::stack);
    let region = required("region", "\"us-west-2\"", rules::region);
    let account = table.string("account").map(|account| checked(account, rules::account));
    let bucket = table.table("bucket").and_then(|table| table.string("name"));
    let bucket = bucket.map(|name| checked(name, rules::bucket));
    let expires = table.duration("expires").map(|expires| expires.value);
    let tags = table.table("tags").map(|table| tags(&table)).unwrap_or_default();
    let cluster = table.table("cluster");
    if cluster.is_none() && !table.has("cluster") {
        table.missing("[cluster]", "{ node_type = \"ra3.large\", nodes = 1, database = \"dwh\" }");
    }
    let cluster = cluster.map(|table| cluster_of(&table, &stack)).unwrap_or_default();
    let sources = table.table("sources").map(|table| sources(&table, &region)).unwrap_or_default();
    let timeouts = table.table("timeouts").map(|table| timeouts(&table)).unwrap_or_default();
    let local = table.table("local").map(|table| local(&table)).unwrap_or_default();
    let config = Config {
        state: directory.join(".sparkify"),
        directory,
        stack,
        region,
        account,
        tags,
        expires,
        bucket,
        cluster,
        sources,
        timeouts,
        local,
    };
    check_policy_fits(table, &config);
    config
}

/// The role's policy grows with the sources, and IAM takes only so much of it.
fn check_policy_fits(table: &Table<'_, '_>, config: &Config) {
    const LIMIT: usize = 10_240;
    let length = policy_length(config);
    if length > LIMIT {
        let message = format!("the sources make a role policy of {length} characters, and IAM takes {LIMIT}");
        table.mistakes.borrow_mut().breaks(0..0, &QUOTA, message);
    }
}

fn policy_length(config: &Config) -> usize {
    let longest_bucket =
        config.bucket.clone().unwrap_or_else(|| format!("{}-000000000000-{}", config.stack, config.region));
    crate::resource::policy::permissions(config, &longest_bucket).to_string().len()
}

fn tags(table: &Table<'_, '_>) -> BTreeMap<String, String> {
    let strings = table.strings();
    let mut mistakes = table.mistakes.borrow_mut();
    for (key, value) in &strings {
        mistakes.check(key, rules::tag_key);
        mistakes.check(value, rules::tag_value);
    }
    // 50 in all, of which some are ours.
    if let Some((first_too_many, _)) = strings.get(42) {
        mistakes.breaks(
            first_too_many.span.clone(),
            &R1,
            "a resource has at most 50 tags, 8 of which are set by this program",
        );
    }
    strings.into_iter().map(|(key, value)| (key.value, value.value)).collect()
}

fn cluster_of(table: &Table<'_, '_>, stack: &str) -> Cluster {
    let checked = |value: At<String>, rule: fn(&str) -> _| {
        table.mistakes.borrow_mut().check(&value, rule);
        value.value
    };
    let required = |key, example, rule| {
        let value = table.required(key, example);
        if value.span.is_empty() { value.value } else { checked(value, rule) }
    };
    let optional = |key, rule| table.string(key).map(|value| checked(value, rule));
    let number =
        |value: At<i64>, ranges: &[_], rule, message| table.mistakes.borrow_mut().number(&value, ranges, rule, message);
    let nodes = table.integer("nodes");
    if nodes.is_none() && !table.has("nodes") {
        table.missing("nodes", "1");
    }
    let retention = table.integer("snapshot_retention_days");
    let final_retention = table.integer("final_snapshot_retention_days");
    let final_snapshot = optional("final_snapshot", rules::snapshot);
    if let (None, Some(days)) = (&final_snapshot, &final_retention) {
        let message = "final_snapshot_retention_days says how long a snapshot stays that final_snapshot does not name";
        table.mistakes.borrow_mut().breaks(days.span.clone(), &R15, message);
    }
    Cluster {
        identifier: optional("identifier", rules::cluster_identifier).unwrap_or_else(|| stack.to_owned()),
        node_type: required("node_type", "\"ra3.large\"", rules::node_type),
        nodes: nodes.map_or(1, |nodes| number(nodes, &[1..=100], &R11, "a cluster has 1 to 100 nodes")),
        database: required("database", "\"dwh\"", rules::database),
        admin: optional("admin", rules::admin).unwrap_or_else(|| ADMIN.to_owned()),
        port: table.integer("port").map_or(5439, |port| {
            number(port, &[5439..=5439, 5431..=5455, 8191..=8215], &R11, "the port is in 5431-5455 or 8191-8215")
        }),
        snapshot_retention_days: retention
            .map_or(1, |days| number(days, &[1..=35], &R11, "automated snapshots are kept 1 to 35 days")),
        subnet_group: optional("subnet_group", rules::subnet_group),
        kms_key: optional("kms_key", rules::kms_key),
        final_snapshot: final_snapshot.map(|name| FinalSnapshot {
            name,
            retention_days: final_retention.map_or(-1, |days| {
                number(days, &[-1..=-1, 1..=3653], &R11, "a manual snapshot is kept 1 to 3653 days, or -1: for ever")
            }),
        }),
    }
}

fn sources(table: &Table<'_, '_>, region: &str) -> Vec<Source> {
    table.tables().into_iter().map(|(name, table)| source(&name, &table, region)).collect()
}

fn source(name: &At<String>, table: &Table<'_, '_>, region: &str) -> Source {
    let mistakes = table.mistakes;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.value.is_empty() || !name.value.chars().all(is_word) {
        mistakes
            .borrow_mut()
            .add(name.span.clone(), "a source's name is letters, digits, - and _: it is part of a key in S3");
    }
    let location = |url: &At<String>| match Location::parse(&url.value) {
        Ok(location) => location,
        Err(message) => {
            mistakes.borrow_mut().add(url.span.clone(), message);
            Location::default()
        }
    };
    let url = table.required("url", "\"s3://bucket/prefix/\"");
    let mut place = if url.span.is_empty() { Location::default() } else { location(&url) };
    if let Some(prefix) = table.string("prefix") {
        place = place.narrowed(&prefix.value);
    }
    let elsewhere = table.string("region");
    if let Some(region) = &elsewhere {
        mistakes.borrow_mut().check(region, rules::region);
    }
    let jsonpaths = table.string("jsonpaths").map(|url| {
        let paths = location(&url);
        if paths.bucket == place.bucket && !paths.bucket.is_empty() && paths.key.starts_with(&place.key) {
            let message = "the jsonpaths file lies under the source's own address: COPY would load it as data";
            mistakes.borrow_mut().breaks(url.span.clone(), &C7, message);
        }
        if [".gz", ".bz2", ".zst", ".lzo"].iter().any(|ending| paths.key.ends_with(ending)) {
            let message = "the jsonpaths file is compressed, which COPY does not read";
            mistakes.borrow_mut().breaks(url.span.clone(), &R32, message);
        }
        paths
    });
    let gather = table.string("gather").map(|gather| match gather.value.as_str() {
        "auto" => Gather::Auto,
        "always" => Gather::Always,
        "never" => Gather::Never,
        _ => {
            mistakes.borrow_mut().add(gather.span, "gather is \"auto\", \"always\" or \"never\"");
            Gather::Auto
        }
    });
    Source {
        name: name.value.clone(),
        location: place,
        region: elsewhere.map_or_else(|| region.to_owned(), |region| region.value),
        jsonpaths,
        gather: gather.unwrap_or_default(),
    }
}

fn timeouts(table: &Table<'_, '_>) -> Timeouts {
    let usual = Timeouts::default();
    let read = |key, otherwise| table.duration(key).map_or(otherwise, |duration| duration.value);
    Timeouts {
        create: read("create", usual.create),
        delete: read("delete", usual.delete),
        statement: read("statement", usual.statement),
    }
}

fn local(table: &Table<'_, '_>) -> Local {
    let account = table.string("account").map(|account| {
        table.mistakes.borrow_mut().check(&account, rules::account);
        account.value
    });
    let buckets = table.table("buckets").map(|table| {
        let bucket = |(name, table): (At<String>, Table<'_, '_>)| {
            let path = table.required("path", "\"data\"").value.into();
            let region = table.string("region").map(|region| {
                table.mistakes.borrow_mut().check(&region, rules::region);
                region.value
            });
            (name.value, LocalBucket { path, region })
        };
        table.tables().into_iter().map(bucket).collect()
    });
    let usual = Local::default();
    Local { account: account.unwrap_or(usual.account), buckets: buckets.unwrap_or_default() }
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
    fn malformed_toml_names_line_and_column() {
        assert!(mistakes("stack = \"a\nregion = 1").contains("infra.toml:1:"));
        let rendered = mistakes(&GOOD.replace("nodes = 1", "nodez = 1"));
        assert!(rendered.contains("nodez") && rendered.contains("infra.toml:11:1"), "{rendered}");
    }
}
