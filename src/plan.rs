//! Desired against observed → the steps from here to there, in order, each with its reason and the fields it changes.
//! Pure: no call, no clock. What is shown is this value, and what is done is this value.

mod difference;
mod take_down;

use crate::config::FinalSnapshot;
use crate::resource::cluster::Modification;
use crate::resource::tags::{EXPIRES, RUN};
use crate::resource::{
    BucketState, ClusterState, Contents, Desired, DesiredBucket, DesiredCluster, DesiredRole, Kind, Names, Observed,
    RoleState, Tags, is_ours, role, tags,
};
pub use difference::Change;
use difference::{created, of_documents};
pub use take_down::take_down;

/// What a step does to its resource.
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

    /// What it does, in words that are followed by the resource.
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

    /// The operations that change something at AWS, in their order. A wait makes none.
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
    pub kind: Kind,
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
    /// What was seen and is left as it is.
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

    /// A plan with a refusal has no steps.
    fn settled(mut self) -> Self {
        if !self.refusals.is_empty() {
            self.steps.clear();
        }
        self
    }

    fn refuse_what_is_not_ours(&mut self, names: &Names, observed: &Observed) {
        let found = [
            (Kind::Role, &names.role, observed.role.as_ref().map(|role| &role.tags)),
            (Kind::Bucket, &names.bucket, observed.bucket.as_ref().map(|bucket| &bucket.tags)),
            (Kind::Cluster, &names.cluster, observed.cluster.as_ref().map(|cluster| &cluster.tags)),
        ];
        for (kind, name, found) in found {
            let Some(found) = found.filter(|found| !is_ours(found, &names.stack)) else { continue };
            let owner = match found.get(tags::STACK) {
                Some(stack) => format!("belongs to the stack {stack}"),
                None => "was not made by sparkify-infra".to_owned(),
            };
            self.refuse(format!("the {kind} {name} exists and {owner}: it is left as it is"));
        }
    }

    fn on<'p>(&'p mut self, kind: Kind, name: &'p str) -> On<'p> {
        On { plan: self, kind, name }
    }
}

/// The steps of one resource.
struct On<'p> {
    plan: &'p mut Plan,
    kind: Kind,
    name: &'p str,
}

impl On<'_> {
    fn add(&mut self, action: Action, reason: impl Into<String>) {
        self.add_with(action, reason, Vec::new());
    }

    fn add_with(&mut self, action: Action, reason: impl Into<String>, changes: Vec<Change>) {
        let (kind, name) = (self.kind, self.name.to_owned());
        self.plan.steps.push(Step { action, kind, name, reason: reason.into(), changes });
    }
}

/// The plan of `up`.
pub fn bring_up(names: &Names, desired: &Desired, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    plan.refuse_what_is_not_ours(names, observed);
    if plan.refusals.is_empty() {
        bring_up_role(&mut plan, names, desired, observed.role.as_ref());
        bring_up_bucket(&mut plan, names, desired, observed.bucket.as_ref());
        bring_up_cluster(&mut plan, names, desired, observed.cluster.as_ref());
    }
    plan.settled()
}

/// The tags of something that is about to be made.
fn new_tags(wanted: &Tags, desired: &Desired) -> Tags {
    let mut all = wanted.clone();
    all.insert(RUN.to_owned(), desired.run.clone());
    all.extend(desired.expiry.resolve(None).map(|at| (EXPIRES.to_owned(), at.clone())));
    all
}

/// How the tags of something that exists differ: those to set, those to remove, field by field. Tags of others stay.
struct TagDifference {
    set: Tags,
    remove: Vec<String>,
    changes: Vec<Change>,
}

fn tags_differ(wanted: &Tags, desired: &Desired, found: &Tags) -> TagDifference {
    let mut all = wanted.clone();
    let expires = desired.expiry.resolve(found.get(EXPIRES));
    all.extend(expires.map(|at| (EXPIRES.to_owned(), at.clone())));
    let mut remove = Vec::new();
    for key in [EXPIRES, tags::FINAL_SNAPSHOT] {
        if found.contains_key(key) && !all.contains_key(key) {
            remove.push(key.to_owned());
        }
    }
    let set: Tags = all.into_iter().filter(|(key, value)| found.get(key) != Some(value)).collect();
    let mut changes: Vec<Change> =
        set.iter().map(|(key, value)| Change::of(key, found.get(key), Some(value))).collect();
    changes.extend(remove.iter().map(|key| Change::of(key, found.get(key), None::<&str>)));
    TagDifference { set, remove, changes }
}

