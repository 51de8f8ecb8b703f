//! AWS JSON 1.1: the operation in `X-Amz-Target`, a JSON object in, a JSON object out.

use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{Request, Response, request_id};
use crate::error::{ApiError, ApiResult};

/// The operation that the request names and its input.
pub fn parse(request: &Request) -> ApiResult<(String, Value)> {
    let target = request.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let bytes: &[u8] = if request.body.is_empty() { b"{}" } else { &request.body };
    let input = serde_json::from_slice(bytes)
        .map_err(|error| ApiError::invalid("SerializationException", format!("the body is not JSON: {error}")))?;
    Ok((operation, input))
}

/// Refuses parameters that nobody here reads, so that none is ignored in silence. What is null, `false` or empty asks for
/// nothing.
pub fn only(input: &Value, code: &str, known: &[&str]) -> ApiResult<()> {
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Number(_) => false,
    };
    let mut fields = input.as_object().into_iter().flatten();
    match fields.find(|(name, value)| !known.contains(&name.as_str()) && !is_nothing(value)) {
        None => Ok(()),
        Some((name, _)) => Err(ApiError::invalid(
            code,
            format!("The parameter {name} is not supported by the local stand-in: leave it out."),
        )),
    }
}

pub fn answer(output: &Value) -> Response {
    respond(StatusCode::OK, output, None)
}

pub fn refuse(error: &ApiError) -> Response {
    let body = json!({ "__type": error.code, "message": error.message, "Message": error.message });
    respond(error.status, &body, Some(&error.code))
}

fn respond(status: StatusCode, body: &Value, code: Option<&str>) -> Response {
    let mut response = Response::new(body.to_string().into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    if let Ok(id) = HeaderValue::from_str(&request_id()) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(code) = code.and_then(|code| HeaderValue::from_str(code).ok()) {
        headers.insert("x-amzn-errortype", code);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_read_is_taken() {
        let input = json!({ "Name": "x", "Empty": [], "Off": false, "Nothing": null, "Blank": "" });
        only(&input, "Code", &["Name"]).expect("nothing else is asked for");
        let error = only(&json!({ "Name": "x", "Zero": 0 }), "Code", &["Name"]).expect_err("a number");
        assert_eq!((error.code.as_str(), error.message.contains("Zero")), ("Code", true));
    }
}
