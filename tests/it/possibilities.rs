//! What no source settles (R25, R34, R35), played each way: a load that is killed, throttled or loses a reply ends the same.

use aws_sdk_redshiftdata::types::StatusString;
use sparkify_local::{Behaviors, Fault, Lags, Pace};

use crate::matrix::{Moment, killed_at};
use crate::project::Project;
use crate::served::Served;

/// Every how many-th call of a load is gone through in each moment.
const STEP: usize = 5;

/// A stack that has been loaded once.
fn loaded(behaviors: Behaviors, lags: Lags) -> Served {
    let mut served = Served::playing(Project::with_sample(30, 40), Pace::AT_ONCE, behaviors);
    served.settle = 1;
    served.faults.set_lags(lags);
    let _ = served.run(["up"]).succeeded();
    let _ = served.run(["load"]).succeeded();
    served
}

/// What two minutes do: the session of a load that was killed ends, and with it the transaction.
fn end_sessions(served: &Served) {
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

fn meets_every_fault(behaviors: Behaviors, lags: Lags) {
    let served = loaded(behaviors, lags);
    let star = served.sdk().star();
    let rows = |served: &Served| {
        let staged = |table: &str| served.sdk().value(&format!("select count(*) from {table}"));
        [staged("staging_songs"), staged("staging_events")]
    };
    assert_eq!(rows(&served), ["30", "40"], "{behaviors:?}");
    let calls = served.calls_of(["load"]).len();
    for nth in 1..=calls {
        let moment = match nth % STEP {
            0 => Moment::Before,
            1 => Moment::After,
            2 => {
                served.faults.clear();
                served.faults.at_call(nth, Fault::LoseReply);
                let _ = served.run(["load"]).succeeded();
                assert_eq!((served.sdk().star(), rows(&served)), (star.clone(), ["30".into(), "40".into()]), "{nth}");
                continue;
            }
            _ => continue,
        };
        killed_at(&served, &["load"], nth, moment);
        end_sessions(&served);
        assert_eq!(served.sdk().star(), star, "killed {moment:?} call {nth}, {behaviors:?}");
        let _ = served.run(["load"]).succeeded();
        assert_eq!((served.sdk().star(), rows(&served)), (star.clone(), ["30".into(), "40".into()]), "{nth}");
    }
    let _ = served.run(["down"]).succeeded();
    served.faults.settle();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn loads_where_aws_answers_as_it_was_seen_to() {
    meets_every_fault(Behaviors::default(), Lags::default());
}

#[test]
fn loads_where_aws_answers_otherwise_and_late() {
    let otherwise = Behaviors { counts_copied_rows: true, sends_source_account: true };
    meets_every_fault(otherwise, Lags::all(2));
}
