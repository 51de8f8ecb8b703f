//! The question that `down` asks before it deletes anything on AWS.

use std::io::IsTerminal;

use tokio::sync::oneshot;

use super::Stack;
use crate::aws::Target;
use crate::error::{Error, FailureKind, Result};
use crate::interrupt;
use crate::view;

/// Asks whether the stack may be deleted, where somebody is there to answer.
///
/// # Errors
/// `Declined` unless the answer is yes; `Interrupted` by a signal. Nothing was deleted in either case.
pub async fn deletion(stack: &Stack, yes: bool) -> Result<()> {
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let ci = std::env::var("CI").ok();
    if !is_asked(stack.target, yes, is_terminal, ci.as_deref()) {
        return Ok(());
    }
    let (name, scope) = (&stack.names.stack, stack.scope());
    view::question(&format!("Delete all of the stack {name} in account {}, {}? [y/N]", scope.account, scope.region));
    match is_yes(&answer().await?) {
        true => Ok(()),
        false => Err(Error::new(FailureKind::Declined, "the answer was not yes, and nothing was deleted")
            .hint("`sparkify-infra down --yes` does not ask.")),
    }
}

/// Only on AWS, and only where there is a person: CI servers set `CI`, and some give their jobs a terminal.
fn is_asked(target: Target, yes: bool, is_terminal: bool, ci: Option<&str>) -> bool {
    let is_ci = ci.is_some_and(|ci| !ci.is_empty() && ci != "false");
    target == Target::Aws && !yes && is_terminal && !is_ci
}

fn is_yes(answer: &str) -> bool {
    let answer = answer.trim();
    answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes")
}

/// A line of standard input, which is empty at its end. It is read on a thread that nothing waits for, so that a signal
/// ends the question at once.
async fn answer() -> Result<String> {
    let (send, receive) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line).map(|_| line);
        let _ = send.send(read);
    });
    interrupt::unless_asked(async {
        match receive.await {
            Ok(read) => read.map_err(|error| Error::failed("cannot read the answer").because(error)),
            Err(_) => Ok(String::new()),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_person_at_a_terminal_is_asked_and_only_about_aws() {
        assert!(is_asked(Target::Aws, false, true, None));
        assert!(is_asked(Target::Aws, false, true, Some("false")));
        assert!(!is_asked(Target::Aws, false, false, None), "no terminal");
        assert!(!is_asked(Target::Aws, false, true, Some("true")), "a CI server's terminal");
        assert!(!is_asked(Target::Aws, true, true, None), "--yes");
        assert!(!is_asked(Target::Local, false, true, None), "the local target");
    }

    #[test]
    fn anything_but_yes_is_no() {
        assert!(["y\n", "Y\r\n", "yes\n", " YES "].iter().all(|answer| is_yes(answer)));
        assert!(["", "\n", "n\n", "no\n", "yes please\n", "ja\n"].iter().all(|answer| !is_yes(answer)));
    }
}
