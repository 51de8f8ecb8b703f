//! Reads values from the tables of the file, key by key.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::rules::{self, C7, QUOTA, R1, R11, R15, R32};
use super::table::{At, Table};
use super::{
    ADMIN, Cluster, Compression, Config, FinalSnapshot, Gather, Local, LocalBucket, Mode, OnUnknown, RecordPath,
    Source, Timeouts,
};
use crate::location::Location;
use crate::read_policy::INLINE_CHARACTERS;

pub fn file(table: &Table<'_, '_>, directory: PathBuf) -> Config {
    let checked = |value: At<String>, rule: fn(&str) -> _| {
        table.mistakes.borrow_mut().check(&value, rule);
        value.value
    };
    let required = |key, example, rule| {
        let value = table.required(key, example);
        if table.has(key) && !value.span.is_empty() { checked(value, rule) } else { value.value }
    };
    let bucket = table.table("bucket").and_then(|table| table.string("name"));
    let bucket = bucket.map(|name| checked(name, rules::bucket));
    let stack_rule: fn(&str) -> _ = if bucket.is_some() { rules::stack } else { rules::stack_with_bucket };
    let stack = required("stack", "\"sparkify\"", stack_rule);
    let region = required("region", "\"us-west-2\"", rules::region);
    let account = table.string("account").map(|account| checked(account, rules::account));
    let expires = table.duration("expires").map(|expires| expires.value);
    let tags = table.table("tags").map(|table| tags(&table)).unwrap_or_default();
    let cluster = table.table("cluster");
    if cluster.is_none() && !table.has("cluster") {
        table.missing("[cluster]", "{ node_type = \"ra3.large\", nodes = 1, database = \"dwh\" }");
    }
    let cluster = cluster.map(|table| cluster_of(&table, &stack)).unwrap_or_default();
    let sources = table.table("sources").map(|table| sources(&table, &region)).unwrap_or_default();
    let (mode, compression) = table.table("load").map(|table| load(&table)).unwrap_or_default();
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
        mode,
        compression,
        timeouts,
        local,
    };
    check_policy_fits(table, &config);
    config
}

/// The role's policy grows with the buckets of the sources, and IAM takes only so much of it (R46).
fn check_policy_fits(table: &Table<'_, '_>, config: &Config) {
    let (length, limit) = (policy_length(config), INLINE_CHARACTERS);
    if length > limit {
        let message = format!(
            "the sources make a role policy of {length} characters at least, and IAM takes {limit}: they lie in too many \
             buckets"
        );
        table.mistakes.borrow_mut().breaks(0..0, &QUOTA, message);
    }
}

fn policy_length(config: &Config) -> usize {
    let longest_bucket =
        config.bucket.clone().unwrap_or_else(|| format!("{}-000000000000-{}", config.stack, config.region));
    config.reads(&longest_bucket).policy(&config.region).0.to_string().len()
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
    let node_type = required("node_type", "\"ra3.large\"", rules::node_type);
    let count = nodes.clone().map_or(1, |nodes| number(nodes, &[1..=100], &R11, "a cluster has 1 to 100 nodes"));
    // What is not a number of nodes at all has its own mistake.
    if let Some(nodes) = nodes.filter(|nodes| nodes.value == i64::from(count))
        && let Err((rule, message)) = rules::node_count(&node_type, count)
    {
        table.mistakes.borrow_mut().breaks(nodes.span, rule, message);
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
        node_type,
        nodes: count,
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
    let files = table.list("files").iter().map(|pattern| format!("{}{pattern}", place.key)).collect();
    if let Some(prefix) = table.string("prefix") {
        place = place.narrowed(&prefix.value);
    }
    let elsewhere = table.string("region");
    if let Some(elsewhere) = &elsewhere {
        mistakes.borrow_mut().check(elsewhere, rules::region);
        if let Err((rule, message)) = rules::same_partition(region, &elsewhere.value) {
            mistakes.borrow_mut().breaks(elsewhere.span.clone(), rule, message);
        }
    }
    let jsonpaths = table.string("jsonpaths");
    let (jsonpaths, jsonpaths_file) = match jsonpaths {
        Some(path) if !path.value.contains("://") => (None, Some(PathBuf::from(path.value))),
        in_s3 => (in_s3, None),
    };
    let jsonpaths = jsonpaths.map(|url| {
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
    let on_unknown = table.string("on_unknown").map(|asked| match asked.value.as_str() {
        "ignore" => OnUnknown::Ignore,
        "warn" => OnUnknown::Warn,
        "fail" => OnUnknown::Fail,
        "add" => OnUnknown::Add,
        _ => {
            let message = "on_unknown is \"ignore\", \"warn\", \"fail\" or \"add\"";
            mistakes.borrow_mut().add(asked.span, message);
            OnUnknown::Warn
        }
    });
    let hive_partitions = table.flag("hive_partitions");
    let record_path = record_path(table);
    if hive_partitions && gather == Some(Gather::Never) {
        let message = "hive_partitions are put into the records where they are gathered, and gather is \"never\"";
        mistakes.borrow_mut().add(name.span.clone(), message);
    }
    if record_path.is_some() && gather == Some(Gather::Never) {
        let message = "record_path is followed where the source is gathered, and gather is \"never\"";
        mistakes.borrow_mut().add(name.span.clone(), message);
    }
    let needs_gathering = hive_partitions || record_path.is_some();
    Source {
        name: name.value.clone(),
        location: place,
        files,
        region: elsewhere.map_or_else(|| region.to_owned(), |region| region.value),
        jsonpaths,
        jsonpaths_file,
        record_path,
        hive_partitions,
        gather: if needs_gathering { Gather::Always } else { gather.unwrap_or_default() },
        on_unknown: on_unknown.unwrap_or_default(),
        quarantine: table.flag("quarantine"),
    }
}

/// `record_path` and `record_key`, of which one is enough.
fn record_path(table: &Table<'_, '_>) -> Option<RecordPath> {
    let (is_path, keys) = (table.has("record_path"), table.list("record_path"));
    let key_field = table.string("record_key").map(|field| field.value);
    (is_path || key_field.is_some()).then_some(RecordPath { keys, key_field })
}

fn load(table: &Table<'_, '_>) -> (Mode, Compression) {
    let wrong = |at: At<String>, message: &str| table.mistakes.borrow_mut().add(at.span, message);
    let mode = table.string("mode").map_or(Mode::Replace, |mode| match mode.value.as_str() {
        "replace" => Mode::Replace,
        "append" => Mode::Append,
        _ => {
            wrong(mode, "mode is \"replace\" or \"append\"");
            Mode::Replace
        }
    });
    let compression = table.string("compression").map_or(Compression::Zstd, |name| match name.value.as_str() {
        "zstd" => Compression::Zstd,
        "gzip" => Compression::Gzip,
        _ => {
            wrong(name, "compression is \"zstd\" or \"gzip\"");
            Compression::Zstd
        }
    });
    (mode, compression)
}

fn timeouts(table: &Table<'_, '_>) -> Timeouts {
    let usual = Timeouts::default();
    let read = |key, otherwise| table.duration(key).map_or(otherwise, |duration| duration.value);
    Timeouts {
        create: read("create", usual.create),
        delete: read("delete", usual.delete),
        statement: read("statement", usual.statement),
        settle: usual.settle,
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
    let memory = table.bytes("memory").map(|memory| memory.value);
    let usual = Local::default();
    Local { account: account.unwrap_or(usual.account), buckets: buckets.unwrap_or_default(), memory, ..usual }
}
