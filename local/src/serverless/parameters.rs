//! What requests to Redshift Serverless may say.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::invalid;
use crate::error::ApiResult;

/// The parameters that are read for an operation; others are refused.
pub fn parameters(operation: &str) -> Option<&'static [&'static str]> {
    let known: &[&str] = match operation {
        "CreateNamespace" => &[
            "namespaceName",
            "adminUsername",
            "adminUserPassword",
            "manageAdminPassword",
            "dbName",
            "defaultIamRoleArn",
            "iamRoles",
            "kmsKeyId",
            "tags",
        ],
        "UpdateNamespace" => {
            &["namespaceName", "adminUserPassword", "manageAdminPassword", "defaultIamRoleArn", "iamRoles", "kmsKeyId"]
        }
        "GetNamespace" | "DeleteNamespace" => &["namespaceName"],
        "CreateWorkgroup" => &[
            "workgroupName",
            "namespaceName",
            "baseCapacity",
            "maxCapacity",
            "port",
            "publiclyAccessible",
            "enhancedVpcRouting",
            "securityGroupIds",
            "subnetIds",
            "tags",
        ],
        "UpdateWorkgroup" => &[
            "workgroupName",
            "baseCapacity",
            "maxCapacity",
            "port",
            "publiclyAccessible",
            "enhancedVpcRouting",
            "securityGroupIds",
            "subnetIds",
        ],
        "GetWorkgroup" | "DeleteWorkgroup" => &["workgroupName"],
        "GetCredentials" => &["workgroupName", "dbName", "durationSeconds"],
        "ListNamespaces" | "ListWorkgroups" => &["maxResults", "nextToken"],
        "TagResource" => &["resourceArn", "tags"],
        "UntagResource" => &["resourceArn", "tagKeys"],
        "ListTagsForResource" => &["resourceArn"],
        _ => return None,
    };
    Some(known)
}

/// As many of a list as were asked for, at most 100, from where the page before ended.
pub fn page(input: &Json, name: &str, all: Vec<Json>) -> ApiResult<Json> {
    const MOST: usize = 100;
    let most = input["maxResults"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST);
    let start: usize = match input["nextToken"].as_str() {
        Some(token) => token.parse().map_err(|_| invalid("nextToken is not valid"))?,
        None => 0,
    };
    let end = all.len().min(start.saturating_add(most.clamp(1, MOST)));
    let mut answer = json!({ name: all.get(start..end).unwrap_or_default() });
    if end < all.len() {
        answer["nextToken"] = json!(end.to_string());
    }
    Ok(answer)
}

pub fn texts(values: &Json) -> Vec<String> {
    values.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}

pub fn tags_of(input: &Json) -> BTreeMap<String, String> {
    let tag =
        |tag: &Json| Some((tag["key"].as_str()?.to_owned(), tag["value"].as_str().unwrap_or_default().to_owned()));
    input["tags"].as_array().into_iter().flatten().filter_map(tag).collect()
}
