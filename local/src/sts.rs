//! STS: who am I.

use crate::account::Account;
use crate::error::ApiError;
use crate::protocol::query::{self, Params, text};
use crate::protocol::{Request, Response};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

pub fn handle(account: &Account, request: &Request) -> Response {
    let params = Params::parse(request);
    match params.get("Action").unwrap_or_default() {
        action @ "GetCallerIdentity" => {
            let identity = vec![
                text("Arn", format!("arn:aws:iam::{}:user/local", account.id)),
                text("UserId", "AIDALOCALSTANDIN00000"),
                text("Account", &account.id),
            ];
            query::answer(action, NAMESPACE, identity)
        }
        other => query::refuse(&ApiError::unknown_operation("STS", other), NAMESPACE),
    }
}
