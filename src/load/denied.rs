//! A COPY that is denied: because the role's policy is not known everywhere yet, or for good.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Load;
use crate::error::Result;
use crate::interrupt;
use crate::resource::tags::{CHANGED, begin_of};
use crate::resource::{Desired, DesiredRole, Expiry, RoleState, role};
use crate::retry::Backoff;
use crate::warehouse::{Done, StatementError};

/// After this a change of a role is known everywhere: it takes a minute at most (R3), and the clock of who made it is wrong by
/// a quarter of an hour at most, or AWS refuses what it signs.
const KNOWN_AFTER: SignedDuration = SignedDuration::from_mins(20);

/// The stack's role, as a COPY that is denied finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RoleNow {
    /// Not as infra.toml wants it.
    Different,
    /// As infra.toml wants it, and not for long.
    Recent,
    /// As infra.toml wants it, for so long that AWS knows it everywhere.
    Settled,
    Unreadable,
}

impl RoleNow {
    fn new(found: Option<&RoleState>, wanted: &DesiredRole, now: Timestamp) -> Self {
        let as_wanted = found
            .filter(|found| found.trust == wanted.trust && found.inline.get(role::POLICY) == Some(&wanted.permissions));
        let Some(found) = as_wanted else { return Self::Different };
        let created = found.created.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
        let changed = found.tags.get(CHANGED).map_or(created, |run| begin_of(run));
        let is_old = |at: Option<Timestamp>| at.is_some_and(|at| now.duration_since(at) > KNOWN_AFTER);
        if is_old(created) && is_old(changed) { Self::Settled } else { Self::Recent }
    }

    /// How long a denial is waited out; `None` where it does not pass. What is settled may have been changed by other hands,
    /// which note nothing: a change takes two seconds, as a rule (R3).
    fn patience(self, settle: Duration) -> Option<Duration> {
        match self {
            Self::Different => None,
            Self::Recent | Self::Unreadable => Some(settle * 2),
            Self::Settled => Some(settle / 6),
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Different => "The role is not as infra.toml wants it: run `sparkify-infra up`.",
            Self::Recent => {
                "The role is as infra.toml wants it: either IAM is slow today (run load again), or the bucket's own policy \
                 or key refuses the role."
            }
            Self::Settled => {
                "The role is as infra.toml wants it, and has been for a while: the bucket's own policy or key refuses the role."
            }
            Self::Unreadable => {
                "Whether the role is as infra.toml wants it could not be read: `sparkify-infra plan` says it."
            }
        }
    }
}

impl Load<'_> {
    /// Runs the statements, and again where COPY is denied what the role allows: Redshift and S3 may not know yet what `up`
    /// has just put into the role (R3, R4). Nothing was loaded then: COPY is atomic (C16), and so is the batch (R21).
    pub(super) async fn run_once_allowed(
        &self,
        stage: &str,
        statements: &[String],
    ) -> Result<std::result::Result<Done, StatementError>> {
        self.once_allowed(stage, async || self.warehouse.run_all(statements).await).await
    }

    /// As `run_once_allowed`, for any transaction with a COPY that leaves nothing where it fails.
    pub(super) async fn once_allowed<T>(
        &self,
        stage: &str,
        mut transaction: impl AsyncFnMut() -> Result<std::result::Result<T, StatementError>>,
    ) -> Result<std::result::Result<T, StatementError>> {
        let mut waiting: Option<Backoff> = None;
        loop {
            let done = transaction().await?;
            if !done.as_ref().is_err_and(StatementError::is_denied) {
                return Ok(done);
            }
            let backoff = match &mut waiting {
                Some(backoff) => backoff,
                none => match self.role_now().await?.patience(self.stack.config.timeouts.settle) {
                    Some(patience) => none.insert(Backoff::until(Instant::now() + patience)),
                    None => return Ok(done),
                },
            };
            if !backoff.next(&self.stack.events, stage, "Redshift and S3 to know the policy of the role").await? {
                return Ok(done);
            }
        }
    }

    /// A hint on a COPY that was denied.
    pub(super) async fn advice_on_denial(&self) -> &'static str {
        self.role_now().await.unwrap_or(RoleNow::Unreadable).advice()
    }

    /// # Errors
    /// Those that end a run: a signal, refused credentials, an AWS that does not answer.
    async fn role_now(&self) -> Result<RoleNow> {
        let wanted =
            Desired::from_config(&self.stack.config, &self.stack.aws.account, Expiry::Keep, String::new(), false).role;
        match interrupt::unless_asked(role::observe(&self.stack.aws, &self.stack.names, false)).await {
            Ok(found) => Ok(RoleNow::new(found.as_ref(), &wanted, Timestamp::now())),
            Err(error) if error.kind.ends_run() => Err(error),
            Err(_) => Ok(RoleNow::Unreadable),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::resource::Tags;

    const NOW: &str = "2026-11-29T18:00:00Z";

    /// A role with this policy, created and changed then.
    fn role_of(policy: &str, created: &str, changed: Option<&str>) -> RoleState {
        RoleState {
            arn: String::new(),
            path: String::new(),
            trust: json!({}),
            tags: changed.map(|run| (CHANGED.to_owned(), run.to_owned())).into_iter().collect(),
            inline: BTreeMap::from([(role::POLICY.to_owned(), json!(policy))]),
            attached: Default::default(),
            instance_profiles: Default::default(),
            created: Some(created.to_owned()),
        }
    }

    #[test]
    fn a_denial_is_waited_out_only_where_the_role_is_new() {
        let wanted = DesiredRole { trust: json!({}), permissions: json!("wanted"), is_exact: true, tags: Tags::new() };
        let (old, new) = ("2026-11-29T17:00:00.5Z", "2026-11-29T17:55:00Z");
        let (old_run, new_run) = ("2026-11-29T17:00:00Z-0a1b2c3d", "2026-11-29T17:55:00Z-0a1b2c3d");
        for (found, expected) in [
            (None, RoleNow::Different),
            (Some(role_of("other", new, None)), RoleNow::Different),
            (Some(role_of("wanted", new, None)), RoleNow::Recent),
            (Some(role_of("wanted", old, None)), RoleNow::Settled),
            (Some(role_of("wanted", old, Some(old_run))), RoleNow::Settled),
            (Some(role_of("wanted", old, Some(new_run))), RoleNow::Recent),
            // What cannot be read may have been a moment ago.
            (Some(role_of("wanted", old, Some("yesterday"))), RoleNow::Recent),
            (Some(role_of("wanted", "yesterday", Some(old_run))), RoleNow::Recent),
        ] {
            assert_eq!(RoleNow::new(found.as_ref(), &wanted, NOW.parse().expect("time")), expected, "{found:?}");
        }
        let settle = Duration::from_secs(30);
        assert_eq!(RoleNow::Different.patience(settle), None);
        assert_eq!(RoleNow::Recent.patience(settle), Some(Duration::from_secs(60)));
        assert_eq!(RoleNow::Settled.patience(settle), Some(Duration::from_secs(5)));
    }
}
