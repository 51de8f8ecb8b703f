//! `down`: look, plan the removal of all that is ours, apply, and look again.

use std::sync::Arc;

use super::{Outcome, Stack, confirm};
use crate::apply::Apply;
use crate::aws::Target;
use crate::cli::DownArgs;
use crate::config::FinalSnapshot;
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::interrupt;
use crate::plan::{Glyph, Plan, take_down};
use crate::resource::tags::{self, EXPIRES, time};
use crate::resource::{Names, Observed, bucket, cluster, contents, observe_to_delete, role};

pub async fn run(stack: &Stack, args: &DownArgs) -> Result<Outcome> {
    let found = interrupt::unless_asked(Found::of(stack, args)).await?;
    if found.names.region != stack.names.region {
        found.stack.announce();
    }
    let plan = Arc::new(found.plan()?);
    let name = stack.names.stack.clone();
    stack.events.emit(Event::Planned { verb: "down", stack: name.clone(), plan: plan.clone(), only: args.dry_run });
    if args.dry_run {
        interrupt::unless_asked(found.tell_what_goes(stack)).await?;
        ask_for_aws(stack, plan.is_empty());
        return Ok(Outcome::Done);
    }
    if plan.steps.iter().any(|step| step.action.glyph() == Glyph::Delete) {
        confirm::deletion(&found.stack, args.yes).await?;
    }
    let apply =
        Apply { aws: &found.stack.aws, names: &found.names, timeouts: stack.config.timeouts, events: &stack.events };
    let again = |error: Error| error.hint("Run `down` again: it goes on where it stopped.");
    let failures = apply.run_as_far_as_possible(&plan).await.map_err(again)?;

    let leftovers = interrupt::unless_asked(found.look_again()).await.map_err(again)?;
    if leftovers.is_empty() {
        let (looked_at, kept, kept_by_aws) = (found.looked_at(), found.kept(), found.kept_by_aws());
        stack.events.emit(Event::Gone { stack: name, scope: found.stack.scope(), looked_at, kept, kept_by_aws });
        ask_for_aws(stack, plan.is_empty());
        return Ok(Outcome::Done);
    }
    let list: Vec<String> = leftovers.iter().map(|left| format!("{}\n    {}", left.what, left.remove)).collect();
    let message = format!("the teardown left something behind; to remove it by hand:\n  {}", list.join("\n  "));
    let mut error = Error::new(Kind::Leftovers, message);
    for failure in failures {
        let cause = std::error::Error::source(&failure).map(|cause| format!(": {cause}")).unwrap_or_default();
        error = error.hint(format!("{failure}{cause}"));
        error.hints.extend(failure.hints);
    }
    Err(error.hint("Run `down` again once the reason is gone."))
}

/// Where the local target had nothing: what is on AWS was not looked at, and goes on costing money.
fn ask_for_aws(stack: &Stack, found_nothing: bool) {
    if found_nothing && stack.target == Target::Local {
        let message = "there was nothing to take down on the local target, and AWS was not looked at: did you mean \
                       `down --target aws`?";
        stack.events.emit(Event::Warning { message: message.to_owned() });
    }
}

/// Everything of a stack, where its role says that it is.
struct Found {
    stack: Stack,
    names: Names,
    observed: Observed,
    final_snapshot: Option<FinalSnapshot>,
    /// The role belongs to a stack of the same name in another region.
    leaves_role: bool,
}

/// Something that is still there, and the command that removes it.
struct Leftover {
    what: String,
    remove: String,
}

impl Found {
    async fn of(stack: &Stack, args: &DownArgs) -> Result<Self> {
        let mut role = role::observe(&stack.aws, &stack.names, true).await?;
        let elsewhere = role.as_ref().and_then(|role| role.elsewhere(&stack.names)).map(str::to_owned);
        let leaves_role = elsewhere.is_some() && args.region.is_some();
        match elsewhere {
            Some(region) if leaves_role => {
                let Names { stack: name, role: left, region: here, .. } = &stack.names;
                let message = format!(
                    "the role {left} belongs to the stack {name} in {region}: it is left there, and only {here} is looked at"
                );
                stack.events.emit(Event::Warning { message });
                role = None;
            }
            Some(region) if args.common.place.config.exists() => {
                return Err(refuse_another_region(stack, args, &region));
            }
            // Nothing names a region: the role says where the stack is.
            _ => {}
        }
        let mut names = stack.names.clone().told_by(role.as_ref());
        let mut stack = stack.clone();
        stack.aws = stack.aws.in_region(&names.region);
        // Without a role and without infra.toml only the tags can say where the rest is.
        if role.is_none() && args.stack.is_some() {
            names = by_tags(&stack, names).await?;
        }
        let observed = observe_to_delete(&stack.aws, &names, role).await?;
        let final_snapshot = match &args.final_snapshot {
            Some(name) => Some(FinalSnapshot { name: name.clone(), retention_days: -1 }),
            None => stack.config.cluster.final_snapshot.clone().or_else(|| told(&observed)),
        };
        Ok(Self { stack, names, observed, final_snapshot, leaves_role })
    }

