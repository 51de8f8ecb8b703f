//! What ends in the middle of a run: a connection, after which what broke off is read again, and credentials, which are
//! named whatever call meets it first.

use std::collections::BTreeSet;
use std::time::Duration;

use sparkify_local::{Fault, Outage, Pace};

use crate::project::Project;
use crate::served::Served;

fn staged(served: &Served) -> [String; 2] {
    let sdk = served.sdk();
    ["staging_songs", "staging_events"].map(|table| sdk.value(&format!("select count(*) from {table}")))
}

#[test]
fn a_load_reads_again_what_breaks_off() {
    let served = Served::new(Project::with_sample(30, 40), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    served.faults.clear();
    // More than there are objects: they break off past the SDK, and most of them through it as well.
    (1..=60).for_each(|nth| served.faults.at("s3:GetObject", nth, Fault::CutBody(20)));
    let _ = served.run(["load"]).succeeded();
    assert!(served.faults.calls().iter().filter(|call| *call == "s3:GetObject").count() > 60);
    assert_eq!(staged(&served), ["30", "40"]);

    // What an earlier load has left beside the parts, pages of a listing, and answers of the Data API.
    served.faults.clear();
    for (operation, times) in [
        ("s3:GetObject", 4),
        ("s3:ListObjectsV2", 2),
        ("redshift:DescribeClusters", 1),
        ("redshift-data:DescribeStatement", 1),
        ("redshift-data:GetStatementResult", 1),
    ] {
        (1..=times).for_each(|nth| served.faults.at(operation, nth, Fault::CutBody(20)));
    }
    let again = served.run(["load"]).succeeded();
    assert!(again.stderr.contains("gathered before"), "{}", again.stderr);
    assert_eq!(staged(&served), ["30", "40"]);
}

/// R43: each operation of S3 that a load makes says what is wrong, so that the exit code does.
#[test]
fn expired_credentials_are_named_whatever_is_asked_of_s3() {
    let served = Served::new(Project::with_sample(30, 40), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    let _ = served.run(["load"]).succeeded();
    let calls: BTreeSet<String> = served.calls_of(["load"]).into_iter().collect();
    // The end of the lock: the load is done.
    let asked = calls.iter().filter(|call| call.starts_with("s3:") && *call != "s3:DeleteObject");
    for operation in asked {
        served.faults.clear();
        served.faults.outage(operation, 1, Outage::ExpiredToken);
        let load = served.run(["load"]);
        assert_eq!(load.code, 8, "{operation}: {}", load.stderr);
        assert!(load.stderr.contains("log in again"), "{operation}: {}", load.stderr);
    }
    served.faults.clear();
    let _ = served.run(["load"]).succeeded();
}

#[test]
fn expired_credentials_end_reading_a_source() {
    let served = Served::new(Project::with_sample(300, 40), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    served.faults.outage("s3:GetObject", 20, Outage::ExpiredToken);
    let _ = served.run(["load"]).failed(8, &["ExpiredToken", "log in again", "as the last good load left it"]);
}

/// That what can be ordered is not told stops nothing (R38); an AWS that cannot be asked anything does.
#[test]
fn who_cannot_be_asked_anything_is_not_asked_on() {
    let served = Served::new(Project::empty(), Pace::AT_ONCE);
    for (outage, code, says) in [(Outage::ExpiredToken, 8, "log in again"), (Outage::Hangup, 9, "Nobody answers")] {
        served.faults.clear();
        served.faults.outage("redshift:DescribeOrderableClusterOptions", 1, outage);
        let up = served.run(["up"]).failed(code, &["cannot ask which clusters can be ordered", says]);
        assert!(!up.stderr.contains("it is not known whether"), "{}", up.stderr);
        let calls = served.faults.calls();
        assert_eq!(calls.last().map(String::as_str), Some("redshift:DescribeOrderableClusterOptions"), "{calls:?}");
    }
    served.faults.clear();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn expired_credentials_end_a_wait_for_a_cluster() {
    let slow = Pace { creating: Duration::from_secs(600), ..Pace::AT_ONCE };
    let served = Served::new(Project::empty(), slow);
    let waited = "The cluster sparkify was creating when it was last seen: AWS goes on with it.";
    served.faults.outage("redshift:DescribeClusters", 4, Outage::ExpiredToken);
    let says = ["ExpiredToken: ", "log in again", waited, "about 0.54 USD an hour", "Run `up` again to go on"];
    let _ = served.run(["up"]).failed(8, &says);
    served.faults.clear();
    served.faults.outage("redshift:DescribeClusters", 4, Outage::ExpiredToken);
    let _ = served.run(["down"]).failed(8, &["ExpiredToken: ", "log in again", waited, "Run `down` again"]);
    served.faults.clear();
    // What is not asked cannot be proven: that is no leftover.
    let gone = Served::new(Project::empty(), Pace::AT_ONCE);
    let _ = gone.run(["up"]).succeeded();
    gone.faults.clear();
    gone.faults.outage("redshift:DescribeClusterSnapshots", 2, Outage::ExpiredToken);
    let _ = gone.run(["down"]).failed(8, &["cannot prove that nothing is left", "log in again", "Run `down` again"]);
}
