//! What `--version` says: the version, and the commit where there is a repository. Where a prebuilt libduckdb is linked,
//! the program finds it when it runs where the build found it.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/logs/HEAD");
    let commit =
        Command::new("git").args(["rev-parse", "--short=9", "HEAD"]).output().ok().filter(|told| told.status.success());
    let commit = commit.and_then(|told| String::from_utf8(told.stdout).ok()).map(|text| format!(" ({})", text.trim()));
    println!("cargo::rustc-env=SPARKIFY_VERSION={}{}", env!("CARGO_PKG_VERSION"), commit.unwrap_or_default());

    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    let is_set = |name: &str| env::var_os(name).is_some();
    let links = is_set("CARGO_FEATURE_LOCAL") && !is_set("CARGO_FEATURE_BUNDLED") && is_set("CARGO_CFG_UNIX");
    if let Some(directory) = env::var("DUCKDB_LIB_DIR").ok().filter(|_| links) {
        println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{directory}");
    }
}
