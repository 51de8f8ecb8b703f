//! Top-level keys of the JSON objects of a source: those that no column takes are lost, and named.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

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
}

#[derive(Debug)]
struct CountedKey {
    name: Vec<u8>,
    objects: u64,
    repeated: u64,
    /// The last object that has it.
    last: u64,
}

impl KeyCounter {
    /// Counts the keys of one object.
    pub fn add(&mut self, keys: &[Cow<'_, [u8]>]) {
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
        self.keys.push(CountedKey { name: name.to_vec(), objects: 0, repeated: 0, last: 0 });
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
                *keys.objects.entry(name).or_default() += key.objects;
            }
        }
        keys
    }

    /// Those that no column takes, with the objects that have them.
    pub fn without_column(&self, columns: &[String], ignore_case: bool) -> Vec<(String, u64)> {
        let folded = |name: &String| if ignore_case { name.to_lowercase() } else { name.clone() };
        let columns: HashSet<String> = columns.iter().map(folded).collect();
        let lost = self.objects.iter().filter(|(key, _)| !columns.contains(&folded(key)));
        lost.map(|(key, objects)| (key.clone(), *objects)).collect()
    }

    /// What there is to say of keys that are lost in whole or in part.
    pub fn warnings(&self, source: &str, table: &str, lost: &[(String, u64)]) -> Vec<String> {
        let mut warnings = Vec::new();
        if !lost.is_empty() {
            let more = if self.is_full { format!(" (of the first {KEYS_MAX} keys)") } else { String::new() };
            let keys = named(lost, "object");
            warnings
                .push(format!("{source}: {table} has no column for these keys, which are not loaded{more}: {keys}"));
        }
        if !self.repeated.is_empty() {
            let repeated: Vec<_> = self.repeated.iter().map(|(key, times)| (key.clone(), *times)).collect();
            let keys = named(&repeated, "time");
            warnings
                .push(format!("{source}: keys come again in one object, and {table} takes one value of them: {keys}"));
        }
        warnings
    }
}

/// `a (1 object), b (2 objects), and 3 more`.
fn named(keys: &[(String, u64)], of: &str) -> String {
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    let name = |(key, count): &(String, u64)| format!("{key:?} ({count} {of}{})", plural(*count));
    let mut names: Vec<String> = keys.iter().take(SHOWN).map(name).collect();
    if keys.len() > SHOWN {
        names.push(format!("and {} more", keys.len() - SHOWN));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(objects: &[&[&str]]) -> Keys {
        let mut counter = KeyCounter::default();
        for object in objects {
            let keys: Vec<Cow<'_, [u8]>> = object.iter().map(|key| Cow::Borrowed(key.as_bytes())).collect();
            counter.add(&keys);
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
        assert_eq!(keys.without_column(&columns, true), [("new".to_owned(), 2)]);
        let lost = keys.without_column(&columns, false);
        let says = "events: staging has no column for these keys, which are not loaded: \"Name\" (1 object), \"new\" (2 objects)";
        assert_eq!(keys.warnings("events", "staging", &lost), [says]);
        assert!(keys.warnings("events", "staging", &[]).is_empty());
    }

    #[test]
    fn memory_has_a_bound() {
        let mut counter = KeyCounter::default();
        for number in 0..2 * KEYS_MAX {
            let key = format!("{number}{}", "x".repeat(1_000));
            counter.add(&[Cow::Borrowed(key.as_bytes())]);
        }
        let bytes: usize = counter.keys.iter().map(|key| key.name.capacity()).sum();
        assert!(counter.is_full && counter.keys.len() == KEYS_MAX && bytes <= KEYS_MAX * KEY_BYTES, "{bytes}");
    }
}
