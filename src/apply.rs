//! Carries out a plan, step by step, and tells of each. It decides nothing: what to do stands in the plan.

use std::time::{Duration, Instant};

use crate::aws::Aws;
use crate::config::Timeouts;
use crate::error::{Error, Result};
use crate::event::{Event, Events};
use crate::plan::{Action, Plan, Step};
use crate::resource::{ClusterState, Desired, Names, bucket, cluster, role};

/// How long IAM may take to tell Redshift of a new role (R3, R4).
const PROPAGATION: Duration = Duration::from_secs(90);
/// A line tells of a wait this often.
const HEARTBEAT: Duration = Duration::from_secs(10);

pub struct Apply<'a> {
    pub aws: &'a Aws,
    pub names: &'a Names,
    /// What the steps of `up` make; `down` needs none.
    pub desired: Option<&'a Desired>,
    pub timeouts: Timeouts,
    pub events: &'a Events,
}

impl Apply<'_> {
    /// # Errors
    /// The first step that fails ends the run; what the steps before it made stays.
    pub async fn run(&self, plan: &Plan) -> Result<()> {
        for step in &plan.steps {
            let name = describe(step);
            self.events.emit(Event::StepStarted { step: name.clone() });
            let started = Instant::now();
            let detail = self.step(&step.action, &name).await?;
            self.events.emit(Event::StepDone { step: name, detail, took: started.elapsed() });
        }
        Ok(())
    }

    fn desired(&self) -> Result<&Desired> {
        self.desired.ok_or_else(|| Error::failed("the plan creates something, but nothing is desired"))
    }

    /// Carries out one step, and answers what there is to say about it beyond that it is done.
    async fn step(&self, action: &Action, name: &str) -> Result<Option<String>> {
        let (aws, names) = (self.aws, self.names);
        let done = match action {
            Action::CreateRole => role::create(aws, names, &self.desired()?.role).await,
            Action::PutTrust => role::put_trust(aws, names, &self.desired()?.role.trust).await,
            Action::TagRole => role::put_tags(aws, names, &self.desired()?.role.tags).await,
            Action::PutRolePolicy => role::put_policy(aws, names, &self.desired()?.role.permissions).await,
            Action::DeleteRolePolicy(policy) => role::delete_policy(aws, names, policy).await,
            Action::DetachRolePolicy(arn) => role::detach_policy(aws, names, arn).await,
            Action::LeaveInstanceProfile(profile) => role::leave_profile(aws, names, profile).await,
            Action::DeleteRole => role::delete(aws, names).await,
            Action::CreateBucket => bucket::create(aws, names, &self.desired()?.bucket).await,
            Action::BlockPublicAccess => bucket::put_public_access_block(aws, names).await,
            Action::EncryptBucket => bucket::put_encryption(aws, names).await,
            Action::OwnBucketObjects => bucket::put_ownership(aws, names).await,
            Action::TagBucket => bucket::put_tags(aws, names, &self.desired()?.bucket.tags).await,
            Action::PutBucketPolicy => bucket::put_policy(aws, names, &self.desired()?.bucket.policy).await,
            Action::DeleteBucketPolicy => bucket::delete_policy(aws, names).await,
            Action::EmptyBucket => return bucket::empty(aws, names).await.map(|emptied| Some(emptied.to_string())),
            Action::DeleteBucket => bucket::delete(aws, names).await,
            Action::CreateCluster => self.create_cluster(name).await,
            Action::TagCluster => cluster::put_tags(aws, names, &self.desired()?.cluster.tags).await,
            Action::AttachRole => cluster::attach_role(aws, names, &self.desired()?.cluster.role).await,
            Action::AwaitCluster => self.await_cluster(name, self.timeouts.create(), Awaited::Ready).await,
            Action::AwaitSettledCluster => self.await_cluster(name, self.timeouts.delete(), Awaited::Settled).await,
            Action::DeleteCluster => cluster::delete(aws, names).await,
            Action::AwaitClusterGone => self.await_cluster(name, self.timeouts.delete(), Awaited::Gone).await,
        };
        done.map(|()| None)
    }

    /// A role that was just made is unknown to Redshift for a moment.
    async fn create_cluster(&self, name: &str) -> Result<()> {
        let desired = &self.desired()?.cluster;
        let mut pause = Pause::until(Instant::now() + PROPAGATION);
        loop {
            match cluster::create(self.aws, self.names, desired).await {
                Err(error) if cluster::is_role_unknown_yet(&error) => {
                    if !pause.next(self.events, name, "IAM to tell Redshift of the role").await {
                        return Err(error.hint("Either IAM is slow today: run up again. Or the role's trust policy does not name Redshift."));
                    }
                }
                other => return other,
            }
        }
    }

    async fn await_cluster(&self, name: &str, deadline: Duration, awaited: Awaited) -> Result<()> {
        let mut pause = Pause::until(Instant::now() + deadline);
        // R16: a cluster may be unknown right after it was created.
        let mut seen = false;
        loop {
            let found = cluster::observe(self.aws, self.names).await?;
            if awaited.is_reached(found.as_ref(), &self.names.cluster, seen)? {
                return Ok(());
            }
            seen |= found.is_some();
            let state = found.map_or_else(|| "not visible yet".to_owned(), |cluster| cluster.doing());
            if !pause.next(self.events, name, &state).await {
                return Err(Error::failed(format!(
                    "the cluster {} is still {state} after {} s",
                    self.names.cluster,
                    deadline.as_secs()
                ))
                .hint("Run the command again to go on waiting; [timeouts] in infra.toml says for how long."));
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Ready,
    Settled,
    Gone,
}

impl Awaited {
    /// R14: which states go by themselves, and which never will.
    fn is_reached(self, found: Option<&ClusterState>, name: &str, seen: bool) -> Result<bool> {
        let Some(cluster) = found else {
            return match self {
                Self::Gone | Self::Settled => Ok(true),
                Self::Ready if seen => {
                    Err(Error::failed(format!("the cluster {name} was deleted while it was waited for")))
                }
                Self::Ready => Ok(false),
            };
        };
        let stuck = [
            "hardware-failure",
            "incompatible-hsm",
            "incompatible-network",
            "incompatible-parameters",
            "incompatible-restore",
        ];
        match self {
            Self::Gone => Ok(false),
            Self::Settled => Ok(matches!(cluster.status.as_str(), "available" | "paused" | "storage-full")
                || stuck.contains(&cluster.status.as_str())),
            Self::Ready if stuck.contains(&cluster.status.as_str()) => Err(Error::failed(format!(
                "the cluster {name} is in the state {} and will not come out of it",
                cluster.status
            ))
            .hint("Run down to remove it, then up.")),
            Self::Ready if cluster.status == "paused" => {
                Err(Error::failed(format!("the cluster {name} is paused"))
                    .hint("Resume it, then run the command again."))
            }
            Self::Ready => Ok(cluster.is_ready()),
        }
    }
}

/// Pauses that grow from a tenth of a second to ten seconds, with jitter, until a deadline; a heartbeat in between.
struct Pause {
    started: Instant,
    deadline: Instant,
    next: Duration,
    told: Instant,
}

impl Pause {
    fn until(deadline: Instant) -> Self {
        let now = Instant::now();
        Self { started: now, deadline, next: Duration::from_millis(50), told: now }
    }

    /// Pauses; `false` when the deadline has passed.
    async fn next(&mut self, events: &Events, step: &str, state: &str) -> bool {
        if Instant::now() >= self.deadline {
            return false;
        }
        if self.told.elapsed() >= HEARTBEAT {
            self.told = Instant::now();
            let (step, state) = (step.to_owned(), state.to_owned());
            events.emit(Event::Waiting { step, since: self.started.elapsed(), state });
        }
        tokio::time::sleep(self.next.mul_f64(0.8 + 0.4 * fastrand::f64())).await;
        self.next = (self.next * 3 / 2).min(Duration::from_secs(10));
        true
    }
}

/// A step in words: what is done to what.
pub fn describe(step: &Step) -> String {
    let doing = match &step.action {
        Action::CreateRole | Action::CreateBucket | Action::CreateCluster => "create",
        Action::PutTrust => "put the trust policy of",
        Action::TagRole | Action::TagBucket | Action::TagCluster => "tag",
        Action::PutRolePolicy | Action::PutBucketPolicy => "put the policy of",
        Action::DeleteRolePolicy(_) | Action::DeleteBucketPolicy => "delete the policy of",
        Action::DetachRolePolicy(_) => "detach a policy from",
        Action::LeaveInstanceProfile(_) => "take out of its instance profile the",
        Action::BlockPublicAccess => "block public access to",
        Action::EncryptBucket => "encrypt",
        Action::OwnBucketObjects => "enforce the owner of",
        Action::EmptyBucket => "empty",
        Action::AttachRole => "attach the role to",
        Action::AwaitCluster | Action::AwaitSettledCluster => "wait for",
        Action::AwaitClusterGone => "wait for the end of",
        Action::DeleteRole | Action::DeleteBucket | Action::DeleteCluster => "delete",
    };
    format!("{doing} {}", step.resource)
}
