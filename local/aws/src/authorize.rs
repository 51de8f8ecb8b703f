//! Whether a role that was taken on may make a call: every action that the Service Authorization Reference names for it, on
//! what the call names (R33). The stand-in's own caller may do everything. What is in a bucket S3 decides itself.

use std::collections::BTreeMap;

use crate::account::Account;
use crate::error::{ApiError, ApiResult};
use crate::iam::policy::{Decision, Question};
use crate::iam::{Iam, reference};
use crate::protocol::Request;
use crate::sessions::Caller;

/// What a request names, in either protocol: `Tags.member.1.Key`, `iamRoles.1`.
type Fields = BTreeMap<String, String>;

/// An action that a call needs, and on what. Without a resource: on any that an allow names.
struct Need<'a> {
    action: &'a str,
    resource: Option<String>,
}

/// The service that makes a role of its own with the first cluster of an account (R33).
pub const REDSHIFT: &str = "redshift.amazonaws.com";

/// # Errors
/// AccessDenied, with who may not do what.
pub fn authorize(iam: &Iam, caller: &Caller, operation: &str, request: &Request) -> ApiResult<()> {
    if !caller.is_session {
        return Ok(());
    }
    let fields = fields(request);
    let context = context(&iam.account, &caller.user_id, operation, &fields);
    let needs = needs(iam, operation, &fields)?;
    needs.into_iter().try_for_each(|need| demand(caller, need.action, need.resource.as_deref(), &context))
}

/// What a call needs to be allowed, for the record.
pub fn needed(iam: &Iam, operation: &str, request: &Request) -> Vec<Needed> {
    let fields = fields(request);
    let context = context(&iam.account, "", operation, &fields);
    let needs = needs(iam, operation, &fields).unwrap_or_default();
    needs.into_iter().map(|need| Needed::new(need.action, need.resource, &context)).collect()
}

/// An action that a call needed to be allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Needed {
    pub action: String,
    /// Its ARN; `None` where the call does not name it.
    pub resource: Option<String>,
    /// Values of the condition keys that the action knows, beside the global ones.
    pub context: BTreeMap<String, String>,
}

impl Needed {
    pub(crate) fn new(action: &str, resource: Option<String>, context: &BTreeMap<String, String>) -> Self {
        let is_own = |key: &str| !key.starts_with("aws:") && reference::knows_key(action, key);
        let own = context.iter().filter(|(key, _)| is_own(key));
        let context = own.map(|(key, value)| (key.clone(), value.clone())).collect();
        Self { action: action.to_owned(), resource, context }
    }
}

/// What no bucket's policy decides: to list buckets, and to create one. `tags` are those of the create call.
pub fn authorize_s3(
    account: &Account,
    caller: &Caller,
    actions: Vec<&str>,
    bucket: &str,
    tags: &BTreeMap<String, String>,
) -> ApiResult<()> {
    let is_decided_here = actions.iter().any(|action| ["s3:CreateBucket", "s3:ListAllMyBuckets"].contains(action));
    if !is_decided_here {
        return Ok(());
    }
    let mut fields = Fields::new();
    for (n, (key, value)) in tags.iter().enumerate() {
        fields.extend([(format!("Tags.{n}.Key"), key.clone()), (format!("Tags.{n}.Value"), value.clone())]);
    }
    let context = context(account, &caller.user_id, "", &fields);
    let asked = actions.into_iter().filter(|action| *action != "s3:TagResource" || !tags.is_empty());
    for action in asked {
        let is_on_any = reference::rule(action).is_some_and(|rule| rule.resource_types.is_empty());
        let resource = match is_on_any {
            true => "*".to_owned(),
            false => format!("arn:{}:s3:::{bucket}", account.partition()),
        };
        demand(caller, action, Some(&resource), &context)?;
    }
    Ok(())
}

fn demand(caller: &Caller, action: &str, resource: Option<&str>, context: &BTreeMap<String, String>) -> ApiResult<()> {
    // A condition on a key that the action does not know finds none.
    let known = context.iter().filter(|(key, _)| reference::knows_key(action, key));
    let context = known.map(|(key, value)| (key.clone(), value.clone())).collect();
    let question = Question { principal: &caller.identity.principal, action, resource, context: &context };
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

fn fields(request: &Request) -> Fields {
    let mut fields = Fields::new();
    match serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&request.body) {
        Ok(object) => object.into_iter().for_each(|(name, value)| flatten(name, value, &mut fields)),
        Err(_) => fields.extend(form_urlencoded::parse(&request.body).into_owned()),
    }
    fields
}

fn flatten(name: String, value: serde_json::Value, fields: &mut Fields) {
    use serde_json::Value;
    match value {
        Value::Null => {}
        Value::String(text) => drop(fields.insert(name, text)),
        Value::Array(values) => {
            (1..).zip(values).for_each(|(n, value)| flatten(format!("{name}.{n}"), value, fields));
        }
        Value::Object(object) => {
            object.into_iter().for_each(|(key, value)| flatten(format!("{name}.{key}"), value, fields));
        }
        other => drop(fields.insert(name, other.to_string())),
    }
}

