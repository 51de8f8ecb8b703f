//! Carries out a plan, step by step, and emits events. It decides nothing: the plan says what to do.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::event::Event;
use crate::interrupt;
use crate::plan::{Action, Glyph, Plan, Step};
use crate::resource::{ClusterState, ResourceKind, bucket, cluster, contents, role};
use crate::retry::{Backoff, TransientError, retry_if};
use crate::stack::Stack;

/// Applies plans to a stack.
pub struct Apply<'a> {
    pub stack: &'a Stack,
}

impl Apply<'_> {
    /// Step by step; the cluster as it was last seen, if a step looked at it.
    ///
    /// # Errors
    /// The first step that fails ends the run; what the steps before it made stays.
    pub async fn run(&self, steps: &[Step]) -> Result<Option<ClusterState>> {
        let (mut seen, mut created) = (None, Vec::new());
        for step in steps {
            interrupt::safe_point()?;
            if step.action.glyph() == Glyph::Create {
                created.push(step.kind);
            }
            seen = self.run_step(step, created.contains(&step.kind)).await?.or(seen);
        }
        Ok(seen)
    }

    /// As far as it goes: when a step fails, the rest of its resource is left out, and the role with it, because the
    /// role says where the rest is. The other resources are still taken down.
    ///
    /// # Errors
    /// Only where no other step could do better: a signal, credentials, an AWS that does not answer. What failed is the
    /// answer.
    pub async fn run_as_far_as_possible(&self, plan: &Plan) -> Result<Vec<Error>> {
        let (mut failures, mut given_up) = (Vec::new(), Vec::new());
        for step in &plan.steps {
            interrupt::safe_point()?;
            if given_up.contains(&step.kind) || (step.kind == ResourceKind::Role && !given_up.is_empty()) {
                continue;
            }
            match self.run_step(step, false).await {
                Ok(_) => {}
                Err(error) if error.kind.ends_run() => return Err(error),
                Err(error) => {
                    self.stack.events.emit(Event::StepFailed { step: step.to_string(), error: error.to_string() });
                    given_up.push(step.kind);
                    failures.push(error);
                }
            }
        }
        Ok(failures)
    }

    /// `is_new`: this run has created the resource, so that AWS may not know it everywhere yet.
    async fn run_step(&self, step: &Step, is_new: bool) -> Result<Option<ClusterState>> {
        let name = step.to_string();
        self.stack.events.emit(Event::StepStarted { step: name.clone() });
        let started = Instant::now();
        let done = self.step(&step.action, &name, is_new).await?;
        self.stack.events.emit(Event::StepDone { step: name, detail: done.detail, took: started.elapsed() });
        Ok(done.cluster)
    }

    async fn step(&self, action: &Action, name: &str, is_new: bool) -> Result<StepResult> {
        match action {
            Action::EmptyBucket(_) => {
                let empty = async || contents::empty(&self.stack.aws, &self.stack.names).await;
                let emptied = self.with_retry(name, action, is_new, empty).await?;
                Ok(StepResult { detail: Some(emptied.to_string()), cluster: None })
            }
            Action::CreateBucket(desired) => {
                let create = async || bucket::create(&self.stack.aws, &self.stack.names, desired).await;
                Ok(StepResult { detail: self.with_retry(name, action, is_new, create).await?, cluster: None })
            }
            Action::AwaitCluster => self.await_cluster(name, self.stack.config.timeouts.create, Awaited::Ready).await,
            Action::AwaitSettledCluster => {
                self.await_cluster(name, self.stack.config.timeouts.delete, Awaited::Settled).await
            }
            Action::AwaitClusterGone => {
                self.await_cluster(name, self.stack.config.timeouts.delete, Awaited::Gone).await
            }
            call => {
                self.with_retry(name, call, is_new, async || self.call(call).await).await?;
                Ok(StepResult::default())
            }
        }
    }

    /// Runs a call, and retries transient errors.
    async fn with_retry<T>(
        &self,
        name: &str,
        action: &Action,
        is_new: bool,
        work: impl AsyncFnMut() -> Result<T>,
    ) -> Result<T> {
        let deadline = match action {
            Action::DeleteCluster(_) => self.stack.config.timeouts.delete,
            _ => self.stack.config.timeouts.create,
        };
        let classify = if is_new { TransientError::from_error_on_existing } else { TransientError::from_error };
        retry_if(classify, &self.stack.events, name, deadline, work).await
    }

    async fn call(&self, action: &Action) -> Result<()> {
        let (aws, names) = (&self.stack.aws, &self.stack.names);
        match action {
            Action::CreateRole(desired) => role::create(aws, names, desired).await,
            Action::PutTrust(trust) => role::put_trust(aws, names, trust).await,
            Action::TagRole(tags) => role::put_tags(aws, names, tags).await,
            Action::UntagRole(keys) => role::remove_tags(aws, names, keys).await,
            Action::PutRolePolicy(policy) => role::put_policy(aws, names, policy).await,
            Action::DeleteRolePolicy(policy) => role::delete_policy(aws, names, policy).await,
            Action::DetachRolePolicy(arn) => role::detach_policy(aws, names, arn).await,
            Action::LeaveInstanceProfile(profile) => role::leave_profile(aws, names, profile).await,
            Action::DeleteRole => role::delete(aws, names).await,
            Action::BlockPublicAccess => bucket::put_public_access_block(aws, names).await,
            Action::EncryptBucket => bucket::put_encryption(aws, names).await,
            Action::OwnBucketObjects => bucket::put_ownership(aws, names).await,
            Action::TagBucket(tags) => bucket::put_tags(aws, names, tags).await,
            Action::PutBucketPolicy(policy) => bucket::put_policy(aws, names, policy).await,
            Action::DeleteBucketPolicy => bucket::delete_policy(aws, names).await,
            Action::DeleteBucket => bucket::delete(aws, names).await,
            Action::CreateCluster(desired) => cluster::create(aws, names, desired).await,
            Action::TagCluster(tags) => cluster::put_tags(aws, names, tags).await,
            Action::UntagCluster(keys) => cluster::remove_tags(aws, names, keys).await,
            Action::ModifyCluster(change) => cluster::modify(aws, names, change).await,
            Action::ResizeCluster { node_type, nodes, classic } => {
                cluster::resize(aws, names, node_type, *nodes, *classic).await
            }
            Action::ResumeCluster => cluster::resume(aws, names).await,
            Action::AttachRole(role) => cluster::attach_role(aws, names, role).await,
            Action::DeleteCluster(snapshot) => cluster::delete(aws, names, snapshot.as_ref()).await,
            // `step` sees to these.
            Action::CreateBucket(_)
            | Action::EmptyBucket(_)
            | Action::AwaitCluster
            | Action::AwaitSettledCluster
            | Action::AwaitClusterGone => Ok(()),
        }
    }

    async fn await_cluster(&self, name: &str, deadline: Duration, awaited: Awaited) -> Result<StepResult> {
        let mut backoff = Backoff::until(Instant::now() + deadline);
        // R16: a cluster may be unknown right after it was created, and one answer that it is may be an old one.
        let mut last: Option<(Instant, ClusterState)> = None;
        loop {
            let looked = interrupt::unless_asked(cluster::observe(&self.stack.aws, &self.stack.names)).await;
            let found = looked.map_err(|error| self.with_last_state(error, last.as_ref()))?;
            let is_gone = last.as_ref().is_some_and(|(seen, _)| seen.elapsed() >= self.stack.config.timeouts.settle);
            if awaited.is_reached(found.as_ref(), &self.stack.names.cluster, is_gone)? {
                return Ok(StepResult { detail: None, cluster: found });
            }
            let state = found.as_ref().map_or_else(|| "not visible yet".to_owned(), ClusterState::doing);
            last = found.map(|found| (Instant::now(), found)).or(last);
            let waited = backoff.next(&self.stack.events, name, &state).await;
            if !waited.map_err(|error| self.with_last_state(error, last.as_ref()))? {
                return Err(Error::failed(format!(
                    "the cluster {} is still {state} after {} s",
                    self.stack.names.cluster,
                    deadline.as_secs()
                ))
                .hint("Run the command again to go on waiting; [timeouts] in infra.toml says for how long."));
            }
        }
    }

    /// A hint on the operation that goes on at AWS when a wait for the cluster ends early (R43).
    fn with_last_state(&self, error: Error, last: Option<&(Instant, ClusterState)>) -> Error {
        let name = &self.stack.names.cluster;
        let Some((_, cluster)) = last else {
            return error.hint(format!("How far the cluster {name} is was not seen: AWS goes on with it."));
        };
        let error = error
            .hint(format!("The cluster {name} was {} when it was last seen: AWS goes on with it.", cluster.doing()));
        match error.kind.is_cut_off() && !cluster.is_going() {
            true => error.hint(cluster::cost(cluster)),
            false => error,
        }
    }
}

