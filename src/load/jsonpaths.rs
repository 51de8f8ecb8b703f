//! A source's jsonpaths file: checked before COPY reads it, and where COPY finds it.

use std::path::Path;

use bytes::Bytes;
use serde_json::Value;

use super::gatherer::Gatherer;
use super::source::Listing;
use crate::config::Source;
use crate::download::download;
use crate::error::{Error, Result};
use crate::files;
use crate::location::Location;

/// Reads the file, and checks it: where it has no key `jsonpaths`, COPY takes 'auto' in its place and says nothing (C7).
/// `None` where there is none, and where the caller may not read it: that is left to COPY, whose role may.
///
/// # Errors
/// Where the file is not there, or is no jsonpaths file.
pub async fn read(s3: &aws_sdk_s3::Client, source: &Source, directory: &Path) -> Result<Option<Bytes>> {
    if let Some(file) = &source.jsonpaths_file {
        let path = directory.join(file);
        let unreadable =
            |error| Error::usage(format!("cannot read the jsonpaths file {}", path.display())).because(error);
        let bytes = Bytes::from(files::read_text(&path).map_err(unreadable)?);
        check(&path.display().to_string(), &bytes)?;
        return Ok(Some(bytes));
    }
    let Some(location) = &source.jsonpaths else { return Ok(None) };
    let call = s3.get_object().bucket(&location.bucket).key(&location.key);
    let bytes = match download(&call, &format!("read the jsonpaths file {location}"), None).await {
        Ok(read) => read.bytes,
        Err(error) if error.is(&["AccessDenied"]) => return Ok(None),
        Err(error) if error.is(&["NoSuchKey"]) => {
            return Err(Error::failed(format!("there is no jsonpaths file {location}"))
                .hint(format!("Check `jsonpaths` of [sources.{}] in infra.toml.", source.name)));
        }
        Err(error) if error.is(&["PermanentRedirect", "AuthorizationHeaderMalformed", "301"]) => {
            return Err(error.hint(format!(
                "It must be in the region of its source, {} (R37): put a copy of it there, and name that.",
                source.region
            )));
        }
        Err(error) => return Err(error),
    };
    check(&location.to_string(), &bytes)?;
    Ok(Some(bytes))
}

fn check(location: &str, bytes: &[u8]) -> Result<()> {
    let shape =
        "It looks like {\"jsonpaths\": [\"$.first\", \"$.second\"]}, with a path for each column that is copied.";
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
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

/// Returns true if a COPY finds the file beside the parts: one of the project's, or one that lies in another region
/// than they (R37).
pub fn is_apart(source: &Source, region: &str, is_gathered: bool) -> bool {
    source.jsonpaths_file.is_some() || is_gathered && source.jsonpaths.is_some() && source.region != region
}

/// The place where a COPY finds the file; it is written there if it `is_apart`. All that a COPY names is in one region (R37):
/// parts of a source in another one have a copy of the file beside them, which each load writes again, since it may have
/// changed while its source did not.
///
/// # Errors
/// Where the caller may not read it, so that it cannot be copied, or the copy cannot be written.
pub async fn for_copy(
    gatherer: &Gatherer<'_>,
    source: &Source,
    listing: &Listing,
    content: Option<Bytes>,
    is_apart: bool,
) -> Result<Option<Location>> {
    if !is_apart {
        return Ok(source.jsonpaths.clone());
    }
    let unreadable = || {
        let location = source.jsonpaths.as_ref().map(Location::to_string).unwrap_or_default();
        Error::failed(format!("cannot copy the jsonpaths file {location} to the parts of {}", source.name)).hint(
            format!(
                "Your credentials need s3:GetObject on it: it is in {}, and COPY reads it beside the parts, in {}.",
                source.region, gatherer.aws.region
            ),
        )
    };
    gatherer.put_jsonpaths(source, listing, content.ok_or_else(unreadable)?).await.map(Some)
}
