//! Buckets that are directories on disk: for programs and tests that embed a warehouse without S3.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use redshift_sql::Credential;
use tempfile::NamedTempFile;

use super::Place;
use super::error::SqlError;
use super::storage::{Address, ListedObject, ObjectReader, ObjectWriter, ReadError, Storage, StorageProvider};

/// A directory in which each bucket is a directory: `s3://bucket/dir/key` is the file `bucket/dir/key`. Every warehouse may
/// read and write all of it, whatever role a statement names.
#[derive(Debug, Clone)]
pub struct DirectoryStorage {
    root: PathBuf,
}

impl DirectoryStorage {
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The file of an object; none outside of the root.
    fn file(&self, address: &Address) -> io::Result<PathBuf> {
        let relative = PathBuf::from(format!("{}/{}", address.bucket, address.key));
        let is_below = relative.components().all(|part| matches!(part, Component::Normal(_)));
        match is_below && !address.key.is_empty() && !address.key.ends_with('/') {
            true => Ok(self.root.join(relative)),
            false => Err(io::Error::new(ErrorKind::InvalidInput, format!("{address} is not the address of a file"))),
        }
    }

    fn bucket(&self, name: &str) -> io::Result<PathBuf> {
        match Path::new(name).components().all(|part| matches!(part, Component::Normal(_))) {
            true => Ok(self.root.join(name)),
            false => Err(io::Error::new(ErrorKind::InvalidInput, format!("{name} is not the name of a bucket"))),
        }
    }

    fn error(&self, what: &str, error: &io::Error) -> SqlError {
        SqlError::from_io(what, &self.root, error)
    }
}

impl StorageProvider for DirectoryStorage {
    fn storage(&self, _: &Place, _: Option<&Credential>) -> Result<Arc<dyn Storage>, SqlError> {
        Ok(Arc::new(self.clone()))
    }
}

impl Storage for DirectoryStorage {
    /// A directory is in every region.
    fn check_region(&self, _: &str, _: Option<&str>) -> Result<(), SqlError> {
        Ok(())
    }

    fn list(&self, prefix: &Address) -> Result<Vec<ListedObject>, SqlError> {
        let listed = self.bucket(&prefix.bucket).and_then(|bucket| files(&bucket));
        let mut listed = listed.map_err(|error| self.error("cannot list", &error))?;
        listed.retain(|object| object.key.starts_with(&prefix.key));
        listed.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(listed)
    }

    fn read(&self, address: &Address) -> Result<ObjectReader, ReadError> {
        let open = || {
            let file = File::open(self.file(address)?)?;
            Ok(ObjectReader { size: file.metadata()?.len(), bytes: Box::new(file) })
        };
        open().map_err(|error: io::Error| match error.kind() {
            ErrorKind::NotFound => ReadError::Missing(self.error("cannot read an object in", &error)),
            _ => ReadError::Refused(self.error("cannot read an object in", &error)),
        })
    }

    fn write(&self, address: &Address) -> io::Result<Box<dyn ObjectWriter>> {
        // Beside the buckets, so that no list shows it.
        let file = NamedTempFile::new_in(&self.root)?;
        Ok(Box::new(NewFile { path: self.file(address)?, bytes: BufWriter::new(file) }))
    }

    fn delete(&self, address: &Address) -> Result<(), SqlError> {
        match self.file(address).and_then(fs::remove_file) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.error("cannot delete an object in", &error)),
            _ => Ok(()),
        }
    }

    fn directory(&self, bucket: &str) -> PathBuf {
        self.root.join(bucket)
    }
}

/// The files below a bucket's directory; none where that is missing.
fn files(bucket: &Path) -> io::Result<Vec<ListedObject>> {
    let (mut found, mut directories) = (Vec::new(), vec![bucket.to_owned()]);
    while let Some(directory) = directories.pop() {
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            let metadata = fs::metadata(&path)?;
            match metadata.is_dir() {
                true => directories.push(path),
                false => found.extend(key(bucket, &path).map(|key| ListedObject { key, size: metadata.len() })),
            }
        }
    }
    Ok(found)
}

/// The key of a file; `None` where its name is not Unicode.
fn key(bucket: &Path, file: &Path) -> Option<String> {
    let parts = file.strip_prefix(bucket).ok()?.components().map(|part| part.as_os_str().to_str());
    Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
}

/// A file that gets its name when it is finished.
struct NewFile {
    path: PathBuf,
    bytes: BufWriter<NamedTempFile>,
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.bytes.flush()
    }
}

impl NewFile {
    fn persist(self) -> io::Result<u64> {
        let file = self.bytes.into_inner().map_err(io::IntoInnerError::into_error)?;
        if let Some(directory) = self.path.parent() {
            fs::create_dir_all(directory)?;
        }
        let file = file.persist(&self.path).map_err(|failed| failed.error)?;
        Ok(file.metadata()?.len())
    }
}

impl ObjectWriter for NewFile {
    fn finish(self: Box<Self>) -> Result<u64, SqlError> {
        let path = self.path.clone();
        self.persist().map_err(|error| SqlError::from_io("cannot write", &path, &error))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn address(key: &str) -> Address {
        Address { bucket: "b".into(), key: key.into() }
    }

    fn put(storage: &DirectoryStorage, key: &str, bytes: &[u8]) -> u64 {
        let mut writer = storage.write(&address(key)).expect("begun");
        writer.write_all(bytes).expect("written");
        writer.finish().expect("finished")
    }

    fn keys(storage: &DirectoryStorage, prefix: &str) -> Vec<(String, u64)> {
        let listed = storage.list(&address(prefix)).expect("listed");
        listed.into_iter().map(|object| (object.key, object.size)).collect()
    }

    #[test]
    fn what_is_written_is_listed_read_and_deleted() {
        let root = tempfile::tempdir().expect("directory");
        let storage = DirectoryStorage::new(root.path());
        assert!(keys(&storage, "").is_empty(), "there is no bucket yet");
        assert_eq!((put(&storage, "d/2", b"two"), put(&storage, "d/1", b""), put(&storage, "e", b"!")), (3, 0, 1));
        drop(storage.write(&address("unfinished")).expect("begun"));
        assert_eq!(keys(&storage, "d/"), [("d/1".to_owned(), 0), ("d/2".to_owned(), 3)]);
        assert_eq!(keys(&storage, "").len(), 3);
        let mut text = String::new();
        storage.read(&address("d/2")).expect("read").bytes.read_to_string(&mut text).expect("text");
        assert_eq!(text, "two");
        storage.delete(&address("d/2")).expect("deleted");
        storage.delete(&address("d/2")).expect("it is gone already");
        assert!(matches!(storage.read(&address("d/2")), Err(ReadError::Missing(_))));
    }

    #[test]
    fn nothing_outside_of_the_buckets_is_reached() {
        let root = tempfile::tempdir().expect("directory");
        let storage = DirectoryStorage::new(root.path().join("buckets"));
        fs::create_dir(root.path().join("buckets")).expect("directory");
        fs::write(root.path().join("secret"), "x").expect("file");
        for key in ["../../secret", "../secret", "", "d/"] {
            assert!(matches!(storage.read(&address(key)), Err(ReadError::Refused(_))), "{key}");
            assert!(storage.write(&address(key)).is_err(), "{key}");
            assert!(storage.delete(&address(key)).is_err(), "{key}");
        }
        assert!(storage.list(&Address { bucket: "..".into(), key: String::new() }).is_err());
    }
}
