//! Whether a role that was taken on may make a call: all actions that it needs, on what it names. The stand-in's own
//! caller may do everything. What is in a bucket S3 decides itself.

use std::collections::BTreeMap;

use crate::account::Account;
use crate::call;
use crate::error::{ApiError, ApiResult};
use crate::iam::Iam;
use crate::iam::policy::{Decision, Question};
use crate::protocol::Request;
use crate::sessions::Caller;

/// # Errors
/// AccessDenied, with who may not do what.
pub fn authorize(iam: &Iam, caller: &Caller, operation: &str, request: &Request) -> ApiResult<()> {
    if !caller.is_session {
        return Ok(());
    }
    let fields = fields(request);
    let resource = resource(iam, operation, &fields)?;
    let context = context(&iam.account, caller, &fields);
    for action in call::actions(operation) {
        // What it needs besides is about things that the call does not name.
        let resource = if action == operation { resource.as_deref() } else { None };
        demand(caller, action, resource, &context)?;
    }
    Ok(())
}

/// For the calls to S3 that no bucket's policy decides.
pub fn authorize_s3(account: &Account, caller: &Caller, operation: &str, bucket: &str) -> ApiResult<()> {
    let resource = match operation {
        "s3:ListBuckets" => "*".to_owned(),
        "s3:CreateBucket" => format!("arn:{}:s3:::{bucket}", account.partition()),
        _ => return Ok(()),
    };
    let context = context(account, caller, &BTreeMap::new());
    // Whether the call has tags is in its body, which is not looked at.
    let action = call::actions(operation).first().copied().unwrap_or(operation);
    demand(caller, action, Some(&resource), &context)
}

fn demand(caller: &Caller, action: &str, resource: Option<&str>, context: &BTreeMap<String, String>) -> ApiResult<()> {
    let question = Question { principal: &caller.identity.principal, action, resource, context };
    match caller.identity.decide(&question) {
        Decision::Allow => Ok(()),
        Decision::ExplicitDeny | Decision::ImplicitDeny => Err(denied(caller, action, resource)),
    }
}

pub fn denied(caller: &Caller, action: &str, resource: Option<&str>) -> ApiError {
    let on = resource.map(|resource| format!(" on resource: {resource}")).unwrap_or_default();
    let message = format!("User: {} is not authorized to perform: {action}{on}", caller.arn);
    match action.starts_with("redshift-") || action.starts_with("secretsmanager:") {
        true => ApiError::invalid("AccessDeniedException", message),
        false => ApiError::forbidden("AccessDenied", message),
    }
}

/// What a request names, in either protocol.
fn fields(request: &Request) -> BTreeMap<String, String> {
    match serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&request.body) {
        Ok(object) => {
            let texts = object.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
            texts.collect()
        }
        Err(_) => form_urlencoded::parse(&request.body).into_owned().collect(),
    }
}

/// The ARN of what a call is about; `*` where IAM cannot narrow it.
fn resource(iam: &Iam, operation: &str, fields: &BTreeMap<String, String>) -> ApiResult<Option<String>> {
    let account = &iam.account;
    let field = |name: &str| fields.get(name).map(String::as_str);
    let cluster = |name: &str| account.arn("redshift", format_args!("cluster:{}", name.to_lowercase()));
    let (service, name) = operation.split_once(':').unwrap_or((operation, ""));
    let any = || Some("*".to_owned());
    Ok(match service {
        "iam" => match field("RoleName") {
            Some(role) => Some(iam.arn_of(role, field("Path"))?),
            None => any(),
        },
        "sts" => field("RoleArn").map(str::to_owned).or_else(any),
        "redshift" => match (name, field("ResourceName"), field("ClusterIdentifier")) {
            (name, ..) if name.starts_with("Describe") => any(),
            (_, Some(arn), _) => Some(arn.to_owned()),
            ("GetClusterCredentials", _, Some(name)) => {
                let user = field("DbUser").unwrap_or_default();
                Some(account.arn("redshift", format_args!("dbuser:{name}/{user}")))
            }
            (_, _, Some(name)) => Some(cluster(name)),
            _ => any(),
        },
        "redshift-data" => match (field("ClusterIdentifier"), field("WorkgroupName").or(field("SessionId"))) {
            (Some(name), _) => Some(cluster(name)),
            // The call does not name the ARN: a workgroup's ends with an id, a session is of some cluster.
            (None, Some(_)) => None,
            (None, None) => any(),
        },
        "secretsmanager" => match field("SecretId").or(field("Name")) {
            Some(arn) if arn.starts_with("arn:") => Some(arn.to_owned()),
            Some(name) => Some(account.arn("secretsmanager", format_args!("secret:{name}-000000"))),
            None => any(),
        },
        _ => None,
    })
}

/// The condition keys that are known of a call.
fn context(account: &Account, caller: &Caller, fields: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut context: BTreeMap<String, String> = [
        ("aws:securetransport", "true"),
        ("aws:requestedregion", &account.region),
        ("aws:principalaccount", &account.id),
        ("aws:userid", &caller.user_id),
        ("iam:passedtoservice", "redshift.amazonaws.com"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect();
    for (name, key) in fields.iter().filter(|(name, _)| name.starts_with("Tags.") && name.ends_with(".Key")) {
        let value = fields.get(&name.replace(".Key", ".Value")).cloned().unwrap_or_default();
        context.insert(format!("aws:requesttag/{}", key.to_lowercase()), value);
    }
    context
}
