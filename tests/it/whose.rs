//! Whose stack is it? Target, account and region are named before anything else is said, and what infra.toml does not
//! name is left alone.

use sparkify_local::Pace;

use crate::project::Project;
use crate::served::Served;

const LOCAL: &str = "target local: account 000000000000, region us-west-2";

fn served() -> Served {
    Served::new(Project::empty(), Pace::AT_ONCE)
}

#[test]
fn the_first_line_of_every_command_names_target_account_and_region() {
    let project = Project::with_sample(30, 60);
    let commands: [&[&str]; 10] = [
        &["plan"],
        &["up"],
        &["load"],
        &["load", "--check"],
        &["status"],
        &["query", "select 1 as n"],
        &["policy"],
        &["down", "--dry-run"],
        &["down"],
        &["down", "--all-expired"],
    ];
    for command in commands {
        let told = project.run(command.iter().copied()).succeeded();
        assert_eq!(told.stderr.lines().next(), Some(LOCAL), "{command:?}");
    }
    let demo = project.run(["demo", "--songs=30", "--events=60"]).succeeded();
    assert_eq!(demo.stderr.lines().next(), Some(LOCAL));

    let served = served();
    let up = served.run(["up"]).succeeded();
    let at = format!("target aws at http://{}: account 000000000000, region us-west-2", served.address());
    assert_eq!(up.stderr.lines().next(), Some(at.as_str()));
    // Also of a run that fails.
    let failed = served.run(["query", "select * from nowhere"]).failed(1, &[]);
    assert_eq!(failed.stderr.lines().next(), Some(at.as_str()));
}

#[test]
fn the_first_event_names_them_too() {
    let project = Project::empty();
    for command in [&["up"][..], &["plan"], &["status"], &["down"]] {
        let told = project.run(command.iter().copied().chain(["--output=json"])).succeeded();
        let first: serde_json::Value = serde_json::from_str(told.stdout.lines().next().unwrap()).unwrap();
        let fields = ["event", "target", "account", "region"].map(|field| first[field].as_str().unwrap().to_owned());
        assert_eq!(fields, ["scope", "local", "000000000000", "us-west-2"], "{command:?}");
    }
    // What these print on standard output is theirs alone.
    let _ = project.run(["up", "--quiet"]).succeeded();
    let query = project.run(["query", "--output=json", "select 1 as n"]).succeeded();
    assert_eq!((query.stdout.as_str(), query.stderr.lines().next()), ("{\"n\":1}\n", Some(LOCAL)));
    let policy = project.run(["policy", "--output=json"]).succeeded();
    assert!(serde_json::from_str::<serde_json::Value>(&policy.stdout).unwrap()["Statement"].is_array());
}

#[test]
fn down_on_the_local_target_that_finds_nothing_asks_for_aws() {
    let project = Project::empty();
    let asks = "AWS was not looked at: did you mean `down --target aws`?";
    for command in [&["down"][..], &["down", "--dry-run"], &["down", "--quiet"], &["down", "--all-expired"]] {
        let down = project.run(command.iter().copied()).succeeded();
        assert!(down.stderr.contains(asks), "{command:?}\n{}", down.stderr);
    }
    let gone = project.run(["down", "--output=json"]).succeeded();
    assert_eq!(gone.event("gone")["target"], "local");
    assert!(gone.event("warning")["message"].as_str().unwrap().contains(asks));

    // Where there was something, or where AWS was looked at, nobody is asked.
    let _ = project.run(["up"]).succeeded();
    let down = project.run(["down"]).succeeded();
    assert!(down.stderr.contains(&format!("Looked again for ({LOCAL})")), "{}", down.stderr);
    assert!(!down.stderr.contains(asks), "{}", down.stderr);
    let on_aws = served().run(["down"]).succeeded();
    assert!(!on_aws.stderr.contains(asks), "{}", on_aws.stderr);
}
