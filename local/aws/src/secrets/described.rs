//! What answers say of every secret: its ARN, by which it is named as well, and its tags.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::account::Account;
use crate::protocol::random_word;

/// An ARN with the six random signs that Secrets Manager puts behind every name.
pub fn arn(account: &Account, name: &str) -> String {
    let suffix = random_word(6);
    account.arn("secretsmanager", format_args!("secret:{name}-{suffix}"))
}

pub fn tags_json(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// Returns true if an id names this secret: its name, its ARN, or the ARN without what is random in it.
pub fn is_named(id: &str, name: &str, arn: &str) -> bool {
    id == name || id == arn || arn.strip_prefix(id).is_some_and(|rest| rest.len() == 7 && rest.starts_with('-'))
}
