//! Signals: whatever a command waits for, a signal ends it within a second.

use std::process::{Child, Stdio};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_redshiftdata::types::StatusString;
use sparkify_local::{Fault, Faults, Outage, Pace};

use crate::matrix::end_sessions;
use crate::project::Project;
use crate::served::Served;

/// Ten rows.
macro_rules! ten {
    ($name:literal) => {
        concat!(
            "(select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all ",
            "select 5 union all select 6 union all select 7 union all select 8 union all select 9) ",
            $name
        )
    };
}

/// A query that would run for hours, and can be cancelled.
pub const SLOW: &str = concat!(
    "select count(*) as slow from ",
    ten!("a"),
    ", ",
    ten!("b"),
    ", ",
    ten!("c"),
    ", ",
    ten!("d"),
    ", ",
    ten!("e"),
    ", ",
    ten!("f"),
    ", ",
    ten!("g"),
    ", ",
    ten!("h"),
    ", ",
    ten!("i"),
    ", ",
    ten!("j"),
    ", ",
    ten!("k"),
    ", ",
    ten!("l"),
    " where (a.n + b.n + c.n + d.n + e.n + f.n + g.n + h.n + i.n + j.n + k.n + l.n) % 7 = 1"
);
/// A signal is obeyed within a second, to which a machine adds what it takes to send the signal and to end a process.
const OBEYED_WITHIN: Duration = Duration::from_millis(1500);
/// How often a machine that builds and tests meanwhile may take longer than that before it is the program that does.
const TRIES: usize = 3;
/// Of this, two answers are more than what a signal leaves time for.
const SLOW_ANSWER: Duration = Duration::from_millis(450);
const LOCK_LEFT: &str = "The lock of this load ends by itself within 90 s";
const SIGNALS: [(&str, i32, &str); 3] = [("-INT", 130, "SIGINT"), ("-TERM", 143, "SIGTERM"), ("-HUP", 129, "SIGHUP")];

fn served(pace: Pace) -> Served {
    Served::new(Project::empty(), pace)
}

fn up(pace: Pace) -> Served {
    let served = served(pace);
    let _ = served.run(["up"]).succeeded();
    served
}

/// Sends a signal to the process whose id arrives, and notes when.
fn kill(signal: &'static str, process: Receiver<u32>, sent: &Arc<Mutex<Option<Instant>>>) -> Box<dyn FnOnce() + Send> {
    let sent = sent.clone();
    Box::new(move || {
        let process = process.recv().unwrap().to_string();
        *sent.lock().unwrap() = Some(Instant::now());
        assert!(std::process::Command::new("kill").args([signal, &process]).status().unwrap().success());
    })
}

struct Ended {
    code: i32,
    said: String,
    /// Since the last signal.
    took: Duration,
}

/// Whatever is stopped here ends with this code, says all of this, and in one of a few tries ends in time.
fn obeys(code: i32, says: &[&str], mut stop: impl FnMut() -> Ended) {
    let mut took = Vec::new();
    for _ in 0..TRIES {
        let ended = stop();
        assert_eq!(ended.code, code, "{}", ended.said);
        for words in says {
            assert!(ended.said.contains(words), "'{words}' is not in\n{}", ended.said);
        }
        took.push(ended.took);
        if ended.took < OBEYED_WITHIN {
            return;
        }
    }
    panic!("it took {took:?}, and is to say {says:?}");
}

