//! One connection: a session of the engine, and the statements that it is asked to run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures::stream::{self, Stream, StreamExt};
use pgwire::api::portal::Format;
use pgwire::api::results::{QueryResponse, Response, Tag};
use pgwire::error::{ErrorInfo, PgWireError, PgWireResult};
use pgwire::messages::data::DataRow;
use redshift_engine::sync::locked;
use redshift_engine::{
    Access, Cancel, Engine, Notice, Parameters, ResultColumn, Rows, Session, SqlError, StoredRows, Type, Value,
    statement_threads,
};
use tokio::sync::mpsc;

use super::command_tag::{command_tag, words};
use super::flow::Flow;
use super::types;

/// Rows of one batch.
const BATCH_ROWS: usize = 2048;
/// Rows that a connection encodes before others are let on.
const ROWS_IN_TURN: usize = 128;
/// Rows that are read from the disk at once.
const STORED_BATCH_ROWS: usize = 1000;

pub struct Connection {
    pub session: Arc<Mutex<Session>>,
    /// The same session, as others end it.
    pub backend: Arc<redshift_engine::Backend>,
    pub access: Access,
    pub engine: Arc<Engine>,
    /// Set while a statement runs.
    pub running: Arc<Mutex<Option<Running>>>,
    /// Of the statement that was started last.
    pub last: Mutex<Arc<Flow>>,
    /// True for a session whose first statement came at once with its login, until that statement has ended: it may be one
    /// of a crowd.
    pub is_newcomer: Arc<AtomicBool>,
}

/// The statement that runs, for those who cancel it.
#[derive(Clone)]
pub struct Running {
    pub cancel: Cancel,
    pub flow: Arc<Flow>,
}

/// An event that the thread of a statement reports.
enum Event {
    /// With the digits of floats that are asked for beside the usual ones.
    Columns(Vec<ResultColumn>, i32),
    Rows(Vec<Vec<Value>>),
    /// The rows that the client has not waited for, all at once.
    Stored(StoredRows),
    Ended(Ended),
}

struct Ended {
    count: Result<i64, SqlError>,
    /// The state of the transaction afterwards.
    status: u8,
    /// True for the end of a transaction that had failed, which COMMIT rolls back.
    undid: bool,
    notices: Vec<Notice>,
}

/// The answer of a statement, and the notices that come with it.
pub struct Answer {
    pub response: Response,
    pub notices: Vec<Notice>,
}

struct Channel {
    to: mpsc::UnboundedSender<Event>,
    flow: Arc<Flow>,
    extra_digits: i32,
    /// Where rows go for which nobody waits.
    rest: StoredRows,
}

impl Channel {
    fn send(&self, event: Event) -> Result<(), SqlError> {
        self.flow.sent();
        self.to.send(event).map_err(|_| SqlError::new("08006", "the client has gone"))
    }

    fn hand_on(&mut self, rows: Vec<Vec<Value>>) -> Result<(), SqlError> {
        match self.flow.is_released() {
            // A client that has gone is not noticed by what is stored.
            true if self.to.is_closed() => Err(SqlError::new("08006", "the client has gone")),
            true => self.rest.rows(rows),
            false => self.send(Event::Rows(rows)),
        }
    }
}

/// The events of a statement, on the client's side.
struct Events(mpsc::UnboundedReceiver<Event>, Arc<Flow>);

impl Events {
    async fn next(&mut self) -> Option<Event> {
        let event = self.0.recv().await;
        self.1.taken();
        event
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.0.close();
        self.1.release();
    }
}

impl Rows for Channel {
    fn begin(&mut self, columns: Vec<ResultColumn>) -> Result<(), SqlError> {
        self.rest.begin(columns.clone())?;
        self.send(Event::Columns(columns, self.extra_digits))
    }

    fn rows(&mut self, mut rows: Vec<Vec<Value>>) -> Result<(), SqlError> {
        while rows.len() > BATCH_ROWS {
            let rest = rows.split_off(BATCH_ROWS);
            self.hand_on(std::mem::replace(&mut rows, rest))?;
        }
        self.hand_on(rows)
    }
}