/// The result of a step.
#[derive(Default)]
struct StepResult {
    detail: Option<String>,
    cluster: Option<ClusterState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Ready,
    Settled,
    Gone,
}

impl Awaited {
    /// R14: which states go by themselves, and which never will.
    fn is_reached(self, found: Option<&ClusterState>, name: &str, is_gone: bool) -> Result<bool> {
        let Some(cluster) = found else {
            return match self {
                Self::Gone | Self::Settled => Ok(true),
                Self::Ready if is_gone => {
                    Err(Error::failed(format!("the cluster {name} was deleted while it was waited for")))
                }
                Self::Ready => Ok(false),
            };
        };
        match self {
            Self::Gone => Ok(false),
            Self::Settled => {
                Ok(["available", "paused", "storage-full"].contains(&cluster.status.as_str()) || cluster.is_stuck())
            }
            Self::Ready if cluster.is_stuck() => Err(Error::failed(format!(
                "the cluster {name} is in the state {} and will not come out of it",
                cluster.status
            ))
            .hint("Run down to remove it, then up.")),
            Self::Ready if cluster.status == "storage-full" => {
                Err(Error::failed(format!("the storage of the cluster {name} is full"))
                    .hint("Raise `nodes` in infra.toml and run `up --resize`, or run down."))
            }
            Self::Ready => Ok(cluster.is_ready()),
        }
    }
}
