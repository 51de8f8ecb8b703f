//! The proof of `down`: everything is looked at again until it is gone, and what AWS shows late is taken down as well.

use tokio::time::Instant;

use super::down::FoundStack;
use crate::cli::DownArgs;
use crate::error::{Error, FailureKind, Result};
use crate::event::Event;
use crate::interrupt;
use crate::resource::{ResourceKind, bucket, cluster, role, tags};
use crate::retry::Backoff;

/// Something that is still there, and the command that removes it.
pub(super) struct Leftover {
    pub(super) what: String,
    pub(super) remove: String,
    goes: Goes,
}

/// How a leftover may go after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goes {
    /// Shown late, and taken down as the rest was; or gone, and still shown (R35, R36).
    Planned,
    /// Deleted with the cluster (R19).
    ByItself,
    Never,
}

impl FoundStack {
    /// Looks until everything is gone: what answers still, and what was never shown, is asked for again for a while (R16,
    /// R35, R36), and what is shown late is taken down, too. What the plan has taken down needs one answer that it is gone.
    pub(super) async fn prove(&mut self, args: &DownArgs, failures: &mut Vec<Error>) -> Result<Vec<Leftover>> {
        let settle = self.stack.config.timeouts.settle;
        let mut backoff = Backoff::until(Instant::now() + settle);
        loop {
            let left = interrupt::unless_asked(self.verify_gone()).await?;
            let is_sure = left.is_empty() && self.unseen().is_empty();
            let stays = !left.is_empty() && left.iter().all(|left| left.goes == Goes::Never);
            // What failed once is not tried again; what was never shown is looked for all the same.
            let is_stuck = !left.is_empty() && !failures.is_empty();
            if is_sure || stays || is_stuck {
                return Ok(left);
            }
            let waits_for = match left.first() {
                Some(left) => format!("AWS still shows {}", left.what),
                None => "AWS may not show yet what was created last".to_owned(),
            };
            if !backoff.next(&self.stack.events, "look again", &waits_for).await? {
                return Ok(left);
            }
            let is_new = match left.iter().any(|left| left.goes == Goes::Planned) {
                true => self.take_down_again(args, failures).await?,
                false => false,
            };
            if is_new {
                backoff = Backoff::until(Instant::now() + settle);
            }
        }
    }

    /// Takes down everything that is shown now; true if any of it was not shown before.
    async fn take_down_again(&mut self, args: &DownArgs, failures: &mut Vec<Error>) -> Result<bool> {
        let mut now = interrupt::unless_asked(Self::look_up(&self.stack, args)).await?;
        if self.role_of.is_none() && now.role_of.is_some() {
            now.warn_of_foreign_role();
            self.role_of.clone_from(&now.role_of);
        }
        let plan = now.plan();
        // A plan that refuses meets what is gone and still shown: it is looked at once more.
        if plan.is_empty() || !plan.refusals.is_empty() {
            return Ok(false);
        }
        if now.stack.names.region != self.stack.names.region {
            now.stack.announce();
        }
        now.emit_plan(&plan, false);
        now.confirmed = self.confirmed.take();
        now.confirm(&plan, args.yes).await?;
        self.confirmed = now.confirmed.take();
        failures.extend(now.apply(&plan).await?);
        let new: Vec<ResourceKind> = now.seen.iter().copied().filter(|kind| !self.seen.contains(kind)).collect();
        let is_new = !new.is_empty();
        self.seen.extend(new);
        if now.observed.role.is_some() {
            self.stack = now.stack;
        }
        self.observed.cluster = now.observed.cluster.or(self.observed.cluster.take());
        self.final_snapshot = self.final_snapshot.take().or(now.final_snapshot);
        Ok(is_new)
    }

    /// Kinds that no observation has shown: they may be absent, or not shown yet. A role that is left to
    /// another region is known.
    fn unseen(&self) -> Vec<ResourceKind> {
        let is_left = |kind: &ResourceKind| *kind == ResourceKind::Role && self.role_of.is_some();
        ResourceKind::ALL.into_iter().filter(|kind| !self.seen.contains(kind) && !is_left(kind)).collect()
    }

