//! A directory on disk as somebody else's bucket: public to read, not ours to write.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::UNIX_EPOCH;

use serde_json::json;

use super::bucket::{Bucket, Encryption};
use super::object::ObjectInfo;
use crate::iam::policy::{Kind, Policy};
use crate::sync::locked;

/// The account that owns mounted buckets: AWS's example account, so that it is never the caller's.
const OWNER: &str = "111122223333";

#[derive(Debug, Clone)]
pub struct Mount {
    pub directory: PathBuf,
    pub region: String,
    scanned: Arc<Mutex<Option<Arc<Vec<ObjectInfo>>>>>,
    described: Arc<OnceLock<(Bucket, Option<Policy>)>>,
}

impl Mount {
    pub fn new(directory: impl Into<PathBuf>, region: impl Into<String>) -> Self {
        Self { directory: directory.into(), region: region.into(), scanned: Arc::default(), described: Arc::default() }
    }

    /// The bucket, with its policy as it is asked about every object.
    pub fn bucket(&self, name: &str) -> &(Bucket, Option<Policy>) {
        self.described.get_or_init(|| {
            let bucket = self.describe(name);
            let policy = bucket.policy.as_deref().and_then(|text| Policy::parse(text, Kind::Resource).ok());
            (bucket, policy)
        })
    }

    fn describe(&self, name: &str) -> Bucket {
        let (all, objects) = (format!("arn:aws:s3:::{name}"), format!("arn:aws:s3:::{name}/*"));
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": "*",
            "Action": ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"], "Resource": [all, objects] }] });
        Bucket {
            name: name.to_owned(),
            owner: OWNER.to_owned(),
            region: self.region.clone(),
            created: 0,
            tags: Default::default(),
            policy: Some(policy.to_string()),
            public_access_block: None,
            encryption: Encryption::default(),
            ownership: None,
            versioning: None,
            kept: Default::default(),
        }
    }

    /// All objects in the order of their keys. The pages of one listing share a scan: `fresh` starts a new one.
    pub fn objects(&self, fresh: bool) -> std::io::Result<Arc<Vec<ObjectInfo>>> {
        let mut scanned = locked(&self.scanned);
        if let (false, Some(objects)) = (fresh, scanned.as_ref()) {
            return Ok(objects.clone());
        }
        let mut objects = Vec::new();
        scan(&self.directory, "", &mut objects)?;
        objects.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let objects = Arc::new(objects);
        *scanned = Some(objects.clone());
        Ok(objects)
    }

    /// One object, read from the disk and not from the scan: it may have changed since.
    pub fn object(&self, key: &str) -> std::io::Result<Option<(ObjectInfo, PathBuf)>> {
        if key.is_empty()
            || key.ends_with('/')
            || key.split('/').any(|part| part.is_empty() || part == ".." || part == ".")
        {
            return Ok(None);
        }
        let path = self.directory.join(key);
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Ok(Some((describe_file(key.to_owned(), &metadata), path))),
            Ok(_) => Ok(None),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

fn scan(directory: &Path, prefix: &str, objects: &mut Vec<ObjectInfo>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        // Dotfiles are the directory's own, not the data's.
        if name.starts_with('.') {
            continue;
        }
        let key = format!("{prefix}{name}");
        let metadata = std::fs::metadata(entry.path())?;
        if metadata.is_dir() {
            scan(&entry.path(), &format!("{key}/"), objects)?;
        } else if metadata.is_file() {
            objects.push(describe_file(key, &metadata));
        }
    }
    Ok(())
}

/// The ETag changes when the file does. It is of the form that S3 gives to uploads in parts (`…-1`), so that
/// nobody takes it for the MD5 of the content, which would cost reading every file to list them.
fn describe_file(key: String, metadata: &std::fs::Metadata) -> ObjectInfo {
    use md5::{Digest, Md5};
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let mut hash = Md5::new();
    hash.update(key.as_bytes());
    hash.update(metadata.len().to_le_bytes());
    hash.update(modified.as_nanos().to_le_bytes());
    ObjectInfo {
        key,
        size: metadata.len(),
        etag: format!("{:x}-1", hash.finalize()),
        modified: i64::try_from(modified.as_millis()).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_the_order_of_s3_and_nothing_outside_is_reached() {
        let directory = std::env::temp_dir().join(format!("mount-{}", fastrand::u64(..)));
        std::fs::create_dir_all(directory.join("a")).expect("directory");
        for name in ["a/x.json", "a.json", "a-b.json", ".complete"] {
            std::fs::write(directory.join(name), "{}").expect("file");
        }
        let mount = Mount::new(&directory, "us-west-2");
        let keys: Vec<String> = mount.objects(true).expect("scan").iter().map(|object| object.key.clone()).collect();
        assert_eq!(keys, ["a-b.json", "a.json", "a/x.json"]);
        assert!(mount.object("../secret").expect("look").is_none());
        assert!(mount.object("a").expect("look").is_none());
        std::fs::remove_dir_all(directory).expect("clean");
    }
}
