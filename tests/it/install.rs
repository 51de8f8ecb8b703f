//! The program as it is installed: a wheel from the built program, in an environment that has nothing else.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::project::Project;

/// Python packs and installs it; without one that can, the test says that it was not run.
fn has_python() -> bool {
    let found = Command::new("python3").args(["-c", "import ensurepip, tomllib, venv"]).output();
    let has = found.is_ok_and(|output| output.status.success());
    if !has {
        // Past the test harness, which keeps what tests print to itself.
        let _ = writeln!(std::io::stderr(), "NOT RUN: the wheel (no Python 3.11 with venv)");
    }
    has
}

/// Packs the program that was built; the wheel.
fn wheel(project: &Project) -> PathBuf {
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/wheel");
    run(project, &packs, &[env!("CARGO_BIN_EXE_sparkify-infra"), "dist"]);
    std::fs::read_dir(project.path("dist")).unwrap().next().unwrap().unwrap().path()
}

/// Runs a program in the project, with nothing in its environment but where programs are.
fn run(project: &Project, program: &Path, arguments: &[&str]) -> Output {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command.args(arguments).current_dir(project.path(".")).env_clear().env("PATH", path).env("HOME", project.path("."));
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {arguments:?}: {told}", program.display());
    output
}

#[test]
fn a_wheel_in_an_empty_environment() {
    if !has_python() {
        return;
    }
    let project = Project::bare();
    let wheel = wheel(&project);
    let bytes = std::fs::metadata(&wheel).unwrap().len();
    assert!(bytes < 100_000_000, "{} has {bytes} bytes", wheel.display());

    run(&project, Path::new("python3"), &["-m", "venv", "venv"]);
    let pip = project.path("venv/bin/pip");
    run(&project, &pip, &["install", "--quiet", "--no-index", "--no-cache-dir", wheel.to_str().unwrap()]);
    let installed = project.path("venv/bin/sparkify-infra");
    let demo = run(&Project::bare(), &installed, &["demo", "--songs=20", "--events=30"]);
    let told = String::from_utf8_lossy(&demo.stderr);
    assert!(told.contains("is left. Looked again for"), "{told}");
    for (path, says) in [
        ("bash-completion/completions/sparkify-infra", "complete -F"),
        ("zsh/site-functions/_sparkify-infra", "#compdef sparkify-infra"),
        ("fish/vendor_completions.d/sparkify-infra.fish", "complete -c sparkify-infra"),
        ("man/man1/sparkify-infra.1", ".TH sparkify-infra"),
    ] {
        let text = std::fs::read_to_string(project.path("venv/share").join(path)).unwrap();
        assert!(text.contains(says), "{path} has no '{says}'");
    }
}

/// As the page of the plugin says it: `pip install`, then `pytest`, in an environment that has nothing else.
#[test]
fn two_commands_to_a_passing_test() {
    let Some(wheels) = std::env::var_os("SPARKIFY_TEST_WHEELS") else {
        let _ = writeln!(std::io::stderr(), "NOT RUN: pip install, then pytest (no SPARKIFY_TEST_WHEELS)");
        return;
    };
    let project = Project::bare();
    let wheel = wheel(&project);
    run(&project, Path::new("python3"), &["-m", "venv", "venv"]);
    std::fs::create_dir_all(project.path("tests/data/sales")).unwrap();
    std::fs::write(project.path("tests/data/sales/one.csv"), "1,2.50\n2,3.25\n3,4.00\n").unwrap();
    std::fs::write(
        project.path("test_sales.py"),
        "def test_copy(redshift, aws):\n    \
             bucket = aws.bucket(directory='tests/data')\n    \
             cursor = redshift.cursor()\n    \
             cursor.execute('create table sales (id int, price decimal(10, 2))')\n    \
             cursor.execute(f\"copy sales from 's3://{bucket}/sales' iam_role default csv\")\n    \
             cursor.execute('select count(*), sum(price) from sales')\n    \
             assert [str(value) for value in cursor.fetchone()] == ['3', '9.75']\n",
    )
    .unwrap();
    let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let (wheels, wheel, plugin) = (wheels.to_str().unwrap(), wheel.to_str().unwrap(), plugin.to_str().unwrap());
    let options = ["install", "--quiet", "--no-cache-dir", "--no-index", "--find-links", wheels];
    run(&project, &project.path("venv/bin/pip"), &[&options[..], &[wheel, plugin]].concat());
    let tested = run(&project, &project.path("venv/bin/pytest"), &["-p", "no:cacheprovider"]);
    let told = String::from_utf8_lossy(&tested.stdout);
    assert!(told.contains("1 passed"), "{told}");
}
