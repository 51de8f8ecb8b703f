//! All that the store holds as files, and back: a key and a value one after the other, each behind its length.

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use super::database::Database;
use super::{BODIES, FIRST, OBJECT_RECORDS, Result, Store};
use crate::error::StoreError;

/// The file of each keyspace.
const FILES: [&str; 3] = ["records.dump", "objects.dump", "bodies.dump"];

impl Store {
    fn keyspaces(&self) -> [(&Database, usize, &'static str); 3] {
        let [records, objects, bodies] = FILES;
        [(&self.records, 0, records), (&self.objects, OBJECT_RECORDS, objects), (&self.objects, BODIES, bodies)]
    }

    /// Writes everything into files in a directory. The caller holds `change`.
    pub fn dump(&self, directory: &Path) -> Result<()> {
        for (database, keyspace, name) in self.keyspaces() {
            let path = directory.join(name);
            let failed = |error| StoreError::from_io(&path, error);
            let mut file = BufWriter::new(File::create(&path).map_err(failed)?);
            for entry in database.read(keyspace, |keyspace| Ok(keyspace.range(FIRST..)))? {
                let (key, value) = entry.into_inner()?;
                write(&mut file, &key).and_then(|()| write(&mut file, &value)).map_err(failed)?;
            }
            file.flush().map_err(failed)?;
        }
        Ok(())
    }

    /// Makes everything what the files say. The caller holds `change`.
    pub fn load(&self, directory: &Path) -> Result<()> {
        for (database, keyspace, name) in self.keyspaces() {
            clear(database, keyspace)?;
            let path = directory.join(name);
            let failed = |error| StoreError::from_io(&path, error);
            let mut file = BufReader::new(File::open(&path).map_err(failed)?);
            while let Some(key) = read(&mut file).map_err(failed)? {
                let value = read(&mut file).map_err(failed)?.unwrap_or_default();
                database.write(keyspace, |keyspace| keyspace.insert(key.as_slice(), value.as_slice()))?;
            }
        }
        Ok(())
    }

    /// Removes all objects. The caller holds `change`.
    pub fn clear_objects(&self) -> Result<()> {
        [OBJECT_RECORDS, BODIES].into_iter().try_for_each(|keyspace| clear(&self.objects, keyspace))
    }
}

/// One by one: the mark of a keyspace stays.
fn clear(database: &Database, keyspace: usize) -> Result<()> {
    for entry in database.read(keyspace, |keyspace| Ok(keyspace.range(FIRST..)))? {
        let key = entry.key()?;
        database.write(keyspace, |keyspace| keyspace.remove(key.clone()))?;
    }
    Ok(())
}

fn write(file: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    file.write_all(&(bytes.len() as u64).to_le_bytes())?;
    file.write_all(bytes)
}

/// What comes next; `None` at the end.
fn read(file: &mut impl Read) -> std::io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    match file.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        done => done?,
    }
    let mut bytes = Vec::new();
    let length = u64::from_le_bytes(length);
    match file.take(length).read_to_end(&mut bytes)? as u64 == length {
        true => Ok(Some(bytes)),
        false => Err(ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_again_what_it_was_and_its_mark_stays_true() {
        let home = tempfile::tempdir().expect("directory");
        let [state, dump] = ["state", "dump"].map(|name| home.path().join(name));
        std::fs::create_dir(&dump).expect("directory");
        let store = Store::open(&state).expect("store").at_home("us-west-2").expect("home");
        store.put("bucket", "a", &1).expect("put");
        store.in_region("eu-west-1").put("secret", "s", &2).expect("put");
        store.write_objects(|objects| objects.insert("key", "value")).expect("put");
        store.dump(&dump).expect("dumped");
        store.put("bucket", "b", &3).expect("put");
        store.delete("bucket", "a").expect("deleted");
        store.write_objects(|objects| objects.remove("key")).expect("deleted");
        store.load(&dump).expect("loaded");
        let is_whole = |store: &Store| {
            assert_eq!(store.list::<u32>("bucket").expect("list"), [1]);
            assert_eq!(store.in_region("eu-west-1").list::<u32>("secret").expect("list"), [2]);
            assert_eq!(store.regions().expect("regions"), ["us-west-2", "eu-west-1"]);
            assert!(store.read_objects(|objects| objects.get("key")).expect("read").is_some());
        };
        is_whole(&store);
        drop(store);
        let store = Store::open(&state).expect("store").at_home("ap-south-1").expect("home");
        is_whole(&store.in_region("us-west-2"));
        store.remove_kinds(&["secret"]).expect("removed");
        assert_eq!(store.regions().expect("regions"), ["us-west-2"]);
        store.clear_objects().expect("cleared");
        drop(store);
        Store::open(&state).expect("it is not damaged");
    }
}
