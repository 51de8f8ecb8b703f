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

fn write(store: &Store, numbers: std::ops::Range<u32>) {
    for number in numbers {
        store.put("thing", &format!("{number:04}"), &number).expect("record");
        let key = format!("bucket\0{number:04}\0");
        store.write_objects(|objects| objects.insert(key.as_str(), number.to_be_bytes())).expect("object");
        store.write_bodies(|bodies| bodies.insert(key.as_str(), [7_u8; 3_000])).expect("body");
    }
}

fn fill(directory: &Path, numbers: std::ops::Range<u32>) {
    let store = Store::open(directory).expect("store");
    write(&store, numbers);
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
    std::fs::create_dir_all(to).expect("directory");
    for entry in std::fs::read_dir(from).expect("directory") {
        let path = entry.expect("entry").path();
        let target = to.join(path.file_name().expect("name"));
        // Empty directories count too.
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("copied");
        }
    }
}

/// What is found in a copy that something was done to.
fn content_after(inflict: impl Fn(&Path), whole: &Path) -> Result<Content> {
    let home = tempfile::tempdir().expect("directory");
    copy(whole, home.path());
    inflict(home.path());
    content(home.path())
}

fn cut(file: &Path, bytes: u64) {
    let file = std::fs::File::options().write(true).open(file).expect("file");
    let length = file.metadata().expect("metadata").len();
    file.set_len(length.saturating_sub(bytes)).expect("cut");
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
    assert_eq!(content_after(|_| (), &whole).expect("a copy is whole"), expected);
    type Damage = (&'static str, fn(&Path));
    let damages: [Damage; 4] = [
        ("removed", |file| std::fs::remove_file(file).expect("removed")),
        ("emptied", |file| std::fs::write(file, "").expect("emptied")),
        ("cut", |file| cut(file, std::fs::metadata(file).expect("metadata").len().div_ceil(2))),
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
            if content_after(|copy| inflict(&copy.join(name)), &whole).is_ok_and(|found| found != expected) {
                silent.push(format!("{} {damage}", name.display()));
            }
        }
    }
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn each_write_that_was_acknowledged_before_a_kill_is_missed() {
    let home = tempfile::tempdir().expect("directory");
    let [whole, killed] = ["whole", "killed"].map(|name| home.path().join(name));
    fill(&whole, 0..10);
    let store = Store::open(&whole).expect("store");
    write(&store, 10..15);
    // What a kill leaves is what the files hold now.
    copy(&whole, &killed);
    drop(store);
    let expected = content_after(|_| (), &killed).expect("a kill loses nothing");
    assert_eq!((expected.0.len(), expected.1.len()), (15, 15));
    for name in ["records", "objects"] {
        let journal = format!("store/{name}/0.jnl");
        for bytes in [1, 20, 100, 4_000] {
            let error = content_after(|copy| cut(&copy.join(&journal), bytes), &killed).err();
            let error = error.unwrap_or_else(|| panic!("{bytes} bytes of {name} are not missed")).to_string();
            assert!(error.contains("writes that were acknowledged are missing"), "{error}");
        }
    }
}

#[test]
fn a_journal_that_is_removed_or_cut_before_another_is_missed() {
    let home = tempfile::tempdir().expect("directory");
    let whole = home.path().join("whole");
    write(&Store::open(&whole).expect("store"), 0..40);
    let expected = content(&whole).expect("content");
    // As where fjall has begun another journal.
    let journal = |number: u32| format!("store/objects/{number}.jnl");
    let bytes = std::fs::read(whole.join(journal(0))).expect("journal");
    let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(b"FJL\x03")).collect();
    let (first, second) = bytes.split_at(ends[ends.len() / 2] + 4);
    std::fs::write(whole.join(journal(0)), first).expect("written");
    std::fs::write(whole.join(journal(1)), second).expect("written");
    assert_eq!(content_after(|_| (), &whole).expect("two journals"), expected);
    type Damage = (&'static str, fn(&Path));
    let damages: [Damage; 2] =
        [("removed", |file| std::fs::remove_file(file).expect("removed")), ("cut", |file| cut(file, 10_000))];
    for (damage, inflict) in damages {
        let error = content_after(|copy| inflict(&copy.join(journal(0))), &whole).err();
        let error = error.unwrap_or_else(|| panic!("{damage} is not missed")).to_string();
        assert!(error.contains("writes before those in") && error.contains("1.jnl"), "{damage}: {error}");
        // Once it was said, what is left can be used, also when it is opened again.
        let go_on = |copy: &Path| {
            inflict(&copy.join(journal(0)));
            std::fs::remove_file(copy.join("objects.mark")).expect("removed");
            let _ = content(copy).expect("what is left");
        };
        assert!(content_after(go_on, &whole).expect("what is left").1.len() < 40);
    }
    // What is in tables is not missing in journals: fjall has removed the older one.
    let store = Store::open(&whole).expect("store");
    store.read_objects(|objects| objects.rotate_memtable_and_wait()).expect("flush");
    store.read_bodies(|bodies| bodies.rotate_memtable_and_wait()).expect("flush");
    let begun = std::time::Instant::now();
    while whole.join(journal(0)).exists() {
        assert!(begun.elapsed().as_secs() < 20, "the older journal stays");
        std::thread::yield_now();
    }
    drop(store);
    assert_eq!(content(&whole).expect("content"), expected);
}

#[test]
fn a_manifest_that_was_changed_is_missed() {
    let home = tempfile::tempdir().expect("directory");
    let whole = home.path().join("whole");
    fill(&whole, 0..10);
    fill(&whole, 10..20);
    let expected = content(&whole).expect("content");
    let keyspace = Path::new("store/objects/keyspaces/1");
    let current = std::fs::read(whole.join(keyspace).join("current")).expect("current");
    let manifest = keyspace.join(format!("v{}", current[0]));
    let length = std::fs::metadata(whole.join(&manifest)).expect("manifest").len();
    for at in (0..usize::try_from(length).expect("small")).step_by(11) {
        let change = |copy: &Path| {
            let mut bytes = std::fs::read(copy.join(&manifest)).expect("read");
            bytes[at] ^= 0x01;
            std::fs::write(copy.join(&manifest), bytes).expect("written");
        };
        let error = content_after(change, &whole).err().unwrap_or_else(|| panic!("byte {at} is not missed"));
        assert!(error.to_string().contains("another checksum"), "{error}");
    }
    assert_eq!(content(&whole).expect("content"), expected);
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
