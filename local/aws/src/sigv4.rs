//! AWS Signature Version 4: the claim of a request to a control plane, read from its head alone, and whether its
//! signature is right, once the body is there. S3 has its own verification in `s3s`.

use std::time::SystemTime;

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderMap, Uri};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::auth_failure::AuthFailure;
use crate::protocol::is_json;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TIME_FORMAT: &str = "%Y%m%dT%H%M%SZ";
/// How much later than the server's clock a request may be dated.
const EARLY_SECONDS: i64 = 5 * 60;

/// Who a request says has signed it, when, and for which service.
#[derive(Debug)]
pub struct Claim {
    pub access_key: String,
    pub token: Option<String>,
    date: String,
    region: String,
    service: String,
    terminator: String,
    /// As sent: `20150830T123600Z`.
    time: String,
    timestamp: Timestamp,
    signed_headers: Vec<String>,
    signature: String,
}

impl Claim {
    /// Reads the claim from the Authorization header, or from the query of an address that was signed beforehand.
    pub fn read(uri: &Uri, headers: &HeaderMap) -> Result<Self, AuthFailure> {
        match headers.get(AUTHORIZATION) {
            Some(header) => Self::from_header(&String::from_utf8_lossy(header.as_bytes()), headers),
            None if query_field(uri, "X-Amz-Signature").is_some() => Self::from_query(uri),
            None => Err(AuthFailure::Missing),
        }
    }

    fn from_header(header: &str, headers: &HeaderMap) -> Result<Self, AuthFailure> {
        let (algorithm, rest) = header.trim().split_once(char::is_whitespace).unwrap_or((header, ""));
        if algorithm != ALGORITHM {
            return Err(AuthFailure::Incomplete(format!("Authorization header must begin with '{ALGORITHM}'.")));
        }
        let mut fields = std::collections::BTreeMap::new();
        for field in rest.split(',').map(str::trim).filter(|field| !field.is_empty()) {
            let (name, value) = field.split_once('=').ok_or_else(|| {
                AuthFailure::Incomplete(format!(
                    "'{field}' not a valid key=value pair (missing equal-sign) in Authorization header."
                ))
            })?;
            fields.insert(name, value.trim());
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let time = text("x-amz-date").or_else(|| text("date"));
        let missing: Vec<String> = ["Credential", "Signature", "SignedHeaders"]
            .iter()
            .filter(|name| !fields.contains_key(**name))
            .map(|name| format!("Authorization header requires '{name}' parameter."))
            .chain(time.is_none().then(|| {
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".to_owned()
            }))
            .collect();
        let field = |name: &str| fields.get(name).copied().unwrap_or_default();
        if !missing.is_empty() {
            return Err(AuthFailure::Incomplete(missing.join(" ")));
        }
        Self::new(
            field("Credential"),
            &time.unwrap_or_default(),
            field("SignedHeaders"),
            field("Signature"),
            text("x-amz-security-token"),
        )
    }

    fn from_query(uri: &Uri) -> Result<Self, AuthFailure> {
        let required = |name: &str| {
            query_field(uri, name)
                .ok_or_else(|| AuthFailure::Incomplete(format!("AWS query-string parameters must include '{name}'.")))
        };
        if required("X-Amz-Algorithm")? != ALGORITHM {
            return Err(AuthFailure::Incomplete(format!("X-Amz-Algorithm must be '{ALGORITHM}'.")));
        }
        Self::new(
            &required("X-Amz-Credential")?,
            &required("X-Amz-Date")?,
            &required("X-Amz-SignedHeaders")?,
            &required("X-Amz-Signature")?,
            query_field(uri, "X-Amz-Security-Token"),
        )
    }

    fn new(
        credential: &str,
        time: &str,
        signed_headers: &str,
        signature: &str,
        token: Option<String>,
    ) -> Result<Self, AuthFailure> {
        let [access_key, date, region, service, terminator] =
            <[&str; 5]>::try_from(credential.split('/').collect::<Vec<_>>()).map_err(|_| {
                AuthFailure::Incomplete(format!(
                    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
                     '{credential}'"
                ))
            })?;
        let timestamp = timestamp(time).ok_or_else(|| {
            AuthFailure::Incomplete(format!("Date must be in ISO-8601 'basic format'. Got '{time}'."))
        })?;
        Ok(Self {
            access_key: access_key.to_owned(),
            token,
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            terminator: terminator.to_owned(),
            time: time.to_owned(),
            timestamp,
            signed_headers: signed_headers.split(';').map(str::to_owned).collect(),
            signature: signature.to_owned(),
        })
    }

    /// Checks what the head tells: scope and time. `now` is of the real clock, by which clients sign, also where waiting is
    /// simulated. Any region will do: this one address stands for the endpoints of all of them.
    pub fn check(&self, now: SystemTime) -> Result<(), AuthFailure> {
        let mismatch = |message: String| Err(AuthFailure::Mismatch(message));
        if self.terminator != "aws4_request" {
            return mismatch(format!(
                "Credential should be scoped with a valid terminator: 'aws4_request', not '{}'.",
                self.terminator
            ));
        }
        let is_region = |sign: u8| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-';
        if self.region.is_empty() || !self.region.bytes().all(is_region) {
            return mismatch(format!("Credential should be scoped to a valid region, not '{}'. ", self.region));
        }
        if !self.time.starts_with(&self.date) || self.date.len() != 8 {
            return mismatch(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{}', \
                 from '{}'.",
                self.date,
                self.time.get(..8).unwrap_or_default(),
                self.time
            ));
        }
        self.check_time(now)
    }