const TAGS_DIFFER: &str = "its tags differ";

fn bring_up_role(plan: &mut Plan, names: &Names, desired: &Desired, found: Option<&RoleState>) {
    let wanted = &desired.role;
    let Some(found) = found else {
        let mut step = plan.on(Kind::Role, &names.role);
        let role = DesiredRole { tags: new_tags(&wanted.tags, desired), ..wanted.clone() };
        let mut fields = created(&role.tags, &[("path", names.role_path.clone())]);
        fields.extend(of_documents("trust", None, Some(&role.trust)));
        step.add_with(Action::CreateRole(role), "lets Redshift, in this account only, read S3", fields);
        let policy = of_documents("policy", None, Some(&wanted.permissions));
        let action = Action::PutRolePolicy(wanted.permissions.clone());
        step.add_with(action, "may read what load reads, and nothing else", policy);
        return;
    };
    if found.path != names.role_path {
        plan.refuse(format!(
            "the role {} has the path {}, which cannot be changed to {}",
            names.role, found.path, names.role_path
        ));
    }
    refuse_what_has_moved(plan, names, found);
    for arn in &found.attached {
        plan.note(format!("the policy {arn} is attached to the role {}: it is left there", names.role));
    }
    for name in found.inline.keys().filter(|name| *name != role::POLICY) {
        plan.note(format!("the role {} has a policy {name} that is not ours: it is left there", names.role));
    }
    let mut step = plan.on(Kind::Role, &names.role);
    if found.trust != wanted.trust {
        let changes = of_documents("trust", Some(&found.trust), Some(&wanted.trust));
        step.add_with(Action::PutTrust(wanted.trust.clone()), "its trust policy differs", changes);
    }
    let differ = tags_differ(&wanted.tags, desired, &found.tags);
    if !differ.set.is_empty() {
        step.add_with(Action::TagRole(differ.set), TAGS_DIFFER, differ.changes.clone());
    }
    if !differ.remove.is_empty() {
        step.add_with(Action::UntagRole(differ.remove), TAGS_DIFFER, differ.changes);
    }
    let policy = found.inline.get(role::POLICY);
    if policy != Some(&wanted.permissions) {
        let reason = if policy.is_none() { "its policy is missing" } else { "its policy differs" };
        let changes = of_documents("policy", policy, Some(&wanted.permissions));
        step.add_with(Action::PutRolePolicy(wanted.permissions.clone()), reason, changes);
    }
}

/// The role says where the stack is. If infra.toml says otherwise, what is there would be left behind.
fn refuse_what_has_moved(plan: &mut Plan, names: &Names, found: &RoleState) {
    let told = names.clone().told_by(Some(found));
    let pairs = [
        ("region", &told.region, &names.region),
        ("bucket", &told.bucket, &names.bucket),
        ("cluster", &told.cluster, &names.cluster),
        ("admin", &told.admin, &names.admin),
    ];
    for (what, is, wanted) in pairs.into_iter().filter(|(_, is, wanted)| is != wanted) {
        plan.refuse(format!(
            "the {what} of the stack {} is {is}, infra.toml says {wanted}: run down, which finds the old one, then up",
            names.stack
        ));
    }
}

