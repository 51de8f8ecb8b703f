//! STS: who am I, and another role for a while.

use std::collections::BTreeMap;

use crate::account::iso;
use crate::authorize::denied;
use crate::error::{ApiError, ApiResult};
use crate::iam::policy::{Decision, Kind, Policy, Question};
use crate::iam::{Iam, Identity};
use crate::protocol::query::{self, Params, Xml, text, tree};
use crate::protocol::{Request, Response};
use crate::sessions::{Caller, Sessions};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const HOUR_SECONDS: i64 = 3600;

pub fn handle(iam: &Iam, sessions: &Sessions, caller: &Caller, request: &Request) -> Response {
    query::serve(request, NAMESPACE, |action, params| match action {
        "GetCallerIdentity" => {
            Ok(vec![text("Arn", &caller.arn), text("UserId", &caller.user_id), text("Account", &iam.account.id)])
        }
        "AssumeRole" => {
            params
                .only("ValidationError", &["RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds", "Policy"])?;
            assume(iam, sessions, caller, params)
        }
        other => Err(ApiError::unknown_operation("STS", other)),
    })
}

/// The role must trust the caller; whether the caller may take on roles was looked at before.
fn assume(iam: &Iam, sessions: &Sessions, caller: &Caller, params: &Params) -> ApiResult<Vec<Xml>> {
    let (arn, name) = (params.required("RoleArn")?, params.required("RoleSessionName")?);
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || "_+=,.@-".contains(sign);
    if !(2..=64).contains(&name.len()) || !name.chars().all(is_name) {
        return Err(ApiError::invalid(
            "ValidationError",
            format!(
                "1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: Member \
                 must satisfy regular expression pattern: [\\w+=,.@-]*, and have a length of 2 to 64"
            ),
        ));
    }
    let external = params.get("ExternalId").map(|id| ("sts:externalid".to_owned(), id.to_owned()));
    let question = Question {
        principal: &caller.identity.principal,
        action: "sts:AssumeRole",
        resource: Some(arn),
        context: &external.into_iter().collect::<BTreeMap<_, _>>(),
    };
    let trusts = |role: &crate::iam::Role| {
        Policy::parse(&role.trust, Kind::Trust).is_ok_and(|trust| trust.decide(&question) == Decision::Allow)
    };
    let role = iam.role_of(arn)?.filter(trusts).ok_or_else(|| denied(caller, "sts:AssumeRole", Some(arn)))?;
    let longest = if caller.is_session { HOUR_SECONDS } else { role.max_session };
    let seconds = params.number("DurationSeconds")?.unwrap_or(HOUR_SECONDS);
    if !(900..=longest).contains(&seconds) {
        let message = format!(
            "The requested DurationSeconds {seconds} is not from 900 to the MaxSessionDuration set for this role, {longest}."
        );
        return Err(ApiError::invalid("ValidationError", message));
    }
    let limit = params.get("Policy").map(|text| Policy::parse(text, Kind::Identity)).transpose();
    let limit = limit.map_err(|reason| ApiError::invalid("MalformedPolicyDocument", reason))?;
    let identity = Identity::of_role(&role, &iam.account, &iam.store).limited(limit);
    let session = sessions.begin(&role, identity, name, seconds);
    let credentials = vec![
        text("AccessKeyId", session.key),
        text("SecretAccessKey", session.secret),
        text("SessionToken", session.token),
        text("Expiration", iso(session.ends)),
    ];
    let user = vec![text("AssumedRoleId", &session.caller.user_id), text("Arn", &session.caller.arn)];
    Ok(vec![tree("Credentials", credentials), tree("AssumedRoleUser", user)])
}