    fn check_time(&self, now: SystemTime) -> Result<(), AuthFailure> {
        let Ok(now) = Timestamp::try_from(now) else { return Ok(()) };
        let (signed, now) = (self.timestamp.as_second(), now.as_second());
        let late_minutes = if is_json(&self.service) { 5 } else { 15 };
        let (earliest, latest) = (now - late_minutes * 60, now + EARLY_SECONDS);
        let (time, server) = (&self.time, shown(now));
        let message = if signed < earliest {
            let earliest = shown(earliest);
            format!("Signature expired: {time} is now earlier than {earliest} ({server} - {late_minutes} min.)")
        } else if signed > latest {
            let (latest, minutes) = (shown(latest), EARLY_SECONDS / 60);
            format!("Signature not yet current: {time} is still later than {latest} ({server} + {minutes} min.)")
        } else {
            return Ok(());
        };
        Err(AuthFailure::OutOfTime(message))
    }

    /// Computes the signature anew with the secret of the key and compares.
    pub fn verify(&self, parts: &Parts, body: &[u8], secret: &str) -> Result<(), AuthFailure> {
        let request = self.canonical_request(parts, body)?;
        let scope = format!("{}/{}/{}/{}", self.date, self.region, self.service, self.terminator);
        let to_sign = format!("{ALGORITHM}\n{}\n{scope}\n{}", self.time, sha256(request.as_bytes()));
        let key = generate_signing_key(secret, SystemTime::from(self.timestamp), &self.region, &self.service);
        match is_same(&calculate_signature(key, to_sign.as_bytes()), &self.signature) {
            true => Ok(()),
            false => Err(AuthFailure::Mismatch(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details."
                    .to_owned(),
            )),
        }
    }

    fn canonical_request(&self, parts: &Parts, body: &[u8]) -> Result<String, AuthFailure> {
        if !self.signed_headers.iter().any(|name| name == "host") {
            return Err(AuthFailure::Mismatch(
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
            ));
        }
        let mut headers = String::new();
        for name in &self.signed_headers {
            let value = header_value(parts, name).ok_or_else(|| {
                AuthFailure::Mismatch(format!(
                    "'{name}' is named as a SignedHeader, but it does not exist in the HTTP request"
                ))
            })?;
            headers.push_str(&format!("{name}:{value}\n"));
        }
        let path = match parts.uri.path() {
            "" => "/",
            path => path,
        };
        let (path, query) = (percent_encoded(path, true), canonical_query(parts.uri.query().unwrap_or_default()));
        let (method, names, hash) = (&parts.method, self.signed_headers.join(";"), sha256(body));
        Ok(format!("{method}\n{path}\n{query}\n{headers}\n{names}\n{hash}"))
    }
}

/// All values of a header, each without blanks around it and with single blanks within. In this process requests come
/// without a Host header: the address has it.
fn header_value(parts: &Parts, name: &str) -> Option<String> {
    let words = |value: &http::HeaderValue| {
        String::from_utf8_lossy(value.as_bytes()).split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    };
    let values: Vec<String> = parts.headers.get_all(name).iter().map(words).collect();
    match values.is_empty() {
        false => Some(values.join(",")),
        true if name == HOST.as_str() => parts.uri.authority().map(|authority| authority.as_str().to_owned()),
        true => None,
    }
}

/// Names and values encoded anew and sorted, without the signature itself.
fn canonical_query(query: &str) -> String {
    let mut fields: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name != "X-Amz-Signature")
        .map(|(name, value)| (percent_encoded(&name, false), percent_encoded(&value, false)))
        .collect();
    fields.sort();
    fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Everything encoded but RFC 3986's unreserved characters.
