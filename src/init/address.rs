//! Where COPY finds the files of a table, and no others: a prefix of keys, or patterns of names behind one.

use super::walk::DataFile;
use crate::location::matches;

/// An address in the bucket of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The common prefix of the keys.
    pub prefix: String,
    /// Patterns of the rest; empty where all of them are meant.
    pub files: Vec<String>,
}

impl Address {
    /// The shortest one that takes these files and none of the other keys, so that files which come later are taken too.
    pub fn new(files: &[DataFile], others: &[&str]) -> Self {
        if files.iter().any(|file| file.archive().is_some()) {
            return Self::for_members(files, others);
        }
        let keys: Vec<&str> = files.iter().map(|file| file.key.as_str()).collect();
        let common = common_prefix(&keys);
        let folder = &common[..common.rfind('/').map_or(0, |slash| slash + 1)];
        // Hive's folders differ, also where there is one so far.
        let above_hive: usize =
            folder.split_inclusive('/').take_while(|folder| !folder.contains('=')).map(str::len).sum();
        let folder = folder[..above_hive].to_owned();
        let has_hive = files.first().is_some_and(|file| !file.partitions().is_empty());
        let start = match common[above_hive..].find('=').filter(|_| has_hive) {
            Some(sign) => common[..=above_hive + sign].to_owned(),
            None => common.clone(),
        };
        let mut endings: Vec<&str> = files.iter().map(DataFile::ending).collect();
        endings.sort_unstable();
        endings.dedup();
        let behind = &start[folder.len()..];
        let with_endings = |start: &str| endings.iter().map(|ending| format!("{start}*{ending}")).collect::<Vec<_>>();
        let names = keys.iter().map(|key| key[folder.len()..].to_owned()).collect();
        let candidates = [
            (folder.clone(), Vec::new()),
            (start.clone(), Vec::new()),
            (folder.clone(), with_endings("")),
            (folder.clone(), with_endings(behind)),
            (folder.clone(), names),
        ];
        let found = candidates.into_iter().map(|(prefix, files)| Self { prefix, files });
        let mut found = found.skip_while(|address| others.iter().any(|key| address.takes(key)));
        found.next().unwrap_or(Self { prefix: common, files: Vec::new() })
    }

    /// As `new`, where some of the files are members of archives: an archive is one object, and patterns choose its members.
    fn for_members(files: &[DataFile], others: &[&str]) -> Self {
        let objects: Vec<&str> = files.iter().map(|file| file.archive().unwrap_or(&file.key)).collect();
        let common = common_prefix(&objects);
        let folder = &common[..common.rfind('/').map_or(0, |slash| slash + 1)];
        let name = |file: &DataFile| file.key[folder.len()..].to_owned();
        let pattern = |file: &DataFile| match file.archive() {
            Some(archive) => format!("{}/*{}", &archive[folder.len()..], file.ending()),
            None => name(file),
        };
        let mut patterns: Vec<String> = files.iter().map(pattern).collect();
        patterns.dedup();
        let short = Self { prefix: folder.to_owned(), files: patterns };
        match others.iter().any(|key| short.takes(key)) {
            true => Self { prefix: folder.to_owned(), files: files.iter().map(name).collect() },
            false => short,
        }
    }

    fn takes(&self, key: &str) -> bool {
        let Some(rest) = key.strip_prefix(&self.prefix) else { return false };
        self.files.is_empty() || self.files.iter().any(|pattern| matches(pattern, rest))
    }
}

pub(super) fn common_prefix(keys: &[&str]) -> String {
    let Some((first, rest)) = keys.split_first() else { return String::new() };
    let shared = |key: &&str| {
        let signs = first.chars().zip(key.chars()).take_while(|(one, other)| one == other);
        signs.map(|(sign, _)| sign.len_utf8()).sum::<usize>()
    };
    let length = rest.iter().map(shared).min().unwrap_or(first.len());
    first[..length].to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::input::Packed;
    use super::super::walk::FileKind;
    use super::*;

    #[test]
    fn an_address_takes_its_files_and_no_others() {
        let address = |keys: &[&str], others: &[&str]| {
            let file = |key: &&str| DataFile {
                path: (*key).into(),
                key: (*key).into(),
                kind: FileKind::Json,
                packed: Packed::No,
                size: 1,
            };
            let Address { prefix, files } = Address::new(&keys.iter().map(file).collect::<Vec<_>>(), others);
            (prefix, files.join(" "))
        };
        let is = |prefix: &str, files: &str| (prefix.to_owned(), files.to_owned());
        assert_eq!(address(&["a/1.json"], &["b/1.json"]), is("a/", ""));
        assert_eq!(address(&["a.json", "b.json"], &[]), is("", ""));
        assert_eq!(address(&["a.json"], &["b.json"]), is("a.json", ""));
        assert_eq!(address(&["a/1.json", "a/2.json"], &["a/x.csv", "a/README.md"]), is("a/", "*.json"));
        assert_eq!(address(&["o-1.json", "o-2.json"], &["c.json"]), is("o-", ""));
        assert_eq!(address(&["a.json"], &["a.json.gz"]), is("", "*.json"));
        assert_eq!(address(&["a/x1.json", "a/x2.json"], &["a/x.csv", "a/b.json"]), is("a/", "x*.json"));
        assert_eq!(address(&["a/dt=1/x.json"], &["b.json"]), is("a/", ""));
        assert_eq!(address(&["a/dt=1/x.json"], &["a/x.csv"]), is("a/dt=", ""));
        assert_eq!(address(&["dt=1/h=1/x.json", "dt=1/h=2/x.json"], &["README.md"]), is("dt=", ""));
        assert_eq!(address(&["b.json", "c.json"], &["a.json"]), is("", "b.json c.json"));
    }
}
