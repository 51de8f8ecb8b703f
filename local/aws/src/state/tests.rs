//! A state as a whole while it is read and written.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::check::Check;
use crate::s3::{Buckets, Sink};

/// How often something is done while objects are written.
const ROUNDS: usize = 10;

async fn filled(home: &Path) -> Cloud {
    let cloud = Cloud::bare(home);
    cloud.endpoint.buckets.fill_for_check().await;
    cloud
}

fn damaged(cloud: &Cloud) -> Vec<String> {
    let (store, mut check) = (&cloud.endpoint.buckets.store, Check::default());
    crate::s3::check(store, store.directory(), &mut check);
    check.damaged
}

/// The file of an object that is not written to its end yet. There may be no place for it while others are moved.
fn begun(buckets: &Buckets) -> Option<Sink> {
    let mut sink = buckets.sink("kept").ok()?;
    sink.write_all(b"bytes").ok()?;
    Some(sink)
}

fn while_objects_are_written(cloud: &Cloud, act: impl FnMut(usize) -> Result<()>) {
    let (buckets, is_done) = (&cloud.endpoint.buckets, AtomicBool::new(false));
    let write = || {
        while !is_done.load(Ordering::Relaxed) {
            let _ =
                begun(buckets).map(|sink| buckets.write_as(&buckets.sessions.owner.identity, "kept", "written", sink));
        }
    };
    let done = std::thread::scope(|scope| {
        scope.spawn(write);
        let done = (0..ROUNDS).try_for_each(act);
        is_done.store(true, Ordering::Relaxed);
        done
    });
    done.expect("done");
}

#[tokio::test]
async fn readers_of_what_was_replaced_leave_alone_what_a_restore_brings_back() {
    let home = tempfile::tempdir().expect("directory");
    let cloud = filled(home.path()).await;
    cloud.snapshot("x").expect("kept");
    let buckets = &cloud.endpoint.buckets;
    let kept = buckets.bucket("kept").expect("bucket");
    let read = ["medium", "large"].map(|key| buckets.find(&kept, key, None).expect("found"));
    for key in ["medium", "large"] {
        buckets.delete_as(&buckets.sessions.owner.identity, "kept", key).expect("deleted");
    }
    cloud.restore("x").expect("restored");
    drop(read);
    assert_eq!(damaged(&cloud), Vec::<String>::new());
    buckets.find(&kept, "large", None).expect("found");
}

#[tokio::test]
async fn bytes_that_came_in_before_a_restore_are_no_object_after_it() {
    let home = tempfile::tempdir().expect("directory");
    let cloud = filled(home.path()).await;
    cloud.snapshot("x").expect("kept");
    let buckets = &cloud.endpoint.buckets;
    let sink = begun(buckets).expect("begun");
    cloud.restore("x").expect("restored");
    let refused = buckets.write_as(&buckets.sessions.owner.identity, "kept", "late", sink).expect_err("refused");
    assert_eq!(refused.code().as_str(), "OperationAborted");
    let sink = begun(buckets).expect("begun");
    buckets.write_as(&buckets.sessions.owner.identity, "kept", "new", sink).expect("written");
    assert_eq!(damaged(&cloud), Vec::<String>::new());
}

#[tokio::test]
async fn objects_are_restored_and_reset_while_others_are_written() {
    let home = tempfile::tempdir().expect("directory");
    let cloud = filled(home.path()).await;
    cloud.snapshot("x").expect("kept");
    while_objects_are_written(&cloud, |_| cloud.reset(&Reset::Service("s3".into())).and_then(|()| cloud.restore("x")));
    cloud.restore("x").expect("restored");
    assert_eq!(damaged(&cloud), Vec::<String>::new());
}

#[tokio::test]
async fn the_objects_of_a_snapshot_are_whole_where_others_are_overwritten_meanwhile() {
    let home = tempfile::tempdir().expect("directory");
    let cloud = filled(home.path()).await;
    while_objects_are_written(&cloud, |round| cloud.snapshot(&round.to_string()));
    for round in 0..ROUNDS {
        cloud.restore(&round.to_string()).expect("restored");
        assert_eq!(damaged(&cloud), Vec::<String>::new(), "{round}");
    }
}