/// The rows of one event. A connection whose client reads lets others on now and then: encoding rows until a socket is
/// full would keep them waiting, one after another, where there are hundreds.
fn in_turns(
    rows: Box<dyn Iterator<Item = PgWireResult<DataRow>> + Send>,
) -> impl Stream<Item = PgWireResult<DataRow>> + Send {
    stream::iter(rows.enumerate()).then(|(at, row)| async move {
        if at % ROWS_IN_TURN == ROWS_IN_TURN - 1 {
            tokio::task::yield_now().await;
        }
        row
    })
}

/// The rows of a result, block after block.
fn stored_rows(rows: StoredRows) -> impl Iterator<Item = Result<Vec<Value>, SqlError>> {
    let starts = (0..rows.count()).step_by(STORED_BATCH_ROWS);
    starts.flat_map(move |start| match rows.page(start, STORED_BATCH_ROWS) {
        Ok(page) => page.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(error) => vec![Err(error)],
    })
}

/// The error for a thread that ended without an event, which only a panic does.
fn thread_ended() -> PgWireError {
    PgWireError::ApiError("the statement's thread ended".into())
}

fn refused(error: &SqlError) -> PgWireResult<Response> {
    match wire_error(error) {
        PgWireError::UserError(info) => Ok(Response::Error(info)),
        other => Err(other),
    }
}

/// An error as the protocol words it.
pub fn wire_error(error: &SqlError) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new("ERROR".into(), error.sqlstate.into(), error.message.clone())))
}

impl Connection {
    /// Starts a statement on a thread of its own; with `all_at_once` it runs to its end whether or not its rows are read.
    fn start(&self, sql: String, parameters: Parameters, all_at_once: bool) -> Events {
        let (sender, receiver) = mpsc::unbounded_channel();
        let flow = Arc::new(Flow::default());
        std::mem::replace(&mut *locked(&self.last), flow.clone()).release();
        if all_at_once {
            flow.release();
        }
        let events = Events(receiver, flow.clone());
        let (session, access, engine) = (self.session.clone(), self.access.clone(), self.engine.clone());
        let (running, told) = (self.running.clone(), sender.clone());
        let (is_first, newcomer) = (self.is_newcomer.load(Ordering::Relaxed), self.is_newcomer.clone());
        let work = move || {
            let mut session = locked(&session);
            *locked(&running) = Some(Running { cancel: session.new_canceller(), flow: flow.clone() });
            let extra_digits = session.setting("extra_float_digits").and_then(|digits| digits.parse().ok());
            let (extra_digits, rest) = (extra_digits.unwrap_or_default(), engine.stored_rows(u64::MAX));
            let mut channel = Channel { to: sender, flow, extra_digits, rest };
            let had_failed = session.transaction_status() == b'E';
            let count = session.run_into(&sql, &parameters, &access, engine.next_query(), &mut channel);
            *locked(&running) = None;
            let (status, notices) = (session.transaction_status(), session.take_notices());
            let undid = had_failed && status == b'I';
            let Channel { to, flow, rest, .. } = channel;
            if rest.count() > 0 {
                let _ = to.send(Event::Stored(rest));
            }
            newcomer.store(false, Ordering::Relaxed);
            flow.sent();
            let _ = to.send(Event::Ended(Ended { count, status, undid, notices }));
        };
        tokio::spawn(async move {
            let done = match is_first {
                true => statement_threads::run_first(work).await,
                false => statement_threads::run(work).await,
            };
            if let Err(error) = done {
                let ended = Ended { count: Err(error), status: b'I', undid: false, notices: Vec::new() };
                let _ = told.send(Event::Ended(ended));
            }
        });
        events
    }

