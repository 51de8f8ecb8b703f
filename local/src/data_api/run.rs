//! Runs a submitted statement on a thread of its own.

use std::sync::Arc;
use std::time::Instant;

use super::Mode;
use super::statement::{Shared, Status};
use super::target::Target;
use crate::sync::locked;
use crate::warehouse::{Outcome, Parameters, Session, SqlError};

pub fn start(statement: Arc<Shared>, target: Target) {
    tokio::task::spawn_blocking(move || {
        // Statements of one session run one after the other.
        let mut session = locked(&target.session);
        // Before it counts as started, so that no cancel falls between.
        statement.allow_cancel(Some(session.new_canceller()));
        let mut started = false;
        statement.change(|statement| {
            started = statement.status == Status::Submitted;
            if started {
                statement.status = Status::Started;
            }
        });
        if started {
            run(&statement, &mut session, &target);
        }
        statement.allow_cancel(None);
    });
}

/// Each part in turn. What comes after a failure is aborted; in a transaction, what came before is undone.
fn run(statement: &Shared, session: &mut Session, target: &Target) {
    let (mut sqls, mut mode, mut parameters) = (Vec::new(), Mode::Single, Parameters::default());
    statement.change(|statement| {
        sqls = statement.parts.iter().map(|part| part.sql.clone()).collect();
        mode = statement.mode;
        parameters = statement.parameters.clone();
    });
    let is_batch = mode == Mode::Transaction;
    let mut failed = is_batch.then(|| control(session, target, "BEGIN").err()).flatten();
    for (at, sql) in sqls.iter().enumerate() {
        if failed.is_some() {
            statement.change(|statement| statement.parts[at].status = Status::Aborted);
            continue;
        }
        statement.change(|statement| statement.parts[at].status = Status::Started);
        let query = target.query();
        let begun = Instant::now();
        let outcome = session.run_with(sql, &parameters, &target.access, query);
        let duration = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        statement.change(|statement| {
            let part = &mut statement.parts[at];
            part.duration = duration;
            part.query = query;
            part.status = status_of(&outcome);
            match outcome {
                Ok(outcome) => part.outcome = outcome,
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
    let status = status_of(&failed.map_or(Ok(Outcome::default()), Err));
    statement.change(|statement| statement.status = status);
}

fn control(session: &mut Session, target: &Target, word: &str) -> Result<(), SqlError> {
    session.run(word, &target.access, 0).map(drop)
}

fn status_of(outcome: &Result<Outcome, SqlError>) -> Status {
    match outcome {
        Ok(_) => Status::Finished,
        // Cancelled on request.
        Err(error) if error.sqlstate == "57014" => Status::Aborted,
        Err(_) => Status::Failed,
    }
}
