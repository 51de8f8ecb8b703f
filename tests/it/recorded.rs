//! What AWS answered when others recorded it, field by field: facts in `tests/recorded/`, held against what the stand-in
//! answers to the same calls. A field that the stand-in lacks or answers otherwise is marked there as a gap, and is
//! unmarked when the gap is closed.
//!
//! A line that begins a call: `redshift Action=… Name=value`, `secretsmanager Operation {…}`, `s3 METHOD /path body`.
//! Under it what its answer had: `Field.Field` and `text`, `number`, `bool`, `time`, `list` (it is there), `absent` or
//! `= value`. Names of list members are left out.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4::SigningParams;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sparkify_local::{ACCESS_KEY, Pace, SECRET_KEY};

use crate::project::{Project, REGION};
use crate::served::Served;

struct Call<'f> {
    service: &'f str,
    method: &'f str,
    path: &'f str,
    target: Option<String>,
    body: String,
}

impl<'f> Call<'f> {
    fn read(line: &'f str) -> Self {
        let (service, rest) = line.split_once(' ').unwrap();
        let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
        let (method, path, target, body) = match service {
            "s3" => {
                let (path, body) = more.split_once(' ').unwrap_or((more, ""));
                (first, path, None, body.to_owned())
            }
            "secretsmanager" => ("POST", "/", Some(format!("secretsmanager.{first}")), more.to_owned()),
            _ => ("POST", "/", None, form(service, rest)),
        };
        Self { service, method, path, target, body }
    }

    fn send(&self, address: &str) -> Answer {
        let identity = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test").into();
        let mut settings = SigningSettings::default();
        if self.service == "s3" {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let params = SigningParams::builder().identity(&identity).region(REGION).name(self.service);
        let params = params.time(SystemTime::now()).settings(settings).build().unwrap().into();
        let uri = format!("http://{address}{}", self.path);
        let target = self.target.as_deref().map(|target| ("x-amz-target", target));
        let body = SignableBody::Bytes(self.body.as_bytes());
        let request = SignableRequest::new(self.method, &uri, target.into_iter(), body).unwrap();
        let (signed, _) = sign(request, &params).unwrap().into_parts();
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", self.method, self.path);
        for (name, value) in signed.headers().chain(target) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "{head}Content-Length: {}\r\n\r\n{}", self.body.len(), self.body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Answer::read(&String::from_utf8_lossy(&answer), self.service == "secretsmanager")
    }
}

/// The fields of AWS's query protocol. Values have no blanks.
fn form(service: &str, fields: &str) -> String {
    let version = if service == "iam" { "2010-05-08" } else { "2012-12-01" };
    let encoded = fields.split(' ').map(|field| {
        let (name, value) = field.split_once('=').unwrap();
        format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
    });
    encoded.chain([format!("Version={version}")]).collect::<Vec<_>>().join("&")
}

struct Answer {
    /// Names of fields, from the outside to the inside, and values.
    fields: Vec<(String, Value)>,
    is_json: bool,
}

impl Answer {
    fn read(answer: &str, is_json: bool) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer but '{answer}'"));
        let status = head.split(' ').nth(1).unwrap_or_default();
        let mut fields = vec![("status".to_owned(), Value::from(status))];
        match is_json {
            true => flatten_json(&serde_json::from_str(body).unwrap(), "", &mut fields),
            false => flatten_xml(body, &mut fields),
        }
        Self { fields, is_json }
    }

    /// Whether a field is as a fact says.
    fn agrees(&self, path: &str, expected: &str) -> bool {
        let inside = format!("{path}.");
        let is_there = self.fields.iter().any(|(name, _)| name == path || name.starts_with(&inside));
        let values: Vec<&Value> = self.fields.iter().filter(|(name, _)| name == path).map(|(_, value)| value).collect();
        let all = |check: &dyn Fn(&Value) -> bool| !values.is_empty() && values.iter().all(|value| check(value));
        // Texts of XML are whatever they can be read as.
        let reads = |value: &Value, check: fn(&str) -> bool| !self.is_json && value.as_str().is_some_and(check);
        match expected {
            "absent" => !is_there,
            "list" => is_there,
            "text" => all(&|value| value.as_str().is_some_and(|text| !text.is_empty())),
            "number" => all(&|value| value.is_number() || reads(value, |text| text.parse::<f64>().is_ok())),
            "bool" => all(&|value| value.is_boolean() || reads(value, |text| ["true", "false"].contains(&text))),
            "time" => all(&|value| {
                self.is_json && value.is_number() || reads(value, |text| text.parse::<jiff::Timestamp>().is_ok())
            }),
            literal => {
                let literal = literal.strip_prefix("= ").unwrap_or_else(|| panic!("'{literal}' is no fact"));
                let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                values.iter().any(|value| shown(value) == literal)
            }
        }
    }
}

