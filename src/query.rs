//! Statements that a person asks: found in a text, run one after the other.

use redshift_sql::{first_word, statements};

use crate::error::{Error, Result};
use crate::warehouse::{Done, Rows, Session, Warehouse};

/// The consumer of a statement's results.
pub trait Answers {
    /// A page of rows; the first has the columns, and there may be none.
    fn page(&mut self, rows: &Rows, is_first: bool) -> Result<()>;
    /// The end of a statement: what it was, and how many rows it returned or changed (-1: that says nothing).
    fn end(&mut self, verb: &str, rows: i64, answered: bool) -> Result<()>;
}

/// Runs the statements of a text. Several share a session, so that they share temporary tables and transactions.
///
/// # Errors
/// At the first statement that fails: those behind it are not run.
pub async fn run(warehouse: &Warehouse, text: &str, answers: &mut dyn Answers) -> Result<()> {
    let statements = statements(text);
    match statements[..] {
        [] => Err(Error::usage("there is no statement to run")),
        [statement] => {
            let done = warehouse
                .run(statement)
                .await?
                .map_err(|error| Error::failed("the statement failed").because(error))?;
            report_outcome(warehouse, statement, &done, answers).await
        }
        _ => {
            let session = warehouse.session("select 1").await?;
            let ended = several(warehouse, &session, &statements, answers).await;
            // A transaction that was left open would hold its locks for as long as the session lives.
            let is_cut_off = ended.as_ref().is_err_and(|error| error.kind.is_cut_off());
            if !is_cut_off && session.to_the_end("rollback").await.is_ok() {
                session.close().await;
            }
            ended
        }
    }
}

async fn several(
    warehouse: &Warehouse,
    session: &Session,
    statements: &[&str],
    answers: &mut dyn Answers,
) -> Result<()> {
    for (at, statement) in statements.iter().enumerate() {
        let failed = |error| {
            let first = statement.lines().next().unwrap_or_default();
            Error::failed(format!("statement {} of {} failed: {first}", at + 1, statements.len())).because(error)
        };
        let done = session.run(statement).await?.map_err(failed)?;
        report_outcome(warehouse, statement, &done, answers).await?;
    }
    Ok(())
}

async fn report_outcome(warehouse: &Warehouse, statement: &str, done: &Done, answers: &mut dyn Answers) -> Result<()> {
    let mut pages = warehouse.pages(done);
    let (mut is_first, mut answered) = (true, false);
    while let Some(rows) = pages.next().await? {
        answers.page(&rows, is_first)?;
        (is_first, answered) = (false, true);
    }
    let verb = first_word(statement);
    // Of a COPY, 0 says nothing (R25).
    let says_nothing = done.rows == 0 && verb.eq_ignore_ascii_case("copy");
    answers.end(verb, if says_nothing { -1 } else { done.rows }, answered)
}
