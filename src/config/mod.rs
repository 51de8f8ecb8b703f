//! infra.toml → checked values. What is not TOML or not a known key is told first, one at a time; then all wrong
//! values at once, each with its line, column and rule.

mod mistake;
mod rules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

pub use mistake::Mistakes;

use crate::error::{Error, Result};
use crate::location::Location;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    stack: Spanned<String>,
    region: Spanned<String>,
    account: Option<Spanned<String>>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    bucket: BucketTable,
    cluster: ClusterTable,
    #[serde(default)]
    sources: BTreeMap<String, SourceTable>,
    #[serde(default)]
    timeouts: Timeouts,
    #[serde(default)]
    local: LocalTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct BucketTable {
    name: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClusterTable {
    node_type: Spanned<String>,
    nodes: Spanned<i64>,
    database: Spanned<String>,
    identifier: Option<Spanned<String>>,
    admin: Option<Spanned<String>>,
    port: Option<Spanned<i64>>,
    snapshot_retention_days: Option<Spanned<i64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceTable {
    url: Spanned<String>,
    prefix: Option<String>,
    region: Option<String>,
    jsonpaths: Option<Spanned<String>>,
    #[serde(default)]
    gather: Gather,
}

/// Deadlines in seconds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    create: u64,
    delete: u64,
    statement: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { create: 3600, delete: 3600, statement: 4 * 3600 }
    }
}

impl Timeouts {
    pub fn create(&self) -> Duration {
        Duration::from_secs(self.create)
    }

    pub fn delete(&self) -> Duration {
        Duration::from_secs(self.delete)
    }

    pub fn statement(&self) -> Duration {
        Duration::from_secs(self.statement)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LocalTable {
    account: Option<Spanned<String>>,
    #[serde(default)]
    buckets: BTreeMap<String, LocalBucket>,
}

/// A directory that plays somebody else's bucket on the local target.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalBucket {
    pub path: PathBuf,
    pub region: Option<String>,
}

/// Whether a source's objects are joined into a few parts before COPY reads them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub identifier: String,
    pub node_type: String,
    pub nodes: i32,
    pub database: String,
    pub admin: String,
    pub port: i32,
    pub snapshot_retention_days: i32,
}

#[derive(Debug, Clone)]
pub struct Local {
    pub account: String,
    pub buckets: BTreeMap<String, LocalBucket>,
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

    fn parse(text: &str, directory: PathBuf) -> std::result::Result<Self, Mistakes> {
        let file: File = toml::from_str(text).map_err(|error| Mistakes::from_toml(&error))?;
        let mut mistakes = Mistakes::default();
        let config = file.checked(directory, &mut mistakes);
        match mistakes.is_empty() {
            true => Ok(config),
            false => Err(mistakes),
        }
    }
}

impl File {
    fn checked(self, directory: PathBuf, mistakes: &mut Mistakes) -> Config {
        mistakes.check(&self.stack, rules::stack);
        mistakes.check(&self.region, rules::region);
        self.account.iter().chain(&self.local.account).for_each(|account| mistakes.check(account, rules::account));
        self.bucket.name.iter().for_each(|name| mistakes.check(name, rules::bucket));
        let region = self.region.into_inner();
        let stack = self.stack.into_inner();
        let sources = self.sources.into_iter().map(|(name, source)| source.checked(name, &region, mistakes)).collect();
        Config {
            state: directory.join(".sparkify"),
            directory,
            account: self.account.map(Spanned::into_inner),
            tags: self.tags,
            bucket: self.bucket.name.map(Spanned::into_inner),
            cluster: self.cluster.checked(&stack, mistakes),
            sources,
            timeouts: self.timeouts,
            local: Local {
                account: self.local.account.map_or_else(|| "000000000000".to_owned(), Spanned::into_inner),
                buckets: self.local.buckets,
            },
            stack,
            region,
        }
    }
}

impl ClusterTable {
    fn checked(self, stack: &str, mistakes: &mut Mistakes) -> Cluster {
        self.identifier.iter().for_each(|id| mistakes.check(id, rules::cluster_identifier));
        mistakes.check(&self.node_type, rules::node_type);
        mistakes.check(&self.database, rules::database);
        self.admin.iter().for_each(|name| mistakes.check(name, rules::admin));
        let nodes = mistakes.number(&self.nodes, 1..=100, "R11: a cluster has 1 to 100 nodes");
        let port = self.port.map_or(5439, |port| mistakes.port(&port));
        let retention = self.snapshot_retention_days;
        Cluster {
            identifier: self.identifier.map_or_else(|| stack.to_owned(), Spanned::into_inner),
            node_type: self.node_type.into_inner(),
            nodes,
            database: self.database.into_inner(),
            admin: self.admin.map_or_else(|| "dwhadmin".to_owned(), Spanned::into_inner),
            port,
            snapshot_retention_days: retention
                .map_or(1, |days| mistakes.number(&days, 1..=35, "R11: automated snapshots are kept 1 to 35 days")),
        }
    }
}

impl SourceTable {
    fn checked(self, name: String, region: &str, mistakes: &mut Mistakes) -> Source {
        let mut location = mistakes.location(&self.url);
        if let Some(prefix) = &self.prefix {
            location = location.narrowed(prefix);
        }
        Source {
            name,
            location,
            region: self.region.unwrap_or_else(|| region.to_owned()),
            jsonpaths: self.jsonpaths.map(|url| mistakes.location(&url)),
            gather: self.gather,
        }
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
        for expected in ["infra.toml:5:9", "infra.toml:10:13", "infra.toml:11:9", "R7", "R10", "R11"] {
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