fn bring_up_bucket(plan: &mut Plan, names: &Names, desired: &Desired, found: Option<&BucketState>) {
    let wanted = &desired.bucket;
    let mut step = plan.on(Kind::Bucket, &names.bucket);
    let Some(found) = found else {
        let bucket = DesiredBucket { tags: new_tags(&wanted.tags, desired), ..wanted.clone() };
        let fields = created(&bucket.tags, &[("ownership", "BucketOwnerEnforced".into())]);
        let reason = "holds the gathered parts, beside the cluster; owner enforced";
        step.add_with(Action::CreateBucket(bucket), reason, fields);
        let blocked = vec![Change::to("public access block", "all four")];
        step.add_with(Action::BlockPublicAccess, "nothing in it is public", blocked);
        step.add_with(Action::EncryptBucket, "encrypted with AES256", vec![Change::to("encryption", "AES256")]);
        let policy = of_documents("policy", None, Some(&wanted.policy));
        step.add_with(Action::PutBucketPolicy(wanted.policy.clone()), "TLS only", policy);
        return;
    };
    if !found.blocks_public_access {
        let changes = vec![Change::of("public access block", Some("not all four"), Some("all four"))];
        step.add_with(Action::BlockPublicAccess, "public access is not blocked", changes);
    }
    if found.encryption.is_none() {
        step.add_with(Action::EncryptBucket, "it is not encrypted", vec![Change::to("encryption", "AES256")]);
    }
    if found.ownership.as_deref() != Some("BucketOwnerEnforced") {
        let changes = vec![Change::of("ownership", found.ownership.as_ref(), Some("BucketOwnerEnforced"))];
        step.add_with(Action::OwnBucketObjects, "object ownership is not enforced", changes);
    }
    let differ = tags_differ(&wanted.tags, desired, &found.tags);
    if !differ.changes.is_empty() {
        let mut all = found.tags.clone();
        all.extend(differ.set);
        all.retain(|key, _| !differ.remove.contains(key));
        step.add_with(Action::TagBucket(all), TAGS_DIFFER, differ.changes);
    }
    if found.policy.as_ref() != Some(&wanted.policy) {
        let reason = if found.policy.is_none() { "its policy is missing" } else { "its policy differs" };
        let changes = of_documents("policy", found.policy.as_ref(), Some(&wanted.policy));
        step.add_with(Action::PutBucketPolicy(wanted.policy.clone()), reason, changes);
    }
}

fn bring_up_cluster(plan: &mut Plan, names: &Names, desired: &Desired, found: Option<&ClusterState>) {
    let wanted = &desired.cluster;
    let settings = &wanted.settings;
    let Some(found) = found else {
        let mut step = plan.on(Kind::Cluster, &names.cluster);
        let size =
            format!("{} x {}, private, encrypted, password in Secrets Manager", settings.nodes, settings.node_type);
        let cluster = DesiredCluster { tags: new_tags(&wanted.tags, desired), ..wanted.clone() };
        let mut fields = vec![
            ("node type", settings.node_type.clone()),
            ("nodes", settings.nodes.to_string()),
            ("database", settings.database.clone()),
            ("admin", settings.admin.clone()),
            ("port", settings.port.to_string()),
            ("role", wanted.role.clone()),
            ("encryption", settings.kms_key.clone().unwrap_or_else(|| "the key that AWS keeps".into())),
            ("automated snapshots, days", settings.snapshot_retention_days.to_string()),
        ];
        fields.extend(settings.subnet_group.clone().map(|group| ("subnet group", group)));
        let fields = created(&cluster.tags, &fields);
        step.add_with(Action::CreateCluster(cluster), size, fields);
        step.add(Action::AwaitCluster, "until it takes statements");
        return;
    };
    let name = &names.cluster;
    if found.is_going() {
        plan.refuse(format!("the cluster {name} is being deleted ({}): run up again when it is gone", found.status));
        return;
    }
    if found.is_stuck() {
        plan.refuse(format!("the cluster {name} is {}, and will not come out of it: run down, then up", found.status));
        return;
    }
    refuse_what_is_fixed(plan, name, desired, found);
    if !found.defaults.is_empty() {
        let list: Vec<String> = found.defaults.iter().map(|(name, value)| format!("{name} {value}")).collect();
        plan.note(format!("left as AWS set it on the cluster {name}: {}", list.join(", ")));
    }
    for role in found.roles.keys().filter(|role| **role != wanted.role) {
        plan.note(format!("the role {role} is attached to the cluster {name} as well: it is left there"));
    }
    change_cluster(&mut plan.on(Kind::Cluster, name), desired, found);
}

fn refuse_what_is_fixed(plan: &mut Plan, name: &str, desired: &Desired, found: &ClusterState) {
    let settings = &desired.cluster.settings;
    let subnet_group = found.subnet_group.as_ref().filter(|_| settings.subnet_group.is_some());
    let fixed = [
        ("database", Some(&found.database), Some(&settings.database)),
        ("admin", Some(&found.admin), Some(&settings.admin)),
        ("subnet group", subnet_group, settings.subnet_group.as_ref()),
    ];
    for (what, is, wanted) in fixed.into_iter().filter(|(_, is, wanted)| is != wanted) {
        let text = |value: Option<&String>| value.cloned().unwrap_or_else(|| "none".to_owned());
        plan.refuse(format!(
            "the cluster {name}: {what} is {}, infra.toml says {}, and that is not changed in place; run down, then up",
            text(is),
            text(wanted)
        ));
    }
    let sizes = [
        ("node type", found.node_type.clone(), settings.node_type.clone()),
        ("number of nodes", found.nodes.to_string(), settings.nodes.to_string()),
    ];
    for (what, is, wanted) in sizes.into_iter().filter(|(_, is, wanted)| is != wanted && !desired.resize) {
        plan.refuse(format!(
            "the cluster {name}: {what} is {is}, infra.toml says {wanted}; run `up --resize` to change it in place, \
             which interrupts statements and changes what it costs"
        ));
    }
}

