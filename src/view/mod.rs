//! The only place that prints: data to stdout, everything else to stderr.
#![expect(clippy::disallowed_macros, reason = "this is where it is printed")]

mod bars;
mod calls;
#[cfg(feature = "local")]
pub mod diagram;
mod heartbeat;
mod human;
mod json;
mod plan;
pub mod report;
pub mod rows;
mod tables;

use std::error::Error as _;
use std::io::IsTerminal;
use std::sync::Mutex;

use anstream::{eprint, eprintln, println};
use anstyle::{AnsiColor, Style};

pub use human::time;

use crate::error::Error;
use crate::event::{Events, Scope};
use crate::sync::locked;
use crate::warehouse::Rows;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();
const DIM: Style = Style::new().dimmed();

/// What is logged where `SPARKIFY_LOG` says nothing: warnings of the crates of the local AWS.
const LOGGED: &str = "sparkify_local=warn,redshift_engine=warn,redshift_wire=warn";

/// Sets up the log on standard error: what SPARKIFY_LOG asks for, or the warnings of the local target; with `verbose`, a
/// line for each call to AWS.
pub fn log(verbose: bool) {
    use tracing_subscriber::Layer;
    use tracing_subscriber::filter::{EnvFilter, filter_fn};
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;

    let asked = EnvFilter::try_from_env("SPARKIFY_LOG").unwrap_or_else(|_| LOGGED.into());
    let calls = verbose.then(|| calls::Calls.with_filter(filter_fn(calls::is_call)));
    let is_terminal = std::io::stderr().is_terminal();
    let logged =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(is_terminal).with_filter(asked);
    tracing_subscriber::registry().with(logged).with(calls).init();
}

/// Events as lines for a person, and bars on a terminal, unless there are other lines between; with `quiet` only
/// warnings and the report.
pub fn human(quiet: bool, verbose: bool) -> Events {
    if quiet || verbose || !std::io::stderr().is_terminal() {
        let heartbeat = heartbeat::Heartbeat::default();
        return Events::to(move |event| {
            if let Some(event) = heartbeat.take(event) {
                human::show(&event, quiet);
            }
        });
    }
    let bars = bars::Bars::new();
    Events::to(move |event| {
        if !bars.take(&event) {
            bars.aside(|| human::show(&event, quiet));
        }
    })
}

/// Events as JSON, one object a line on stdout: the promise of docs/output.md.
pub fn json() -> Events {
    Events::to(|event| {
        if let Some(line) = json::line(&event) {
            println!("{line}");
        }
    })
}

/// How a run failed, for the reader of JSON lines.
pub fn json_error(error: &Error) {
    println!("{}", json::error(error));
}

/// The first line of a quiet command, until it has something to say.
static DEFERRED: Mutex<Option<Scope>> = Mutex::new(None);

/// The target, account and region: of every command also where standard output is data of its own. With `quiet` they come
/// before the first warning or error, and not without one.
pub fn scope(scope: &Scope, quiet: bool) {
    *locked(&DEFERRED) = Some(scope.clone());
    if !quiet {
        deferred_scope();
    }
}

fn deferred_scope() {
    if let Some(scope) = locked(&DEFERRED).take() {
        eprintln!("{DIM}{scope}{DIM:#}");
    }
}

/// A line about what was done.
pub fn status(line: &str) {
    eprintln!("{line}");
}

/// A question, with the cursor behind it.
pub fn question(text: &str) {
    eprint!("{BOLD}{text}{BOLD:#} ");
}

/// Something to know that stops nothing.
pub fn warning(message: &str) {
    deferred_scope();
    eprintln!("{YELLOW}warning{YELLOW:#}: {message}");
}

/// Rows of a query, on stdout.
pub fn table(rows: &Rows) {
    println!("{}", tables::query_result(rows));
}

/// The ready-made analyses: name and question.
pub fn analyses(known: &[(String, String)]) {
    println!("{}", tables::analyses(known));
}

/// Prints the files and tables that `init` has written.
pub fn initialised(written: &crate::init::WrittenProject) {
    println!("{}", tables::initialised(written));
}

/// Prints the changes that `init --update` found.
pub fn updated(update: &crate::init::update::Update) {
    println!("{}", tables::updated(update));
}

/// A document, on stdout.
pub fn document(text: &str) {
    println!("{text}");
}

/// Prints a failure, its reason, and its hints.
pub fn error(error: &Error) {
    deferred_scope();
    eprintln!("{RED}error{RED:#}: {error}");
    let mut cause = error.source();
    while let Some(source) = cause {
        eprintln!("  {DIM}caused by{DIM:#}: {source}");
        cause = source.source();
    }
    for hint in &error.hints {
        eprintln!("  {CYAN}hint{CYAN:#}: {hint}");
    }
}
