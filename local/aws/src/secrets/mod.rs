//! Secrets Manager: the admin secrets that Redshift manages, and those that callers make.

mod described;
mod input;
mod managed;
mod own;
mod password;
mod versions;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use redshift_engine::sync::locked;
use serde_json::Value;

use crate::account::{Account, now_millis};
use crate::error::{ApiError, ApiResult};
use crate::protocol::{Request, Response, json};
use crate::store::{Store, View};
use described::{arn, is_named};
use input::{NewSecretInput, SecretCall, SecretFilter, SecretListInput, SecretPaging, read};
use managed::Managed;
use own::Own;

#[derive(Clone)]
pub struct Secrets {
    store: Store,
    account: Account,
    /// By the name that no other region has.
    own: Arc<Mutex<BTreeMap<String, Own>>>,
}

/// The secrets that callers made, which no file has.
#[derive(Debug, Clone, Default)]
pub struct OwnSecrets(BTreeMap<String, Own>);

/// Who a secret lets in.
pub struct Login {
    pub user: String,
    pub password: String,
}

impl Secrets {
    pub fn new(store: Store, account: Account) -> Self {
        Self { store, account, own: Arc::default() }
    }

    /// Every secret of a caller's, in every region.
    pub fn every_own(&self) -> OwnSecrets {
        OwnSecrets(self.own().clone())
    }

    /// The secrets of every region as ListSecrets answers them: names, ARNs and tags, and no values.
    pub fn described(&self) -> ApiResult<Vec<Value>> {
        let mut all = Vec::new();
        for region in self.store.regions()? {
            all.extend(self.in_region(&region).managed()?.iter().map(Managed::json));
        }
        all.extend(self.own().values().map(Own::json));
        Ok(all)
    }

    pub fn set_own(&self, secrets: OwnSecrets) {
        *locked(&self.own) = secrets.0;
    }

    /// The secrets of a region.
    pub fn in_region(&self, region: &str) -> Self {
        Self { store: self.store.in_region(region), account: self.account.in_region(region), own: self.own.clone() }
    }

    /// Returns true if a secret of a caller's is of this region.
    fn is_here(&self, secret: &Own) -> bool {
        secret.arn.split(':').nth(3) == Some(self.account.region.as_str())
    }

    pub fn handle(&self, request: &Request) -> Response {
        match json::parse(request).and_then(|(operation, input)| self.dispatch(&operation, &input)) {
            Ok(output) => json::answer(&output),
            Err(error) => json::refuse(&error),
        }
    }

    fn dispatch(&self, operation: &str, input: &Value) -> ApiResult<Value> {
        match operation {
            "CreateSecret" => self.create(read(input)?),
            "ListSecrets" => self.list(read(input)?),
            "GetRandomPassword" => password::random(&read(input)?),
            _ => {
                let (id, call) = SecretCall::read(operation, input)?;
                self.call(&id, operation, call)
            }
        }
    }

    /// Answers a call about the secret of this name or ARN.
    fn call(&self, id: &str, operation: &str, call: SecretCall) -> ApiResult<Value> {
        let managed = match call {
            SecretCall::Describe => self.managed_seen(View::Secret)?,
            _ => self.managed()?,
        };
        if let Some(secret) = managed.iter().find(|secret| is_named(id, &secret.name, &secret.arn)) {
            return secret.answer(operation, call);
        }
        let mut own = self.own();
        let mut here = own.values_mut().filter(|secret| self.is_here(secret));
        let secret = here.find(|secret| is_named(id, &secret.name, &secret.arn));
        secret.ok_or_else(missing)?.answer(operation, call)
    }

