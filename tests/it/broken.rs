//! Connections that break in the middle of an answer: what is whole is read again, and a part is never taken for it.

use sparkify_local::{Fault, Pace};

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
