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
