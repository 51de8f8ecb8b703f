//! Where the parts of a source are written, and the names of what lies with them.

use serde_json::json;

use crate::aws::{failed, upload_limits};
use crate::error::Result;
use crate::interrupt;
use crate::location::Location;

/// Metadata of the manifest, so that an unchanged source needs one HEAD.
pub const RECORDS: &str = "records";
pub const PARTS: &str = "parts";

/// Where parts are written, for a task of its own.
pub struct PartStore {
    pub s3: aws_sdk_s3::Client,
    pub bucket: String,
    pub account: String,
}

impl PartStore {
    pub async fn put(&self, key: &str, bytes: Vec<u8>, metadata: &[(&str, u64)]) -> Result<()> {
        let mut call = self.s3.put_object().bucket(&self.bucket).key(key).expected_bucket_owner(&self.account);
        for (name, value) in metadata {
            call = call.metadata(*name, value.to_string());
        }
        let (limits, doing) = (upload_limits(&self.s3, bytes.len()), format!("write s3://{}/{key}", self.bucket));
        let sending = call.body(bytes.into()).customize().config_override(limits).send();
        interrupt::unless_asked(async { sending.await.map(drop).map_err(|error| failed(&doing, &error)) }).await
    }
}

pub fn manifest(home: &Location) -> Location {
    home.with_key(format!("{}manifest.json", home.key))
}

pub fn keys_of(home: &Location) -> String {
    format!("{}keys.json", home.key)
}

pub fn index_of(part: &str) -> String {
    let name = part.rfind('/').map_or(0, |slash| slash + 1);
    let stem = part[name..].find('.').map_or(part, |dot| &part[..name + dot]);
    format!("{stem}.index.zst")
}

/// C6: named in full, and missed when it is not there.
pub fn entry(location: &Location, bytes: u64) -> serde_json::Value {
    json!({ "url": location.to_string(), "mandatory": true, "meta": { "content_length": bytes } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_and_its_index_have_one_name() {
        for part in ["load/a.b/f/part-0007.json.zst", "load/a.b/f/part-0007.csv.gz", "load/a.b/f/part-0007.parquet"] {
            assert_eq!(index_of(part), "load/a.b/f/part-0007.index.zst");
        }
    }
}
