//! Every call of `up`, `load` and `down`: killed before and after it, its reply lost, throttled, under every possibility of
//! what AWS does. The end is always the same.
//!
//! The whole has some thousand runs of the binary. By default `up` and `down` go through all calls as AWS was seen to answer,
//! and everything else through a share, which is the same each time and another under each possibility. With
//! SPARKIFY_MATRIX=all every call is gone through under every possibility.

use std::process::Stdio;

use aws_sdk_redshiftdata::types::StatusString;
use sparkify_local::Fault;

use crate::possibilities::Possibility;
use crate::project::{BUCKET, Project};
use crate::served::Served;

#[derive(Debug, Clone, Copy)]
pub enum Moment {
    Before,
    After,
}

/// What happens to a command at one of its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    KilledBefore,
    KilledAfter,
    ReplyLost,
}

/// Of the cases of `up` and `down` under a possibility that is not the usual one, every so many-th.
const OF_TWO_PHASES: usize = 4;
/// Of those of a load under each. Two beginnings are even and two are odd, and a call has three cases: each call is met.
const OF_A_LOAD: usize = 8;

/// Every mishap at each of so many calls, which are counted from 1.
fn cases(calls: usize) -> impl Iterator<Item = (usize, Mishap)> {
    let mishaps = [Mishap::KilledBefore, Mishap::KilledAfter, Mishap::ReplyLost];
    (1..=calls).flat_map(move |nth| mishaps.map(|mishap| (nth, mishap)))
}

/// The cases of `up` or `down`.
fn share(possibility: Possibility, calls: usize) -> impl Iterator<Item = (usize, Mishap)> {
    let nth = if possibility == Possibility::Seen { 1 } else { OF_TWO_PHASES };
    possibility.share(cases(calls), nth)
}

/// Runs the command and kills it at its n-th call.
pub fn killed_at(served: &Served, arguments: &[&str], nth: usize, moment: Moment) {
    assert!(is_killed_at(served, arguments, nth, moment), "{arguments:?} was not killed {moment:?} call {nth}");
}

/// As `killed_at`; `false` where the command made fewer calls, and ended well.
fn is_killed_at(served: &Served, arguments: &[&str], nth: usize, moment: Moment) -> bool {
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
    served.faults.clear();
    !status.success()
}

/// Runs the command, which meets this at its n-th call. `true` where it was killed, and is to be run again.
fn is_killed(served: &Served, possibility: Possibility, arguments: &[&str], (nth, mishap): (usize, Mishap)) -> bool {
    let moment = match mishap {
        Mishap::KilledBefore => Moment::Before,
        Mishap::KilledAfter => Moment::After,
        Mishap::ReplyLost => {
            served.faults.clear();
            served.faults.at_call(nth, Fault::LoseReply);
            let _ = served.run(arguments.iter().copied()).succeeded();
            served.faults.clear();
            return false;
        }
    };
    let is_killed = is_killed_at(served, arguments, nth, moment);
    // Of looks side by side, those that one ends may have been made or not: the last call is not always there.
    assert!(is_killed || possibility.is_late(), "{arguments:?} was not killed {moment:?} call {nth}");
    is_killed
}

/// What exists, with all that `up` decides of it, once everything is shown.
pub fn state(served: &Served) -> Vec<String> {
    served.faults.settle();
    let status = served.run(["status", "--output=json"]).succeeded().event("status");
    let resource = |found: &serde_json::Value| {
        format!("{} {} {} {}", found["kind"], found["name"], found["state"], found["drift"])
    };
    status["resources"].as_array().unwrap().iter().map(resource).collect()
}

/// Nothing of the stack is there, once everything is shown.
fn assert_gone(served: &Served, after: &dyn std::fmt::Debug) {
    served.faults.settle();
    assert_eq!(served.everything(), Vec::<String>::new(), "{after:?}");
}

fn up_goes_on(possibility: Possibility) {
    let served = possibility.served(Project::empty());
    let calls = served.calls_of(["up"]).len();
    let good = state(&served);
    let _ = served.run(["down"]).succeeded();
    for case in share(possibility, calls) {
        assert_gone(&served, &case);
        if is_killed(&served, possibility, &["up"], case) {
            let _ = served.run(["up"]).succeeded();
        }
        assert_eq!(state(&served), good, "{case:?}");
        let _ = served.run(["down"]).succeeded();
    }
    assert_gone(&served, &possibility);
}

fn up_is_taken_down_from_an_empty_directory(possibility: Possibility) {
    let served = possibility.served(Project::empty());
    served.project.edit(
        "infra.toml",
        "[cluster]",
        "[bucket]\nname = \"a-bucket-of-another-name\"\n[cluster]\nidentifier = \"other\"",
    );
    let calls = served.calls_of(["up"]).len();
    let down = ["down", "--stack=sparkify", "--region=us-west-2"];
    let _ = served.run_elsewhere(down).succeeded();
    for case in share(possibility, calls).filter(|(_, mishap)| *mishap != Mishap::ReplyLost) {
        assert_gone(&served, &case);
        is_killed(&served, possibility, &["up"], case);
        // The region is that of the role, where nothing names one and the role is shown.
        let _ = match possibility.is_late() {
            true => served.run_elsewhere(down),
            false => served.run_elsewhere(["down", "--stack=sparkify"]),
        }
        .succeeded();
    }
    assert_gone(&served, &possibility);
}

