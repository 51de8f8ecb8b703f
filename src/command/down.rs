//! `down`: look, plan the removal of all that is ours, apply, and look again.

use std::sync::Arc;

use super::Stack;
use crate::apply::Apply;
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::plan::plan;
use crate::resource::{Names, cluster, observe, role};

pub async fn run(stack: &Stack) -> Result<()> {
    let observed = observe(&stack.aws, &stack.names).await?;
    let secret = observed.cluster.as_ref().and_then(|cluster| cluster.secret.clone());
    let plan = Arc::new(plan(&stack.names, None, &observed));
    super::up::refuse(&plan)?;
    stack.events.emit(Event::Planned { verb: "down", stack: stack.names.stack.clone(), plan: plan.clone() });

    let (timeouts, events) = (stack.config.timeouts, &stack.events);
    let apply = Apply { aws: &stack.aws, names: &stack.names, desired: None, timeouts, events };
    apply.run(&plan).await.map_err(|error| error.hint("Run `down` again: it goes on where it stopped."))?;

    let leftovers = look_again(stack, secret.as_deref()).await?;
    if !leftovers.is_empty() {
        let list = leftovers.join("\n  ");
        return Err(Error::new(Kind::Leftovers, format!("the teardown left something behind:\n  {list}"))
            .hint("Run `down` again."));
    }
    stack.events.emit(Event::Gone { stack: stack.names.stack.clone(), looked_at: looked_at(&stack.names) });
    Ok(())
}

fn looked_at(names: &Names) -> Vec<String> {
    vec![
        format!("cluster {} and its snapshots", names.cluster),
        "its admin secret".to_owned(),
        format!("bucket {}", names.bucket),
        format!("roles under {}", names.role_path),
    ]
}

/// The proof: everything is asked for once more.
async fn look_again(stack: &Stack, secret: Option<&str>) -> Result<Vec<String>> {
    let (aws, names) = (&stack.aws, &stack.names);
    let mut left = Vec::new();
    let observed = observe(aws, names).await?;
    left.extend(observed.cluster.map(|cluster| format!("cluster {} ({})", names.cluster, cluster.status)));
    left.extend(observed.bucket.map(|_| format!("bucket {}", names.bucket)));
    left.extend(role::under_path(aws, names).await?.into_iter().map(|arn| format!("role {arn}")));
    left.extend(cluster::snapshots(aws, names).await?.into_iter().map(|id| format!("snapshot {id}")));
    if let Some(secret) = secret
        && cluster::secret_exists(aws, secret).await?
    {
        left.push(format!("secret {secret}"));
    }
    Ok(left)
}
