//! Who acts, and what its policies let it do.

use std::sync::{Arc, LazyLock};

use super::policy::{self, Decision, Kind, Policy, Principal, Question};
use super::{Role, managed};
use crate::account::Account;
use crate::store::Store;

/// A principal with the policies that it carries: the caller, or a role that was taken on.
#[derive(Debug, Clone)]
pub struct Identity {
    pub principal: Principal,
    policies: Arc<[Policy]>,
    /// What a session was narrowed to when the role was taken on.
    limit: Option<Arc<Policy>>,
}

/// What the stand-in's own caller may do.
static EVERYTHING: LazyLock<Arc<[Policy]>> =
    LazyLock::new(|| Policy::parse(policy::ALLOW_ALL, Kind::Identity).into_iter().collect());

/// The stand-in's own caller.
pub fn owner_arn(account: &Account) -> String {
    account.global_arn("iam", "user/local")
}

impl Identity {
    /// The stand-in's own caller, who may do everything.
    pub fn owner(account: &Account) -> Self {
        let principal = Principal::Aws { account: account.id.clone(), arn: owner_arn(account) };
        Self { principal, policies: EVERYTHING.clone(), limit: None }
    }

    pub fn of_role(role: &Role, account: &Account, store: &Store) -> Self {
        let inline = role.inline.values().cloned();
        let managed = role.attached.iter().filter_map(|arn| managed::document(store, account, arn));
        let policies = inline.chain(managed).filter_map(|text| Policy::parse(&text, Kind::Identity).ok()).collect();
        let principal = Principal::Aws { account: account.id.clone(), arn: role.arn.clone() };
        Self { principal, policies, limit: None }
    }

    pub fn limited(self, limit: Option<Policy>) -> Self {
        Self { limit: limit.map(Arc::new), ..self }
    }

    /// An explicit deny anywhere wins; a session may no more than its own policy says, too.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        let decisions = self.policies.iter().map(|policy| policy.decide(question));
        let allowed = decisions.fold(Decision::ImplicitDeny, strongest);
        match self.limit.as_ref().map(|limit| limit.decide(question)) {
            None | Some(Decision::Allow) => allowed,
            Some(denied) if allowed == Decision::Allow => denied,
            Some(_) => allowed,
        }
    }
}

fn strongest(one: Decision, other: Decision) -> Decision {
    match (one, other) {
        (Decision::ExplicitDeny, _) | (_, Decision::ExplicitDeny) => Decision::ExplicitDeny,
        (Decision::Allow, _) | (_, Decision::Allow) => Decision::Allow,
        _ => Decision::ImplicitDeny,
    }
}
