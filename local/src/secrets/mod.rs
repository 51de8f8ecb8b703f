//! Secrets Manager: the admin secrets that Redshift manages, and those that callers make.

mod managed;
mod own;
mod versions;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::account::Account;
use crate::error::{ApiError, ApiResult};
use crate::protocol::{Request, Response, json, random_word};
use crate::store::{Store, View};
use crate::sync::locked;
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

/// An ARN with the six random signs that Secrets Manager puts behind every name.
fn arn(account: &Account, name: &str) -> String {
    let suffix = random_word(6);
    account.arn("secretsmanager", format_args!("secret:{name}-{suffix}"))
}

fn tags_json(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// Whether an id names this secret: its name, its ARN, or the ARN without what is random in it.
fn is_named(id: &str, name: &str, arn: &str) -> bool {
    id == name || id == arn || arn.strip_prefix(id).is_some_and(|rest| rest.len() == 7 && rest.starts_with('-'))
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

    /// Whether a secret of a caller's is of this region.
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
        if let Some(known) = parameters(operation) {
            json::only(input, "InvalidParameterException", known)?;
        }
        match operation {
            "CreateSecret" => self.create(input),
            "ListSecrets" => self.list(input),
            "GetRandomPassword" => random_password(input),
            other => {
                let id = input["SecretId"].as_str().unwrap_or_default();
                let managed = match other {
                    "DescribeSecret" => self.managed_seen(View::Secret)?,
                    _ => self.managed()?,
                };
                if let Some(secret) = managed.iter().find(|secret| is_named(id, &secret.name, &secret.arn)) {
                    return secret.answer(other, input);
                }
                let mut own = self.own();
                let mut here = own.values_mut().filter(|secret| self.is_here(secret));
                let secret = here.find(|secret| is_named(id, &secret.name, &secret.arn));
                secret.ok_or_else(missing)?.answer(other, input)
            }
        }
    }

    /// The secrets of callers that are there still.
    fn own(&self) -> MutexGuard<'_, BTreeMap<String, Own>> {
        let mut own = locked(&self.own);
        own.retain(|_, secret| secret.is_there());
        own
    }

    fn managed_named(&self, id: &str) -> ApiResult<Option<Managed>> {
        Ok(self.managed()?.into_iter().find(|secret| is_named(id, &secret.name, &secret.arn)))
    }

    fn create(&self, input: &Value) -> ApiResult<Value> {
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

    fn list(&self, input: &Value) -> ApiResult<Value> {
        let wanted = filters(input)?;
        let with_deleted = input["IncludePlannedDeletion"] == json!(true);
        let mut secrets: Vec<Value> = self.managed_seen(View::SecretList)?.iter().map(Managed::json).collect();
        let own = self.own();
        let here = own.values().filter(|secret| self.is_here(secret));
        secrets.extend(here.filter(|secret| with_deleted || secret.deleted.is_none()).map(Own::json));
        secrets.retain(|secret| wanted(secret));
        if input["SortOrder"] == json!("desc") {
            secrets.reverse();
        }
        page(input, "SecretList", secrets)
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

/// The parameters that are read for an operation; others are refused.
fn parameters(operation: &str) -> Option<&'static [&'static str]> {
    let known: &[&str] = match operation {
        "CreateSecret" => {
            &["Name", "ClientRequestToken", "Description", "KmsKeyId", "SecretString", "SecretBinary", "Tags"]
        }
        "ListSecrets" => &["Filters", "IncludePlannedDeletion", "MaxResults", "NextToken", "SortOrder"],
        // One of each kind of letters is there in any case.
        "GetRandomPassword" => &[
            "PasswordLength",
            "ExcludeCharacters",
            "ExcludeLowercase",
            "ExcludeUppercase",
            "ExcludeNumbers",
            "ExcludePunctuation",
            "IncludeSpace",
            "RequireEachIncludedType",
        ],
        "DescribeSecret" | "RestoreSecret" => &["SecretId"],
        "GetSecretValue" => &["SecretId", "VersionId", "VersionStage"],
        "PutSecretValue" => &["SecretId", "ClientRequestToken", "SecretString", "SecretBinary", "VersionStages"],
        "UpdateSecret" => {
            &["SecretId", "ClientRequestToken", "Description", "KmsKeyId", "SecretString", "SecretBinary"]
        }
        "UpdateSecretVersionStage" => &["SecretId", "VersionStage", "RemoveFromVersionId", "MoveToVersionId"],
        "DeleteSecret" => &["SecretId", "RecoveryWindowInDays", "ForceDeleteWithoutRecovery"],
        "TagResource" => &["SecretId", "Tags"],
        "UntagResource" => &["SecretId", "TagKeys"],
        "ListSecretVersionIds" => &["SecretId", "IncludeDeprecated", "MaxResults", "NextToken"],
        _ => return None,
    };
    Some(known)
}

/// As many of a list as were asked for, at most 100, from where the page before ended.
fn page(input: &Value, name: &str, all: Vec<Value>) -> ApiResult<Value> {
    const MOST: usize = 100;
    let invalid = |message: &str| ApiError::invalid("InvalidNextTokenException", message);
    let most = input["MaxResults"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST);
    let start: usize = match input["NextToken"].as_str() {
        Some(token) => token.parse().map_err(|_| invalid("NextToken is not valid"))?,
        None => 0,
    };
    let end = all.len().min(start.saturating_add(most.clamp(1, MOST)));
    let mut answer = json!({ name: all.get(start..end).unwrap_or_default() });
    if end < all.len() {
        answer["NextToken"] = json!(end.to_string());
    }
    Ok(answer)
}

fn missing() -> ApiError {
    ApiError::invalid("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

/// The filters of ListSecrets: beginnings of values, `!` before one that must not be. Those that are not known here are
/// refused.
fn filters(input: &Value) -> ApiResult<impl Fn(&Value) -> bool> {
    let mut filters: Vec<(String, Vec<String>)> = Vec::new();
    for filter in input["Filters"].as_array().into_iter().flatten() {
        let key = filter["Key"].as_str().unwrap_or_default();
        if !["name", "description", "tag-key", "tag-value", "owning-service"].contains(&key) {
            let message = format!("the local Secrets Manager does not filter by {}", filter["Key"]);
            return Err(ApiError::invalid("InvalidParameterException", message));
        }
        let values = filter["Values"].as_array().into_iter().flatten();
        filters.push((key.to_owned(), values.filter_map(|value| value.as_str().map(str::to_owned)).collect()));
    }
    Ok(move |secret: &Value| {
        filters.iter().all(|(key, prefixes)| {
            let values: Vec<&str> = match key.as_str() {
                "tag-key" | "tag-value" => {
                    let field = if key == "tag-key" { "Key" } else { "Value" };
                    secret["Tags"].as_array().into_iter().flatten().filter_map(|tag| tag[field].as_str()).collect()
                }
                "owning-service" => secret["OwningService"].as_str().into_iter().collect(),
                "description" => secret["Description"].as_str().into_iter().collect(),
                _ => secret["Name"].as_str().into_iter().collect(),
            };
            let begins = |prefix: &str| values.iter().any(|value| value.starts_with(prefix));
            prefixes.iter().any(|prefix| match prefix.strip_prefix('!') {
                Some(prefix) => !begins(prefix),
                None => begins(prefix),
            })
        })
    })
}

/// Letters of every kind, digits and, where they are not left out, punctuation.
fn random_password(input: &Value) -> ApiResult<Value> {
    let length = input["PasswordLength"].as_u64().unwrap_or(32);
    let excluded = input["ExcludeCharacters"].as_str().unwrap_or_default();
    let leaves_out = |name: &str| input[name] == json!(true);
    let kinds = [
        ("ExcludeLowercase", "abcdefghijklmnopqrstuvwxyz"),
        ("ExcludeUppercase", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ("ExcludeNumbers", "0123456789"),
        ("ExcludePunctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    ];
    let space = (input["IncludeSpace"] == json!(true)).then_some(("IncludeSpace", " "));
    let kinds = kinds.into_iter().filter(|(name, _)| !leaves_out(name)).chain(space);
    let kinds: Vec<Vec<char>> =
        kinds.map(|(_, signs)| signs.chars().filter(|sign| !excluded.contains(*sign)).collect()).collect();
    let all: Vec<char> = kinds.iter().flatten().copied().collect();
    if all.is_empty() || !(kinds.len() as u64..=4096).contains(&length) {
        return Err(ApiError::invalid(
            "InvalidParameterException",
            "No password of that length and of those characters.",
        ));
    }
    let pick = |signs: &[char]| signs.get(fastrand::usize(..signs.len().max(1))).copied();
    // One of each kind, then any.
    let mut password: Vec<char> = kinds.iter().filter_map(|kind| pick(kind)).collect();
    while (password.len() as u64) < length {
        password.extend(pick(&all));
    }
    fastrand::shuffle(&mut password);
    Ok(json!({ "RandomPassword": password.into_iter().collect::<String>() }))
}
