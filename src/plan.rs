//! Desired against observed → the steps from here to there, in order, each with its reason and the fields it changes.
//! Pure: no call, no clock. A dry run shows this value, and a run carries it out.

mod bring_up;
mod difference;
mod take_down;

use crate::config::FinalSnapshot;
use crate::resource::cluster::{self, Modification};
use crate::resource::{
    Contents, DesiredBucket, DesiredCluster, DesiredRole, Names, Observed, ResourceKind, Tags, is_ours, tags,
};
pub use bring_up::bring_up;
pub use difference::Change;
pub use take_down::take_down;

/// The kind of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    Create,
    Change,
    Delete,
    Wait,
}

impl Glyph {
    pub fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Change => '~',
            Self::Delete => '-',
            Self::Wait => '.',
        }
    }
}

/// One call, or one wait, with everything that it needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    CreateRole(DesiredRole),
    PutTrust(serde_json::Value),
    TagRole(Tags),
    UntagRole(Vec<String>),
    PutRolePolicy(serde_json::Value),
    DeleteRolePolicy(String),
    DetachRolePolicy(String),
    LeaveInstanceProfile(String),
    DeleteRole,
    CreateBucket(DesiredBucket),
    BlockPublicAccess,
    EncryptBucket,
    OwnBucketObjects,
    /// All tags of the bucket: S3 replaces them together.
    TagBucket(Tags),
    PutBucketPolicy(serde_json::Value),
    DeleteBucketPolicy,
    EmptyBucket(Contents),
    DeleteBucket,
    CreateCluster(DesiredCluster),
    TagCluster(Tags),
    UntagCluster(Vec<String>),
    ModifyCluster(Modification),
    ResizeCluster {
        node_type: String,
        nodes: i32,
        classic: bool,
    },
    ResumeCluster,
    AttachRole(String),
    AwaitCluster,
    /// Nothing may be under way on a cluster that is to be deleted (R14).
    AwaitSettledCluster,
    DeleteCluster(Option<FinalSnapshot>),
    AwaitClusterGone,
}

impl Action {
    pub fn glyph(&self) -> Glyph {
        match self {
            Self::CreateRole(_) | Self::CreateBucket(_) | Self::CreateCluster(_) => Glyph::Create,
            Self::DeleteRolePolicy(_)
            | Self::DetachRolePolicy(_)
            | Self::LeaveInstanceProfile(_)
            | Self::DeleteRole
            | Self::DeleteBucketPolicy
            | Self::EmptyBucket(_)
            | Self::DeleteBucket
            | Self::DeleteCluster(_) => Glyph::Delete,
            Self::AwaitCluster | Self::AwaitSettledCluster | Self::AwaitClusterGone => Glyph::Wait,
            _ => Glyph::Change,
        }
    }

