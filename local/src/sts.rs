//! STS: who am I.

use crate::account::Account;
use crate::error::ApiError;
use crate::protocol::query::{self, text};
use crate::protocol::{Request, Response};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

pub fn handle(account: &Account, request: &Request) -> Response {
    query::serve(request, NAMESPACE, |action, _| match action {
        "GetCallerIdentity" => Ok(vec![
            text("Arn", format!("arn:aws:iam::{}:user/local", account.id)),
            text("UserId", "AIDALOCALSTANDIN00000"),
            text("Account", &account.id),
        ]),
        other => Err(ApiError::unknown_operation("STS", other)),
    })
}
