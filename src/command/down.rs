//! `down`: look, plan the removal of all that is ours, ask, apply, and look again.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::{Outcome, Stack, confirm};
use crate::apply::Apply;
use crate::aws::Target;
use crate::cli::DownArgs;
use crate::config::FinalSnapshot;
use crate::error::{Error, FailureKind, Result};
use crate::event::Event;
use crate::interrupt;
use crate::plan::{Glyph, Plan, take_down};
use crate::resource::tags::{self, EXPIRES, time};
use crate::resource::{Names, Observed, ResourceKind, bucket, cluster, consistent, contents, observe_to_delete, role};
use crate::retry::{Backoff, TransientError};

pub async fn run(stack: &Stack, args: &DownArgs) -> Result<Outcome> {
    let mut found = interrupt::unless_asked(FoundStack::look_up(stack, args)).await?;
    found.warn_of_foreign_role();
    if found.stack.names.region != stack.names.region {
        found.stack.announce();
    }
    let plan = found.plan();
    super::up::refuse(&plan)?;
    found.emit_plan(&plan, args.dry_run);
    if args.dry_run {
        interrupt::unless_asked(found.emit_contents(stack)).await?;
        ask_for_aws(stack, plan.is_empty());
        return Ok(Outcome::Done);
    }
    found.confirm(&plan, args.yes).await?;
    let again = |error: Error| error.hint("Run `down` again: it goes on where it stopped.");
    let mut failures = found.apply(&plan).await.map_err(again)?;
    let leftovers = found.prove(args, &mut failures).await.map_err(again)?;
    if leftovers.is_empty() {
        found.warn_of_unseen();
        let (name, scope, looked_at) = (stack.names.stack.clone(), found.stack.scope(), found.looked_at());
        let (kept, kept_by_aws) = (found.kept(), found.kept_by_aws());
        stack.events.emit(Event::Gone { stack: name, scope, looked_at, kept, kept_by_aws });
        ask_for_aws(stack, plan.is_empty());
        return Ok(Outcome::Done);
    }
    let list: Vec<String> = leftovers.iter().map(|left| format!("{}\n    {}", left.what, left.remove)).collect();
    let message = format!("the teardown left something behind; to remove it by hand:\n  {}", list.join("\n  "));
    let mut error = Error::new(FailureKind::Leftovers, message);
    for failure in failures {
        error = error.hint(failure.with_reason());
        error.hints.extend(failure.hints);
    }
    Err(error.hint("Run `down` again once the reason is gone."))
}

/// Warns where the local target had nothing: AWS was not looked at, and goes on costing money.
fn ask_for_aws(stack: &Stack, found_nothing: bool) {
    if found_nothing && stack.target == Target::Local {
        let message = "there was nothing to take down on the local target, and AWS was not looked at: did you mean \
                       `down --target aws`?";
        stack.events.emit(Event::Warning { message: message.to_owned() });
    }
}

/// A stack as its role locates it.
pub(super) struct FoundStack {
    pub(super) stack: Stack,
    pub(super) observed: Observed,
    pub(super) final_snapshot: Option<FinalSnapshot>,
    /// Kinds of resources that any observation has shown.
    pub(super) seen: Vec<ResourceKind>,
    /// The region of a stack of the same name, to which the role belongs: it is left there.
    pub(super) role_of: Option<String>,
    /// The region in which everything may be deleted: somebody was asked, or nobody had to be.
    pub(super) confirmed: Option<String>,
}

impl FoundStack {
    pub(super) async fn look_up(stack: &Stack, args: &DownArgs) -> Result<Self> {
        let look = async || role::observe(&stack.aws, &stack.names, true).await;
        let mut role = consistent(&stack.events, look).await?;
        let mut role_of = role.as_ref().and_then(|role| role.elsewhere(&stack.names)).map(str::to_owned);
        if role_of.is_some() && args.region.is_some() {
            role = None;
        } else if let Some(region) = role_of.take() {
            // Where nothing names a region, the role says where the stack is.
            if args.common.place.config.exists() {
                return Err(refuse_another_region(stack, args, &region));
            }
        }
        let mut names = stack.names.clone().with_role_tags(role.as_ref());
        let mut stack = stack.clone();
        stack.aws = stack.aws.in_region(&names.region);
        // Without a role and without infra.toml only the tags can say where the rest is.
        if role.is_none() && args.stack.is_some() {
            names = by_tags(&stack, names).await?;
        }
        // Where the role said that the rest is, also when it is looked for once more and the role is gone.
        stack.names = names;
        let observed = observe_to_delete(&stack.aws, &stack.names, role, &stack.events).await?;
        let final_snapshot = match &args.final_snapshot {
            Some(name) => Some(FinalSnapshot { name: name.clone(), retention_days: -1 }),
            None => stack.config.cluster.final_snapshot.clone().or_else(|| tagged_snapshot(&observed)),
        };
        let seen = seen(&observed);
        Ok(Self { stack, observed, final_snapshot, seen, role_of, confirmed: None })
    }

