//! Nothing that a client sends makes the stand-in panic: random input for everything that reads what comes from outside.

use aws_smithy_types::body::SdkBody;
use redshift_sql::testing::fuzz_corpus;

use crate::Cloud;

/// A line with method and address, lines of headers, and a body behind an empty line.
fn request(text: &str) -> Option<http::Request<String>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, uri) = lines.next()?.split_once(' ')?;
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
    }
    request.body(body.to_owned()).ok()
}

/// Behind the signature, which none of these would have.
#[test]
fn the_operations_of_s3() {
    let directory = tempfile::tempdir().expect("directory");
    let buckets = crate::s3::Buckets::alone(directory.path());
    let service = crate::s3::unsigned(buckets.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    fuzz_corpus(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/s3"), |input| {
        if let Some(mut request) = request(&String::from_utf8_lossy(input)) {
            request.extensions_mut().insert(buckets.sessions.owner.clone());
            runtime.block_on(async {
                let answer = service.call(request.map(|body| s3s::Body::from(body.into_bytes()))).await;
                // A body is read when it is sent.
                if let Ok(answer) = answer {
                    let _ = http_body_util::BodyExt::collect(answer.into_body()).await;
                }
            });
        }
    });
}

#[test]
fn the_router_of_http() {
    let directory = tempfile::tempdir().expect("directory");
    let cloud = Cloud::bare(directory.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    fuzz_corpus(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/http"), |input| {
        let text = String::from_utf8_lossy(input);
        if let (Some(signed), Some(unsigned)) = (request(&text), request(&text)) {
            let _ = runtime.block_on(cloud.endpoint.answer(signed.map(SdkBody::from)));
            let _ = runtime.block_on(cloud.endpoint.answer_unsigned(unsigned.map(SdkBody::from)));
        }
    });
}
