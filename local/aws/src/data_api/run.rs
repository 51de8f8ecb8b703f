//! Runs a submitted statement on a thread of its own, when its session is free, and lets it take as long as it is to take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redshift_engine::{Parameters, Session, SqlError, is_on_leader_node, statement_threads};

use super::mode::Mode;
use super::session::Target;
use super::statement::{Shared, Status};
use crate::behavior::Behaviors;
use crate::pace::CopyPace;

/// R21: bytes of one result.
const MOST_RESULT_BYTES: u64 = 500 << 20;
/// The query number of a statement that the leader node runs alone (R39).
const ON_LEADER_NODE: i64 = -1;

pub fn start(statement: Arc<Shared>, target: Target, pace: Option<CopyPace>, behaviors: Behaviors) {
    tokio::spawn(async move {
        // Statements of one session run one after the other; those that wait for their turn hold no thread.
        let mut session = target.session.clone().lock_owned().await;
        let running = statement.clone();
        let ended = statement_threads::run(move || turn(&running, &mut session, &target, pace, behaviors)).await;
        let (status, owed) = match ended {
            Ok(Some(ended)) => ended,
            Ok(None) => return,
            // A thread that broke off has answered nothing.
            Err(error) => {
                statement.change(|statement| statement.fail(error.to_string()));
                return;
            }
        };
        if !owed.is_zero() {
            tokio::time::sleep(owed).await;
        }
        statement.change(|statement| statement.status = status);
    });
}

/// Runs a statement: how it ended, and how much longer it is to take. `None` where it was cancelled before.
fn turn(
    statement: &Shared,
    session: &mut Session,
    target: &Target,
    pace: Option<CopyPace>,
    behaviors: Behaviors,
) -> Option<(Status, Duration)> {
    // Before it counts as started, so that no cancel falls between.
    statement.allow_cancel(Some(session.new_canceller()));
    let mut started = false;
    statement.change(|statement| {
        started = statement.status == Status::Submitted;
        if started {
            statement.status = Status::Started;
            statement.pid = session.pid();
        }
    });
    let ended = started.then(|| run(statement, session, target, pace, behaviors));
    statement.allow_cancel(None);
    ended
}

/// Each part in turn. What comes after a failure is aborted; in a transaction, what came before is undone.
fn run(
    statement: &Shared,
    session: &mut Session,
    target: &Target,
    pace: Option<CopyPace>,
    behaviors: Behaviors,
) -> (Status, Duration) {
    let (mut sqls, mut mode, mut parameters) = (Vec::new(), Mode::Single, Parameters::default());
    statement.change(|statement| {
        sqls = statement.parts.iter().map(|part| part.sql.clone()).collect();
        mode = statement.mode;
        parameters = statement.parameters.clone();
    });
    let is_batch = mode == Mode::Transaction;
    let mut owed = Duration::ZERO;
    let mut failed = is_batch.then(|| control(session, target, "BEGIN").err()).flatten();
    for (at, sql) in sqls.iter().enumerate() {
        if failed.is_some() {
            statement.change(|statement| statement.parts[at].status = Status::Aborted);
            continue;
        }
        statement.change(|statement| statement.parts[at].status = Status::Started);
        let query = target.query();
        let begun = Instant::now();
        let mut rows = target.engine.stored_rows(MOST_RESULT_BYTES);
        let outcome = session.run_into(sql, &parameters, &target.access, query, &mut rows);
        let outcome = outcome.and_then(|count| rows.close().map(|()| count));
        let copied = session.take_copied();
        let number = if is_on_leader_node(sql) { ON_LEADER_NODE } else { query };
        let is_counted = copied.is_none() || behaviors.counts_copied_rows;
        let longer = pace.zip(copied).map_or(Duration::ZERO, |(pace, copied)| {
            pace.takes(&copied.sizes, copied.seen().read, target.place.slices.count())
        });
        owed += longer;
        let duration = u64::try_from((begun.elapsed() + longer).as_nanos()).unwrap_or(u64::MAX);
        statement.change(|statement| {
            let part = &mut statement.parts[at];
            part.duration = duration;
            part.query = number;
            part.status = status_of(&outcome);
            match outcome {
                Ok(count) => {
                    part.count = if is_counted { count } else { 0 };
                    part.rows = (!rows.columns.is_empty()).then_some(rows);
                }
                Err(error) => {
                    part.error = Some(error.to_string());
                    failed = Some(error);
                }
            }
        });
    }
    if is_batch {
        let word = if failed.is_some() { "ROLLBACK" } else { "COMMIT" };
        let ended = control(session, target, word);
        failed = failed.or(ended.err());
    }
    (status_of(&failed.map_or(Ok(()), Err)), owed)
}

fn control(session: &mut Session, target: &Target, word: &str) -> Result<(), SqlError> {
    session.run(word, &target.access, 0).map(drop)
}

fn status_of<T>(outcome: &Result<T, SqlError>) -> Status {
    match outcome {
        Ok(_) => Status::Finished,
        // Cancelled on request.
        Err(error) if error.sqlstate == "57014" => Status::Aborted,
        Err(_) => Status::Failed,
    }
}