fn percent_encoded(text: &str, keeps_slashes: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            b'/' if keeps_slashes => encoded.push('/'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn query_field(uri: &Uri, name: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    fields.find(|(field, _)| field == name).map(|(_, value)| value.into_owned())
}

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// Compares in a time that does not tell where the difference is.
fn is_same(one: &str, other: &str) -> bool {
    let differences = one.bytes().zip(other.bytes()).fold(0, |found, (one, other)| found | (one ^ other));
    one.len() == other.len() && differences == 0
}

/// Returns true if a text has the form `20150830T123600Z`.
pub fn is_time(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.strip_suffix('Z').and_then(|text| text.split_once('T'));
    parts.is_some_and(|(date, time)| date.len() == 8 && time.len() == 6 && digits(date) && digits(time))
}

fn timestamp(text: &str) -> Option<Timestamp> {
    let time = is_time(text).then(|| DateTime::strptime(TIME_FORMAT, text).ok())??;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn shown(second: i64) -> String {
    let time = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime(TIME_FORMAT).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// The request that AWS's documentation of Signature Version 4 signs: ListUsers of IAM.
    fn list_users(authorization: &str) -> Parts {
        let request = http::Request::builder()
            .uri("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08")
            .header("host", "iam.amazonaws.com")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .header("x-amz-date", "20150830T123600Z")
            .header("authorization", authorization);
        request.body(()).expect("request").into_parts().0
    }

    fn authorization(credential: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        )
    }

    const SCOPE: &str = "AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn claim(parts: &Parts) -> Claim {
        Claim::read(&parts.uri, &parts.headers).expect("claim")
    }

    /// Seconds after the time of the request.
    fn later(seconds: i64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs((1_440_938_160 + seconds).try_into().expect("time"))
    }

    #[test]
    fn the_example_of_the_documentation_is_right_and_every_change_of_it_wrong() {
        let parts = list_users(&authorization(SCOPE));
        claim(&parts).verify(&parts, b"", SECRET).expect("the signature");
        assert!(matches!(claim(&parts).verify(&parts, b"", "another"), Err(AuthFailure::Mismatch(_))));
        assert!(matches!(claim(&parts).verify(&parts, b"x", SECRET), Err(AuthFailure::Mismatch(_))));
        let mut changed = list_users(&authorization(SCOPE));
        changed.uri = "https://iam.amazonaws.com/?Action=ListRoles&Version=2010-05-08".parse().expect("uri");
        assert!(matches!(claim(&changed).verify(&changed, b"", SECRET), Err(AuthFailure::Mismatch(_))));
        let mut changed = list_users(&authorization(SCOPE));
        changed.headers.remove("content-type");
        assert!(matches!(claim(&changed).verify(&changed, b"", SECRET), Err(AuthFailure::Mismatch(_))));
    }

    #[test]
    fn blanks_repeated_headers_and_the_order_of_the_query_do_not_matter() {
        let mut parts = list_users(&authorization(SCOPE));
        parts.uri = "https://iam.amazonaws.com/?Version=2010-05-08&Action=ListUsers".parse().expect("uri");
        let spaced = "  application/x-www-form-urlencoded;   charset=utf-8 ";
        parts.headers.insert("content-type", http::HeaderValue::from_static(spaced));
        claim(&parts).verify(&parts, b"", SECRET).expect("the signature");
        parts.headers.remove("host");
        claim(&parts).verify(&parts, b"", SECRET).expect("the host of the address");
        assert_eq!(canonical_query("b=2&a=%7e%20+&a=%2F&X-Amz-Signature=x&c"), "a=%2F&a=~%20%20&b=2&c=");
    }

    #[test]
    fn times_and_scopes() {
        let parts = list_users(&authorization(SCOPE));
        let at = |seconds| claim(&parts).check(later(seconds));
        for seconds in [-300, 0, 900] {
            at(seconds).expect("in time");
        }
        let message = |failure: AuthFailure| failure.refusal("iam").message;
        assert_eq!(
            message(at(901).expect_err("late")),
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"
        );
        assert_eq!(
            message(at(-301).expect_err("early")),
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"
        );
        for (credential, says) in [
            ("AKIDEXAMPLE/20150830/US EAST/iam/aws4_request", "valid region, not 'US EAST'"),
            ("AKIDEXAMPLE/20150830//iam/aws4_request", "valid region, not ''"),
            ("AKIDEXAMPLE/20150830/us-east-1/iam/aws5", "valid terminator"),
            ("AKIDEXAMPLE/20150831/us-east-1/iam/aws4_request", "'20150831' != '20150830'"),
        ] {
            let parts = list_users(&authorization(credential));
            let refused = message(claim(&parts).check(later(0)).expect_err(credential));
            assert!(refused.contains(says), "{credential}: {refused}");
        }
    }

    #[test]
    fn parts_that_are_missing_are_named() {
        for (header, says) in [
            ("AWS key:signature", "must begin with"),
            ("AWS4-HMAC-SHA256 Credential", "missing equal-sign"),
            ("AWS4-HMAC-SHA256 Credential=a/20150830/b/iam/aws4_request", "requires 'Signature' parameter."),
            ("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x", "exactly 5 slash-delimited elements"),
        ] {
            let parts = list_users(header);
            let failure = Claim::read(&parts.uri, &parts.headers).expect_err(header).refusal("iam");
            assert_eq!((failure.code.as_str(), failure.status.as_u16()), ("IncompleteSignature", 400), "{header}");
            assert!(failure.message.contains(says), "{header}: {}", failure.message);
        }
        let uri = Uri::from_static("/?Action=GetCallerIdentity&X-Amz-Signature=x");
        assert!(matches!(Claim::read(&uri, &HeaderMap::new()), Err(AuthFailure::Incomplete(_))));
        let uri = Uri::from_static("/?Action=GetCallerIdentity");
        assert!(matches!(Claim::read(&uri, &HeaderMap::new()), Err(AuthFailure::Missing)));
    }
}
