//! What the program says of itself: help that fits a screen, completions, the manual, the version.

use crate::project::Project;

const COMMANDS: [&str; 13] = [
    "init",
    "plan",
    "up",
    "load",
    "down",
    "status",
    "policy",
    "query",
    "demo",
    "sample",
    "completions",
    "man",
    "schema",
];

#[test]
fn the_help_of_every_command_fits_a_screen() {
    let project = Project::bare();
    let whole = project.run(["--help"]).succeeded().stdout;
    for command in COMMANDS {
        assert!(whole.contains(&format!("\n  {command} ")), "{command} is not in\n{whole}");
        let help = project.run([command, "--help"]).succeeded().stdout;
        assert!(help.lines().count() <= 40, "{command} has {} lines\n{help}", help.lines().count());
        assert!(help.contains("Example"), "{command} has no example\n{help}");
    }
    assert!(whole.lines().count() <= 40, "{whole}");
    // Words of other tools lead to the commands.
    for (word, command) in [("apply", "up"), ("destroy", "down")] {
        let help = project.run([word, "--help"]).succeeded().stdout;
        assert!(help.contains(&format!("Usage: sparkify-infra {command} ")), "{help}");
    }
}

#[test]
fn completions_manual_and_version() {
    let project = Project::bare();
    let bash = project.run(["completions", "bash"]).succeeded().stdout;
    assert!(bash.contains("--all-expired") && bash.contains("complete -F"), "{bash}");
    let manual = project.run(["man"]).succeeded().stdout;
    assert!(manual.contains(".TH sparkify-infra") && manual.contains("query"), "{manual}");
    assert!(project.run(["man", "load"]).succeeded().stdout.contains("recreate"));
    let _ = project.run(["man", "fly"]).failed(2, &["there is no command fly"]);
    let version = project.run(["--version"]).succeeded().stdout;
    assert!(version.starts_with(concat!("sparkify-infra ", env!("CARGO_PKG_VERSION"))), "{version}");
}

/// `docs/commands.md` is what the program says. SPARKIFY_WRITE_DOCS=1 writes it anew.
#[test]
fn the_reference_of_commands_is_what_the_program_says() {
    let project = Project::bare();
    let mut text = "# Commands\n\nWritten by `SPARKIFY_WRITE_DOCS=1 cargo test --test it the_reference_of_commands`, from the program itself.\n".to_owned();
    let calls = std::iter::once(vec![]).chain(COMMANDS.map(|command| vec![command])).chain(
        ["serve", "check", "snapshot", "restore", "reset", "env", "connect"].map(|command| vec!["local", command]),
    );
    for call in calls {
        let help = project.run(call.iter().copied().chain(["--help"])).succeeded().stdout;
        let name = [vec!["sparkify-infra"], call].concat().join(" ");
        text.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", help.trim_end()));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/commands.md");
    if std::env::var_os("SPARKIFY_WRITE_DOCS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == text, "write it anew: SPARKIFY_WRITE_DOCS=1 cargo test --test it the_reference_of_commands");
}
