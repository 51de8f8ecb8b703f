//! SIGKILL in the middle of a load: the last good load stays, and the next one goes on.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::project::Project;

/// Starts a command and kills it as soon as it tells of this stage.
pub fn kill_at(project: &Project, command: &[&str], stage: &str) {
    let mut child =
        project.command(command.iter().copied()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut reached = false;
    for line in lines.map_while(Result::ok) {
        if line.contains(stage) {
            reached = true;
            child.kill().unwrap();
        }
    }
    assert!(reached, "no stage '{stage}'");
    assert!(!child.wait().unwrap().success());
}

#[test]
fn a_load_killed_at_any_stage_leaves_the_last_good_one() {
    let project = Project::with_sample(400, 600);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let good = project.star();
    // New data, so that every stage has something to do.
    let _ = project.run(["sample", "data", "--songs=500", "--events=700", "--days=3", "--seed=9"]).succeeded();
    for stage in [
        "...  create tables",
        "...  gather songs",
        "...  copy staging_songs",
        "done copy",
        "...  transform",
        "...  check",
    ] {
        kill_at(&project, &["load"], stage);
        assert_eq!(project.star(), good, "after a kill at '{stage}'");
    }
    let _ = project.run(["load"]).succeeded();
    let after = project.star();
    assert_ne!(after, good);
    let _ = project.run(["load"]).succeeded();
    assert_eq!(project.star(), after);
    let _ = project.run(["down"]).succeeded();
    assert_eq!(project.everything(), Vec::<String>::new());
}

#[test]
fn up_and_down_killed_at_any_step_go_on() {
    let project = Project::with_sample(5, 5);
    for (command, step) in [
        ("up", "...  create role"),
        ("up", "...  put the policy of role"),
        ("up", "...  create bucket"),
        ("up", "...  create cluster"),
        ("up", "...  wait for cluster"),
        ("down", "...  delete cluster"),
        ("down", "...  wait for the end of cluster"),
        ("down", "...  empty bucket"),
        ("down", "...  delete role"),
    ] {
        let opposite = if command == "up" { "down" } else { "up" };
        let _ = project.run([opposite]).succeeded();
        let mut child = project.command([command]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
            if line.contains(step) {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let _ = project.run([command]).succeeded();
        let left = project.everything().len();
        assert_eq!(left, if command == "up" { 4 } else { 0 }, "{command} killed at '{step}'");
    }
}