    /// Runs a statement. Rows are handed on as they come, or when all are there where another statement waits behind it.
    pub async fn run(
        &self,
        sql: &str,
        parameters: Parameters,
        formats: &Format,
        all_at_once: bool,
    ) -> PgWireResult<Answer> {
        // What a procedure reports comes before its row.
        let all_at_once = all_at_once || words(sql).first().is_some_and(|word| word == "CALL");
        let mut events = self.start(sql.to_owned(), parameters, all_at_once);
        match events.next().await.ok_or_else(thread_ended)? {
            Event::Ended(Ended { count: Ok(count), status, undid, notices }) => {
                let tag = if undid { Tag::new("ROLLBACK") } else { command_tag(sql, count) };
                // The protocol's library keeps the state of the transaction by these.
                let response = match status {
                    b'T' => Response::TransactionStart(tag),
                    _ => Response::TransactionEnd(tag),
                };
                Ok(Answer { response, notices })
            }
            Event::Ended(Ended { count: Err(error), notices, .. }) => {
                refused(&error).map(|response| Answer { response, notices })
            }
            Event::Columns(columns, extra_digits) => {
                let fields = Arc::new(types::fields(&columns, formats));
                let (mut stored, mut has_ended, mut told) = (None, false, Vec::new());
                // What comes behind a statement that failed must not run.
                while all_at_once && !has_ended {
                    match events.next().await.ok_or_else(thread_ended)? {
                        Event::Stored(rows) => stored = Some(Event::Stored(rows)),
                        Event::Ended(Ended { count: Err(error), notices, .. }) => {
                            return refused(&error).map(|response| Answer { response, notices });
                        }
                        Event::Ended(Ended { notices, .. }) => (has_ended, told) = (true, notices),
                        Event::Rows(_) | Event::Columns(..) => {}
                    }
                }
                let rows = stream::unfold(events, |mut events| async move {
                    let event = events.next().await?;
                    Some((event, events))
                });
                let shown = fields.clone();
                let rows = stream::iter(stored).chain(rows).flat_map(move |event| {
                    let shown = shown.clone();
                    let rows: Box<dyn Iterator<Item = PgWireResult<DataRow>> + Send> = match event {
                        Event::Rows(rows) => {
                            Box::new(rows.into_iter().map(move |row| Ok(types::row(&row, &shown, extra_digits))))
                        }
                        Event::Stored(rows) => Box::new(stored_rows(rows).map(move |row| {
                            row.map(|row| types::row(&row, &shown, extra_digits)).map_err(|error| wire_error(&error))
                        })),
                        Event::Ended(Ended { count: Err(error), .. }) => {
                            Box::new(std::iter::once(Err(wire_error(&error))))
                        }
                        Event::Ended(_) | Event::Columns(..) => Box::new(std::iter::empty()),
                    };
                    in_turns(rows)
                });
                let mut response = QueryResponse::new(fields, rows);
                response.set_command_tag(&words(sql).first().map_or("SELECT".into(), |word| match word.as_str() {
                    word @ ("CALL" | "FETCH" | "SHOW" | "EXPLAIN") => word.to_owned(),
                    _ => "SELECT".to_owned(),
                }));
                Ok(Answer { response: Response::Query(response), notices: told })
            }
            Event::Rows(_) | Event::Stored(_) => Err(thread_ended()),
        }
    }

    /// The columns of a cursor that is open.
    pub async fn cursor_columns(&self, name: &str) -> PgWireResult<Option<Vec<ResultColumn>>> {
        let name = name.to_owned();
        self.ask(move |session| session.cursor_columns(&name)).await
    }

    /// The types of a statement's parameters, as far as they can be told.
    pub async fn parameter_types(&self, sql: &str) -> PgWireResult<BTreeMap<usize, Type>> {
        let sql = sql.to_owned();
        self.ask(move |session| session.parameter_types(&sql)).await?.map_err(|error| wire_error(&error))
    }

    /// The columns of a statement, `None` where it answers no rows.
    pub async fn describe(&self, sql: &str, parameters: Parameters) -> PgWireResult<Option<Vec<ResultColumn>>> {
        let sql = sql.to_owned();
        self.ask(move |session| session.describe(&sql, &parameters)).await?.map_err(|error| wire_error(&error))
    }

    /// Asks the session on a thread that may wait; an answer that is still read gives way.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Session) -> T + Send + 'static,
    ) -> PgWireResult<T> {
        locked(&self.last).release();
        let session = self.session.clone();
        let question = move || question(&mut locked(&session));
        let answer = match self.is_newcomer.load(Ordering::Relaxed) {
            true => statement_threads::run_first(question).await,
            false => statement_threads::run(question).await,
        };
        answer.map_err(|error| wire_error(&error))
    }
}
