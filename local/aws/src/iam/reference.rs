//! AWS's Service Authorization Reference: which actions an operation needs, on what types of resources, and which condition
//! keys they know (R33).

use std::collections::HashMap;
use std::sync::LazyLock;

/// What the reference says of an action.
#[derive(Debug, Default)]
pub struct ActionRule {
    /// The types of resources that it can be allowed on. Without any it can be allowed on `*` alone.
    pub resource_types: Vec<&'static str>,
    /// In lower case, beside the global ones. A tag's name follows one that ends with a slash.
    condition_keys: Vec<&'static str>,
}

#[derive(Debug, Default)]
struct Reference {
    operations: HashMap<&'static str, Vec<&'static str>>,
    actions: HashMap<&'static str, ActionRule>,
}

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| Reference::parse(include_str!("service_authorization.txt")));

impl Reference {
    /// `@ operation = action action`, and `action: type! type; key key`.
    fn parse(text: &'static str) -> Self {
        let mut reference = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((operation, actions)) = line.strip_prefix("@ ").and_then(|line| line.split_once(" =")) {
                reference.operations.insert(operation, actions.split_whitespace().collect());
            } else if let Some((action, rest)) = line.split_once(": ") {
                let (types, keys) = rest.split_once(';').unwrap_or((rest, ""));
                let resource_types = types.split_whitespace().map(|name| name.trim_end_matches('!')).collect();
                let rule = ActionRule { resource_types, condition_keys: keys.split_whitespace().collect() };
                reference.actions.insert(action, rule);
            }
        }
        reference
    }
}

/// The actions that an operation may need: that of its own name, where the reference has no others.
pub fn actions(operation: &str) -> Vec<&str> {
    match REFERENCE.operations.get(operation) {
        Some(actions) => actions.clone(),
        None => vec![operation],
    }
}

pub fn rule(action: &str) -> Option<&'static ActionRule> {
    REFERENCE.actions.get(action)
}

/// Returns true if a condition on this key, in lower case, can hold for an action: global keys always, others where it
/// knows them.
pub fn knows_key(action: &str, key: &str) -> bool {
    const OF_TAGS: [&str; 3] = ["aws:requesttag/", "aws:resourcetag/", "aws:tagkeys"];
    let is_global = key.starts_with("aws:") && !OF_TAGS.iter().any(|of_tags| key.starts_with(of_tags));
    let is_known = |known: &&str| *known == key || known.ends_with('/') && key.starts_with(known);
    is_global || rule(action).is_none_or(|rule| rule.condition_keys.iter().any(is_known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_has_all_its_actions() {
        assert_eq!(actions("iam:CreateRole"), ["iam:CreateRole", "iam:TagRole"]);
        assert_eq!(actions("iam:GetRole"), ["iam:GetRole"]);
        assert_eq!(actions("sts:GetCallerIdentity"), [""; 0]);
        for needed in ["s3:CreateBucket", "s3:TagResource", "s3:PutBucketOwnershipControls"] {
            assert!(actions("s3:CreateBucket").contains(&needed), "{needed}");
        }
        for needed in ["redshift:CreateCluster", "redshift:CreateTags", "iam:PassRole"] {
            assert!(actions("redshift:CreateCluster").contains(&needed), "{needed}");
        }
    }

    #[test]
    fn every_action_of_an_operation_is_known() {
        assert!(REFERENCE.actions.len() > 600 && REFERENCE.operations.len() > 60);
        for action in REFERENCE.operations.values().flatten() {
            assert!(rule(action).is_some(), "{action}");
        }
    }

    #[test]
    fn actions_know_types_and_keys() {
        assert_eq!(rule("iam:PassRole").expect("rule").resource_types, ["role"]);
        assert!(rule("iam:ListRoles").expect("rule").resource_types.is_empty());
        assert!(knows_key("iam:PassRole", "iam:passedtoservice"));
        assert!(!knows_key("iam:GetRole", "iam:passedtoservice"));
        assert!(knows_key("iam:CreateRole", "aws:requesttag/team") && !knows_key("iam:GetRole", "aws:requesttag/team"));
        assert!(knows_key("iam:GetRole", "aws:securetransport"));
        assert!(knows_key("s3:ListBucket", "s3:prefix") && !knows_key("s3:GetObject", "s3:prefix"));
    }
}
