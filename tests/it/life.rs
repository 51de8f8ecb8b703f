//! up, load, down as three processes, each safe to run twice.

use std::time::Duration;

use serde_json::Value;
use sparkify_local::Pace;

use crate::project::{BUCKET, Project};
use crate::served::Served;

#[test]
fn three_processes_and_nothing_is_left() {
    let project = Project::with_sample(200, 400);
    let up = project.run(["up"]).succeeded();
    assert!(up.stderr.contains("ready the warehouse sparkify"), "{}", up.stderr);
    let _ = project.run(["load"]).succeeded();
    assert_eq!(project.cloud().value("select count(*) from songs"), "200");

    let down = project.run(["down"]).succeeded();
    assert!(down.stderr.contains("nothing of the stack sparkify is left"), "{}", down.stderr);
    assert_eq!(project.everything(), Vec::<String>::new());
    assert_eq!(std::fs::read_dir(project.path(".sparkify/warehouses")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(project.path(".sparkify/objects")).map_or(0, Iterator::count), 0);
}

#[test]
fn everything_twice() {
    let project = Project::with_sample(120, 300);
    let _ = project.run(["up"]).succeeded();
    let again = project.run(["up"]).succeeded();
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);

    let _ = project.run(["load"]).succeeded();
    let first = project.star();
    let again = project.run(["load"]).succeeded();
    assert!(again.stderr.contains("gathered before"), "{}", again.stderr);
    assert_eq!(project.star(), first);
    assert!(first.iter().all(|table| !table.is_empty()));

    let _ = project.run(["down"]).succeeded();
    let again = project.run(["down"]).succeeded();
    assert!(again.stderr.contains("nothing of the stack sparkify is there"), "{}", again.stderr);
}

#[test]
fn a_prefix_narrows_a_source_by_flag_and_by_file() {
    let project = Project::with_sample(300, 200);
    let folder = std::fs::read_dir(project.path("data/song_data/A")).unwrap().next().unwrap().unwrap().path();
    let letter = folder.file_name().unwrap().to_string_lossy().into_owned();
    let mut files = 0;
    for inner in std::fs::read_dir(&folder).unwrap() {
        files += std::fs::read_dir(inner.unwrap().path()).unwrap().count();
    }
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load", "--prefix", &format!("songs=song_data/A/{letter}/")]).succeeded();
    assert_eq!(project.cloud().value("select count(*) from staging_songs"), files.to_string());
    let _ = project.run(["load"]).succeeded();
    assert_eq!(project.cloud().value("select count(*) from staging_songs"), "300");

    project.edit("infra.toml", "# prefix = \"A/A/\"", &format!("prefix = \"A/{letter}/\""));
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    assert_eq!(project.cloud().value("select count(*) from staging_songs"), files.to_string());
    let _ = project.run(["load", "--prefix", "sons=A/"]).failed(2, &["there is no source sons", "events, songs"]);
}

#[test]
fn what_is_not_ours_is_never_touched() {
    let project = Project::with_sample(5, 5);
    {
        let sdk = project.cloud();
        let place =
            aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint("us-west-2".into()).build();
        sdk.block_on(sdk.s3.create_bucket().bucket(BUCKET).create_bucket_configuration(place).send()).unwrap();
        sdk.put(BUCKET, "precious.txt", "somebody's");
    }
    for command in ["up", "down"] {
        let _ = project
            .run([command])
            .failed(1, &["refused, and nothing was changed", BUCKET, "was not created by sparkify-infra"]);
    }
    assert_eq!(project.everything(), [BUCKET]);
}

#[test]
fn load_before_up_says_so() {
    let project = Project::with_sample(5, 5);
    let _ = project.run(["load"]).failed(1, &["there is no cluster sparkify", "sparkify-infra up"]);
}

#[test]
fn the_demo_runs_and_cleans_up() {
    let project = Project::empty();
    let demo = project.run(["demo", "--songs=300", "--events=900"]).succeeded();
    for expected in ["300 songs and 900 events", "Which songs are played most?", "is left. Looked again for"] {
        assert!(demo.stderr.contains(expected), "'{expected}' is not in\n{}", demo.stderr);
    }
    for column in ["plays", "hour", "free"] {
        assert!(demo.stdout.contains(column), "'{column}' is not in\n{}", demo.stdout);
    }
    let _ = project.run(["demo", "--songs=20", "--events=30"]).succeeded();
}

#[test]
fn up_and_load_in_one_go() {
    // Gathering 40 songs takes a few hundredths of a second: it is over before the cluster is there.
    let slow = Pace { creating: Duration::from_secs(2), ..Pace::AT_ONCE };
    let served = Served::new(Project::with_sample(40, 200), slow);
    let told = served.run(["up", "--load", "--report", "out", "--output", "json"]).succeeded();
    let events: Vec<Value> = told.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let at = |event: &str, name: &str| {
        let found = events.iter().position(|line| {
            line["event"] == event && [&line["stage"], &line["step"]].iter().any(|found| found.as_str() == Some(name))
        });
        found.unwrap_or_else(|| panic!("no {event} of {name} in {}", told.stdout))
    };
    assert!(at("stage_done", "gather songs") < at("step_done", "wait for cluster sparkify"), "{}", told.stdout);
    let loaded = events.iter().find(|line| line["event"] == "loaded").unwrap();
    assert_eq!(loaded["sources"][1]["staged"], 40, "{loaded}");
    // What the load gathered was there already.
    let again = events.iter().rfind(|line| line["event"] == "stage_done" && line["stage"] == "gather songs");
    assert!(again.unwrap()["detail"].as_str().unwrap().contains("gathered before"));
    let path = events.iter().find(|line| line["event"] == "critical_path").unwrap();
    let names: Vec<&str> = path["spans"].as_array().unwrap().iter().filter_map(|span| span["name"].as_str()).collect();
    assert!(names.contains(&"wait for cluster sparkify") && names.contains(&"transform"), "{names:?}");
    assert_eq!(names.iter().filter(|name| **name == "list songs").count(), 0, "{names:?}");
    assert!(served.project.path("out/report.html").exists());
    // Where the cluster is there already, it is a load like any other.
    let _ = served.run(["up", "--load"]).succeeded();
    let _ = served.run(["up", "--report", "out"]).failed(2, &["--load"]);
}

#[test]
fn up_and_load_that_cannot_gather() {
    let served = Served::new(Project::with_sample(20, 20), Pace::AT_ONCE);
    std::fs::write(served.project.path("data/song_data/A/bad.json"), "[1, 2]").unwrap();
    let told = served.run(["up", "--load"]).failed(1, &["bad.json", "the load will try again", "wait for cluster"]);
    assert!(!told.stderr.contains("removed again"), "{}", told.stderr);
    let _ = served.run(["status"]).succeeded();
    std::fs::remove_file(served.project.path("data/song_data/A/bad.json")).unwrap();
    let _ = served.run(["up", "--load"]).succeeded();
    let _ = served.run(["down"]).succeeded();

    std::fs::write(served.project.path("data/song_data/A/bad.json"), "[1, 2]").unwrap();
    let _ = served.run(["up", "--load", "--rollback"]).failed(1, &["bad.json", "Rolled back"]);
    let _ = served.run(["status"]).failed(6, &[]);
}
