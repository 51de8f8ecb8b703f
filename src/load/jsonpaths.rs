//! A look at a source's jsonpaths file before COPY reads it.

use serde_json::Value;

use crate::aws::{failed, is};
use crate::config::Source;
use crate::error::{Error, Result};

/// C7: where the file has no key `jsonpaths`, COPY takes 'auto' in its place and says nothing.
///
/// # Errors
/// Where the file is not there, or is no jsonpaths file. One that the caller may not read is left to COPY, whose role may.
pub async fn check(s3: &aws_sdk_s3::Client, source: &Source) -> Result<()> {
    let Some(location) = &source.jsonpaths else { return Ok(()) };
    let found = match s3.get_object().bucket(&location.bucket).key(&location.key).send().await {
        Ok(found) => found,
        Err(error) if is(&error, &["AccessDenied"]) => return Ok(()),
        Err(error) if is(&error, &["NoSuchKey"]) => {
            return Err(Error::failed(format!("there is no jsonpaths file {location}"))
                .hint(format!("Check `jsonpaths` of [sources.{}] in infra.toml.", source.name)));
        }
        Err(error) => return Err(failed(&format!("read the jsonpaths file {location}"), &error)),
    };
    let unread = |error| Error::failed(format!("cannot read {location} to its end")).because(error);
    let bytes = found.body.collect().await.map_err(unread)?.into_bytes();
    let shape =
        "It looks like {\"jsonpaths\": [\"$.first\", \"$.second\"]}, with a path for each column that is copied.";
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| {
        Error::failed(format!("the jsonpaths file {location} is not JSON")).because(error).hint(shape)
    })?;
    match value.get("jsonpaths").and_then(Value::as_array) {
        Some(paths) if !paths.is_empty() && paths.iter().all(Value::is_string) => Ok(()),
        Some(_) => Err(Error::failed(format!("{location} has no list of paths under `jsonpaths`")).hint(shape)),
        None => Err(Error::failed(format!(
            "{location} has no key `jsonpaths`: COPY would take 'auto' in its place, and say nothing"
        ))
        .hint(shape)),
    }
}