    /// The action in words, before the name of the resource.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::CreateRole(_) | Self::CreateBucket(_) | Self::CreateCluster(_) => "create",
            Self::PutTrust(_) => "put the trust policy of",
            Self::TagRole(_) | Self::TagBucket(_) | Self::TagCluster(_) => "tag",
            Self::UntagRole(_) | Self::UntagCluster(_) => "remove tags of",
            Self::PutRolePolicy(_) | Self::PutBucketPolicy(_) => "put the policy of",
            Self::DeleteRolePolicy(_) | Self::DeleteBucketPolicy => "delete the policy of",
            Self::DetachRolePolicy(_) => "detach a policy from",
            Self::LeaveInstanceProfile(_) => "take out of its instance profile the",
            Self::BlockPublicAccess => "block public access to",
            Self::EncryptBucket => "encrypt",
            Self::OwnBucketObjects => "enforce the owner of",
            Self::EmptyBucket(_) => "empty",
            Self::ModifyCluster(_) => "modify",
            Self::ResizeCluster { .. } => "resize",
            Self::ResumeCluster => "resume",
            Self::AttachRole(_) => "attach the role to",
            Self::AwaitCluster | Self::AwaitSettledCluster => "wait for",
            Self::AwaitClusterGone => "wait for the end of",
            Self::DeleteRole | Self::DeleteBucket | Self::DeleteCluster(_) => "delete",
        }
    }

    /// The operations that change something at AWS, in their order. A wait has none.
    pub fn writes(&self) -> Vec<&'static str> {
        let one = match self {
            Self::CreateRole(_) => "iam:CreateRole",
            Self::PutTrust(_) => "iam:UpdateAssumeRolePolicy",
            Self::TagRole(_) => "iam:TagRole",
            Self::UntagRole(_) => "iam:UntagRole",
            Self::PutRolePolicy(_) => "iam:PutRolePolicy",
            Self::DeleteRolePolicy(_) => "iam:DeleteRolePolicy",
            Self::DetachRolePolicy(_) => "iam:DetachRolePolicy",
            Self::LeaveInstanceProfile(_) => "iam:RemoveRoleFromInstanceProfile",
            Self::DeleteRole => "iam:DeleteRole",
            Self::CreateBucket(_) => "s3:CreateBucket",
            Self::BlockPublicAccess => "s3:PutPublicAccessBlock",
            Self::EncryptBucket => "s3:PutBucketEncryption",
            Self::OwnBucketObjects => "s3:PutBucketOwnershipControls",
            Self::TagBucket(_) => "s3:PutBucketTagging",
            Self::PutBucketPolicy(_) => "s3:PutBucketPolicy",
            Self::DeleteBucketPolicy => "s3:DeleteBucketPolicy",
            Self::EmptyBucket(contents) => {
                let aborts = std::iter::repeat_n("s3:AbortMultipartUpload", count(contents.uploads));
                // R31: a thousand at a time.
                let batches = count((contents.versions + contents.markers).div_ceil(1000));
                return aborts.chain(std::iter::repeat_n("s3:DeleteObjects", batches)).collect();
            }
            Self::DeleteBucket => "s3:DeleteBucket",
            Self::CreateCluster(_) => "redshift:CreateCluster",
            Self::TagCluster(_) => "redshift:CreateTags",
            Self::UntagCluster(_) => "redshift:DeleteTags",
            Self::ModifyCluster(_) => "redshift:ModifyCluster",
            Self::ResizeCluster { .. } => "redshift:ResizeCluster",
            Self::ResumeCluster => "redshift:ResumeCluster",
            Self::AttachRole(_) => "redshift:ModifyClusterIamRoles",
            Self::DeleteCluster(_) => "redshift:DeleteCluster",
            Self::AwaitCluster | Self::AwaitSettledCluster | Self::AwaitClusterGone => return Vec::new(),
        };
        vec![one]
    }
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub action: Action,
    pub kind: ResourceKind,
    /// The resource's name.
    pub name: String,
    pub reason: String,
    /// Field by field, what it is and what it becomes.
    pub changes: Vec<Change>,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.action.verb(), self.kind, self.name)
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Why the plan must not be carried out: what is there and not ours, or cannot be changed in place.
    pub refusals: Vec<String>,
    /// Findings that the plan does not change.
    pub notes: Vec<String>,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn refuse(&mut self, reason: String) {
        self.refusals.push(reason);
    }

    fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Notes what AWS keeps of a cluster that the plan creates or deletes.
    pub fn note_kept_by_aws(&mut self, subnet_group: Option<&str>) {
        let is_one = |step: &Step| matches!(step.action, Action::CreateCluster(_) | Action::DeleteCluster(_));
        if self.steps.iter().any(is_one) {
            let kept = cluster::kept_by_aws(subnet_group).into_iter();
            self.notes.extend(kept.map(|what| format!("AWS keeps {what}: `down` leaves it")));
        }
    }

    /// A plan with a refusal has no steps.
    fn settled(mut self) -> Self {
        if !self.refusals.is_empty() {
            self.steps.clear();
        }
        self
    }

    fn refuse_what_is_not_ours(&mut self, names: &Names, observed: &Observed) {
        let found = [
            (ResourceKind::Role, &names.role, observed.role.as_ref().map(|role| &role.tags)),
            (ResourceKind::Bucket, &names.bucket, observed.bucket.as_ref().map(|bucket| &bucket.tags)),
            (ResourceKind::Cluster, &names.cluster, observed.cluster.as_ref().map(|cluster| &cluster.tags)),
        ];
        for (kind, name, found) in found {
            let Some(found) = found.filter(|found| !is_ours(found, &names.stack)) else { continue };
            let owner = match found.get(tags::STACK) {
                Some(stack) => format!("belongs to the stack {stack}"),
                None => "was not created by sparkify-infra".to_owned(),
            };
            let key = match kind {
                ResourceKind::Role => "stack",
                ResourceKind::Bucket => "bucket.name",
                ResourceKind::Cluster => "cluster.identifier",
            };
            self.refuse(format!(
                "the {kind} {name} exists and {owner}: it is left as it is (`{key}` in infra.toml gives another name)"
            ));
        }
    }

    fn steps_of<'p>(&'p mut self, kind: ResourceKind, name: &'p str) -> ResourceSteps<'p> {
        ResourceSteps { plan: self, kind, name }
    }
}

/// The steps of one resource.
struct ResourceSteps<'p> {
    plan: &'p mut Plan,
    kind: ResourceKind,
    name: &'p str,
}

impl ResourceSteps<'_> {
    fn add(&mut self, action: Action, reason: impl Into<String>) {
        self.add_with(action, reason, Vec::new());
    }

    fn add_with(&mut self, action: Action, reason: impl Into<String>, changes: Vec<Change>) {
        let (kind, name) = (self.kind, self.name.to_owned());
        self.plan.steps.push(Step { action, kind, name, reason: reason.into(), changes });
    }
}

#[cfg(test)]
mod tests;
