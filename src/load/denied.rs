//! A COPY that is denied: because the role's policy is not known everywhere yet, or for good.

use tokio::time::Instant;

use super::Load;
use crate::error::Result;
use crate::interrupt;
use crate::resource::{Desired, Expiry, role};
use crate::retry::Pause;
use crate::warehouse::{Done, StatementError};

impl Load<'_> {
    /// Runs the statements, and again where COPY is denied what the role allows: Redshift and S3 may not know yet what `up`
    /// has just put into the role (R3, R4). Nothing was loaded then: COPY is atomic (C16), and so is the batch (R21).
    pub(super) async fn run_once_allowed(
        &self,
        stage: &str,
        statements: &[String],
    ) -> Result<std::result::Result<Done, StatementError>> {
        let mut waiting = None;
        loop {
            let done = self.warehouse.run_all(statements).await?;
            if !done.as_ref().is_err_and(StatementError::is_denied) {
                return Ok(done);
            }
            if waiting.is_none() && self.role_is_as_wanted().await? == Some(false) {
                return Ok(done);
            }
            // R3: a minute, rarely.
            let patience = self.config.timeouts.settle * 2;
            let pause = waiting.get_or_insert_with(|| Pause::until(Instant::now() + patience));
            if !pause.next(self.events, stage, "Redshift and S3 to know the policy of the role").await? {
                return Ok(done);
            }
        }
    }

    /// What to do about a COPY that was denied.
    pub(super) async fn advice_on_denial(&self) -> &'static str {
        match self.role_is_as_wanted().await {
            Ok(Some(true)) => {
                "The role is as infra.toml wants it: either IAM is slow today (run load again), or the bucket's own policy \
                 or key refuses the role."
            }
            Ok(Some(false)) => "The role is not as infra.toml wants it: run `sparkify-infra up`.",
            Ok(None) | Err(_) => {
                "Whether the role is as infra.toml wants it could not be read: `sparkify-infra plan` says it."
            }
        }
    }

    /// Whether the stack's role is as infra.toml wants it, so that a denial may pass; `None` where that cannot be read.
    ///
    /// # Errors
    /// Those that end a run: a signal, refused credentials, an AWS that does not answer.
    async fn role_is_as_wanted(&self) -> Result<Option<bool>> {
        let wanted = Desired::of(self.config, &self.aws.account, Expiry::Keep, String::new(), false).role;
        match interrupt::unless_asked(role::observe(self.aws, self.names, false)).await {
            Ok(Some(found)) => {
                let permissions = found.inline.get(role::POLICY);
                Ok(Some(found.trust == wanted.trust && permissions == Some(&wanted.permissions)))
            }
            Ok(None) => Ok(Some(false)),
            Err(error) if error.kind.ends_run() => Err(error),
            Err(_) => Ok(None),
        }
    }
}
