//! What AWS answered when others recorded it, field by field: facts in `tests/recorded/`, held against what the stand-in
//! answers to the same calls. A field that the stand-in lacks or answers otherwise is marked there as a gap, and is
//! unmarked when the gap is closed.
//!
//! A line that begins a call: `redshift Action=… Name=value`, `redshift-data Operation {…}`, `s3 METHOD /path body`, with
//! `x-amz-…:value` before the body for a header. After `assumed`, it is made with the credentials that the last AssumeRole
//! answered. Under it what its answer had: `Field.Field` and `text`, `number`, `bool`, `time`, `list` (it is there),
//! `absent` or `= value`, in which `(any)` is any text. Names of list members are left out. `Field as Name` lets later
//! calls say `${Name}`.
//!
//! `SPARKIFY_MARK_GAPS=1` writes into the files what is a gap and what is one no more.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
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

/// Services whose operations are in a header, and whose bodies are JSON.
const JSON: [(&str, &str); 2] = [("secretsmanager", "secretsmanager"), ("redshift-data", "RedshiftData")];

struct Call<'f> {
    is_assumed: bool,
    service: &'f str,
    method: &'f str,
    path: &'f str,
    headers: Vec<(&'f str, String)>,
    body: String,
}

impl<'f> Call<'f> {
    fn read(line: &'f str) -> Self {
        let assumed = line.strip_prefix("assumed ");
        let (service, rest) = assumed.unwrap_or(line).split_once(' ').unwrap();
        let json = JSON.iter().find(|(name, _)| *name == service);
        let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
        let (method, path, headers, body) = match (service, json) {
            ("s3", _) => {
                let (path, mut body) = more.split_once(' ').unwrap_or((more, ""));
                let mut headers = Vec::new();
                while body.starts_with("x-amz-") {
                    let (header, rest) = body.split_once(' ').unwrap_or((body, ""));
                    headers.extend(header.split_once(':').map(|(name, value)| (name, value.to_owned())));
                    body = rest;
                }
                (first, path, headers, body.to_owned())
            }
            (_, Some((_, prefix))) => {
                ("POST", "/", vec![("x-amz-target", format!("{prefix}.{first}"))], more.to_owned())
            }
            _ => ("POST", "/", Vec::new(), form(service, rest)),
        };
        Self { is_assumed: assumed.is_some(), service, method, path, headers, body }
    }

    fn send(&self, address: &str, credentials: Credentials) -> Answer {
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        if self.service == "s3" {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let params = SigningParams::builder().identity(&identity).region(REGION).name(self.service);
        let params = params.time(SystemTime::now()).settings(settings).build().unwrap().into();
        let uri = format!("http://{address}{}", self.path);
        let headers = || self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let body = SignableBody::Bytes(self.body.as_bytes());
        let request = SignableRequest::new(self.method, &uri, headers(), body).unwrap();
        let (signed, _) = sign(request, &params).unwrap().into_parts();
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", self.method, self.path);
        for (name, value) in signed.headers().chain(headers()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "{head}Content-Length: {}\r\n\r\n{}", self.body.len(), self.body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Answer::read(&String::from_utf8_lossy(&answer), JSON.iter().any(|(name, _)| *name == self.service))
    }
}

/// The fields of AWS's query protocol. Values have no blanks.
fn form(service: &str, fields: &str) -> String {
    let version = match service {
        "iam" => "2010-05-08",
        "sts" => "2011-06-15",
        _ => "2012-12-01",
    };
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

    /// Returns true if a field is as a fact says.
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
                values.iter().any(|value| is_like(&shown(value), literal))
            }
        }
    }

    fn text(&self, path: &str) -> Option<String> {
        let (_, value) = self.fields.iter().find(|(name, _)| name == path)?;
        value.as_str().map(str::to_owned)
    }
}

