//! Looks at the resources of a stack, all at the same time.

use std::time::Duration;

use super::names::Names;
use super::role::RoleState;
use super::state::Observed;
use super::{bucket, cluster, role};
use crate::aws::Aws;
use crate::error::{Error, Result};
use crate::event::Events;
use crate::retry::{MISSING, TransientError, retry_if};

/// Observes everything a stack may have, for `up`.
///
/// # Errors
/// When anything cannot be read: a plan made on half a view would be wrong.
pub async fn observe(aws: &Aws, names: &Names, events: &Events) -> Result<Observed> {
    consistent(events, async || {
        let (role, bucket, cluster) = tokio::try_join!(
            role::observe(aws, names, false),
            bucket::observe(aws, names),
            cluster::observe(aws, names)
        )?;
        Ok(Observed { role, bucket, cluster, snapshots: Vec::new() })
    })
    .await
}

/// Looks again where AWS shows a resource to one call and not to the next (R35, R36).
pub async fn consistent<T>(events: &Events, look: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let unseen = |error: &Error| error.is(&MISSING).then_some(TransientError::Unseen);
    retry_if(unseen, events, "look at the stack", Duration::from_secs(120), look).await
}

/// Looks at everything a stack may have beside its role, which has been looked at to know where the rest is, and at
/// what goes with it: for `down`.
///
/// # Errors
/// As `observe`.
pub async fn observe_to_delete(aws: &Aws, names: &Names, role: Option<RoleState>, events: &Events) -> Result<Observed> {
    consistent(events, async || {
        let (bucket, cluster, snapshots) = tokio::try_join!(
            bucket::observe_to_delete(aws, names, role.as_ref()),
            cluster::observe(aws, names),
            cluster::snapshots(aws, names)
        )?;
        Ok(Observed { role: role.clone(), bucket, cluster, snapshots })
    })
    .await
}
