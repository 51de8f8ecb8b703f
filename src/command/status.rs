//! `status`: what exists, whether it is ready, how it differs from infra.toml, since when and until when.

use std::sync::Arc;

use super::{Outcome, Stack};
use crate::error::{Error, Result};
use crate::event::{Event, ResourceStatus, Status};
use crate::interrupt;
use crate::load::{self, sql};
use crate::plan::{Glyph, Plan, bring_up};
use crate::resource::tags::{EXPIRES, RUN};
use crate::resource::{Desired, Expiry, Observed, ResourceKind, Tags, observe};

pub async fn run(stack: &Stack, with_tables: bool) -> Result<Outcome> {
    let desired = Desired::from_config(&stack.config, &stack.aws.account, Expiry::Keep, String::new(), false);
    let observed = interrupt::unless_asked(observe(&stack.aws, &stack.names, &stack.events)).await?;
    let plan = bring_up(&stack.names, &desired, &observed);
    let cluster = observed.cluster.as_ref();
    let takes_statements = cluster.is_some_and(crate::resource::ClusterState::is_ready);
    let ready = takes_statements && observed.role.is_some() && observed.bucket.is_some() && plan.refusals.is_empty();
    let tables = match with_tables && takes_statements {
        true => row_counts(stack).await?,
        false => Vec::new(),
    };
    let status = Status {
        stack: stack.names.stack.clone(),
        ready,
        endpoint: cluster.and_then(|cluster| cluster.endpoint.clone()),
        database: stack.config.cluster.database.clone(),
        resources: resources(stack, &observed, &plan),
        refusals: plan.refusals.clone(),
        notes: plan.notes.clone(),
        tables,
    };
    stack.events.emit(Event::Status { status: Arc::new(status) });
    Ok(if ready { Outcome::Done } else { Outcome::NotReady })
}

fn resources(stack: &Stack, observed: &Observed, plan: &Plan) -> Vec<ResourceStatus> {
    let names = &stack.names;
    // S3 has the age of a bucket only in the list of all buckets; the tag of the run that created it begins with the time.
    let made = |tags: &Tags| tags.get(RUN).and_then(|run| run.split_once('Z')).map(|(time, _)| format!("{time}Z"));
    let one = |kind: ResourceKind, name: &String, found: Option<(String, Option<String>, &Tags)>| {
        let (state, since, tags) = match found {
            Some((state, since, tags)) => (state, since, Some(tags)),
            None => ("absent".to_owned(), None, None),
        };
        let until = tags.and_then(|tags| tags.get(EXPIRES).cloned());
        let drift = if tags.is_some() { drift(plan, kind) } else { Vec::new() };
        ResourceStatus { kind: kind.to_string(), name: name.clone(), state, since, until, drift }
    };
    let role = observed.role.as_ref().map(|role| ("ready".to_owned(), role.created.clone(), &role.tags));
    let bucket = observed.bucket.as_ref().map(|bucket| ("ready".to_owned(), made(&bucket.tags), &bucket.tags));
    let cluster = observed.cluster.as_ref().map(|cluster| {
        let state = if cluster.is_ready() { "ready".to_owned() } else { cluster.doing() };
        (state, cluster.created.clone(), &cluster.tags)
    });
    vec![
        one(ResourceKind::Role, &names.role, role),
        one(ResourceKind::Bucket, &names.bucket, bucket),
        one(ResourceKind::Cluster, &names.cluster, cluster),
    ]
}

fn drift(plan: &Plan, kind: ResourceKind) -> Vec<String> {
    let steps = plan.steps.iter().filter(|step| step.kind == kind && step.action.glyph() == Glyph::Change);
    steps.map(|step| step.reason.clone()).collect()
}

/// Rows of each table of `sql/schema`, `None` where it is not there.
async fn row_counts(stack: &Stack) -> Result<Vec<(String, Option<u64>)>> {
    let warehouse = load::warehouse(stack).await?;
    let files = sql::files(&stack.config.directory, "schema")?;
    let count = async |table: String| -> Result<(String, Option<u64>)> {
        match warehouse.query(&format!("select count(*) from {table}")).await? {
            Ok(rows) => Ok((table, rows.number())),
            Err(error) if error.is_absent_relation() => Ok((table, None)),
            Err(error) => Err(Error::failed(format!("cannot count the rows of {table}")).because(error)),
        }
    };
    let counted = files.iter().map(|file| count(file.name.clone()));
    futures::future::try_join_all(counted).await
}
