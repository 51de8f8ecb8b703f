//! `policy`: the least that a job needs to be allowed, whole or in parts that fit managed policies.

use super::{Outcome, Stack};
use crate::error::{Error, Result};
use crate::read_policy::INLINE_CHARACTERS;
use crate::resource::caller_policy::{self, MANAGED_CHARACTERS};
use crate::view;

pub fn run(stack: &Stack, part: Option<usize>) -> Result<Outcome> {
    let whole = caller_policy::policy(&stack.config, &stack.names, &stack.aws.account);
    let parts = caller_policy::parts(&whole);
    let document = match part {
        None => &whole,
        Some(number) => number.checked_sub(1).and_then(|at| parts.get(at)).ok_or_else(|| {
            Error::usage(format!("--part {number}: the policy of this stack has the parts 1 to {}", parts.len()))
        })?,
    };
    let characters = caller_policy::characters(&whole);
    if part.is_none() && characters > MANAGED_CHARACTERS {
        let inline = match characters <= INLINE_CHARACTERS {
            true => format!("Put it on a role as an inline policy, of which IAM takes {INLINE_CHARACTERS}, or print"),
            false => "Print".to_owned(),
        };
        let message = format!(
            "this policy has {characters} characters, blanks apart, and a managed policy takes {MANAGED_CHARACTERS}. \
             {inline} it in {0} parts, each for a managed policy of its own: `sparkify-infra policy --part 1` to `--part {0}`.",
            parts.len()
        );
        // Not an event: with JSON lines it would stand in the document.
        view::warning(&message);
    }
    view::document(&format!("{document:#}"));
    Ok(Outcome::Done)
}