/// Returns true if a request has a field, or members of a list of that name.
fn has(fields: &Fields, name: &str) -> bool {
    fields.keys().any(|key| key.split('.').next().is_some_and(|first| first.eq_ignore_ascii_case(name)))
}

fn needs<'a>(iam: &Iam, operation: &'a str, fields: &Fields) -> ApiResult<Vec<Need<'a>>> {
    let mut needs = Vec::new();
    for action in reference::actions(operation).into_iter().filter(|action| is_asked(operation, action, fields)) {
        let resources = resources(iam, operation, action, fields)?;
        needs.extend(resources.into_iter().map(|resource| Need { action, resource }));
    }
    needs.extend(on_behalf(iam, operation, fields)?);
    Ok(needs)
}

/// Returns true if a request asks for an action of its operation. The reference says what an operation may need; of
/// these, only what the request has is asked for, as the pages of the operations have it.
fn is_asked(operation: &str, action: &str, fields: &Fields) -> bool {
    if action == operation {
        return true;
    }
    match action {
        "iam:TagRole" | "iam:TagPolicy" | "iam:TagInstanceProfile" => has(fields, "Tags"),
        "redshift:CreateTags" | "redshift-serverless:TagResource" | "secretsmanager:TagResource" => has(fields, "Tags"),
        "ec2:CreateTags" => has(fields, "TagSpecification"),
        "redshift:CreateClusterSnapshot" => has(fields, "FinalClusterSnapshotIdentifier"),
        "redshift:AssociateDataShareConsumer" | "redshift:RegisterNamespace" => has(fields, "CatalogName"),
        "redshift:CreateClusterUser" => fields.get("AutoCreate").is_some_and(|flag| flag == "true"),
        "redshift:JoinGroup" => has(fields, "DbGroups"),
        "secretsmanager:ReplicateSecretToRegions" => has(fields, "AddReplicaRegions"),
        "sts:SetSourceIdentity" => has(fields, "SourceIdentity"),
        "sts:TagSession" => has(fields, "Tags"),
        _ => true,
    }
}

/// On what an action of a call must be allowed: every one of these.
fn resources(iam: &Iam, operation: &str, action: &str, fields: &Fields) -> ApiResult<Vec<Option<String>>> {
    if reference::rule(action).is_some_and(|rule| rule.resource_types.is_empty()) {
        return Ok(vec![Some("*".to_owned())]);
    }
    let account = &iam.account;
    let cluster = fields.get("ClusterIdentifier").map(|name| name.to_lowercase()).unwrap_or_default();
    Ok(match action {
        "iam:PassRole" => passed(iam, operation, fields)?.into_iter().map(Some).collect(),
        "redshift:CreateClusterSnapshot" => {
            let names = ["FinalClusterSnapshotIdentifier", "SnapshotIdentifier"];
            let snapshot = names.iter().find_map(|name| fields.get(*name)).cloned().unwrap_or_default();
            let resources = [format!("cluster:{cluster}"), format!("snapshot:{cluster}/{snapshot}")];
            resources.iter().map(|resource| Some(account.arn("redshift", resource))).collect()
        }
        "redshift:JoinGroup" => {
            let groups = fields.iter().filter(|(name, _)| name.starts_with("DbGroups."));
            groups.map(|(_, group)| Some(account.arn("redshift", format_args!("dbgroup:{cluster}/{group}")))).collect()
        }
        _ => vec![resource(iam, action, fields)?],
    })
}

/// The roles that a call hands to a service.
fn passed(iam: &Iam, operation: &str, fields: &Fields) -> ApiResult<Vec<String>> {
    if operation == "iam:AddRoleToInstanceProfile" {
        return fields.get("RoleName").map(|role| iam.arn_of(role, None)).into_iter().collect();
    }
    let lists = ["IamRoles", "AddIamRoles", "DefaultIamRoleArn"];
    let is_passed =
        |name: &str| lists.iter().any(|list| name.split('.').next().unwrap_or(name).eq_ignore_ascii_case(list));
    let roles = fields.iter().filter(|(name, role)| is_passed(name) && role.starts_with("arn:"));
    Ok(roles.map(|(_, role)| role.clone()).collect())
}