    pub(super) fn warn_of_unseen(&self) {
        let unseen: Vec<String> = self.unseen().iter().map(ToString::to_string).collect();
        let settle = self.stack.config.timeouts.settle;
        if unseen.is_empty() || settle.is_zero() {
            return;
        }
        let message = format!(
            "no {} of the stack was shown in {} s. If an `up` was stopped in the last minutes, AWS may not show yet what it \
             created (R16, R35, R36): run `down` again in five minutes",
            unseen.join(", no "),
            settle.as_secs()
        );
        self.stack.events.emit(Event::Warning { message });
    }

    /// Everything is asked for once more, by its own name: lists may be minutes old (R35). What a list shows beside is asked
    /// for by its name, too.
    async fn verify_gone(&self) -> Result<Vec<Leftover>> {
        let (aws, names) = (&self.stack.aws, &self.stack.names);
        let (region, mut left) = (&names.region, Vec::new());
        let mut leave = |goes: Goes, what: String, remove: String| left.push(Leftover { what, remove, goes });
        let secret = self.observed.cluster.as_ref().and_then(|cluster| cluster.secret.as_deref());
        let (own, clusters, tags, roles, snapshots, secret) = tokio::try_join!(
            cluster::observe(aws, names),
            cluster::all_of_ours(aws),
            bucket::tags(aws, &names.bucket),
            self.roles(),
            cluster::snapshots(aws, names),
            cluster::secret_exists(aws, names, secret),
        )
        // What cannot be looked at is not proven gone.
        .map_err(unproven)?;
        let own = own.map(|cluster| (names.cluster.clone(), cluster.tags));
        let others = clusters.into_iter().filter(|(id, _)| *id != names.cluster);
        for (id, _) in own.into_iter().chain(others).filter(|(_, tags)| tags::is_ours(tags, &names.stack)) {
            let goes = if id == names.cluster { Goes::Planned } else { Goes::Never };
            let options = format!("--cluster-identifier {id} --skip-final-cluster-snapshot --region {region}");
            leave(goes, format!("cluster {id}"), format!("aws redshift delete-cluster {options}"));
        }
        if tags.is_some() {
            let name = &names.bucket;
            let remove = format!("aws s3 rb s3://{name} --force --region {region}");
            leave(Goes::Planned, format!("bucket {name}"), remove);
        }
        for (name, arn) in roles {
            let goes = if name == names.role { Goes::Planned } else { Goes::Never };
            leave(goes, format!("role {arn}"), format!("aws iam delete-role --role-name {name}"));
        }
        for id in snapshots.iter().filter(|id| !self.is_kept(id)) {
            let options = format!("--snapshot-identifier {id} --region {region}");
            leave(Goes::Never, format!("snapshot {id}"), format!("aws redshift delete-cluster-snapshot {options}"));
        }
        if secret {
            let name = names.secret();
            let options = format!("--secret-id '{name}' --region {region}");
            leave(Goes::ByItself, format!("secret {name}"), format!("aws secretsmanager delete-secret {options}"));
        }
        Ok(left)
    }

    /// The stack's role, and others under its path, by name and ARN; none where they are left to another region.
    async fn roles(&self) -> Result<Vec<(String, String)>> {
        let (aws, names) = (&self.stack.aws, &self.stack.names);
        let mut found = Vec::new();
        if self.role_of.is_some() {
            return Ok(found);
        }
        if let Some(arn) = role::arn(aws, &names.role).await? {
            found.push((names.role.clone(), arn));
        }
        for (name, _) in role::under_path(aws, &names.role_path).await? {
            if name != names.role
                && let Some(arn) = role::arn(aws, &name).await?
            {
                found.push((name, arn));
            }
        }
        Ok(found)
    }

    pub(super) fn looked_at(&self) -> Vec<String> {
        let names = &self.stack.names;
        let mut all = vec![
            format!("cluster {} and its snapshots, and any other with the tag of the stack", names.cluster),
            format!("its admin secret {}", names.secret()),
            format!("bucket {}", names.bucket),
        ];
        if self.role_of.is_none() {
            all.push(format!("role {}, and others under {}", names.role, names.role_path));
        }
        all
    }

    fn is_kept(&self, snapshot: &str) -> bool {
        self.final_snapshot.as_ref().is_some_and(|kept| kept.name == snapshot)
    }
}

fn unproven(mut error: Error) -> Error {
    let kind = if error.kind.is_cut_off() { error.kind } else { FailureKind::Leftovers };
    let hints = std::mem::take(&mut error.hints);
    let unproven = Error::new(kind, "cannot prove that nothing is left").because(error);
    hints.into_iter().fold(unproven, Error::hint)
}
