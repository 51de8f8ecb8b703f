//! `up`: look, plan, apply, say where the warehouse is, and load where that is asked for. `plan` and `up --dry-run`
//! stop after the plan.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::load::load_and_report;
use super::{Outcome, Stack};
use crate::apply::Apply;
use crate::aws::Target;
use crate::cli::{Expires, PlanOptions, UpArgs};
use crate::config::Cluster;
use crate::error::{Error, FailureKind, Result};
use crate::event::Event;
use crate::interrupt;
use crate::load::{self, LoadOptions, PreGathered};
use crate::plan::{Action, Plan, bring_up, take_down};
use crate::resource::orderable::{self, Orderable};
use crate::resource::tags::{RUN, run_id, time};
use crate::resource::{
    ClusterState, Desired, Expiry, Observed, ResourceKind, cluster, consistent, observe, observe_to_delete, role,
};
use crate::retry::{Backoff, is_outdated};
use crate::timeline::Timeline;

pub async fn run(stack: &Stack, args: &UpArgs) -> Result<Outcome> {
    run_with(stack, args, &LoadOptions::default()).await
}

/// Runs `up`, with the options of its load.
pub async fn run_with(stack: &Stack, args: &UpArgs, options: &LoadOptions) -> Result<Outcome> {
    let run = run_id();
    let (plan, observed) = make_plan(stack, args.plan_options, &run, NOTHING_CHANGED).await?;
    emit_plan(stack, &plan, args.dry_run);
    if args.dry_run {
        return Ok(Outcome::Done);
    }
    let timeline = Timeline::new(&stack.events);
    let (cluster, pre_gathered) = match reach(stack, args, &run, &timeline, (plan, observed)).await {
        Ok(reached) => reached,
        Err(error) if args.rollback => return Err(roll_back(stack, &run, error).await),
        Err(error) => return Err(with_existing_resources(stack, error).await),
    };
    let missing = || Error::failed("the cluster is gone again right after it became ready");
    let cluster = cluster.ok_or_else(missing)?;
    stack.events.emit(Event::Ready {
        stack: stack.names.stack.clone(),
        endpoint: cluster.endpoint.unwrap_or_default(),
        database: cluster.database,
    });
    if args.load {
        let loaded = load_and_report(stack, options, pre_gathered, &timeline, args.report.as_deref()).await;
        match loaded {
            Err(error) if args.rollback => return Err(roll_back(stack, &run, error).await),
            Err(error) if error.kind.ends_run() => {
                return Err(error.hint(match stack.target {
                    Target::Aws => "The warehouse is up, and is billed until `down`.",
                    Target::Local => "The warehouse is up until `down`.",
                }));
            }
            loaded => drop(loaded?),
        }
    }
    Ok(Outcome::Done)
}

fn emit_plan(stack: &Stack, plan: &Arc<Plan>, only: bool) {
    let (stack_name, plan) = (stack.names.stack.clone(), plan.clone());
    stack.events.emit(Event::Planned { verb: "up", stack: stack_name, plan, only });
}

/// How long `up` plans again where it meets something else than it has seen.
const PLANS_AGAIN: Duration = Duration::from_secs(120);

/// Applies the plan; the cluster as it was last seen. Where AWS showed an old state when the plan was made (R35, R36), or
/// another run was faster, it looks and plans again.
async fn reach(
    stack: &Stack,
    args: &UpArgs,
    run: &str,
    timeline: &Timeline,
    (mut plan, mut observed): (Arc<Plan>, Observed),
) -> Result<(Option<ClusterState>, PreGathered)> {
    let mut backoff: Option<Backoff> = None;
    loop {
        let applied =
            if args.load { apply_and_gather(stack, &plan, timeline).await } else { apply_all(stack, &plan).await };
        let error = match applied {
            Ok((seen, pre_gathered)) => return Ok((seen.or(observed.cluster), pre_gathered)),
            Err(error) if !is_outdated(&error) => return Err(error),
            Err(error) => error,
        };
        let backoff = backoff.get_or_insert_with(|| Backoff::until(Instant::now() + PLANS_AGAIN));
        if !backoff.next(&stack.events, "look again", "AWS to show what exists").await? {
            return Err(error);
        }
        let failure = error.with_reason();
        let message = format!("{failure}. AWS showed an old state, or another run is under way: looking again");
        stack.events.emit(Event::Warning { message });
        (plan, observed) = make_plan(stack, args.plan_options, run, "what this run has done before stays").await?;
        emit_plan(stack, &plan, false);
    }
}

async fn apply_all(stack: &Stack, plan: &Plan) -> Result<(Option<ClusterState>, PreGathered)> {
    let seen = Apply { stack }.run(&plan.steps).await?;
    Ok((seen, PreGathered::default()))
}