    pub(super) fn warn_of_foreign_role(&self) {
        if let Some(region) = &self.role_of {
            let Names { stack, role, region: here, .. } = &self.stack.names;
            let message = format!(
                "the role {role} belongs to the stack {stack} in {region}: it is left there, and only {here} is looked at"
            );
            self.stack.events.emit(Event::Warning { message });
        }
    }

    pub(super) fn plan(&self) -> Arc<Plan> {
        let mut plan = take_down(&self.stack.names, &self.observed, self.final_snapshot.as_ref());
        if self.stack.target == Target::Aws {
            plan.note_kept_by_aws(self.subnet_group());
        }
        Arc::new(plan)
    }

    pub(super) fn emit_plan(&self, plan: &Arc<Plan>, only: bool) {
        let (stack, plan) = (self.stack.names.stack.clone(), plan.clone());
        self.stack.events.emit(Event::Planned { verb: "down", stack, plan, only });
    }

    /// Asks before anything is deleted, once in a region.
    pub(super) async fn confirm(&mut self, plan: &Plan, yes: bool) -> Result<()> {
        let deletes = plan.steps.iter().any(|step| step.action.glyph() == Glyph::Delete);
        if deletes && self.confirmed.as_ref() != Some(&self.stack.names.region) {
            confirm::deletion(&self.stack, yes).await?;
            self.confirmed = Some(self.stack.names.region.clone());
        }
        Ok(())
    }

    pub(super) async fn apply(&self, plan: &Plan) -> Result<Vec<Error>> {
        Apply { stack: &self.stack }.run_as_far_as_possible(plan).await
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
    async fn emit_contents(&self, stack: &Stack) -> Result<()> {
        let readable = self.observed.bucket.as_ref().is_some_and(|bucket| !bucket.is_locked);
        if !readable {
            return Ok(());
        }
        let bucket = &self.stack.names.bucket;
        let emit = |entry| stack.events.emit(Event::Goes { bucket: bucket.clone(), entry });
        contents::each_entry(&self.stack.aws, bucket, emit).await
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

fn seen(observed: &Observed) -> Vec<ResourceKind> {
    let there = [observed.role.is_some(), observed.bucket.is_some(), observed.cluster.is_some()];
    ResourceKind::ALL.into_iter().zip(there).filter(|(_, there)| *there).map(|(kind, _)| kind).collect()
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

/// The final snapshot that the cluster's own tag asks for.
fn tagged_snapshot(observed: &Observed) -> Option<FinalSnapshot> {
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
        match bucket::tags(&stack.aws, &name).await {
            Ok(found) if found.as_ref().is_some_and(&mine) => {
                bucket = Some(name);
                break;
            }
            Ok(_) => {}
            // It may be the one that is looked for.
            Err(error) if error.kind.is_cut_off() || TransientError::from_error(&error).is_some() => return Err(error),
            // A bucket that may not be read is somebody else's business.
            Err(_) => {}
        }
    }
    names.cluster = cluster.unwrap_or(names.cluster);
    names.bucket = bucket.unwrap_or(names.bucket);
    Ok(names)
}

/// `down --all-expired`: every stack whose time has passed, wherever it is. One that fails does not keep the others.
pub async fn all_expired(stack: &Stack, args: &DownArgs) -> Result<Outcome> {
    let mut expired = interrupt::unless_asked(find_expired(stack)).await?;
    // A time that was just put off may still be shown as it was (R35): nothing is taken down by one look.
    let mut backoff = Backoff::until(Instant::now() + stack.config.timeouts.settle);
    while !expired.is_empty()
        && backoff.next(&stack.events, "look for expired stacks again", "AWS to show new times").await?
    {
        let now = interrupt::unless_asked(find_expired(stack)).await?;
        expired.retain(|name, found| now.get(name) == Some(&*found));
    }
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
                let is_declined = error.kind == FailureKind::Declined;
                worst = Some(match worst {
                    Some(worst) if is_declined || worst.kind == FailureKind::Leftovers => worst,
                    _ => error,
                });
            }
        }
    }
    worst.map_or(Ok(Outcome::Done), Err)
}

/// The stacks whose time has passed, by name, with their region and that time.
async fn find_expired(stack: &Stack) -> Result<BTreeMap<String, (String, String)>> {
    let now = time(std::time::Duration::ZERO);
    let mut expired = BTreeMap::new();
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

fn note_expired(expired: &mut BTreeMap<String, (String, String)>, tags: &tags::Tags, region: String, now: &String) {
    if let (Some(stack), Some(at)) = (tags.get(tags::STACK), tags.get(EXPIRES))
        && at <= now
    {
        expired.entry(stack.clone()).or_insert((region, at.clone()));
    }
}
