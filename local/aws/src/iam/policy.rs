//! Policy documents: read strictly, and evaluated as IAM does. An explicit deny wins, then an allow, else no.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{self, Deserializer};

/// The document of a policy that allows everything.
pub const ALLOW_ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// One value or a list of them: IAM accepts both everywhere.
#[derive(Debug, Clone, Default)]
struct OneOrMany(Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde_json::Value;
        let scalar = |value| match value {
            Value::String(text) => Ok(text),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Number(number) => Ok(number.to_string()),
            other => Err(de::Error::custom(format!("expected a string, found {other}"))),
        };
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::Array(values) => values.into_iter().map(scalar).collect::<Result<_, _>>()?,
            value => vec![scalar(value)?],
        }))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(default, rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    #[serde(default)]
    principal: Option<serde_json::Value>,
    #[serde(default)]
    not_principal: Option<serde_json::Value>,
    #[serde(default)]
    action: Option<OneOrMany>,
    #[serde(default)]
    not_action: Option<OneOrMany>,
    #[serde(default)]
    resource: Option<OneOrMany>,
    #[serde(default)]
    not_resource: Option<OneOrMany>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, OneOrMany>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    #[serde(default)]
    version: Option<String>,
    #[serde(default, rename = "Id")]
    _id: Option<String>,
    statement: serde_json::Value,
}

/// Where a document is used decides what its statements must name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A role's permissions: resources, no principal.
    Identity,
    /// A role's trust: principals, no resource.
    Trust,
    /// A bucket's policy: both.
    Resource,
}

#[derive(Debug, Clone)]
pub struct Policy(Vec<Statement>);

/// Who asks: an IAM principal of an account, or an AWS service.
#[derive(Debug, Clone)]
pub enum Principal {
    Aws { account: String, arn: String },
    Service(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Allow,
    ExplicitDeny,
    ImplicitDeny,
}

/// What is asked. A resource that is not known is any that an allow names, and none that only some denies name. `context`
/// holds condition keys in lower case (`aws:securetransport`).
pub struct Question<'a> {
    pub principal: &'a Principal,
    pub action: &'a str,
    pub resource: Option<&'a str>,
    pub context: &'a BTreeMap<String, String>,
}

impl Policy {
    /// Reads a document; the error says what IAM would call malformed.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, String> {
        let document: Document = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if !matches!(document.version.as_deref(), None | Some("2012-10-17" | "2008-10-17")) {
            return Err("the version must be 2012-10-17".into());
        }
        let list = match document.statement {
            serde_json::Value::Array(list) => list,
            single => vec![single],
        };
        if list.is_empty() {
            return Err("a policy needs a statement".into());
        }
        let mut statements = Vec::new();
        for value in list {
            let statement: Statement = serde_json::from_value(value).map_err(|error| error.to_string())?;
            statement.check(kind)?;
            statements.push(statement);
        }
        Ok(Self(statements))
    }

    pub fn decide(&self, question: &Question<'_>) -> Decision {
        let mut decision = Decision::ImplicitDeny;
        for statement in self.0.iter().filter(|statement| statement.applies(question)) {
            match statement.effect {
                Effect::Deny => return Decision::ExplicitDeny,
                Effect::Allow => decision = Decision::Allow,
            }
        }
        decision
    }

    /// What its statements name as resources, or as none of theirs.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        let lists = self.0.iter().flat_map(|statement| statement.resource.iter().chain(&statement.not_resource));
        lists.flat_map(|list| list.0.iter().map(String::as_str))
    }

    /// Returns true if every resource it names is this bucket or lies in it, as a bucket's policy must.
    pub fn is_only_about(&self, bucket: &str) -> bool {
        let inside = |resource: &str| {
            let rest = resource.strip_prefix(bucket);
            resource == "*"
                || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest.starts_with('*'))
        };
        self.resources().all(inside)
    }

    /// Returns true if it lets everybody in: an allow for `*` that no condition narrows.
    pub fn is_public(&self) -> bool {
        self.0.iter().any(|statement| {
            let everybody =
                statement.principal.as_ref().is_some_and(|principal| names(principal).contains(&"*".into()));
            statement.effect == Effect::Allow && everybody && statement.condition.is_empty()
        })
    }
}

impl Statement {
    fn check(&self, kind: Kind) -> Result<(), String> {
        let has_principal = self.principal.is_some() || self.not_principal.is_some();
        let has_resource = self.resource.is_some() || self.not_resource.is_some();
        if self.action.is_some() == self.not_action.is_some() {
            return Err("a statement needs Action or NotAction, and not both".into());
        }
        if (kind == Kind::Identity) == has_principal {
            return Err(match kind {
                Kind::Identity => "a permission policy must not name a Principal".into(),
                _ => "Missing required field Principal".to_owned(),
            });
        }
        if (kind == Kind::Trust) == has_resource {
            return Err(match kind {
                Kind::Trust => "Has prohibited field Resource".into(),
                _ => "Missing required field Resource".to_owned(),
            });
        }
        for action in self.action.iter().chain(&self.not_action).flat_map(|list| &list.0) {
            if action != "*" && !action.contains(':') {
                return Err(format!(
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {action}"
                ));
            }
        }
        for resource in self.resource.iter().chain(&self.not_resource).flat_map(|list| &list.0) {
            if resource != "*" && !resource.starts_with("arn:") {
                return Err(format!("Resource {resource} must be in ARN format or \"*\"."));
            }
        }
        match self.condition.keys().find(|operator| !is_known_operator(operator)) {
            Some(operator) => Err(format!("unknown condition operator {operator}")),
            None => Ok(()),
        }
    }