fn down_goes_on(possibility: Possibility) {
    let served = possibility.served(Project::empty());
    let fill = || {
        let _ = served.run(["up"]).succeeded();
        served.faults.settle();
        let sdk = served.sdk();
        sdk.put(BUCKET, "a", "1");
        let upload = sdk.s3.create_multipart_upload().bucket(BUCKET).key("b").send();
        sdk.block_on(upload).unwrap();
    };
    fill();
    let calls = served.calls_of(["down"]).len();
    for case in share(possibility, calls) {
        assert_gone(&served, &case);
        fill();
        if is_killed(&served, possibility, &["down"], case) {
            // By infra.toml or by name alone, in turn.
            let _ = match case.0 % 2 {
                0 => served.run(["down"]),
                _ => served.run_elsewhere(["down", "--stack=sparkify", "--region=us-west-2"]),
            }
            .succeeded();
        }
    }
    assert_gone(&served, &possibility);
}

/// The first call of each of these operations is one too many.
fn throttle(served: &Served, operations: &[String]) {
    served.faults.clear();
    operations.iter().for_each(|operation| served.faults.at(operation, 1, Fault::Throttle));
}

fn every_throttled_call_is_tried_again(possibility: Possibility) {
    let served = possibility.served(Project::empty());
    let up = served.calls_of(["up"]);
    let good = state(&served);
    let down = served.calls_of(["down"]);
    assert_gone(&served, &possibility);
    throttle(&served, &up);
    let _ = served.run(["up"]).succeeded();
    served.faults.clear();
    assert_eq!(state(&served), good);
    throttle(&served, &down);
    let _ = served.run(["down"]).succeeded();
    served.faults.clear();
    assert_gone(&served, &possibility);
}

/// What two minutes do: the session of a load that was killed ends, and with it the transaction.
pub fn end_sessions(served: &Served) {
    let sdk = served.sdk();
    sdk.block_on(async {
        let statements = sdk.data.list_statements().status(StatusString::Started).send().await.unwrap().statements;
        for running in statements {
            let _ = sdk.data.cancel_statement().id(&running.id).send().await;
            let _ = sdk.data.describe_statement().id(&running.id).wait_time_seconds(30).send().await;
        }
        for session in sdk.data.list_sessions().send().await.unwrap().sessions {
            let end = sdk.data.execute_statement().session_id(session.session_id).sql("rollback");
            let _ = end.session_keep_alive_seconds(0).wait_time_seconds(30).send().await;
        }
    });
}

fn load_goes_on(possibility: Possibility) {
    let served = possibility.served(Project::with_sample(30, 40));
    let _ = served.run(["up"]).succeeded();
    let _ = served.run(["load"]).succeeded();
    let loaded = || {
        let sdk = served.sdk();
        let staged = |table: &str| sdk.value(&format!("select count(*) from {table}"));
        (sdk.star(), [staged("staging_songs"), staged("staging_events")])
    };
    let good = loaded();
    assert_eq!(good.1, ["30", "40"]);
    let calls = served.calls_of(["load"]);
    for case in possibility.share(cases(calls.len()), OF_A_LOAD) {
        if is_killed(&served, possibility, &["load"], case) {
            end_sessions(&served);
            assert_eq!(served.sdk().star(), good.0, "{case:?}");
            let _ = served.run(["load"]).succeeded();
        }
        assert_eq!(loaded(), good, "{case:?}");
    }
    throttle(&served, &calls);
    let _ = served.run(["load"]).succeeded();
    served.faults.clear();
    assert_eq!(loaded(), good, "throttled");
    let _ = served.run(["down"]).succeeded();
    assert_gone(&served, &possibility);
}

/// Each part of the matrix under each possibility, as a test of its own.
macro_rules! under {
    ($($name:ident: $possibility:ident),+ $(,)?) => {
        $(mod $name {
            use super::Possibility;

            #[test]
            fn up_goes_on() {
                super::up_goes_on(Possibility::$possibility);
            }

            #[test]
            fn up_is_taken_down_from_an_empty_directory() {
                super::up_is_taken_down_from_an_empty_directory(Possibility::$possibility);
            }

            #[test]
            fn down_goes_on() {
                super::down_goes_on(Possibility::$possibility);
            }

            #[test]
            fn every_throttled_call_is_tried_again() {
                super::every_throttled_call_is_tried_again(Possibility::$possibility);
            }

            #[test]
            fn load_goes_on() {
                super::load_goes_on(Possibility::$possibility);
            }
        })+
    };
}

under! {
    as_seen: Seen,
    otherwise: Otherwise,
    late: Late,
    otherwise_and_late: OtherwiseAndLate,
}
