//! A COPY that is denied: because the role's policy is not known everywhere yet, or for good.

use tokio::time::Instant;

use super::Load;
use crate::error::Result;
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
            if waiting.is_none() && !self.role_allows().await {
                return Ok(done);
            }
            // R3: a minute, rarely.
            let patience = self.config.timeouts.settle * 4;
            let pause = waiting.get_or_insert_with(|| Pause::until(Instant::now() + patience));
            if !pause.next(self.events, stage, "Redshift and S3 to know the policy of the role").await? {
                return Ok(done);
            }
        }
    }

    /// What to do about a COPY that was denied.
    pub(super) async fn advice_on_denial(&self) -> &'static str {
        match self.role_allows().await {
            true => {
                "The role is as infra.toml wants it: either IAM is slow today (run load again), or the bucket's own policy \
                 or key refuses the role."
            }
            false => "The role is not as infra.toml wants it: run `sparkify-infra up`.",
        }
    }

    /// Whether the stack's role is as infra.toml wants it, so that a denial may pass. Where that cannot be read, it may.
    async fn role_allows(&self) -> bool {
        let wanted = Desired::of(self.config, &self.aws.account, Expiry::Keep, String::new(), false).role;
        match role::observe(self.aws, self.names, false).await {
            Ok(Some(found)) => {
                found.trust == wanted.trust && found.inline.get(role::POLICY) == Some(&wanted.permissions)
            }
            Ok(None) => false,
            Err(_) => true,
        }
    }
}
