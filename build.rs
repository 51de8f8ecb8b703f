//! What `--version` says: the version, and the commit where there is a repository. Embeds the example that `init --example`
//! writes. Where a prebuilt libduckdb is linked, the program finds it at run time where the build found it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

fn main() -> io::Result<()> {
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
    embed_example()
}

/// Folders of sql/ that are a project's own; the program has the others in itself.
const FOLDERS: [&str; 6] = ["analysis", "check", "copy", "reconcile", "schema", "transform"];

/// Writes `example.rs`: the paths and texts of infra.toml and sql/.
fn embed_example() -> io::Result<()> {
    println!("cargo::rerun-if-changed=infra.toml");
    println!("cargo::rerun-if-changed=sql");
    let mut files = vec!["infra.toml".to_owned()];
    for folder in FOLDERS {
        for entry in fs::read_dir(Path::new("sql").join(folder))? {
            files.push(format!("sql/{folder}/{}", entry?.file_name().to_string_lossy()));
        }
    }
    files.sort();
    let root = env::current_dir()?;
    let line = |file: &String| format!("    ({file:?}, include_str!({:?})),\n", root.join(file));
    let text = format!(
        "/// Paths in a project, and what stands in them.\nconst FILES: [(&str, &str); {}] = [\n{}];\n",
        files.len(),
        files.iter().map(line).collect::<String>()
    );
    let directory = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(directory.join("example.rs"), text)
}
