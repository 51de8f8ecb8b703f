//! `docs/aws-rules.md` and what cites it: no number without its rule, no rule without a standing and a source, and no link
//! that leads nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const RULES: &str = "docs/aws-rules.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files of code, SQL and text under these places.
fn files(places: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = places.iter().map(|place| root().join(place)).collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|kind| ["rs", "sql", "md", "toml"].iter().any(|known| kind == *known)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// `R14`, `C7` and `Finding 4`, as far as a text names them.
fn cited(text: &str) -> BTreeSet<String> {
    // A percent sign belongs to its word: `%C3` is a byte of an address.
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '%';
    let is_number = |digits: &str| (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let words: Vec<&str> = text.split(|sign| !is_word(sign)).filter(|word| !word.is_empty()).collect();
    let rules = words.iter().filter(|word| word.strip_prefix(['R', 'C']).is_some_and(is_number));
    let pairs = words.windows(2).filter(|pair| pair[0].eq_ignore_ascii_case("finding") && is_number(pair[1]));
    rules.map(|word| (*word).to_owned()).chain(pairs.map(|pair| format!("Finding {}", pair[1]))).collect()
}

/// Each rule by its number, with all that is said of it.
fn rules() -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut current = None;
    for line in read(&root().join(RULES)).lines() {
        if let Some((name, rest)) = line.strip_prefix("- **").and_then(|line| line.split_once("**")) {
            assert!(found.insert(name.to_owned(), rest.to_owned()).is_none(), "{name} stands twice in {RULES}");
            current = Some(name.to_owned());
        } else if let (Some(more), Some(name)) = (line.strip_prefix("  "), &current) {
            found.entry(name.clone()).or_default().push_str(&format!(" {more}"));
        } else {
            current = None;
        }
    }
    found
}

#[test]
fn every_number_that_is_cited_is_a_rule() {
    let rules = rules();
    for path in files(&["src", "local", "sql", "docs", "tests", "benches", "README.md", "CHANGELOG.md", "infra.toml"]) {
        for name in cited(&read(&path)) {
            assert!(rules.contains_key(&name), "{} cites {name}, which is not in {RULES}", path.display());
        }
    }
    let all = (1..=46).map(|number| format!("R{number}")).chain((1..=19).map(|number| format!("C{number}")));
    for name in all {
        assert!(rules.contains_key(&name), "{name} is gone from {RULES}");
    }
}

#[test]
fn every_rule_has_a_standing_and_a_source_and_is_cited_or_background() {
    let citing = files(&["src", "local", "sql", "docs", "tests", "README.md"]);
    let citing = citing.iter().filter(|path| !path.ends_with(RULES) && !path.ends_with("tests/it/rules.rs"));
    let cited: BTreeSet<String> = citing.flat_map(|path| cited(&read(path))).collect();
    for (name, text) in rules() {
        let has_standing = ["*Documented", "*Recorded", "*Assumption"].iter().any(|standing| text.contains(standing));
        assert!(has_standing, "{name} does not say whether it is documented, recorded or an assumption");
        let has_source = ["](", "API model", "See R"].iter().any(|source| text.contains(source));
        assert!(has_source, "{name} has no source");
        assert!(cited.contains(&name) || text.contains("Background."), "nothing cites {name}, nor is it background");
    }
}

/// The packages that a package needs directly, by Cargo.lock.
fn needs(name: &str) -> Vec<String> {
    let lock: toml::Table = read(&root().join("Cargo.lock")).parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let named = packages.iter().filter(|package| package["name"].as_str() == Some(name));
    let needed = named.filter_map(|package| package.get("dependencies")?.as_array()).flatten();
    needed.filter_map(|line| Some(line.as_str()?.split(' ').next()?.to_owned())).collect()
}

/// The translation of SQL builds within minutes, and DuckDB is behind one crate.
#[test]
fn redshift_sql_needs_neither_duckdb_nor_tokio() {
    let (mut found, mut open) = (BTreeSet::new(), vec!["redshift-sql".to_owned()]);
    while let Some(name) = open.pop() {
        if found.insert(name.clone()) {
            open.extend(needs(&name));
        }
    }
    assert!(found.contains("sqlparser"), "{found:?}");
    for name in ["duckdb", "tokio", "redshift-engine"] {
        assert!(!found.contains(name), "{name}");
    }
    for name in ["redshift-wire", "sparkify-local", "sparkify-infra"] {
        assert!(!needs(name).contains(&"duckdb".to_owned()), "{name}");
    }
}

/// The targets of `[…](…)` outside of code.
fn links(text: &str) -> Vec<String> {
    let mut prose = String::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            // Every second piece between backticks is code.
            prose.push_str(&line.split('`').step_by(2).collect::<Vec<_>>().join("code"));
            prose.push('\n');
        }
    }
    prose.split("](").skip(1).map(|rest| rest.split_once(')').map_or(rest, |(target, _)| target).to_owned()).collect()
}

/// What a heading is called in an address, as GitHub does it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace(' ', "-");
    kept.chars().filter(|sign| sign.is_alphanumeric() || *sign == '-' || *sign == '_').collect()
}

#[test]
fn every_link_leads_somewhere() {
    assert!(links(&read(&root().join("README.md"))).contains(&RULES.to_owned()), "README.md leads to {RULES}");
    let pages = files(&["docs", "tests/sql", "local/README.md", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"]);
    for path in pages.iter().filter(|path| path.extension().is_some_and(|kind| kind == "md")) {
        for target in links(&read(path)) {
            let place = path.display();
            assert!(!target.is_empty() && !target.contains(char::is_whitespace), "{place}: the link '{target}'");
            if target.starts_with("https://") {
                continue;
            }
            let (file, fragment) = target.split_once('#').unwrap_or((target.as_str(), ""));
            let page = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(page.exists(), "{place}: the link '{target}' leads to no file");
            let headings = |text: &str| text.lines().any(|line| anchor(line.trim_start_matches('#')) == fragment);
            assert!(fragment.is_empty() || headings(&read(&page)), "{place}: the link '{target}' leads to no heading");
        }
    }
}
