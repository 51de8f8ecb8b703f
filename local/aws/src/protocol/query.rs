//! AWS Query: form fields in, XML out.

use std::collections::BTreeMap;

use http::StatusCode;

use super::{Request, Response, request_id};
use crate::error::{ApiError, ApiResult};

/// The form fields of a request.
pub struct Params(BTreeMap<String, String>);

impl Params {
    fn parse(request: &Request) -> Self {
        Self(form_urlencoded::parse(&request.body).into_owned().collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The same, one of them in lower case: what AWS takes in any case, and keeps so.
    pub fn lowered(&self, name: &str) -> Self {
        let mut all = self.0.clone();
        if let Some(value) = all.get_mut(name) {
            *value = value.to_ascii_lowercase();
        }
        Self(all)
    }

    pub fn required(&self, name: &str) -> ApiResult<&str> {
        self.get(name).ok_or_else(|| {
            ApiError::invalid(
                "ValidationError",
                format!("1 validation error detected: Value at '{name}' must not be null"),
            )
        })
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| value == "true")
    }

    pub fn number(&self, name: &str) -> ApiResult<Option<i64>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_| ApiError::invalid("MalformedInput", format!("{name} is not a number: {text}")))
    }

    /// The members of a list of strings: `Name.1`, `Name.2`, …
    pub fn list(&self, name: &str) -> Vec<String> {
        (1..).map_while(|n| self.get(&format!("{name}.{n}")).map(str::to_owned)).collect()
    }

    /// The members of a list of tags: `Name.1.Key`, `Name.1.Value`, …
    pub fn tags(&self, name: &str) -> BTreeMap<String, String> {
        (1..)
            .map_while(|n| {
                let key = self.get(&format!("{name}.{n}.Key"))?;
                Some((key.to_owned(), self.get(&format!("{name}.{n}.Value")).unwrap_or_default().to_owned()))
            })
            .collect()
    }
}

/// Parameters that requests have whatever the operation: those of the protocol and of older signatures.
const COMMON: [&str; 8] = [
    "Action",
    "Version",
    "AWSAccessKeyId",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "Timestamp",
];

impl Params {
    /// Refuses parameters that nobody here reads, so that none is ignored in silence. What is empty or `false` asks for
    /// nothing.
    pub fn only(&self, code: &str, known: &[&str]) -> ApiResult<()> {
        let asked = self.0.iter().filter(|(_, value)| !value.is_empty() && *value != "false");
        let mut names = asked.map(|(name, _)| name.split('.').next().unwrap_or_default());
        let is_read = |name: &str| known.contains(&name) || COMMON.contains(&name) || name.starts_with("X-Amz-");
        match names.find(|name| !is_read(name)) {
            None => Ok(()),
            Some(name) => Err(ApiError::invalid(
                code,
                format!("The parameter {name} is not supported by the local stand-in: leave it out."),
            )),
        }
    }

    /// As many of a list as the parameter `most` asks for, from where the page before ended, and where the next begins.
    pub fn page<T>(&self, most: &str, token: &str, all: Vec<T>) -> ApiResult<(Vec<T>, Option<String>)> {
        const LARGEST: i64 = 1000;
        let most = self.number(most)?.unwrap_or(PAGE).clamp(1, LARGEST);
        let invalid = || ApiError::invalid("ValidationError", format!("Invalid {token}."));
        let start: usize = self.get(token).map_or(Ok(0), |text| text.parse().map_err(|_| invalid()))?;
        let end = start.saturating_add(usize::try_from(most).unwrap_or(usize::MAX));
        let next = (end < all.len()).then(|| end.to_string());
        Ok((all.into_iter().take(end).skip(start).collect(), next))
    }
}

/// Members of a page where the caller asks for no other number.
const PAGE: i64 = 100;