    /// The plan, where it may be carried out.
    fn plan(&self) -> Result<Plan> {
        let mut plan = take_down(&self.names, &self.observed, self.final_snapshot.as_ref());
        super::up::refuse(&plan)?;
        if self.stack.target == Target::Aws {
            plan.note_kept_by_aws(self.subnet_group());
        }
        Ok(plan)
    }

    fn subnet_group(&self) -> Option<&str> {
        self.observed.cluster.as_ref()?.subnet_group.as_deref()
    }

    /// Where there was a cluster.
    fn kept_by_aws(&self) -> Vec<String> {
        match self.stack.target == Target::Aws && self.observed.cluster.is_some() {
            true => cluster::kept_by_aws(self.subnet_group()),
            false => Vec::new(),
        }
    }

    /// Object by object, as the bucket lists them.
    async fn tell_what_goes(&self, stack: &Stack) -> Result<()> {
        let readable = self.observed.bucket.as_ref().is_some_and(|bucket| !bucket.is_locked);
        if !readable {
            return Ok(());
        }
        let bucket = &self.names.bucket;
        let tell = |entry| stack.events.emit(Event::Goes { bucket: bucket.clone(), entry });
        contents::each_entry(&self.stack.aws, bucket, tell).await
    }

    /// The proof: everything is asked for once more.
    async fn look_again(&self) -> Result<Vec<Leftover>> {
        let (aws, names) = (&self.stack.aws, &self.names);
        let (region, mut left) = (&names.region, Vec::new());
        let mut leave = |what: String, remove: String| left.push(Leftover { what, remove });
        let (clusters, tags, roles, snapshots, secret) = tokio::try_join!(
            cluster::all_of_ours(aws),
            bucket::tags(aws, &names.bucket),
            role::under_path(aws, &names.role_path),
            cluster::snapshots(aws, names),
            cluster::secret_exists(aws, names),
        )
        // What cannot be looked at is not proven gone.
        .map_err(unproven)?;
        for (id, _) in clusters.iter().filter(|(_, tags)| tags::is_ours(tags, &names.stack)) {
            let options = format!("--cluster-identifier {id} --skip-final-cluster-snapshot --region {region}");
            leave(format!("cluster {id}"), format!("aws redshift delete-cluster {options}"));
        }
        if tags.is_some() {
            let name = &names.bucket;
            leave(format!("bucket {name}"), format!("aws s3 rb s3://{name} --force --region {region}"));
        }
        for (name, arn) in roles.into_iter().filter(|_| !self.leaves_role) {
            leave(format!("role {arn}"), format!("aws iam delete-role --role-name {name}"));
        }
        for id in snapshots.iter().filter(|id| !self.is_kept(id)) {
            let options = format!("--snapshot-identifier {id} --region {region}");
            leave(format!("snapshot {id}"), format!("aws redshift delete-cluster-snapshot {options}"));
        }
        if secret {
            let name = names.secret();
            let options = format!("--secret-id '{name}' --region {region}");
            leave(format!("secret {name}"), format!("aws secretsmanager delete-secret {options}"));
        }
        Ok(left)
    }

    fn looked_at(&self) -> Vec<String> {
        let names = &self.names;
        let mut all = vec![
            format!("cluster {} and its snapshots, and any other with the tag of the stack", names.cluster),
            format!("its admin secret {}", names.secret()),
            format!("bucket {}", names.bucket),
        ];
        if !self.leaves_role {
            all.push(format!("roles under {}", names.role_path));
        }
        all
    }

    fn is_kept(&self, snapshot: &str) -> bool {
        self.final_snapshot.as_ref().is_some_and(|kept| kept.name == snapshot)
    }

    fn kept(&self) -> Vec<String> {
        let was_there = self.observed.cluster.is_some();
        let snapshot = self.final_snapshot.as_ref();
        let snapshot = snapshot.filter(|kept| was_there || self.observed.snapshots.contains(&kept.name));
        snapshot
            .map(|kept| format!("final snapshot {}, which is billed until it is deleted", kept.name))
            .into_iter()
            .collect()
    }
}

