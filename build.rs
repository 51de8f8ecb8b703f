//! What `--version` says: the version, and the commit where there is a repository.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/logs/HEAD");
    let commit =
        Command::new("git").args(["rev-parse", "--short=9", "HEAD"]).output().ok().filter(|told| told.status.success());
    let commit = commit.and_then(|told| String::from_utf8(told.stdout).ok()).map(|text| format!(" ({})", text.trim()));
    println!("cargo::rustc-env=SPARKIFY_VERSION={}{}", env!("CARGO_PKG_VERSION"), commit.unwrap_or_default());
}
