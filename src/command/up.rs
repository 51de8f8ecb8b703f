//! `up`: look, plan, apply, say where the warehouse is.

use std::sync::Arc;

use super::Stack;
use crate::apply::Apply;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::plan::{Plan, plan};
use crate::resource::{Desired, cluster, observe};

pub async fn run(stack: &Stack) -> Result<()> {
    let desired = Desired::of(&stack.config, &stack.aws.account);
    let observed = observe(&stack.aws, &stack.names).await?;
    let plan = Arc::new(plan(&stack.names, Some(&desired), &observed));
    refuse(&plan)?;
    stack.events.emit(Event::Planned { verb: "up", stack: stack.names.stack.clone(), plan: plan.clone() });

    let apply = Apply {
        aws: &stack.aws,
        names: &stack.names,
        desired: Some(&desired),
        timeouts: stack.config.timeouts,
        events: &stack.events,
    };
    apply
        .run(&plan)
        .await
        .map_err(|error| error.hint("What was made so far stays. Run `up` again to go on, or `down` to remove it."))?;

    let missing = || Error::failed("the cluster is gone again right after it became ready");
    let cluster = cluster::observe(&stack.aws, &stack.names).await?.ok_or_else(missing)?;
    stack.events.emit(Event::Ready {
        stack: stack.names.stack.clone(),
        endpoint: cluster.endpoint.unwrap_or_default(),
        database: cluster.database,
    });
    Ok(())
}

/// A plan that must not be carried out is an error that names every reason.
pub fn refuse(plan: &Plan) -> Result<()> {
    if plan.refusals.is_empty() {
        return Ok(());
    }
    Err(Error::failed(format!("refused, and nothing was changed:\n  {}", plan.refusals.join("\n  "))))
}
