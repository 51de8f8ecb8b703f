//! Top-level keys of a source's JSON objects: those without a column are lost, and reported.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::load_report::UnknownKey;
use crate::location::Location;

/// Different keys that are counted, at most.
const KEYS_MAX: usize = 4_096;
/// Bytes of a key that are kept: the name of a column has 127 at most.
const KEY_BYTES: usize = 256;
/// Keys that a warning names.
const SHOWN: usize = 10;

/// Counts keys while objects are read.
#[derive(Debug, Default)]
pub struct KeyCounter {
    keys: Vec<CountedKey>,
    places: HashMap<Vec<u8>, usize>,
    objects: u64,
    is_full: bool,
    /// The object in S3 at hand, and its number in the order of reading.
    file: String,
    files: u64,
}

#[derive(Debug)]
struct CountedKey {
    name: Vec<u8>,
    objects: u64,
    repeated: u64,
    /// The last object that has it.
    last: u64,
    /// The first object in S3 that has it, in the order of their keys, and the line there.
    first: Option<(String, u64)>,
    /// The number of the last object in S3 that has it.
    file: u64,
}

impl KeyCounter {
    /// Begins with the JSON objects of another object in S3.
    pub fn begin_file(&mut self, key: &str) {
        self.file.clear();
        self.file.push_str(key);
        self.files += 1;
    }

    /// Counts the keys of one object, which begins on `line` of its file.
    pub fn add(&mut self, keys: &[Cow<'_, [u8]>], line: impl Fn() -> u64) {
        self.objects += 1;
        let mut expected = 0;
        for name in keys {
            let name = &name[..name.len().min(KEY_BYTES)];
            // Objects of one source have mostly the same keys in the same order.
            let place = match self.keys.get(expected) {
                Some(key) if key.name == name => Some(expected),
                _ => self.place(name),
            };
            let Some(place) = place else {
                self.is_full = true;
                continue;
            };
            expected = place + 1;
            let key = &mut self.keys[place];
            if key.last == self.objects {
                key.repeated += 1;
            } else {
                key.objects += 1;
                key.last = self.objects;
            }
            // Files are read many at once, and counted in any order.
            if key.file != self.files {
                key.file = self.files;
                if key.first.as_ref().is_none_or(|(first, _)| self.file < *first) {
                    key.first = Some((self.file.clone(), line()));
                }
            }
        }
    }

    fn place(&mut self, name: &[u8]) -> Option<usize> {
        let next = self.keys.len();
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        if next == KEYS_MAX {
            return None;
        }
        self.places.insert(name.to_vec(), next);
        self.keys.push(CountedKey { name: name.to_vec(), objects: 0, repeated: 0, last: 0, first: None, file: 0 });
        Some(next)
    }
}

/// The keys of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Objects that have it, by key.
    pub objects: BTreeMap<String, u64>,
    /// How many times a key came again in one object.
    pub repeated: BTreeMap<String, u64>,
    /// There are more keys than were counted.
    pub is_full: bool,
    /// The first object in S3 that has it and the line there, by key; nothing where an earlier version of the program
    /// counted.
    #[serde(default)]
    pub first: BTreeMap<String, (String, u64)>,
}

impl Keys {
    pub fn from_counters(counters: Vec<KeyCounter>) -> Self {
        let mut keys = Self::default();
        for counter in counters {
            keys.is_full |= counter.is_full;
            for key in counter.keys {
                let name = String::from_utf8_lossy(&key.name).into_owned();
                if key.repeated > 0 {
                    *keys.repeated.entry(name.clone()).or_default() += key.repeated;
                }
                if let Some(first) = key.first {
                    let earliest = keys.first.entry(name.clone()).or_insert_with(|| first.clone());
                    *earliest = first.min(earliest.clone());
                }
                *keys.objects.entry(name).or_default() += key.objects;
            }
        }
        keys
    }

    /// Keys of a source at `location` without a column.
    pub fn without_column(&self, columns: &[String], ignore_case: bool, location: &Location) -> Vec<UnknownKey> {
        let folded = |name: &String| if ignore_case { name.to_lowercase() } else { name.clone() };
        let columns: HashSet<String> = columns.iter().map(folded).collect();
        let lost = self.objects.iter().filter(|(key, _)| !columns.contains(&folded(key)));
        let unknown = |(key, objects): (&String, &u64)| {
            let first = self.first.get(key).map(|(file, line)| format!("{}:{line}", location.with_key(file)));
            UnknownKey { key: key.clone(), objects: *objects, first }
        };
        lost.map(unknown).collect()
    }