/// Sends a signal to a process and waits for its end.
fn ended_by(signal: &str, child: Child) -> Ended {
    let (process, begun) = (child.id().to_string(), Instant::now());
    assert!(std::process::Command::new("kill").args([signal, &process]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    Ended { code: output.status.code().unwrap_or(-1), said, took: begun.elapsed() }
}

/// Runs a command that gets these signals, each when the plan says so.
fn signalled<const N: usize>(
    served: &Served,
    arguments: &[&str],
    signals: [&'static str; N],
    plan: impl FnOnce(&Faults, [Box<dyn FnOnce() + Send>; N]),
) -> Ended {
    served.faults.clear();
    let sent = Arc::default();
    let (mut told, mut acts) = (Vec::new(), Vec::new());
    for signal in signals {
        let (send, receive) = std::sync::mpsc::channel();
        told.push(send);
        acts.push(kill(signal, receive, &sent));
    }
    plan(&served.faults, acts.try_into().ok().unwrap());
    let mut command = served.command(arguments.iter().copied());
    let child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    for send in told {
        send.send(child.id()).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let sent = *sent.lock().unwrap();
    let took = sent.unwrap_or_else(|| panic!("{arguments:?} ended before the signal:\n{said}")).elapsed();
    served.faults.clear();
    Ended { code: output.status.code().unwrap_or(-1), said, took }
}

/// Ends what a test has left running: the test's process must not end in the middle of it.
pub fn cancel_all(served: &Served) {
    let sdk = served.sdk();
    sdk.block_on(async {
        let listed = sdk.data.list_statements().status(StatusString::All).send().await.unwrap();
        let is_over = |status: &StatusString| {
            matches!(status, StatusString::Finished | StatusString::Failed | StatusString::Aborted)
        };
        for statement in listed.statements {
            if statement.status.as_ref().is_some_and(is_over) {
                continue;
            }
            sdk.data.cancel_statement().id(&statement.id).send().await.unwrap();
            let ended = sdk.data.describe_statement().id(&statement.id).wait_time_seconds(30).send().await.unwrap();
            assert_eq!(ended.status, Some(StatusString::Aborted));
        }
    });
}

/// Every statement with these words was cancelled, and at least one was there.
fn assert_cancelled(served: &Served, words: &str) {
    let sdk = served.sdk();
    sdk.block_on(async {
        let mut listed = sdk.data.list_statements().status(StatusString::All).send().await.unwrap().statements;
        listed.retain(|statement| statement.query_string.as_ref().is_some_and(|text| text.contains(words)));
        assert_ne!(listed.len(), 0);
        for statement in listed {
            let ended = sdk.data.describe_statement().id(&statement.id).wait_time_seconds(30).send().await.unwrap();
            assert_eq!(ended.status, Some(StatusString::Aborted));
        }
    });
}

/// The operations among these calls, each once, in their order.
fn operations(calls: Vec<String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for call in calls {
        if !found.contains(&call) {
            found.push(call);
        }
    }
    found
}

/// Whichever of these operations AWS no longer answers, a signal ends the command.
fn obeys_at_each(served: &Served, arguments: &[&str], operations: &[String], prepare: impl Fn()) {
    for operation in operations {
        obeys(130, &["stopped by SIGINT"], || {
            prepare();
            let mut ended = signalled(served, arguments, ["-INT"], |faults, [act]| {
                faults.at(operation, 1, Fault::Silence(act));
                faults.outage(operation, 1, Outage::Silence);
            });
            ended.said.insert_str(0, &format!("{arguments:?} at {operation}:\n"));
            ended
        });
    }
}

#[test]
fn up_and_down_obey_a_signal_at_every_call() {
    let served = served(Pace::AT_ONCE);
    let ups = operations(served.calls_of(["up"]));
    let downs = operations(served.calls_of(["down"]));
    obeys_at_each(&served, &["up"], &ups, || drop(served.run(["down"]).succeeded()));
    obeys_at_each(&served, &["down"], &downs, || drop(served.run(["up"]).succeeded()));
    let _ = served.run(["down"]).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn load_and_query_obey_a_signal_at_every_call() {
    let served = Served::new(Project::with_sample(30, 40), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    obeys_at_each(&served, &["load"], &["s3:GetObject".to_owned()], || ());
    let _ = served.run(["load"]).succeeded();
    let mut loads = operations(served.calls_of(["load"]));
    // The end of the lock: the load is done.
    loads.retain(|operation| operation != "s3:DeleteObject");
    obeys_at_each(&served, &["load"], &loads, || ());
    for command in [&["query", "select 1"][..], &["query", "select 1; select 2"], &["status", "--tables"]] {
        let operations = operations(served.calls_of(command.iter().copied()));
        obeys_at_each(&served, command, &operations, || ());
    }
    let _ = served.run(["load"]).succeeded();
}

#[test]
fn a_load_whose_copy_is_denied_obeys_a_signal() {
    let served = Served::new(Project::with_sample(30, 40), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    let sdk = served.sdk();
    let policy = sdk.iam.delete_role_policy().role_name("sparkify-warehouse").policy_name("read-what-load-reads");
    sdk.block_on(policy.send()).unwrap();
    // It looks whether the denial may pass.
    obeys_at_each(&served, &["load"], &["iam:GetRole".to_owned()], || ());
    // Who may not look is not told that the role is as it should be.
    served.faults.clear();
    for nth in 1..=8 {
        let denied = Fault::Fail { status: 403, code: "AccessDenied".into(), message: "not allowed".into() };
        served.faults.at("iam:GetRole", nth, denied);
    }
    let says = ["Access Denied", "Whether the role is as infra.toml wants it could not be read"];
    let _ = served.run(["load"]).failed(1, &says);
}

/// Returns true if the tests themselves run under `nohup`, which the binary then honours.
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
    u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 == 1)
}

#[test]
fn each_signal_cancels_a_running_query() {
    let served = up(Pace::AT_ONCE);
    for (signal, code, name) in SIGNALS {
        if signal == "-HUP" && hangups_are_ignored() {
            continue;
        }
        // While the Data API holds its answer back.
        obeys(code, &[&format!("stopped by {name}")], || {
            signalled(&served, &["query", SLOW], [signal], |faults, [act]| {
                faults.at("redshift-data:DescribeStatement", 1, Fault::Meanwhile(act));
            })
        });
    }
    assert_cancelled(&served, "as slow");
}

/// A stack with a star, whose next load fills a table for hours.
fn with_slow_transform() -> Served {
    let served = Served::new(Project::with_sample(30, 60), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    let _ = served.run(["load"]).succeeded();
    let slow = format!(
        "-- One song.\ninsert into songs select song_id, title, artist_id, year, duration from staging_songs where ({SLOW}) = 0;\n"
    );
    std::fs::write(served.project.path("sql/transform/03_songs.sql"), slow).unwrap();
    served
}

/// A load that is filling that table.
fn filling(served: &Served) -> Child {
    served.faults.clear();
    let mut command = served.command(["load"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let sdk = served.sdk();
    let is_running = || {
        let listed = sdk.block_on(sdk.data.list_statements().status(StatusString::Started).send()).unwrap();
        let texts = listed.statements.into_iter().filter_map(|statement| statement.query_string);
        texts.into_iter().any(|text| text.contains("insert into songs"))
    };
    while !is_running() {
        assert_eq!(child.try_wait().unwrap(), None);
    }
    child
}

#[test]
fn a_running_load_is_cancelled_and_rolled_back() {
    let served = with_slow_transform();
    let sdk = served.sdk();
    let good = sdk.value("select count(*) from songs");
    let mut said = String::new();
    obeys(130, &["stopped by SIGINT", "The star is as the last good load left it"], || {
        let ended = ended_by("-INT", filling(&served));
        said.clone_from(&ended.said);
        ended
    });
    let calls = served.faults.calls();
    // Cancelled, rolled back, and the lock given back, or named where this machine was too slow for that.
    assert_eq!(calls.iter().filter(|call| *call == "redshift-data:CancelStatement").count(), 1);
    let is_released = calls.last().map(String::as_str) == Some("s3:DeleteObject");
    assert!(is_released || said.contains(LOCK_LEFT), "{calls:?}\n{said}");
    assert_cancelled(&served, "as slow");
    assert_eq!(sdk.value("select count(*) from songs"), good);
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/sql/transform/03_songs.sql");
    std::fs::copy(shipped, served.project.path("sql/transform/03_songs.sql")).unwrap();
    let _ = served.run(["load"]).succeeded();
}

/// All that is done because of a signal shares a second, and what was not done in it is named.
#[test]
fn slow_answers_do_not_add_up() {
    let served = with_slow_transform();
    let left = [
        "stopped by SIGINT",
        "A statement may still run: `aws redshift-data describe-statement --id ",
        "Its transaction is rolled back when its session ends, within 2 minutes",
        LOCK_LEFT,
    ];
    obeys(130, &left, || {
        let load = filling(&served);
        for operation in ["CancelStatement", "DescribeStatement", "ExecuteStatement"] {
            (1..=9).for_each(|nth| {
                served.faults.at(&format!("redshift-data:{operation}"), nth, Fault::Delay(SLOW_ANSWER));
            });
        }
        let ended = ended_by("-INT", load);
        served.faults.clear();
        end_sessions(&served);
        ended
    });
}

#[test]
fn a_statement_that_cannot_be_cancelled_is_named() {
    let served = up(Pace::AT_ONCE);
    for outage in [Outage::Silence, Outage::ExpiredToken, Outage::Hangup] {
        obeys(130, &["A statement may still run: `aws redshift-data describe-statement --id "], || {
            signalled(&served, &["query", SLOW], ["-INT"], |faults, [act]| {
                faults.at("redshift-data:DescribeStatement", 1, Fault::Meanwhile(act));
                faults.outage("redshift-data:CancelStatement", 1, outage);
            })
        });
    }
    cancel_all(&served);
}

#[test]
fn the_second_signal_ends_a_rollback_at_once() {
    let slow = Pace { creating: Duration::from_secs(600), ..Pace::AT_ONCE };
    obeys(143, &["stopped by SIGINT: what this run created is removed again"], || {
        let served = served(slow);
        signalled(&served, &["up", "--rollback"], ["-INT", "-TERM"], |faults, [first, second]| {
            faults.at("redshift:DescribeClusters", 3, Fault::Meanwhile(first));
            // The rollback waits until the cluster can be deleted, and looks again and again.
            faults.at("redshift:DescribeClusters", 10, Fault::Meanwhile(second));
        })
    });
}

#[test]
fn a_sample_is_not_written_to_its_end() {
    obeys(130, &["stopped by SIGINT"], || {
        let project = Project::bare();
        let mut command = project.command(["sample", "data", "--songs=100000"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        // It has begun when its mark is there.
        while !project.path("data/.sparkify-sample").exists() {
            assert_eq!(child.try_wait().unwrap(), None);
            std::thread::yield_now();
        }
        ended_by("-INT", child)
    });
}

#[test]
fn a_server_ends_with_each_signal() {
    for (signal, _, _) in SIGNALS {
        if signal == "-HUP" && hangups_are_ignored() {
            continue;
        }
        // That is how it is meant to end.
        obeys(0, &[], || {
            let project = Project::bare();
            let mut command = project.command(["local", "serve", "--port=0", "--in-memory"]);
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut line = String::new();
            let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
            std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
            assert!(line.contains("ready on"), "{line}");
            ended_by(signal, child)
        });
    }
}