/// A piece of an XML answer.
pub enum Xml {
    Text(&'static str, String),
    Tree(&'static str, Vec<Xml>),
}

pub fn text(name: &'static str, value: impl ToString) -> Xml {
    Xml::Text(name, value.to_string())
}

pub fn tree(name: &'static str, children: Vec<Xml>) -> Xml {
    Xml::Tree(name, children)
}

/// `<Name><Key>…</Key><Value>…</Value></Name>` for each tag.
pub fn tag_list(list: &'static str, member: &'static str, tags: &BTreeMap<String, String>) -> Xml {
    tree(list, tags.iter().map(|(key, value)| tree(member, vec![text("Key", key), text("Value", value)])).collect())
}

impl Xml {
    fn render(&self, out: &mut String) {
        let (name, content) = match self {
            Self::Text(name, value) => (name, Err(value)),
            Self::Tree(name, children) => (name, Ok(children)),
        };
        out.push_str(&format!("<{name}>"));
        match content {
            Ok(children) => children.iter().for_each(|child| child.render(out)),
            Err(value) => out.push_str(&quick_xml::escape::escape(value.as_str())),
        }
        out.push_str(&format!("</{name}>"));
    }
}

/// Reads a request, lets `dispatch` answer the action, and writes what it says.
pub fn serve(
    request: &Request,
    namespace: &str,
    dispatch: impl FnOnce(&str, &Params) -> ApiResult<Vec<Xml>>,
) -> Response {
    let params = Params::parse(request);
    let action = params.get("Action").unwrap_or_default();
    match dispatch(action, &params) {
        Ok(result) => answer(action, namespace, result),
        Err(error) => refuse(&error, namespace),
    }
}

/// As `serve`, in EC2's form: what it answers stands in the response itself.
pub fn serve_ec2(request: &Request, dispatch: impl FnOnce(&str, &Params) -> ApiResult<Vec<Xml>>) -> Response {
    let params = Params::parse(request);
    let action = params.get("Action").unwrap_or_default();
    match dispatch(action, &params) {
        Ok(result) => {
            let id = request_id();
            let mut xml = format!("<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">");
            text("requestId", &id).render(&mut xml);
            result.iter().for_each(|element| element.render(&mut xml));
            xml.push_str(&format!("</{action}Response>"));
            with_id(respond(StatusCode::OK, xml), &id)
        }
        Err(error) => refuse_ec2(&error),
    }
}

pub fn refuse_ec2(error: &ApiError) -> Response {
    let id = request_id();
    let told = tree("Error", vec![text("Code", &error.code), text("Message", &error.message)]);
    let mut xml = String::new();
    tree("Response", vec![tree("Errors", vec![told]), text("RequestID", &id)]).render(&mut xml);
    with_id(respond(error.status, xml), &id)
}

/// The answer to `action`: its result element and the request id.
fn answer(action: &str, namespace: &str, result: Vec<Xml>) -> Response {
    let mut xml = format!("<{action}Response xmlns=\"{namespace}\"><{action}Result>");
    result.iter().for_each(|element| element.render(&mut xml));
    let id = request_id();
    xml.push_str(&format!(
        "</{action}Result><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{action}Response>"
    ));
    with_id(respond(StatusCode::OK, xml), &id)
}

/// A refusal as S3 writes it.
pub fn refuse_s3(error: &ApiError) -> Response {
    let mut xml = String::new();
    tree("Error", vec![text("Code", &error.code), text("Message", &error.message)]).render(&mut xml);
    respond(error.status, xml)
}

pub fn refuse(error: &ApiError, namespace: &str) -> Response {
    let side = if error.status.is_server_error() { "Receiver" } else { "Sender" };
    let mut xml = format!("<ErrorResponse xmlns=\"{namespace}\">");
    tree("Error", vec![text("Type", side), text("Code", &error.code), text("Message", &error.message)])
        .render(&mut xml);
    let id = request_id();
    xml.push_str(&format!("<RequestId>{id}</RequestId></ErrorResponse>"));
    with_id(respond(error.status, xml), &id)
}

/// Some SDKs read the id of a request from here, some from the body.
fn with_id(mut response: Response, id: &str) -> Response {
    if let Ok(id) = http::HeaderValue::from_str(id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

fn respond(status: StatusCode, xml: String) -> Response {
    let mut response = Response::new(xml.into());
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/xml"));
    response
}