/// Gathers beside everything that comes after the cluster's creation: by then the bucket is there.
async fn apply_and_gather(
    stack: &Stack,
    plan: &Plan,
    timeline: &Timeline,
) -> Result<(Option<ClusterState>, PreGathered)> {
    let timed = stack.with_events(&timeline.events);
    let apply = Apply { stack: &timed };
    let created = plan.steps.iter().position(|step| matches!(step.action, Action::CreateCluster(_)));
    let (before, after) = plan.steps.split_at(created.map_or(plan.steps.len(), |at| at + 1));
    let seen = apply.run(before).await?;
    if created.is_none() {
        return Ok((seen, PreGathered::default()));
    }
    let gathering = async {
        // There is time to mend a source before the cluster is there: the load looks again.
        Ok::<_, Error>(load::pre_gather(&timed).await.unwrap_or_else(|error| {
            // A signal ends the steps as well, which say so.
            if !matches!(error.kind, FailureKind::Interrupted(_)) {
                let message = format!("{error}: the load will try again when the cluster is there");
                stack.events.emit(Event::Warning { message });
            }
            PreGathered::default()
        }))
    };
    let done = tokio::try_join!(apply.run(after), gathering)?;
    interrupt::safe_point()?;
    Ok(done)
}

/// `plan`: what `up` would do.
pub async fn plan_only(stack: &Stack, plan_options: PlanOptions, detailed_exitcode: bool) -> Result<Outcome> {
    let (plan, _) = make_plan(stack, plan_options, &run_id(), NOTHING_CHANGED).await?;
    let has_steps = !plan.is_empty();
    emit_plan(stack, &plan, true);
    Ok(if detailed_exitcode && has_steps { Outcome::ChangesPending } else { Outcome::Done })
}

/// Observes and plans. `so_far` tells a refusal what was done before it.
async fn make_plan(stack: &Stack, plan_options: PlanOptions, run: &str, so_far: &str) -> Result<(Arc<Plan>, Observed)> {
    let expiry = expiry(plan_options.expires, stack.config.expires);
    let desired = Desired::from_config(&stack.config, &stack.aws.account, expiry, run.to_owned(), plan_options.resize);
    let observed = interrupt::unless_asked(observe(&stack.aws, &stack.names, &stack.events)).await?;
    let mut plan = bring_up(&stack.names, &desired, &observed);
    refuse_after(&plan, so_far)?;
    refuse_what_is_not_offered(stack, &plan, &desired.cluster.settings).await?;
    if stack.target == Target::Aws {
        let subnet_group = stack.config.cluster.subnet_group.as_deref();
        plan.note_kept_by_aws(subnet_group.or(Some(cluster::DEFAULT_SUBNET_GROUP)));
    }
    Ok((Arc::new(plan), observed))
}

/// Refuses a cluster that AWS does not offer in the region, before anything is created (R38). Best effort: without an answer of
/// AWS it only warns.
async fn refuse_what_is_not_offered(stack: &Stack, plan: &Plan, wanted: &Cluster) -> Result<()> {
    let orders = |action: &Action| matches!(action, Action::CreateCluster(_) | Action::ResizeCluster { .. });
    if !plan.steps.iter().any(|step| orders(&step.action)) {
        return Ok(());
    }
    let (node_type, nodes) = (&wanted.node_type, wanted.nodes);
    match interrupt::unless_asked(orderable::ask(&stack.aws, node_type, nodes)).await? {
        Orderable::Yes => Ok(()),
        Orderable::No(reason) => Err(Error::failed(format!("refused, and nothing was changed:\n  {reason}"))
            .hint("Choose another `node_type` or number of `nodes` in infra.toml.")),
        Orderable::Unknown(reason) => {
            let message = format!("it is not known whether AWS offers {nodes} x {node_type}: {reason}");
            stack.events.emit(Event::Warning { message });
            Ok(())
        }
    }
}

/// The command line says exactly until when; infra.toml says at least.
fn expiry(asked: Option<Expires>, configured: Option<Duration>) -> Expiry {
    match (asked, configured) {
        (Some(Expires::Never), _) => Expiry::Never,
        (Some(Expires::After(after)), _) => Expiry::Exactly(time(after)),
        (None, Some(after)) => Expiry::AtLeast { at: time(after), now: time(Duration::ZERO) },
        (None, None) => Expiry::Keep,
    }
}

const NOTHING_CHANGED: &str = "nothing was changed";

/// A plan that must not be carried out is an error that names every reason.
pub fn refuse(plan: &Plan) -> Result<()> {
    refuse_after(plan, NOTHING_CHANGED)
}

