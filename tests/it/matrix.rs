//! Every call of `up` and `down`: killed before and after it, its reply lost, throttled. The end is always the same.

use std::process::Stdio;

use sparkify_local::{Fault, Pace};

use crate::project::Project;
use crate::served::Served;

fn served() -> Served {
    Served::new(Project::empty(), Pace::AT_ONCE)
}

#[derive(Debug, Clone, Copy)]
pub enum Moment {
    Before,
    After,
}

/// Runs the command and kills it at its n-th call.
pub fn killed_at(served: &Served, arguments: &[&str], nth: usize, moment: Moment) {
    served.faults.clear();
    let (send, receive) = std::sync::mpsc::channel::<u32>();
    let kill = Box::new(move || {
        let process = receive.recv().unwrap();
        let status = std::process::Command::new("kill").args(["-KILL", &process.to_string()]).status().unwrap();
        assert!(status.success());
    });
    served.faults.at_call(
        nth,
        match moment {
            Moment::Before => Fault::Before(kill),
            Moment::After => Fault::After(kill),
        },
    );
    let mut command = served.command(arguments.iter().copied());
    let mut child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    send.send(child.id()).unwrap();
    let status = child.wait().unwrap();
    assert!(!status.success(), "{arguments:?} was not killed {moment:?} call {nth}");
    served.faults.clear();
}

/// What exists, with all that `up` decides of it.
pub fn state(served: &Served) -> Vec<String> {
    let status = served.run(["status", "--output=json"]).succeeded().event("status");
    let resource = |found: &serde_json::Value| {
        format!("{} {} {} {}", found["kind"], found["name"], found["state"], found["drift"])
    };
    status["resources"].as_array().unwrap().iter().map(resource).collect()
}

#[test]
fn up_killed_at_every_call_goes_on() {
    let served = served();
    let calls = served.calls_of(["up"]).len();
    let good = state(&served);
    let _ = served.run(["down"]).succeeded();
    for nth in 1..=calls {
        for moment in [Moment::Before, Moment::After] {
            killed_at(&served, &["up"], nth, moment);
            let _ = served.run(["up"]).succeeded();
            assert_eq!(state(&served), good, "killed {moment:?} call {nth}");
            let _ = served.run(["down"]).succeeded();
            assert_eq!(served.everything(), Vec::<String>::new(), "killed {moment:?} call {nth}");
        }
    }
}

#[test]
fn up_killed_at_every_call_is_taken_down_from_an_empty_directory() {
    let served = served();
    served.project.edit(
        "infra.toml",
        "[cluster]",
        "[bucket]\nname = \"a-bucket-of-another-name\"\n[cluster]\nidentifier = \"other\"",
    );
    let calls = served.calls_of(["up"]).len();
    let _ = served.run_elsewhere(["down", "--stack=sparkify"]).succeeded();
    for nth in 1..=calls {
        for moment in [Moment::Before, Moment::After] {
            killed_at(&served, &["up"], nth, moment);
            let _ = served.run_elsewhere(["down", "--stack=sparkify"]).succeeded();
            assert_eq!(served.everything(), Vec::<String>::new(), "killed {moment:?} call {nth}");
        }
    }
}

#[test]
fn down_killed_at_every_call_goes_on() {
    let served = served();
    let fill = || {
        let _ = served.run(["up"]).succeeded();
        let sdk = served.sdk();
        sdk.put(crate::project::BUCKET, "a", "1");
        let upload = sdk.s3.create_multipart_upload().bucket(crate::project::BUCKET).key("b").send();
        sdk.block_on(upload).unwrap();
    };
    fill();
    let calls = served.calls_of(["down"]).len();
    for nth in 1..=calls {
        for moment in [Moment::Before, Moment::After] {
            fill();
            killed_at(&served, &["down"], nth, moment);
            // By infra.toml or by name alone, in turn.
            let _ = match nth % 2 {
                0 => served.run(["down"]),
                _ => served.run_elsewhere(["down", "--stack=sparkify", "--region=us-west-2"]),
            }
            .succeeded();
            assert_eq!(served.everything(), Vec::<String>::new(), "killed {moment:?} call {nth}");
        }
    }
}

#[test]
fn every_reply_lost_once_changes_nothing() {
    let served = served();
    let calls = served.calls_of(["up"]).len();
    let good = state(&served);
    let down = served.calls_of(["down"]).len();
    for nth in 1..=calls {
        served.faults.clear();
        served.faults.at_call(nth, Fault::LoseReply);
        let _ = served.run(["up"]).succeeded();
        served.faults.clear();
        assert_eq!(state(&served), good, "the reply to call {nth} was lost");
        served.faults.at_call(nth.min(down), Fault::LoseReply);
        let _ = served.run(["down"]).succeeded();
        assert_eq!(served.everything(), Vec::<String>::new(), "the reply to call {nth} was lost");
    }
}

#[test]
fn every_call_throttled_once_is_tried_again() {
    let served = served();
    let up = served.calls_of(["up"]);
    let good = state(&served);
    let down = served.calls_of(["down"]);
    served.faults.clear();
    up.iter().for_each(|operation| served.faults.at(operation, 1, Fault::Throttle));
    let _ = served.run(["up"]).succeeded();
    served.faults.clear();
    assert_eq!(state(&served), good);
    served.faults.clear();
    down.iter().for_each(|operation| served.faults.at(operation, 1, Fault::Throttle));
    let _ = served.run(["down"]).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}
