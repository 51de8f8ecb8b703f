//! Signatures over the port, as AWS's signer makes them: what each service answers to the right ones and to wrong ones.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use sparkify_local::{ACCESS_KEY, Pace, SECRET_KEY};

use crate::project::{Project, REGION};
use crate::served::Served;

/// A request, and what is wrong with it.
#[derive(Clone)]
struct Request<'r> {
    service: &'r str,
    target: Option<&'r str>,
    body: String,
    key: [&'r str; 2],
    token: Option<&'r str>,
    time: SystemTime,
    /// What is sent instead of the body that was signed.
    sent: Option<String>,
}

/// A harmless call of each service.
const CALLS: [(&str, Option<&str>, &str); 7] = [
    ("iam", None, "Action=ListRoles&Version=2010-05-08"),
    ("sts", None, "Action=GetCallerIdentity&Version=2011-06-15"),
    ("redshift", None, "Action=DescribeClusters&Version=2012-12-01"),
    ("ec2", None, "Action=DescribeVpcs&Version=2016-11-15"),
    ("secretsmanager", Some("secretsmanager.ListSecrets"), "{}"),
    ("redshift-data", Some("RedshiftData.ListStatements"), "{}"),
    ("redshift-serverless", Some("RedshiftServerless.ListWorkgroups"), "{}"),
];

/// A list of all buckets, which is S3's call without a body.
const BUCKETS: (&str, Option<&str>, &str) = ("s3", None, "");

impl<'r> Request<'r> {
    fn new((service, target, body): (&'r str, Option<&'r str>, &'r str)) -> Self {
        let (key, time) = ([ACCESS_KEY, SECRET_KEY], SystemTime::now());
        Self { service, target, body: body.to_owned(), key, token: None, time, sent: None }
    }

    fn method(&self) -> &'static str {
        if self.service == "s3" { "GET" } else { "POST" }
    }

    /// Headers with the signature, or the fields of a query with it.
    fn signature(&self, address: &str, location: SignatureLocation) -> Vec<(String, String)> {
        let [key, secret] = self.key;
        let identity = Credentials::new(key, secret, self.token.map(str::to_owned), None, "test").into();
        let mut settings = SigningSettings::default();
        settings.signature_location = location;
        settings.expires_in = (location == SignatureLocation::QueryParams).then(|| Duration::from_secs(60));
        if self.service == "s3" {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let params = SigningParams::builder().identity(&identity).region(REGION).name(self.service).time(self.time);
        let params = params.settings(settings).build().unwrap().into();
        let (uri, body) = match location {
            SignatureLocation::QueryParams => (format!("http://{address}/?{}", self.body), ""),
            _ => (format!("http://{address}/"), self.body.as_str()),
        };
        let method = if location == SignatureLocation::QueryParams { "GET" } else { self.method() };
        let headers = self.target.map(|target| ("x-amz-target", target)).into_iter();
        let request = SignableRequest::new(method, &uri, headers, SignableBody::Bytes(body.as_bytes())).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let params = instructions.params().iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_owned()));
        let headers = instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        headers.chain(params).collect()
    }

    fn send(&self, address: &str) -> String {
        let headers = self.signature(address, SignatureLocation::Headers);
        self.send_with(address, &headers)
    }

    fn send_with(&self, address: &str, headers: &[(String, String)]) -> String {
        let body = self.sent.as_ref().unwrap_or(&self.body);
        let mut head = format!("{} / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", self.method());
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        let target = self.target.map(|target| ("x-amz-target".to_owned(), target.to_owned()));
        for (name, value) in headers.iter().chain(&target) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        exchange(address, &format!("{head}\r\n{body}"))
    }
}

/// Sends these bytes and reads all of the answer.
fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

/// Which of four answers a service gives: S3, EC2, JSON, and the others.
fn expected<'e>(service: &str, of: [&'e str; 4]) -> (&'e str, &'e str) {
    let [s3, ec2, json, query] = of;
    let answer = match service {
        "s3" => s3,
        "ec2" => ec2,
        "secretsmanager" | "redshift-data" | "redshift-serverless" => json,
        _ => query,
    };
    answer.split_once(' ').unwrap()
}