/// The ARN of what a call is about, for an action of its own service; `*` where it names nothing.
fn resource(iam: &Iam, action: &str, fields: &Fields) -> ApiResult<Option<String>> {
    let account = &iam.account;
    let field = |name: &str| fields.get(name).map(String::as_str);
    let cluster = |name: &str| account.arn("redshift", format_args!("cluster:{}", name.to_lowercase()));
    let (service, name) = action.split_once(':').unwrap_or((action, ""));
    let any = || Some("*".to_owned());
    let is_on = |kind: &str| reference::rule(action).is_some_and(|rule| rule.resource_types.contains(&kind));
    Ok(match service {
        "iam" => match (field("RoleName"), field("InstanceProfileName"), field("PolicyArn")) {
            (_, Some(profile), _) if is_on("instance-profile") => {
                Some(iam.instance_profile_arn(profile, field("Path")))
            }
            (_, _, Some(arn)) if is_on("policy") => Some(arn.to_owned()),
            (Some(role), ..) => Some(iam.arn_of(role, field("Path"))?),
            _ => match field("PolicyName") {
                Some(policy) => {
                    let path = field("Path").unwrap_or("/");
                    Some(account.global_arn("iam", format_args!("policy{path}{policy}")))
                }
                None => any(),
            },
        },
        "sts" => field("RoleArn").map(str::to_owned).or_else(any),
        "redshift" => match (name, field("ResourceName"), field("ClusterIdentifier")) {
            (_, Some(arn), _) => Some(arn.to_owned()),
            ("GetClusterCredentials" | "CreateClusterUser", _, Some(name)) => {
                let user = field("DbUser").unwrap_or_default();
                Some(account.arn("redshift", format_args!("dbuser:{}/{user}", name.to_lowercase())))
            }
            ("GetClusterCredentialsWithIAM", _, Some(name)) => {
                let database = field("DbName").or(field("Database")).unwrap_or_default();
                Some(account.arn("redshift", format_args!("dbname:{}/{database}", name.to_lowercase())))
            }
            // The cluster of a snapshot is not always named.
            ("DeleteClusterSnapshot", ..) => None,
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
        // Their ARNs end with ids that no call names.
        _ => None,
    })
}

/// What Redshift does with the caller's own rights, which the reference does not name: the admin's secret
/// (redshift-secrets-manager-integration), its own role (R33), and how the Data API logs in (R20).
fn on_behalf(iam: &Iam, operation: &str, fields: &Fields) -> ApiResult<Vec<Need<'static>>> {
    const OF_SECRET: [&str; 5] = [
        "secretsmanager:CreateSecret",
        "secretsmanager:TagResource",
        "secretsmanager:DescribeSecret",
        "secretsmanager:RotateSecret",
        "secretsmanager:UpdateSecret",
    ];
    let account = &iam.account;
    let field = |name: &str| fields.get(name).map(String::as_str);
    let mut needs = Vec::new();
    let mut need = |action, resource| needs.push(Need { action, resource });
    match operation {
        "redshift:CreateCluster" | "redshift:ModifyCluster" if field("ManageMasterPassword") == Some("true") => {
            let (cluster, admin) = (field("ClusterIdentifier"), field("MasterUsername"));
            let name = format!("redshift!{}-{}", cluster.unwrap_or_default(), admin.unwrap_or_default());
            let secret = account.arn("secretsmanager", format_args!("secret:{name}-000000"));
            OF_SECRET.into_iter().for_each(|action| need(action, Some(secret.clone())));
            need("secretsmanager:GetRandomPassword", Some("*".to_owned()));
        }
        // Whose password is managed is not in the request.
        "redshift:DeleteCluster" => need("secretsmanager:DeleteSecret", None),
        "redshift-data:ExecuteStatement" | "redshift-data:BatchExecuteStatement" => {
            match (field("SecretArn"), field("DbUser"), field("ClusterIdentifier"), field("WorkgroupName")) {
                (Some(secret), ..) => need("secretsmanager:GetSecretValue", Some(secret.to_owned())),
                (_, Some(_), Some(_), _) => {
                    let action = "redshift:GetClusterCredentials";
                    need(action, resource(iam, action, fields)?);
                }
                (_, _, Some(_), _) => {
                    let action = "redshift:GetClusterCredentialsWithIAM";
                    need(action, resource(iam, action, fields)?);
                }
                (_, _, _, Some(_)) => need("redshift-serverless:GetCredentials", None),
                // A session has logged in already.
                _ => {}
            }
        }
        _ => {}
    }
    if operation == "redshift:CreateCluster" && !iam.has_service_linked_role(REDSHIFT)? {
        let role = format!("role/aws-service-role/{REDSHIFT}/AWSServiceRoleForRedshift");
        let role = account.global_arn("iam", role);
        needs.push(Need { action: "iam:CreateServiceLinkedRole", resource: Some(role) });
    }
    Ok(needs)
}

/// The condition keys that are known of a call.
fn context(account: &Account, user_id: &str, operation: &str, fields: &Fields) -> BTreeMap<String, String> {
    let service = match operation.split_once(':') {
        Some(("redshift-serverless", _)) => "redshift-serverless.amazonaws.com",
        Some(("iam", "AddRoleToInstanceProfile")) => "ec2.amazonaws.com",
        _ => REDSHIFT,
    };
    let mut context: BTreeMap<String, String> = [
        ("aws:securetransport", "true"),
        ("aws:requestedregion", &account.region),
        ("aws:principalaccount", &account.id),
        ("aws:userid", user_id),
        ("iam:passedtoservice", service),
        ("iam:awsservicename", REDSHIFT),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect();
    for (name, key) in fields {
        let is_key = name.to_lowercase().starts_with("tags.") && name.to_lowercase().ends_with(".key");
        let Some(stem) = name.get(..name.len().saturating_sub(3)).filter(|_| is_key) else { continue };
        let value = [format!("{stem}Value"), format!("{stem}value")].iter().find_map(|name| fields.get(name)).cloned();
        context.insert(format!("aws:requesttag/{}", key.to_lowercase()), value.unwrap_or_default());
    }
    context
}