/// What is changed in place. AWS takes one change at a time, so that each is waited for (R14).
fn change_cluster(step: &mut On<'_>, desired: &Desired, found: &ClusterState) {
    let wanted = &desired.cluster;
    let settings = &wanted.settings;
    let differ = tags_differ(&wanted.tags, desired, &found.tags);
    if !differ.set.is_empty() {
        step.add_with(Action::TagCluster(differ.set), TAGS_DIFFER, differ.changes.clone());
    }
    if !differ.remove.is_empty() {
        step.add_with(Action::UntagCluster(differ.remove), TAGS_DIFFER, differ.changes);
    }
    // A paused cluster stays so until it is resumed: there is nothing to wait for first.
    let mut at_rest = found.is_ready() || found.status == "paused";
    let mut change = |action: Action, reason: &str, changes: Vec<Change>| {
        if !at_rest {
            step.add(Action::AwaitCluster, format!("it is {}", found.doing()));
        }
        at_rest = true;
        step.add_with(action, reason, changes);
        step.add(Action::AwaitCluster, "until it takes statements");
    };
    if found.status == "paused" {
        change(Action::ResumeCluster, "it is paused", vec![Change::of("status", Some("paused"), Some("available"))]);
    }
    let (modification, changes) = modification(desired, found);
    if !changes.is_empty() {
        change(Action::ModifyCluster(modification), "its settings differ", changes);
    }
    if desired.resize && (found.node_type != settings.node_type || found.nodes != settings.nodes) {
        let classic = (found.nodes == 1) != (settings.nodes == 1);
        let action = Action::ResizeCluster { node_type: settings.node_type.clone(), nodes: settings.nodes, classic };
        let changes = vec![
            Change::of("node type", Some(&found.node_type), Some(&settings.node_type)),
            Change::of("nodes", Some(found.nodes), Some(settings.nodes)),
        ];
        let changes = changes.into_iter().filter(|change| change.from != change.to).collect();
        change(action, if classic { "by a classic resize" } else { "by an elastic resize" }, changes);
    }
    if !found.roles.contains_key(&wanted.role) {
        let changes = vec![Change::to("role", &wanted.role)];
        change(Action::AttachRole(wanted.role.clone()), "the role is not attached", changes);
    }
    if !at_rest {
        step.add(Action::AwaitCluster, format!("until it takes statements; it is {}", found.doing()));
    }
}

fn modification(desired: &Desired, found: &ClusterState) -> (Modification, Vec<Change>) {
    let settings = &desired.cluster.settings;
    let (mut change, mut changes) = (Modification::default(), Vec::new());
    // While it is being created it has no address yet, and with it no port.
    if found.port != settings.port && found.port != 0 {
        change.port = Some(settings.port);
        changes.push(Change::of("port", Some(found.port), Some(settings.port)));
    }
    if !found.encrypted {
        change.encrypted = Some(true);
        changes.push(Change::of("encrypted", Some(false), Some(true)));
    }
    if found.public {
        change.public = Some(false);
        changes.push(Change::of("publicly accessible", Some(true), Some(false)));
    }
    if found.snapshot_retention_days != settings.snapshot_retention_days {
        change.snapshot_retention_days = Some(settings.snapshot_retention_days);
        let (from, to) = (found.snapshot_retention_days, settings.snapshot_retention_days);
        changes.push(Change::of("automated snapshots, days", Some(from), Some(to)));
    }
    if settings.kms_key.is_some() && settings.kms_key != found.kms_key {
        change.kms_key.clone_from(&settings.kms_key);
        changes.push(Change::of("KMS key", found.kms_key.as_ref(), settings.kms_key.as_ref()));
    }
    (change, changes)
}

#[cfg(test)]
mod tests;