/// What is wrong, how, and the answers to it in the order of `expected`.
type Case<'c> = (&'c str, &'c dyn Fn(&mut Request<'c>), [&'c str; 4]);

#[test]
fn every_service_refuses_what_nobody_it_knows_has_signed() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let address = served.address();
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let mismatch =
        ["403 SignatureDoesNotMatch", "401 AuthFailure", "400 InvalidSignatureException", "403 SignatureDoesNotMatch"];
    let time = [
        "403 RequestTimeTooSkewed",
        "400 RequestExpired",
        "400 InvalidSignatureException",
        "403 SignatureDoesNotMatch",
    ];
    let key =
        ["403 InvalidAccessKeyId", "401 AuthFailure", "400 UnrecognizedClientException", "403 InvalidClientTokenId"];
    let cases: [Case<'_>; 5] = [
        ("a wrong secret", &|request| request.key[1] = "wrong", mismatch),
        ("another word", &|request| request.key = ["test", "tset"], mismatch),
        ("signed too long ago", &|request| request.time -= minutes(16), time),
        ("signed in the future", &|request| request.time += minutes(16), time),
        ("a key of no session", &|request| (request.key, request.token) = (["ASIANOBODY", "x"], Some("x")), key),
    ];
    for call in CALLS.into_iter().chain([BUCKETS]) {
        let service = call.0;
        let right = Request::new(call).send(&address);
        assert_eq!(status(&right), "200", "{service}: {right}");
        let mut same_word = Request::new(call);
        same_word.key = ["test", "test"];
        assert_eq!(status(&same_word.send(&address)), "200", "{service}: any key with the same word");
        for (what, change, answers) in &cases {
            let mut request = Request::new(call);
            change(&mut request);
            let (wanted, code) = expected(service, *answers);
            let answer = request.send(&address);
            assert_eq!(status(&answer), wanted, "{service}, {what}: {answer}");
            assert!(answer.contains(code), "{service}, {what}: {answer}");
        }
    }
    // The body that comes must be the one that was signed.
    for call in CALLS {
        let mut request = Request::new(call);
        request.sent = Some(format!("{} ", request.body));
        let (wanted, code) = expected(call.0, mismatch);
        let answer = request.send(&address);
        assert!(status(&answer) == wanted && answer.contains(code), "{}: {answer}", call.0);
    }
}

#[test]
fn what_is_missing_in_a_signature_is_said() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let address = served.address();
    for call in CALLS {
        let unsigned = Request::new(call).send_with(&address, &[]);
        let answers = ["", "403 MissingAuthenticationToken", "400 MissingAuthenticationTokenException", "403 Missing"];
        let (wanted, code) = expected(call.0, answers);
        assert!(status(&unsigned) == wanted && unsigned.contains(code), "{}: {unsigned}", call.0);
        let mut headers = Request::new(call).signature(&address, SignatureLocation::Headers);
        headers.retain(|(name, _)| name != "x-amz-date");
        let undated = Request::new(call).send_with(&address, &headers);
        assert!(status(&undated) == "400" && undated.contains("IncompleteSignature"), "{}: {undated}", call.0);
        assert!(undated.contains("X-Amz-Date"), "{}: {undated}", call.0);
    }
}

