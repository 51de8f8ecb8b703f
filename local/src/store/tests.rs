//! Damage to the files of a store: each is an error or does no harm, and none is a shorter answer.

use std::path::{Path, PathBuf};

use super::*;

type Content = (Vec<u32>, Vec<(Vec<u8>, Vec<u8>)>);

/// Everything that a store holds: records, and objects with their keys.
fn content(directory: &Path) -> Result<Content> {
    let store = Store::open(directory)?;
    let records = store.list("thing")?;
    let mut objects = Vec::new();
    for entry in store.read_objects(|objects| Ok(objects.range(FIRST..)))? {
        let (key, value) = entry.into_inner()?;
        objects.push((key.to_vec(), value.to_vec()));
    }
    Ok((records, objects))
}

fn fill(directory: &Path, numbers: std::ops::Range<u32>) {
    let store = Store::open(directory).expect("store");
    for number in numbers {
        store.put("thing", &format!("{number:04}"), &number).expect("record");
        let key = format!("bucket\0{number:04}\0");
        store.write_objects(|objects| objects.insert(key.as_str(), number.to_be_bytes())).expect("object");
        store.write_bodies(|bodies| bodies.insert(key.as_str(), [7_u8; 3_000])).expect("body");
    }
    // As much in tables as in journals.
    store.read_objects(|objects| objects.rotate_memtable_and_wait()).expect("flush");
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("directory") {
        let path = entry.expect("entry").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).expect("below"));
        std::fs::create_dir_all(target.parent().expect("parent")).expect("directories");
        std::fs::copy(&file, &target).expect("copied");
    }
    // Empty directories count too.
    for tables in ["store/records/keyspaces/0/tables", "store/records/keyspaces/1/tables"] {
        std::fs::create_dir_all(to.join(tables)).expect("directories");
    }
}

#[test]
fn damaged_files_are_errors_and_never_an_empty_answer() {
    let home = tempfile::tempdir().expect("directory");
    let whole = home.path().join("whole");
    fill(&whole, 0..150);
    // Opened once more, so that the journals have lost the zeros behind their last entry.
    fill(&whole, 150..300);
    let expected = content(&whole).expect("content");
    assert_eq!((expected.0.len(), expected.1.len()), (300, 300));
    type Damage = (&'static str, fn(&Path));
    let damages: [Damage; 4] = [
        ("removed", |file| std::fs::remove_file(file).expect("removed")),
        ("emptied", |file| std::fs::write(file, "").expect("emptied")),
        ("cut", |file| {
            let bytes = std::fs::read(file).expect("read");
            std::fs::write(file, &bytes[..bytes.len() / 2]).expect("cut");
        }),
        ("flipped", |file| {
            let mut bytes = std::fs::read(file).expect("read");
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 0x55;
            }
            std::fs::write(file, bytes).expect("flipped");
        }),
    ];
    let mut silent = Vec::new();
    for file in files(&whole) {
        let name = file.strip_prefix(&whole).expect("below");
        for (damage, inflict) in &damages {
            let directory = home.path().join("damaged");
            copy(&whole, &directory);
            inflict(&directory.join(name));
            if content(&directory).is_ok_and(|found| found != expected) {
                silent.push(format!("{} {damage}", name.display()));
            }
            std::fs::remove_dir_all(&directory).expect("clean");
        }
    }
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn what_is_missing_whole_is_missed() {
    for part in ["store/objects", "store/records", "store", "store/objects/keyspaces", "store/objects/keyspaces/2"] {
        let home = tempfile::tempdir().expect("directory");
        fill(home.path(), 0..10);
        std::fs::remove_dir_all(home.path().join(part)).expect("removed");
        let error = content(home.path()).err().unwrap_or_else(|| panic!("{part} is not missed"));
        assert!(error.to_string().contains("damaged"), "{part}: {error}");
    }
}

#[test]
fn a_damaged_store_can_be_gone_on_with_when_its_mark_is_removed() {
    let home = tempfile::tempdir().expect("directory");
    fill(home.path(), 0..10);
    std::fs::remove_dir_all(home.path().join("store/objects")).expect("removed");
    assert!(content(home.path()).is_err());
    std::fs::remove_file(home.path().join("objects.mark")).expect("removed");
    let (records, objects) = content(home.path()).expect("content");
    assert_eq!((records.len(), objects.len()), (10, 0));
}