    fn applies(&self, question: &Question<'_>) -> bool {
        let action = |list: &OneOrMany| {
            let asked = question.action.to_ascii_lowercase();
            list.0.iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), &asked))
        };
        let resource = |list: &OneOrMany| match question.resource {
            Some(resource) => list.0.iter().any(|pattern| matches(pattern, resource)),
            None => self.effect == Effect::Allow || list.0.iter().any(|pattern| pattern == "*"),
        };
        let who = |value: &serde_json::Value| names(value).iter().any(|name| is_principal(name, question.principal));

        self.action.as_ref().is_none_or(action)
            && self.not_action.as_ref().is_none_or(|list| !action(list))
            && self.resource.as_ref().is_none_or(resource)
            && self.not_resource.as_ref().is_none_or(|list| !resource(list))
            && self.principal.as_ref().is_none_or(who)
            && self.not_principal.as_ref().is_none_or(|value| !who(value))
            && self.condition.iter().all(|(operator, keys)| {
                keys.iter().all(|(key, values)| {
                    holds(operator, question.context.get(&key.to_ascii_lowercase()).map(String::as_str), &values.0)
                })
            })
    }
}

/// The names in a `Principal`: `"*"`, `{"AWS": …}`, `{"Service": …}`.
fn names(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(name) => vec![name.clone()],
        serde_json::Value::Array(list) => list.iter().flat_map(names).collect(),
        serde_json::Value::Object(kinds) => kinds.values().flat_map(names).collect(),
        _ => Vec::new(),
    }
}

fn is_principal(name: &str, principal: &Principal) -> bool {
    match principal {
        Principal::Service(service) => name == service,
        Principal::Aws { account, arn } => {
            // The root of the account, in the partition that the ARN is of.
            let partition = arn.split(':').nth(1).unwrap_or("aws");
            name == "*" || name == account || name == arn || name == format!("arn:{partition}:iam::{account}:root")
        }
    }
}

const OPERATORS: [&str; 10] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "ArnEquals",
    "ArnLike",
    "Bool",
    "Null",
];

fn is_known_operator(operator: &str) -> bool {
    OPERATORS.contains(&operator.strip_suffix("IfExists").unwrap_or(operator))
}

/// Returns true if one condition key holds; an absent key satisfies the negated operators and `…IfExists`.
fn holds(operator: &str, found: Option<&str>, wanted: &[String]) -> bool {
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    if operator == "Null" {
        return wanted.iter().any(|flag| (flag == "true") == found.is_none());
    }
    let negated = operator.contains("Not");
    let Some(found) = found else { return if_exists || negated };
    let one = |value: &String| match operator {
        "StringEquals" | "StringNotEquals" | "ArnEquals" => value == found,
        "StringLike" | "StringNotLike" | "ArnLike" => matches(value, found),
        _ => value.eq_ignore_ascii_case(found),
    };
    wanted.iter().any(one) != negated
}

/// `*` stands for any run of characters, `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(policy: &str, action: &str, resource: &str, context: &[(&str, &str)]) -> Decision {
        let principal =
            Principal::Aws { account: "111111111111".into(), arn: "arn:aws:iam::111111111111:role/r".into() };
        let context = context.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let question = Question { principal: &principal, action, resource: Some(resource), context: &context };
        Policy::parse(policy, Kind::Resource).expect("policy").decide(&question)
    }

    #[test]
    fn a_deny_wins_and_conditions_decide() {
        let tls_only = r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"s3:Get*","Resource":"arn:aws:s3:::b/in/*"},
            {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;
        let tls = [("aws:securetransport", "true")];
        assert_eq!(ask(tls_only, "s3:GetObject", "arn:aws:s3:::b/in/x", &tls), Decision::Allow);
        assert_eq!(ask(tls_only, "s3:GetObject", "arn:aws:s3:::b/out/x", &tls), Decision::ImplicitDeny);
        assert_eq!(ask(tls_only, "s3:PutObject", "arn:aws:s3:::b/in/x", &tls), Decision::ImplicitDeny);
        let plain = [("aws:securetransport", "false")];
        assert_eq!(ask(tls_only, "s3:GetObject", "arn:aws:s3:::b/in/x", &plain), Decision::ExplicitDeny);
    }

    #[test]
    fn malformed_documents_are_refused() {
        let parse = |text| Policy::parse(text, Kind::Resource).err();
        assert!(parse("{").is_some());
        assert!(parse(r#"{"Statement":[]}"#).is_some());
        assert!(parse(r#"{"Statement":{"Effect":"Maybe","Principal":"*","Action":"s3:*","Resource":"*"}}"#).is_some());
        assert!(parse(r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#).is_some());
        assert!(
            parse(r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"GetObject","Resource":"*"}}"#).is_some()
        );
        assert!(parse(r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"b"}}"#).is_some());
    }

    #[test]
    fn wildcards() {
        assert!(matches("a*c?", "abbcd"));
        assert!(matches("*", ""));
        assert!(!matches("a?", "a"));
        assert!(matches("*a*b*", "xxaxxbxx"));
    }
}