#[test]
fn temporary_keys_want_their_own_token() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let (address, sdk) = (served.address(), served.sdk());
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:AssumeRole"}}"#;
    sdk.block_on(sdk.iam.create_role().role_name("job").assume_role_policy_document(trust).send()).unwrap();
    let begin = || {
        let call = sdk.sts.assume_role().role_arn("arn:aws:iam::000000000000:role/job").role_session_name("nightly");
        sdk.block_on(call.send()).unwrap().credentials.unwrap()
    };
    let (one, other) = (begin(), begin());
    let whoami = |secret: &str, token: Option<&str>| {
        let mut request = Request::new(CALLS[1]);
        (request.key, request.token) = ([one.access_key_id(), secret], token);
        request.send(&address)
    };
    let right = whoami(one.secret_access_key(), Some(one.session_token()));
    assert!(status(&right) == "200" && right.contains("assumed-role/job/nightly"), "{right}");
    let wrong_secret = whoami("x", Some(one.session_token()));
    assert!(status(&wrong_secret) == "403" && wrong_secret.contains("SignatureDoesNotMatch"), "{wrong_secret}");
    for token in [None, Some("x"), Some(other.session_token())] {
        let answer = whoami(one.secret_access_key(), token);
        assert!(status(&answer) == "403" && answer.contains("InvalidClientTokenId"), "{token:?}: {answer}");
    }
    // S3 has words of its own.
    for (token, code) in [(None, "403 InvalidAccessKeyId"), (Some(other.session_token()), "400 InvalidToken")] {
        let mut request = Request::new(BUCKETS);
        (request.key, request.token) = ([one.access_key_id(), one.secret_access_key()], token);
        let (answer, (wanted, code)) = (request.send(&address), code.split_once(' ').unwrap());
        assert!(status(&answer) == wanted && answer.contains(code), "{token:?}: {answer}");
    }
    // A key of one's own with the token of a session is nobody.
    let mut request = Request::new(CALLS[4]);
    request.token = Some(one.session_token());
    let answer = request.send(&address);
    assert!(status(&answer) == "400" && answer.contains("UnrecognizedClientException"), "{answer}");
}

#[test]
fn an_address_that_was_signed_beforehand_says_who_one_is() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let address = served.address();
    let ask = |change: &dyn Fn(&mut Request<'_>)| {
        let mut request = Request::new(CALLS[1]);
        change(&mut request);
        let fields = request.signature(&address, SignatureLocation::QueryParams);
        let query: String =
            fields.iter().map(|(name, value)| format!("&{name}={}", value.replace('/', "%2F"))).collect();
        let target = format!("/?{}{query}", request.body);
        exchange(&address, &format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"))
    };
    let right = ask(&|_| {});
    assert!(status(&right) == "200" && right.contains("<Account>000000000000</Account>"), "{right}");
    let wrong = ask(&|request| request.key[1] = "wrong");
    assert!(status(&wrong) == "403" && wrong.contains("SignatureDoesNotMatch"), "{wrong}");
    let late = ask(&|request| request.time -= Duration::from_secs(16 * 60));
    assert!(status(&late) == "403" && late.contains("Signature expired"), "{late}");
    let unsigned = exchange(
        &address,
        &format!("GET /?Action=GetCallerIdentity HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"),
    );
    assert!(status(&unsigned) == "403" && unsigned.contains("MissingAuthenticationToken"), "{unsigned}");
}

/// Only a head is sent here: who waited for the body would never answer.
#[test]
fn a_head_that_is_refused_is_answered_before_its_body() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let address = served.address();
    let head = |line: &str, headers: &str| {
        let fixed = format!("Host: {address}\r\nConnection: close\r\nContent-Length: 600000000\r\n");
        exchange(&address, &format!("{line} HTTP/1.1\r\n{fixed}{headers}\r\n"))
    };
    let unsigned = head("POST /", "");
    assert!(status(&unsigned) == "403" && unsigned.contains("MissingAuthenticationToken"), "{unsigned}");
    let bucket = head("PUT /bucket", "");
    assert!(status(&bucket) == "403" && bucket.contains("AccessDenied"), "{bucket}");
    for call in CALLS {
        let mut request = Request::new(call);
        request.key = ["ASIANOBODY", "x"];
        let signed = |request: &Request<'_>| {
            let headers = request.signature(&address, SignatureLocation::Headers);
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>()
        };
        let unknown = head("POST /", &signed(&request));
        assert!(["400", "401", "403"].contains(&status(&unknown)), "{}: {unknown}", call.0);
        let large = head("POST /", &signed(&Request::new(call)));
        assert!(status(&large) == "413" && large.contains("RequestEntityTooLarge"), "{}: {large}", call.0);
    }
    let mut request = Request::new(BUCKETS);
    request.service = "nowhere";
    let headers: String = request
        .signature(&address, SignatureLocation::Headers)
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let nowhere = head("POST /", &headers);
    assert!(status(&nowhere) == "400" && nowhere.contains("UnknownService"), "{nowhere}");
}