/// A stack in a region that infra.toml does not name is deleted only where the command line says so.
fn refuse_another_region(stack: &Stack, args: &DownArgs, region: &str) -> Error {
    let Names { stack: name, role, region: wanted, .. } = &stack.names;
    let by_name = args.stack.as_ref().map(|name| format!(" --stack {name}")).unwrap_or_default();
    Error::failed(format!(
        "refused, and nothing was changed:\n  the stack {name} is in {region}, as its role {role} says, and infra.toml says \
         {wanted}"
    ))
    .hint(format!("`sparkify-infra down{by_name} --region {region}` deletes it there."))
}

fn unproven(mut error: Error) -> Error {
    let kind = if error.kind.is_cut_off() { error.kind } else { Kind::Leftovers };
    let hints = std::mem::take(&mut error.hints);
    let unproven = Error::new(kind, "cannot prove that nothing is left").because(error);
    hints.into_iter().fold(unproven, Error::hint)
}

/// The final snapshot that the cluster's own tag asks for.
fn told(observed: &Observed) -> Option<FinalSnapshot> {
    let name = observed.cluster.as_ref()?.tags.get(tags::FINAL_SNAPSHOT)?;
    Some(FinalSnapshot { name: name.clone(), retention_days: -1 })
}

/// Looks through the clusters and buckets of the region for those of this stack.
async fn by_tags(stack: &Stack, mut names: Names) -> Result<Names> {
    let mine = |tags: &tags::Tags| tags::is_ours(tags, &names.stack);
    let clusters = cluster::all_of_ours(&stack.aws).await?;
    let cluster = clusters.into_iter().find(|(_, tags)| mine(tags)).map(|(id, _)| id);
    let mut bucket = None;
    for name in bucket::all(&stack.aws).await? {
        // A bucket that may not be read is somebody else's business.
        if bucket::tags(&stack.aws, &name).await.ok().flatten().is_some_and(|tags| mine(&tags)) {
            bucket = Some(name);
            break;
        }
    }
    names.cluster = cluster.unwrap_or(names.cluster);
    names.bucket = bucket.unwrap_or(names.bucket);
    Ok(names)
}

/// `down --all-expired`: every stack whose time has passed, wherever it is. One that fails does not keep the others.
pub async fn all_expired(stack: &Stack, args: &DownArgs) -> Result<Outcome> {
    let expired = interrupt::unless_asked(all_that_expired(stack)).await?;
    if expired.is_empty() {
        stack.events.emit(Event::Chapter { title: "no stack has expired".into() });
        ask_for_aws(stack, true);
    }
    let mut worst: Option<Error> = None;
    for (name, (region, at)) in expired {
        stack.events.emit(Event::Chapter { title: format!("the stack {name} expired at {at}, in {region}") });
        let one = stack.named(&name, &region);
        let args = DownArgs { stack: Some(name), region: Some(region), ..args.clone() };
        match run(&one, &args).await {
            Ok(_) => {}
            Err(error) if error.kind.ends_run() => return Err(error),
            Err(error) => {
                stack.events.emit(Event::Warning { message: error.to_string() });
                let is_declined = error.kind == Kind::Declined;
                worst = Some(match worst {
                    Some(worst) if is_declined || worst.kind == Kind::Leftovers => worst,
                    _ => error,
                });
            }
        }
    }
    worst.map_or(Ok(Outcome::Done), Err)
}

/// Stack → region and when it expired.
type Expired = std::collections::BTreeMap<String, (String, String)>;

async fn all_that_expired(stack: &Stack) -> Result<Expired> {
    let now = time(std::time::Duration::ZERO);
    let mut expired = Expired::new();
    for (role, _) in role::under_path(&stack.aws, "/sparkify-infra/").await? {
        let Some((tags, region)) = role::stack_of(&stack.aws, &role).await? else { continue };
        note_expired(&mut expired, &tags, region.unwrap_or_else(|| stack.aws.region.clone()), &now);
    }
    // A cluster whose role somebody has deleted.
    for (_, tags) in cluster::all_of_ours(&stack.aws).await? {
        note_expired(&mut expired, &tags, stack.aws.region.clone(), &now);
    }
    Ok(expired)
}

fn note_expired(expired: &mut Expired, tags: &tags::Tags, region: String, now: &String) {
    if let (Some(stack), Some(at)) = (tags.get(tags::STACK), tags.get(EXPIRES))
        && at <= now
    {
        expired.entry(stack.clone()).or_insert((region, at.clone()));
    }
}
