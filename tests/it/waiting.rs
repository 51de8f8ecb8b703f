//! Credentials that expire while a statement is waited for.

use sparkify_local::{Outage, Pace};

use crate::project::Project;
use crate::served::Served;
use crate::signals::{SLOW, cancel_all};

#[test]
fn expired_credentials_end_a_wait_for_a_statement() {
    let served = Served::new(Project::with_sample(30, 40), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    served.faults.outage("redshift-data:DescribeStatement", 1, Outage::ExpiredToken);
    let goes_on = "The statement goes on without this program: `aws redshift-data describe-statement --id ";
    let _ = served.run(["query", SLOW]).failed(8, &["ExpiredTokenException: ", "log in again", goes_on]);
    served.faults.clear();
    cancel_all(&served);
    served.faults.clear();
    served.faults.outage("redshift-data:DescribeStatement", 1, Outage::ExpiredToken);
    let left = ["ExpiredTokenException: ", goes_on, "as the last good load left it", "ends by itself within 90 s"];
    let _ = served.run(["load"]).failed(8, &left);
    served.faults.clear();
    cancel_all(&served);
    // In the middle of the star's transaction.
    let _ = served.run(["load"]).succeeded();
    let calls = served.calls_of(["load"]);
    let statements = calls.iter().filter(|call| *call == "redshift-data:ExecuteStatement").count();
    served.faults.clear();
    served.faults.outage("redshift-data:ExecuteStatement", statements - 8, Outage::ExpiredToken);
    let left = ["as the last good load left it", "when its session ends, within 2 minutes", "within 90 s"];
    let _ = served.run(["load"]).failed(8, &left);
    let told = served.run(["load", "--output=json"]);
    assert_eq!(told.code, 8, "{}", told.stderr);
    let last: serde_json::Value = serde_json::from_str(told.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&last["kind"], &last["exit_code"]), (&"credentials".into(), &8.into()), "{last}");
}