    /// A warning about keys that are repeated in an object.
    pub fn repeated_warning(&self, source: &str, table: &str) -> Option<String> {
        let plural = |times: u64| if times == 1 { "" } else { "s" };
        let name = |(key, times): (&String, &u64)| format!("{key:?} ({times} time{})", plural(*times));
        let mut names: Vec<String> = self.repeated.iter().take(SHOWN).map(name).collect();
        if self.repeated.len() > SHOWN {
            names.push(format!("and {} more", self.repeated.len() - SHOWN));
        }
        let keys = names.join(", ");
        let warning = format!("{source}: keys come again in one object, and {table} takes one value of them: {keys}");
        (!names.is_empty()).then_some(warning)
    }
}

/// A message about keys that are not loaded. `seen` says where they were found.
pub fn unknown_message(source: &str, table: &str, lost: &[UnknownKey], seen: &str) -> String {
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    let line = |lost: &UnknownKey| {
        let first = lost.first.as_ref().map(|place| format!(", first in {place}")).unwrap_or_default();
        format!("\n  {:?} ({} object{}){first}", lost.key, lost.objects, plural(lost.objects))
    };
    let mut lines: String = lost.iter().take(SHOWN).map(line).collect();
    if lost.len() > SHOWN {
        lines.push_str(&format!("\n  and {} more", lost.len() - SHOWN));
    }
    format!("{source}: {table} has no column for these keys, which are not loaded{seen}:{lines}")
}

/// Where keys were seen that were counted while gathering.
pub fn seen_while_gathering(keys: &Keys) -> String {
    if keys.is_full { format!(" (of the first {KEYS_MAX} keys)") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(objects: &[&[&str]]) -> Keys {
        let mut counter = KeyCounter::default();
        for object in objects {
            let keys: Vec<Cow<'_, [u8]>> = object.iter().map(|key| Cow::Borrowed(key.as_bytes())).collect();
            counter.add(&keys, || 1);
        }
        Keys::from_counters(vec![counter])
    }

    #[test]
    fn keys_are_counted_by_object_in_any_order() {
        let keys = counted(&[&["a", "b"], &["b", "a"], &["a", "c", "a", "a"], &[], &[""]]);
        let objects: Vec<_> = keys.objects.iter().map(|(key, count)| (key.as_str(), *count)).collect();
        assert_eq!(objects, [("", 1), ("a", 3), ("b", 2), ("c", 1)]);
        assert_eq!(keys.repeated, BTreeMap::from([("a".to_owned(), 2)]));
        let both = Keys::from_counters(Vec::from([KeyCounter::default(), KeyCounter::default()]));
        assert_eq!(both, Keys::default());
    }

    #[test]
    fn keys_without_a_column_are_named() {
        let keys = counted(&[&["id", "Name", "new"], &["id", "new"]]);
        let columns = ["id".to_owned(), "name".to_owned()];
        let location = Location { bucket: "raw".into(), key: "data/".into() };
        let unknown = |key: &str, objects| UnknownKey { key: key.to_owned(), objects, first: None };
        assert_eq!(keys.without_column(&columns, true, &location), [unknown("new", 2)]);
        let lost = keys.without_column(&columns, false, &location);
        assert_eq!(lost, [unknown("Name", 1), unknown("new", 2)]);
        let says = "events: staging has no column for these keys, which are not loaded:\n  \"Name\" (1 object)\n  \"new\" (2 objects)";
        assert_eq!(unknown_message("events", "staging", &lost, ""), says);
        assert_eq!(keys.repeated_warning("events", "staging"), None);
    }

    #[test]
    fn the_first_place_of_a_key_is_told_whatever_the_order_of_reading() {
        let (mut one, mut other) = (KeyCounter::default(), KeyCounter::default());
        let mood: [Cow<'_, [u8]>; 1] = [Cow::Borrowed(b"mood")];
        one.begin_file("data/c.json");
        one.add(&mood, || 1);
        one.begin_file("data/b.json");
        one.add(&[], || 1);
        one.add(&mood, || 2);
        one.add(&mood, || 3);
        other.begin_file("data/d.json");
        other.add(&mood, || 1);
        let location = Location { bucket: "raw".into(), key: "data/".into() };
        let found = Keys::from_counters(vec![other, one]).without_column(&[], false, &location);
        let first = Some("s3://raw/data/b.json:2".to_owned());
        assert_eq!(found, [UnknownKey { key: "mood".into(), objects: 4, first }]);
    }

    #[test]
    fn memory_has_a_bound() {
        let mut counter = KeyCounter::default();
        for number in 0..2 * KEYS_MAX {
            let key = format!("{number}{}", "x".repeat(1_000));
            counter.add(&[Cow::Borrowed(key.as_bytes())], || 1);
        }
        let bytes: usize = counter.keys.iter().map(|key| key.name.capacity()).sum();
        assert!(counter.is_full && counter.keys.len() == KEYS_MAX && bytes <= KEYS_MAX * KEY_BYTES, "{bytes}");
    }
}
