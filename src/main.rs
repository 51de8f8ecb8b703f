//! Arguments → command → exit code.

mod apply;
mod aws;
mod bucket_keys;
mod cli;
mod command;
mod config;
mod download;
mod error;
mod event;
mod files;
mod init;
mod interrupt;
mod listing;
mod load;
mod load_report;
#[cfg(feature = "local")]
mod local_server_discovery;
mod location;
mod plan;
mod query;
mod read_policy;
mod resource;
mod retry;
mod sample;
mod stack;
mod statement_process;
mod sync;
mod timeline;
mod view;
mod warehouse;
mod zip;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

/// Thousands of small requests are thousands of small allocations: gathering is a fifth faster with it.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
#[cfg(not(target_os = "linux"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Its clock stands where time is simulated: whenever there is nothing to do but wait, it goes on to the end of the wait.
fn runtime(command: &cli::Command) -> std::io::Result<tokio::runtime::Runtime> {
    #[cfg(feature = "local")]
    if command.simulates() {
        return tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    }
    #[cfg(not(feature = "local"))]
    let _ = command;
    tokio::runtime::Runtime::new()
}

/// Some systems let a process have 256 files open unless it asks for more: every source is read over as many connections.
const OPEN_FILES: u64 = 8192;

/// How long the process waits at its end for what still runs.
const LAST_STATEMENTS: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    // With fewer than that it works as well, as long as there are few sources.
    let _ = rlimit::increase_nofile_limit(OPEN_FILES);
    let is_json = cli.command.common().is_some_and(|common| common.output == cli::Output::Json);
    view::log(cli.command.common().is_some_and(|common| common.verbose));
    let runtime = match runtime(&cli.command) {
        Ok(runtime) => runtime,
        Err(cause) => {
            view::error(&error::Error::failed("cannot start the runtime").because(cause));
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(command::run(cli.command));
    // A statement that still runs in the stand-in is given a moment, and does not hold the process back for ever.
    let longest = || interrupt::time_left().unwrap_or(LAST_STATEMENTS);
    #[cfg(feature = "local")]
    sparkify_local::wait_until_idle(longest());
    runtime.shutdown_timeout(longest());
    match ended {
        Ok(outcome) => ExitCode::from(outcome.exit_code()),
        Err(failure) => {
            let failure = failure.advised();
            view::error(&failure);
            if is_json {
                view::json_error(&failure);
            }
            ExitCode::from(failure.kind.exit_code())
        }
    }
}