    /// The secrets of callers that are there still.
    fn own(&self) -> MutexGuard<'_, BTreeMap<String, Own>> {
        let mut own = locked(&self.own);
        own.retain(|_, secret| secret.is_there());
        own
    }

    fn managed(&self) -> ApiResult<Vec<Managed>> {
        Ok(self.store.list(managed::KIND)?)
    }

    /// As calls of this kind show them, which may be late (R35).
    fn managed_seen(&self, view: View) -> ApiResult<Vec<Managed>> {
        Ok(self.store.list_seen(view, managed::KIND)?)
    }

    /// Makes the admin secret of a cluster (R19) and answers its ARN.
    pub fn create_for_cluster(&self, cluster: &str, user: &str, tags: &BTreeMap<String, String>) -> ApiResult<String> {
        let name = format!("redshift!{cluster}-{user}");
        let secret = Managed {
            arn: arn(&self.account, &name),
            user: user.to_owned(),
            created: now_millis(),
            owning_service: "redshift".into(),
            tags: tags.clone(),
            name,
        };
        self.store.put(managed::KIND, &secret.name, &secret)?;
        Ok(secret.arn)
    }

    pub fn delete(&self, arn: &str) -> ApiResult<()> {
        for secret in self.managed()?.iter().filter(|secret| secret.arn == arn) {
            self.store.delete(managed::KIND, &secret.name)?;
        }
        Ok(())
    }

    fn managed_named(&self, id: &str) -> ApiResult<Option<Managed>> {
        Ok(self.managed()?.into_iter().find(|secret| is_named(id, &secret.name, &secret.arn)))
    }

    fn create(&self, input: NewSecretInput) -> ApiResult<Value> {
        let secret = Own::new(&self.account, input)?;
        let exists = self.managed_named(&secret.name)?.is_some();
        let mut own = self.own();
        let unique = self.store.unique_name(&secret.name);
        match own.get(&unique) {
            Some(before) if before.deleted.is_some() => {
                let message =
                    "You can't create this secret because a secret with this name is already scheduled for deletion.";
                return Err(ApiError::invalid("InvalidRequestException", message));
            }
            None if !exists => {}
            _ => {
                let message = format!("The operation failed because the secret {} already exists.", secret.name);
                return Err(ApiError::invalid("ResourceExistsException", message));
            }
        }
        let answer = secret.with_version();
        own.insert(unique, secret);
        Ok(answer)
    }

    fn list(&self, (input, paging): (SecretListInput, SecretPaging)) -> ApiResult<Value> {
        check_filters(&input.filters)?;
        let mut secrets: Vec<Value> = self.managed_seen(View::SecretList)?.iter().map(Managed::json).collect();
        let own = self.own();
        let here = own.values().filter(|secret| self.is_here(secret));
        let with_deleted = input.include_planned_deletion;
        secrets.extend(here.filter(|secret| with_deleted || secret.deleted.is_none()).map(Own::json));
        secrets.retain(|secret| input.filters.iter().all(|filter| passes(filter, secret)));
        if input.sort_order.as_deref() == Some("desc") {
            secrets.reverse();
        }
        paging.page("SecretList", secrets)
    }

    /// Whom the secret lets in, where there is such a secret and it says so.
    pub fn login(&self, id: &str) -> ApiResult<Option<Login>> {
        let value = match self.managed_named(id)? {
            Some(secret) => secret.value(),
            None => {
                let own = self.own();
                let mut here = own.values().filter(|secret| self.is_here(secret));
                let found = here.find(|secret| is_named(id, &secret.name, &secret.arn));
                let current = found.filter(|secret| secret.deleted.is_none()).and_then(Own::current);
                current.and_then(|value| serde_json::from_str(value).ok()).unwrap_or_default()
            }
        };
        let field = |name: &str| value[name].as_str().map(str::to_owned);
        Ok(field("username").zip(field("password")).map(|(user, password)| Login { user, password }))
    }
}

fn missing() -> ApiError {
    ApiError::invalid("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

/// Refuses the filters of ListSecrets that are not known here.
fn check_filters(filters: &[SecretFilter]) -> ApiResult<()> {
    const KNOWN: [&str; 5] = ["name", "description", "tag-key", "tag-value", "owning-service"];
    match filters.iter().find(|filter| !KNOWN.contains(&filter.key.as_str())) {
        None => Ok(()),
        Some(SecretFilter { key, .. }) => {
            let message = format!("the local Secrets Manager does not filter by {key:?}");
            Err(ApiError::invalid("InvalidParameterException", message))
        }
    }
}

/// Returns true if a secret has a value that begins as one of the filter's, or, behind `!`, none that does.
fn passes(filter: &SecretFilter, secret: &Value) -> bool {
    let values: Vec<&str> = match filter.key.as_str() {
        "tag-key" | "tag-value" => {
            let field = if filter.key == "tag-key" { "Key" } else { "Value" };
            secret["Tags"].as_array().into_iter().flatten().filter_map(|tag| tag[field].as_str()).collect()
        }
        "owning-service" => secret["OwningService"].as_str().into_iter().collect(),
        "description" => secret["Description"].as_str().into_iter().collect(),
        _ => secret["Name"].as_str().into_iter().collect(),
    };
    let begins = |prefix: &str| values.iter().any(|value| value.starts_with(prefix));
    filter.values.iter().any(|prefix| match prefix.strip_prefix('!') {
        Some(prefix) => !begins(prefix),
        None => begins(prefix),
    })
}