/// Returns true if a text is as a pattern says, in which `(any)` is any text. Blanks count once.
fn is_like(text: &str, pattern: &str) -> bool {
    let blanks_once = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (text, pattern) = (blanks_once(text), blanks_once(pattern));
    let mut pieces = pattern.split("(any)");
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        let Some((_, behind)) = rest.split_once(piece) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
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

/// A file of facts under way.
struct Replay {
    address: String,
    /// What earlier answers had, by the names that the file gives it.
    names: BTreeMap<String, String>,
    assumed: Option<Credentials>,
}

impl Replay {
    fn call(&mut self, line: &str) -> Answer {
        let fill = |line: String, (name, value): (&String, &String)| line.replace(&format!("${{{name}}}"), value);
        let filled = self.names.iter().fold(line.to_owned(), fill);
        let call = Call::read(&filled);
        let owner = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test");
        let credentials = if call.is_assumed { self.assumed.clone().unwrap_or(owner) } else { owner };
        let answer = call.send(&self.address, credentials);
        let part = |name: &str| answer.text(&format!("Credentials.{name}"));
        if let (Some(key), Some(secret)) = (part("AccessKeyId"), part("SecretAccessKey")) {
            self.assumed = Some(Credentials::new(key, secret, part("SessionToken"), None, "test"));
        }
        answer
    }
}

/// Makes the calls of a file of facts and says how each fact fares that is not as it is marked.
pub fn compare(path: &Path, pace: Pace) {
    let served = Served::new(Project::bare(), pace);
    let name = path.display();
    let facts = std::fs::read_to_string(path).unwrap();
    let mut replay = Replay { address: served.address(), names: BTreeMap::new(), assumed: None };
    let mut answered: Option<(&str, Answer)> = None;
    let (mut wrong, mut marked) = (Vec::new(), String::new());
    for line in facts.lines() {
        let mut mark = "";
        if let Some(fact) = line.strip_prefix("  ") {
            let (call, answer) = answered.as_ref().unwrap();
            let (fact, is_gap) = fact.strip_suffix(" | gap").map_or((fact, false), |fact| (fact, true));
            let (field, expected) = fact.split_once(' ').unwrap();
            if let Some(name) = expected.strip_prefix("as ") {
                replay.names.extend(answer.text(field).map(|value| (name.to_owned(), value)));
            } else {
                let is_right = answer.agrees(field, expected);
                match (is_right, is_gap) {
                    (true, false) | (false, true) => {}
                    (true, true) => wrong.push(format!("{call}\n  {fact}: no gap any more, unmark it")),
                    (false, false) => wrong.push(format!("{call}\n  {fact}: but {:?}", answer.fields)),
                }
                mark = if is_right { "" } else { " | gap" };
            }
        } else if !line.is_empty() && !line.starts_with('#') {
            answered = Some((line, replay.call(line)));
        }
        marked.push_str(&format!("{}{mark}\n", line.strip_suffix(" | gap").unwrap_or(line)));
    }
    assert!(answered.is_some(), "{name} has no call");
    if std::env::var_os("SPARKIFY_MARK_GAPS").is_some() {
        return std::fs::write(path, marked).unwrap();
    }
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded")
}

/// Whatever is asked for stays under way.
fn compare_under_way(name: &str) {
    compare(&folder().join(name), Pace { modifying: Duration::from_secs(3600), ..Pace::AT_ONCE });
}

#[test]
fn redshift_answers_as_recorded() {
    compare_under_way("redshift.txt");
}

#[test]
fn iam_answers_as_recorded() {
    compare_under_way("iam.txt");
}

#[test]
fn secrets_manager_answers_as_recorded() {
    compare_under_way("secretsmanager.txt");
}

#[test]
fn s3_answers_as_recorded() {
    compare_under_way("s3.txt");
}

/// Recordings of `tests/aws/run.py` that somebody put into the folder: `aws-kit….txt` (docs/aws-kit.md).
#[test]
fn the_kit_s_recordings_are_answered_so() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("aws-kit")) {
            compare(&path, Pace::AT_ONCE);
        }
    }
}

#[test]
fn a_recorded_value_may_leave_out_what_differs() {
    assert!(is_like("Session 12 does not exist", "Session (any) does  not exist"));
    assert!(
        is_like("a b", "a b")
            && is_like("ab", "(any)b")
            && is_like("ab", "a(any)")
            && is_like("a1b2c", "a(any)b(any)c")
    );
    assert!(
        !is_like("a b c", "a b")
            && !is_like("ab", "(any)a")
            && !is_like("ba", "(any)b")
            && !is_like("ac", "a(any)b(any)c")
    );
}