fn flatten_json(value: &Value, path: &str, fields: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten_json(value, &inner, fields);
            }
        }
        Value::Array(members) if !members.is_empty() => {
            members.iter().for_each(|member| flatten_json(member, path, fields));
        }
        value => fields.push((path.to_owned(), value.clone())),
    }
}

/// Elements without attributes that matter, as all of these services write.
fn flatten_xml(xml: &str, fields: &mut Vec<(String, Value)>) {
    let mut open: Vec<&str> = Vec::new();
    let mut is_leaf = false;
    let mut rest = xml;
    while let Some((before, after)) = rest.split_once('<') {
        let Some((tag, behind)) = after.split_once('>') else { break };
        rest = behind;
        if tag.starts_with('/') {
            let text = if is_leaf { unescaped(before) } else { String::new() };
            fields.push((path_of(&open), Value::from(text)));
            open.pop();
            is_leaf = false;
        } else if !tag.starts_with(['?', '!']) {
            open.push(tag.trim_end_matches('/').split(' ').next().unwrap_or_default());
            is_leaf = !tag.ends_with('/');
            if !is_leaf {
                fields.push((path_of(&open), Value::from("")));
                open.pop();
            }
        }
    }
}

/// Without the frame of an answer and the names of list members.
fn path_of(open: &[&str]) -> String {
    let name = |depth: usize| {
        let (name, parent) = (open[depth], if depth == 0 { "" } else { open[depth - 1] });
        let is_frame = match depth {
            0 => name.ends_with("Response"),
            1 => parent.ends_with("Response") && name.ends_with("Result"),
            _ => false,
        };
        let is_member = name == "member"
            || parent.strip_suffix('s') == Some(name)
            || parent.strip_suffix("Set") == Some(name)
            || (parent, name) == ("IamRoles", "ClusterIamRole");
        (!is_frame && !is_member).then_some(name)
    };
    (0..open.len()).filter_map(name).collect::<Vec<_>>().join(".")
}

fn unescaped(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    named.iter().fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign))
}

/// Makes the calls of a file of facts and says how each fact fares that is not as it is marked.
fn compare(name: &str) {
    // Whatever is asked for stays under way.
    let pace = Pace { modifying: Duration::from_secs(3600), ..Pace::AT_ONCE };
    let served = Served::new(Project::bare(), pace);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded").join(name);
    let facts = std::fs::read_to_string(&path).unwrap();
    let mut answered: Option<(&str, Answer)> = None;
    let mut wrong = Vec::new();
    for line in facts.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some(fact) = line.strip_prefix("  ") else {
            answered = Some((line, Call::read(line).send(&served.address())));
            continue;
        };
        let (call, answer) = answered.as_ref().unwrap();
        let (fact, is_gap) = fact.strip_suffix(" | gap").map_or((fact, false), |fact| (fact, true));
        let (field, expected) = fact.split_once(' ').unwrap();
        match (answer.agrees(field, expected), is_gap) {
            (true, false) | (false, true) => {}
            (true, true) => wrong.push(format!("{call}\n  {fact}: no gap any more, unmark it")),
            (false, false) => wrong.push(format!("{call}\n  {fact}: but {:?}", answer.fields)),
        }
    }
    assert!(answered.is_some(), "{name} has no call");
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}

#[test]
fn redshift_answers_as_recorded() {
    compare("redshift.txt");
}

#[test]
fn iam_answers_as_recorded() {
    compare("iam.txt");
}

#[test]
fn secrets_manager_answers_as_recorded() {
    compare("secretsmanager.txt");
}

#[test]
fn s3_answers_as_recorded() {
    compare("s3.txt");
}
