//! A directory on disk as somebody else's bucket: public to read, not ours to write.

use std::collections::BTreeSet;
use std::io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::UNIX_EPOCH;

use redshift_engine::sync::locked;
use serde_json::json;

use super::found_file::FoundFile;
use crate::account::partition;
use crate::iam::policy::{Kind, Policy};
use crate::s3::record::bucket::{Bucket, Encryption};
use crate::s3::record::version::ObjectInfo;

/// The account that owns mounted buckets: AWS's example account, so that it is never the caller's.
const OWNER: &str = "111122223333";

#[derive(Debug, Clone)]
pub struct Mount {
    pub directory: PathBuf,
    pub region: String,
    scanned: Arc<Mutex<Option<Arc<Vec<ObjectInfo>>>>>,
    /// What was left out of a listing and has been reported.
    reported: Arc<Mutex<BTreeSet<PathBuf>>>,
    described: Arc<OnceLock<(Bucket, Option<Policy>)>>,
}

impl Mount {
    pub fn new(directory: impl Into<PathBuf>, region: impl Into<String>) -> Self {
        Self {
            directory: directory.into(),
            region: region.into(),
            scanned: Arc::default(),
            reported: Arc::default(),
            described: Arc::default(),
        }
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
        let all = format!("arn:{}:s3:::{name}", partition(&self.region));
        let objects = format!("{all}/*");
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": "*",
            "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:GetBucketLocation"], "Resource": [all, objects] }] });
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
            configurations: Default::default(),
        }
    }

    /// All objects in the order of their keys. The pages of one listing share a scan: `fresh` starts a new one.
    pub fn objects(&self, fresh: bool) -> std::io::Result<Arc<Vec<ObjectInfo>>> {
        let mut scanned = locked(&self.scanned);
        if let (false, Some(objects)) = (fresh, scanned.as_ref()) {
            return Ok(objects.clone());
        }
        let mut scan = Scan::default();
        scan.folder(&self.directory, "")?;
        self.report(scan.left_out);
        scan.objects.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let objects = Arc::new(scan.objects);
        *scanned = Some(objects.clone());
        Ok(objects)
    }

    /// Reports what a listing leaves out, once.
    fn report(&self, left_out: Vec<(PathBuf, String)>) {
        let mut reported = locked(&self.reported);
        for (path, why) in left_out {
            if reported.insert(path.clone()) {
                tracing::warn!("{} is not listed: {why}", path.display());
            }
        }
    }

    /// One object, read from the disk and not from the scan: it may have changed since.
    pub fn object(&self, key: &str) -> std::io::Result<Option<(ObjectInfo, FoundFile)>> {
        if key.is_empty()
            || key.ends_with('/')
            || key.split('/').any(|part| part.is_empty() || part == ".." || part == ".")
        {
            return Ok(None);
        }
        let path = self.directory.join(key);
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                let file = FoundFile { path, size: metadata.len(), modified: metadata.modified().ok() };
                Ok(Some((describe_file(key.to_owned(), &metadata), file)))
            }
            Ok(_) => Ok(None),
            Err(error) if matches!(error.kind(), NotFound | NotADirectory | InvalidFilename | InvalidInput) => Ok(None),
            Err(_) if is_link(&path) => Ok(None),
            Err(error) => Err(named(&path, error)),
        }
    }
}

/// The files under a directory.
#[derive(Default)]
struct Scan {
    objects: Vec<ObjectInfo>,
    /// Paths, and why they are not among the objects.
    left_out: Vec<(PathBuf, String)>,
    /// The directories above, without links: one of them again would never end.
    above: Vec<PathBuf>,
}

impl Scan {
    fn folder(&mut self, directory: &Path, prefix: &str) -> std::io::Result<()> {
        let real = std::fs::canonicalize(directory).map_err(|error| named(directory, error))?;
        if self.above.contains(&real) {
            self.left_out.push((directory.to_owned(), "a link leads back to a directory above it".to_owned()));
            return Ok(());
        }
        self.above.push(real);
        for entry in std::fs::read_dir(directory).map_err(|error| named(directory, error))? {
            let path = entry.map_err(|error| named(directory, error))?.path();
            self.entry(&path, prefix)?;
        }
        self.above.pop();
        Ok(())
    }

    fn entry(&mut self, path: &Path, prefix: &str) -> std::io::Result<()> {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            self.left_out.push((path.to_owned(), "its name is not UTF-8".to_owned()));
            return Ok(());
        };
        // Dotfiles are the directory's own, not the data's.
        if name.starts_with('.') {
            return Ok(());
        }
        let key = format!("{prefix}{name}");
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.folder(path, &format!("{key}/"))?,
            Ok(metadata) if metadata.is_file() => self.objects.push(describe_file(key, &metadata)),
            Ok(_) => self.left_out.push((path.to_owned(), "it is neither a file nor a directory".to_owned())),
            Err(error) if is_link(path) => self.left_out.push((path.to_owned(), format!("a link to nothing: {error}"))),
            // Deleted since the directory was read.
            Err(error) if error.kind() == NotFound => {}
            Err(error) => return Err(named(path, error)),
        }
        Ok(())
    }
}

fn is_link(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

/// An error that names what it is about.
fn named(path: &Path, error: std::io::Error) -> std::io::Error {
    std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
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
        assert!(mount.object(&"a".repeat(300)).expect("look").is_none());
        std::fs::remove_dir_all(directory).expect("clean");
    }

    #[test]
    fn a_file_that_changed_since_it_was_found_is_not_read() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("a.json");
        std::fs::write(&path, "1").expect("file");
        let mount = Mount::new(directory.path(), "us-west-2");
        let found = || mount.object("a.json").expect("look").expect("found").1;
        let before = found();
        assert!(before.open().is_ok());
        std::fs::write(&path, "22").expect("file");
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
        std::fs::File::options().append(true).open(&path).expect("file").set_modified(later).expect("time");
        assert!(before.open().expect_err("changed").to_string().contains("changed since it was found"));
        assert!(found().open().is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_nowhere_or_back_are_left_out() {
        use std::os::unix::fs::symlink;
        let directory = tempfile::tempdir().expect("directory");
        let path = |name: &str| directory.path().join(name);
        for folder in ["mount/a/b", "mount/c", "beside"] {
            std::fs::create_dir_all(path(folder)).expect("directory");
        }
        std::fs::write(path("mount/a/b/1.json"), "{}").expect("file");
        std::fs::write(path("beside/2.json"), "{}").expect("file");
        for (to, link) in [
            ("nowhere", "mount/dangling.json"),
            ("itself", "mount/itself"),
            (".", "mount/here"),
            ("..", "mount/a/up"),
            ("../c", "mount/a/c"),
            ("../a", "mount/c/a"),
            ("../beside", "mount/beside"),
        ] {
            symlink(to, path(link)).expect("link");
        }
        let mount = Mount::new(path("mount"), "us-west-2");
        let keys = |mount: &Mount| -> Vec<String> {
            mount.objects(true).expect("scan").iter().map(|object| object.key.clone()).collect()
        };
        assert_eq!(keys(&mount), ["a/b/1.json", "beside/2.json", "c/a/b/1.json"]);
        let reported: Vec<_> = locked(&mount.reported).iter().cloned().collect();
        let expected = ["a/c/a", "a/up", "c/a/c", "c/a/up", "dangling.json", "here", "itself"];
        assert_eq!(reported, expected.map(|link| path("mount").join(link)));
        assert!(mount.object("itself").expect("look").is_none());
        assert!(mount.object("dangling.json").expect("look").is_none());
    }
}
