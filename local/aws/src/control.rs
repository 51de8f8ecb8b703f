//! Requests that change the state as a whole, for tests: `/_local/reset`, `/_local/snapshots/…`, `/_local/databases/…`. They
//! need a header that no page of another origin can send without being asked first, which it never is.

use aws_smithy_types::body::SdkBody;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use serde_json::json;

use crate::Cloud;
use crate::state::{ControlError, Reset};

/// What each of these requests has, with any value.
const HEADER: &str = "x-sparkify-local";

/// What somebody asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    Reset(Reset),
    Snapshot(String),
    Restore(String),
    Snapshots,
    Copy {
        cluster: String,
        database: String,
        template: String,
    },
    Drop {
        cluster: String,
        database: String,
    },
    /// Without the header.
    Refused,
    /// Without something else that it needs.
    Wrong(&'static str),
}

/// What a request asks for, where it is one of these.
pub fn asked(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Asked> {
    let parts: Vec<&str> = uri.path().strip_prefix("/_local/")?.split('/').collect();
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
    let asked = match (method.as_str(), &parts[..]) {
        ("POST", ["reset"]) => match (field("service"), field("database"), field("cluster")) {
            (Some(_), Some(_), _) => Asked::Wrong("service and database cannot be reset together"),
            (Some(service), None, _) => Asked::Reset(Reset::Service(service)),
            (None, Some(database), cluster) => Asked::Reset(Reset::Database { cluster, database }),
            (None, None, _) => Asked::Reset(Reset::All),
        },
        ("GET", ["snapshots"]) => Asked::Snapshots,
        ("POST", ["snapshots", name]) => Asked::Snapshot((*name).to_owned()),
        ("POST", ["snapshots", name, "restore"]) => Asked::Restore((*name).to_owned()),
        ("POST", ["databases", cluster, database]) => match field("template") {
            Some(template) => {
                Asked::Copy { cluster: (*cluster).to_owned(), database: (*database).to_owned(), template }
            }
            None => Asked::Wrong("a database is copied by ?template=NAME"),
        },
        ("DELETE", ["databases", cluster, database]) => {
            Asked::Drop { cluster: (*cluster).to_owned(), database: (*database).to_owned() }
        }
        _ => return None,
    };
    match asked {
        Asked::Snapshots => Some(asked),
        _ if !headers.contains_key(HEADER) => Some(Asked::Refused),
        asked => Some(asked),
    }
}

/// Does what is asked for, on a thread that may wait.
pub async fn answer(cloud: Cloud, asked: Asked) -> http::Response<SdkBody> {
    let done = tokio::task::spawn_blocking(move || act(&cloud, asked)).await;
    let done =
        done.unwrap_or_else(|error| Err(ControlError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())));
    let (status, body) = match done {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (
            StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            json!({ "message": error.message }),
        ),
    };
    let mut response = http::Response::new(SdkBody::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn act(cloud: &Cloud, asked: Asked) -> Result<serde_json::Value, ControlError> {
    match asked {
        Asked::Reset(what) => cloud.reset(&what).map(|()| json!({ "reset": true })),
        Asked::Snapshot(name) => cloud.snapshot(&name).map(|()| json!({ "snapshot": name })),
        Asked::Restore(name) => cloud.restore(&name).map(|()| json!({ "restored": name })),
        Asked::Snapshots => cloud.snapshots().map(|names| json!({ "snapshots": names })),
        Asked::Copy { cluster, database, template } => cloud
            .copy_database(&cluster, &template, &database)
            .map(|()| json!({ "cluster": cluster, "database": database, "template": template })),
        Asked::Drop { cluster, database } => {
            cloud.drop_database(&cluster, &database).map(|()| json!({ "cluster": cluster, "dropped": database }))
        }
        Asked::Refused => {
            Err(ControlError::new(StatusCode::FORBIDDEN, format!("send the header {HEADER}: 1 with this request")))
        }
        Asked::Wrong(message) => Err(ControlError::new(StatusCode::BAD_REQUEST, message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(method: &str, uri: &str, header: bool) -> Option<Asked> {
        let headers = header.then(|| (http::HeaderName::from_static(HEADER), HeaderValue::from_static("1")));
        let method: Method = method.parse().expect("method");
        asked(&method, &uri.parse().expect("address"), &headers.into_iter().collect())
    }

    #[test]
    fn requests_say_what_they_ask_for_and_nothing_without_the_header() {
        let reset = |what| Some(Asked::Reset(what));
        assert_eq!(asks("POST", "/_local/reset", true), reset(Reset::All));
        assert_eq!(asks("POST", "/_local/reset?service=s3", true), reset(Reset::Service("s3".into())));
        let database = Reset::Database { cluster: Some("c".into()), database: "d".into() };
        assert_eq!(asks("POST", "/_local/reset?cluster=c&database=d", true), reset(database));
        assert_eq!(asks("POST", "/_local/snapshots/a/restore", true), Some(Asked::Restore("a".into())));
        let copy = Asked::Copy { cluster: "c".into(), database: "new".into(), template: "old".into() };
        assert_eq!(asks("POST", "/_local/databases/c/new?template=old", true), Some(copy));
        for (method, uri) in [
            ("POST", "/_local/reset"),
            ("POST", "/_local/snapshots/a"),
            ("POST", "/_local/snapshots/a/restore"),
            ("DELETE", "/_local/databases/c/d"),
        ] {
            assert_eq!(asks(method, uri, false), Some(Asked::Refused), "{method} {uri}");
        }
        for (method, uri) in
            [("GET", "/_local/reset"), ("GET", "/_local"), ("POST", "/_local/api/data/x"), ("PUT", "/b")]
        {
            assert_eq!(asks(method, uri, true), None, "{method} {uri}");
        }
        assert!(matches!(asks("POST", "/_local/reset?database=d&service=s3", true), Some(Asked::Wrong(_))));
    }
}
