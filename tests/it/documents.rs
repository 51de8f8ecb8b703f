//! What README.md and docs/ tell people to type, typed: every console block of a page in one shell, in a directory of its
//! own, and the steps of the CI jobs. What they show under a command must be in its output.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use sparkify_local::{ACCESS_KEY, SECRET_KEY};

use crate::project::{Project, REGION};
use crate::serve::Serving;

/// A command, and the lines under it.
struct Typed {
    command: String,
    shows: Vec<String>,
}

/// The console blocks of a page, and the lines of its jobs that run the program.
fn typed(page: &str) -> Vec<Typed> {
    let mut found: Vec<Typed> = Vec::new();
    let mut fence = None;
    for line in page.lines() {
        match (fence, line.strip_prefix("```")) {
            (None, Some(language)) => fence = Some(language),
            (Some(_), Some(_)) => fence = None,
            (Some("console"), None) => match line.strip_prefix("$ ") {
                Some(command) => found.push(Typed { command: command.to_owned(), shows: Vec::new() }),
                None => found.last_mut().unwrap().shows.push(line.to_owned()),
            },
            (Some("yaml"), None) => {
                let step = line.trim();
                let step = step.strip_prefix("- ").unwrap_or(step);
                let step = step.strip_prefix("run: ").unwrap_or(step);
                if step.starts_with("sparkify-infra ") || step.starts_with("test \"$(sparkify-infra ") {
                    found.push(Typed { command: step.to_owned(), shows: Vec::new() });
                }
            }
            _ => {}
        }
    }
    found
}

/// Stands for programs of the pages: the shell finds these before others.
fn stand_ins(bin: &Path) {
    let binary = env!("CARGO_BIN_EXE_sparkify-infra");
    let root = env!("CARGO_MANIFEST_DIR");
    let scripts = [
        // A server is stopped when it has said that it is ready; it takes any port.
        (
            "sparkify-infra",
            format!(
                "case \"$1 $2\" in\n\
                 'local serve')\n  shift 2\n  exec 3< <(exec {binary} local serve --port=0 \"$@\" 2>/dev/null)\n  pid=$!\n  \
                 read -r line <&3\n  kill -INT $pid\n  wait $pid\n  echo \"${{line%:*}}:4566\";;\n\
                 *) exec {binary} \"$@\";;\nesac\n"
            ),
        ),
        // What cargo would do is going on: that it could is looked at.
        (
            "cargo",
            format!(
                "case \"$1\" in\nrun) shift 2; exec {binary} \"$@\";;\nbuild | test) ;;\n\
                 bench) test -f {root}/benches/\"${{@: -1}}\".rs;;\n*) exit 1;;\nesac\n"
            ),
        ),
    ];
    for (name, script) in scripts {
        let path = bin.join(name);
        std::fs::write(&path, format!("#!/bin/bash\n{script}")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Runs a page, with a stand-in behind a port as its AWS.
fn runs(page: &str, target: &str, project: &Project, directory: &str) {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let typed = typed(&if page.ends_with(".yml") { format!("```yaml\n{text}\n```") } else { text });
    assert!(!typed.is_empty(), "{page} has nothing to type");
    // Enough for some plays.
    let aws = Project::with_sample(200, 600);
    let server =
        Serving::start(aws.command(["local", "serve", "--port=0", "--in-memory", "--mount=udacity-dend=data"]));
    let bin = tempfile::tempdir().unwrap();
    stand_ins(bin.path());
    let mut path = vec![bin.path().to_owned()];
    path.extend(std::env::var_os("SPARKIFY_TEST_CLIENTS").map(Into::into));
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut script = "set -eo pipefail\n".to_owned();
    for (at, typed) in typed.iter().enumerate() {
        script.push_str(&format!(
            "echo {at} > {0}/at\n{{ {1}\n}} > {0}/{at}.out 2>&1\n",
            bin.path().display(),
            typed.command
        ));
    }
    let status = Command::new("bash")
        .args(["-c", &script])
        .current_dir(project.path(directory))
        .env_clear()
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("HOME", bin.path())
        .env("AWS_ENDPOINT_URL", format!("http://{}", server.address))
        .env("SPARKIFY_TARGET", target)
        .env("SPARKIFY_SETTLE", "0")
        .env("QUERY", "select count(*) > 0 as ok from songplays")
        .envs([("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY), ("AWS_REGION", REGION)])
        .envs([("AWS_DEFAULT_REGION", REGION), ("AWS_EC2_METADATA_DISABLED", "true")])
        .status()
        .unwrap();
    let output = |at: usize| std::fs::read_to_string(bin.path().join(format!("{at}.out"))).unwrap_or_default();
    let last: usize = std::fs::read_to_string(bin.path().join("at")).unwrap().trim().parse().unwrap();
    assert!(status.success(), "{page}: `{}` failed:\n{}", typed[last].command, output(last));
    for (at, typed) in typed.iter().enumerate() {
        for line in &typed.shows {
            assert!(
                output(at).contains(line.trim()),
                "{page}: `{}` shows no '{line}' but\n{}",
                typed.command,
                output(at)
            );
        }
    }
}

#[test]
fn the_readme() {
    runs("README.md", "local", &Project::empty(), ".");
}

#[test]
fn the_ci_jobs() {
    runs("docs/ci.md", "aws", &Project::empty(), ".");
}

#[test]
fn the_reusable_workflow() {
    runs(".github/workflows/local.yml", "local", &Project::empty(), ".");
}

#[test]
fn the_local_redshift() {
    runs("docs/local.md", "local", &Project::with_sample(10, 10), ".");
}

#[test]
fn the_loader() {
    runs("docs/load.md", "local", &Project::with_sample(20, 30), ".");
}

#[test]
fn the_tutorial() {
    let project = Project::bare();
    let orders = project.path("shop/data/orders");
    std::fs::create_dir_all(&orders).unwrap();
    std::fs::write(orders.join("1.json"), "{\"id\": 1, \"total\": 9.5}\n{\"id\": 2, \"total\": 3}\n").unwrap();
    std::fs::write(orders.join("2.json"), "{\"id\": 3, \"total\": 1}\n").unwrap();
    runs("docs/tutorial.md", "local", &project, "shop");
}