fn refuse_after(plan: &Plan, so_far: &str) -> Result<()> {
    if plan.refusals.is_empty() {
        return Ok(());
    }
    Err(Error::failed(format!("refused, and {so_far}:\n  {}", plan.refusals.join("\n  "))))
}

/// Removes what bears this run's tag, and nothing else. A signal that came before does not stop it.
async fn roll_back(stack: &Stack, run: &str, error: Error) -> Error {
    if error.kind.is_cut_off() {
        return error
            .hint(match stack.target {
                Target::Aws => "Nothing could be rolled back: what this run created is there, and is billed.",
                Target::Local => "Nothing could be rolled back: what this run created is there.",
            })
            .hint("Run `sparkify-infra down` to remove it.");
    }
    interrupt::forget();
    stack.events.emit(Event::Warning { message: format!("{error}: what this run created is removed again") });
    match removed(stack, run).await {
        Ok(removed) if removed.is_empty() => error.hint("This run had created nothing that could be rolled back."),
        Ok(removed) => error.hint(format!("Rolled back what this run had created: {}.", removed.join(", "))),
        Err(failure) => error
            .hint(format!("The rollback failed as well: {failure}."))
            .hint("Run `sparkify-infra down` to remove what is left."),
    }
}

/// Removes what this run created. AWS may show it late (R16, R35, R36): it is looked for until all of it was seen.
async fn removed(stack: &Stack, run: &str) -> Result<Vec<String>> {
    let mut backoff = Backoff::until(Instant::now() + stack.config.timeouts.settle);
    let mut all = std::collections::BTreeMap::new();
    loop {
        all.extend(remove_shown(stack, run).await?);
        if all.len() == ResourceKind::ALL.len()
            || !backoff.next(&stack.events, "roll back", "what AWS may not show yet").await?
        {
            return Ok(all.into_values().collect());
        }
    }
}

async fn remove_shown(stack: &Stack, run: &str) -> Result<Vec<(ResourceKind, String)>> {
    let (aws, names, events) = (&stack.aws, &stack.names, &stack.events);
    let role = consistent(events, async || role::observe(aws, names, true).await).await?;
    let mut made = observe_to_delete(aws, names, role, events).await?;
    made.role = made.role.filter(|role| role.tags.get(RUN).is_some_and(|tag| tag == run));
    made.bucket = made.bucket.filter(|bucket| bucket.tags.get(RUN).is_some_and(|tag| tag == run));
    made.cluster = made.cluster.filter(|cluster| cluster.tags.get(RUN).is_some_and(|tag| tag == run));
    let what = present(stack, &made);
    let plan = take_down(names, &made, None);
    refuse(&plan)?;
    match (Apply { stack }).run_as_far_as_possible(&plan).await?.into_iter().next() {
        Some(failure) => Err(failure),
        None => Ok(what),
    }
}

fn present(stack: &Stack, observed: &Observed) -> Vec<(ResourceKind, String)> {
    let names = &stack.names;
    let cluster = observed.cluster.as_ref();
    let found = [
        observed.role.is_some().then(|| (ResourceKind::Role, format!("role {}", names.role))),
        observed.bucket.is_some().then(|| (ResourceKind::Bucket, format!("bucket {}", names.bucket))),
        cluster.map(|cluster| (ResourceKind::Cluster, format!("cluster {} ({})", names.cluster, cluster.status))),
    ];
    found.into_iter().flatten().collect()
}

/// Adds hints to a failed `up`: the resources it leaves, their price, and how to go on.
async fn with_existing_resources(stack: &Stack, error: Error) -> Error {
    let mut error = error;
    // A look that fails must not hide the failure, and after a signal there is a moment for it.
    let observed = match error.kind.is_cut_off() {
        true => None,
        false => interrupt::briefly(observe(&stack.aws, &stack.names, &stack.events)).await.and_then(Result::ok),
    };
    if let Some(observed) = &observed {
        let what: Vec<String> = present(stack, observed).into_iter().map(|(_, what)| what).collect();
        error = match what.is_empty() {
            true => error.hint("Nothing of the stack exists."),
            false => error.hint(format!("There is now: {}.", what.join(", "))),
        };
        // The local target costs nothing.
        if let Some(cluster) = observed.cluster.as_ref().filter(|_| stack.target == Target::Aws) {
            error = error.hint(cluster::cost(cluster));
        }
    } else if error.kind.ends_run() {
        error = error.hint("What exists could not be looked at: `sparkify-infra status` says it.");
    }
    error.hint("Run `up` again to go on, or `down` to remove it.")
}
