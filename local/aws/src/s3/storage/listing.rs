//! Listings: pages of keys in byte order, with prefixes rolled up at a delimiter. A page costs what it shows: the
//! walk seeks to where the page begins and leaps over each rolled-up prefix.

use s3s::S3Result;

use super::buckets::Buckets;
use crate::s3::error::internal;
use crate::s3::record::version::{ObjectInfo, Version};

/// What to list: the keys behind `after`, which is the last key or rolled-up prefix of the page before, or any text.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub prefix: String,
    pub delimiter: Option<String>,
    pub after: String,
    pub limit: usize,
    /// True if this is a later page of a listing, which shows the same state as the first.
    pub continues: bool,
}

#[derive(Debug, Default)]
pub struct Page {
    pub objects: Vec<ObjectInfo>,
    pub prefixes: Vec<String>,
    pub truncated: bool,
    /// The last key or prefix shown: where the next page goes on.
    pub last: String,
}

impl Query {
    /// The least bytes that a key of this page begins with. No key holds a NUL, so that nothing lies between a key and
    /// that key with U+0001 behind it, neither among keys nor in the store, where a NUL ends each key.
    pub fn start(&self) -> Vec<u8> {
        let next = match self.rolled_up(&self.after) {
            _ if self.after.is_empty() => Vec::new(),
            // Everything under a prefix that was rolled up has been shown with it.
            Some(prefix) => past(prefix),
            None => format!("{}\u{1}", self.after).into_bytes(),
        };
        next.max(self.prefix.clone().into_bytes())
    }

    /// The prefix that takes the place of a key in the listing.
    pub fn rolled_up<'a>(&self, key: &'a str) -> Option<&'a str> {
        let delimiter = self.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty())?;
        let rest = key.strip_prefix(&self.prefix)?;
        let end = self.prefix.len() + rest.find(delimiter)? + delimiter.len();
        Some(&key[..end])
    }

    /// The version or upload that the page begins behind, where it begins within the entries of one key.
    pub fn within<'a>(&self, id: Option<&'a str>) -> Option<&'a str> {
        id.filter(|_| self.after.starts_with(&self.prefix) && self.rolled_up(&self.after).is_none())
    }
}

/// The least bytes behind everything that starts with `prefix`. No byte of UTF-8 is the last one.
fn past(prefix: &str) -> Vec<u8> {
    let mut bytes = prefix.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last += 1;
    }
    bytes
}

/// A page of versions, each with whether it is the newest of its key.
#[derive(Default)]
pub struct VersionPage {
    pub versions: Vec<(Version, bool)>,
    pub prefixes: Vec<String>,
    pub truncated: bool,
    /// The last key or prefix shown, and of a key which version.
    pub last: (String, Option<String>),
}

/// Returns true if a version comes after the one with this id, which may be gone, where both are of one key.
fn is_older(version: &Version, id: &str) -> bool {
    let sequence = id.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    sequence.is_some_and(|sequence| version.sequence < sequence)
}

impl Buckets {
    /// Versions and delete markers, after the version `id` of the key that the query begins behind.
    pub fn version_page(&self, bucket: &str, query: &Query, id: Option<&str>) -> S3Result<VersionPage> {
        let mut page = VersionPage::default();
        if query.limit == 0 {
            return Ok(page);
        }
        let mut behind = query.within(id);
        let mut last: Option<String> = None;
        let mut walk = match behind {
            Some(_) => self.versions(bucket, query.after.as_bytes()),
            None => self.versions(bucket, &query.start()),
        };
        while let Some(version) = walk.next() {
            let version = version.map_err(internal)?;
            if !version.key.starts_with(&query.prefix) {
                break;
            }
            let is_latest = last.as_deref() != Some(version.key.as_str());
            last = Some(version.key.clone());
            if let Some(id) = behind.filter(|_| version.key == query.after) {
                if version.id == id {
                    behind = None;
                    continue;
                }
                if !is_older(&version, id) {
                    continue;
                }
            }
            if page.versions.len() + page.prefixes.len() >= query.limit {
                page.truncated = true;
                break;
            }
            if let Some(prefix) = query.rolled_up(&version.key) {
                page.last = (prefix.to_owned(), None);
                page.prefixes.push(prefix.to_owned());
                walk = self.versions(bucket, &past(prefix));
                continue;
            }
            page.last = (version.key.clone(), Some(version.id.clone()));
            page.versions.push((version, is_latest));
        }
        Ok(page)
    }

    pub fn list(&self, bucket: &str, query: &Query) -> S3Result<Page> {
        match self.mount(bucket) {
            Some(mount) => {
                let objects = mount.objects(!query.continues).map_err(s3s::S3Error::internal_error)?;
                collect(query, |from| {
                    let start = objects.partition_point(|object| object.key.as_bytes() < from);
                    objects[start..].iter().cloned().map(Ok)
                })
            }
            None => collect(query, |from| self.newest(bucket, from)),
        }
    }

    /// The newest version of each key from `from` on, leaving out keys whose newest version is a delete marker.
    fn newest(&self, bucket: &str, from: &[u8]) -> impl Iterator<Item = S3Result<ObjectInfo>> + use<> {
        let mut last: Option<String> = None;
        self.versions(bucket, from).filter_map(move |version| {
            let version: Version = match version {
                Ok(version) => version,
                Err(error) => return Some(Err(internal(error))),
            };
            if last.as_deref() == Some(version.key.as_str()) {
                return None;
            }
            last = Some(version.key.clone());
            (!version.delete_marker).then(|| Ok(version.info()))
        })
    }
}

fn collect<I: Iterator<Item = S3Result<ObjectInfo>>>(query: &Query, seek: impl Fn(&[u8]) -> I) -> S3Result<Page> {
    let mut page = Page::default();
    // A page of nothing is the last: behind it there is nowhere to go on.
    if query.limit == 0 {
        return Ok(page);
    }
    let mut walk = seek(&query.start());
    while let Some(object) = walk.next().transpose()? {
        if !object.key.starts_with(&query.prefix) {
            break;
        }
        if page.objects.len() + page.prefixes.len() >= query.limit {
            page.truncated = true;
            break;
        }
        match query.rolled_up(&object.key) {
            Some(prefix) => {
                page.last = prefix.to_owned();
                page.prefixes.push(prefix.to_owned());
                walk = seek(&past(prefix));
            }
            None => {
                page.last.clone_from(&object.key);
                page.objects.push(object);
            }
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECES: [&str; 12] = ["a", "b", "a", "/", "/", "\u{1}", " ", "-", "0", "\u{e9}", "\u{ffff}", "\u{10ffff}"];

    fn text(random: &mut fastrand::Rng, most: usize) -> String {
        (0..random.usize(0..=most)).map(|_| PIECES[random.usize(..PIECES.len())]).collect()
    }

    /// A bucket with up to three versions of each key, of which some are delete markers, in the order of a listing.
    fn filled(buckets: &Buckets, bucket: &str, random: &mut fastrand::Rng) -> Vec<Version> {
        let keys: std::collections::BTreeSet<String> = (0..24).map(|_| text(random, 4)).collect();
        let mut versions = Vec::new();
        for (key, newest) in keys.into_iter().filter(|key| !key.is_empty()).zip((1..).map(|n| n * 10)) {
            for sequence in (newest - random.u64(0..3)..=newest).rev() {
                let version = Version {
                    key: key.clone(),
                    sequence,
                    id: format!("{sequence:016x}{:016x}", random.u64(..)),
                    delete_marker: random.u8(..4) == 0,
                    etag: String::new(),
                    modified: 0,
                    attributes: Default::default(),
                    bytes: Default::default(),
                    segments: Vec::new(),
                };
                buckets.save_version(bucket, &version).expect("version");
                versions.push(version);
            }
        }
        versions
    }

    fn any_query(random: &mut fastrand::Rng) -> Query {
        let delimiters = [None, None, Some("/"), Some("/"), Some(""), Some("a"), Some("/a")];
        Query {
            prefix: text(random, 2),
            delimiter: delimiters[random.usize(..delimiters.len())].map(str::to_owned),
            after: text(random, 4),
            limit: random.usize(1..5),
            continues: false,
        }
    }

    /// What a listing shows of these keys: one entry a key, or one for all keys that a delimiter rolls up.
    fn model(query: &Query, entries: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
        let delimiter = query.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
        let mut shown: Vec<(String, String)> = Vec::new();
        for (key, id) in entries.filter(|(key, _)| key.starts_with(&query.prefix)) {
            let end = delimiter.and_then(|delimiter| {
                key[query.prefix.len()..].find(delimiter).map(|at| query.prefix.len() + at + delimiter.len())
            });
            let entry = match end {
                Some(end) => (key[..end].to_owned(), "..".to_owned()),
                None => (key, id),
            };
            if entry.0 > query.after && shown.last() != Some(&entry) {
                shown.push(entry);
            }
        }
        shown
    }

    #[test]
    fn pages_are_as_a_model_has_them() {
        let directory = tempfile::tempdir().expect("directory");
        let buckets = Buckets::alone(directory.path());
        let mut random = fastrand::Rng::with_seed(18);
        for number in 0..20 {
            let name = format!("bucket-{number}");
            let versions = filled(&buckets, &name, &mut random);
            // Beside another one, whose name is longer.
            let _ = filled(&buckets, &format!("{name}-0"), &mut random);
            for _ in 0..40 {
                let mut query = any_query(&mut random);
                let mut newest: Vec<&Version> = versions.iter().collect();
                newest.dedup_by(|later, first| later.key == first.key);
                let objects = newest.iter().filter(|version| !version.delete_marker);
                let expected = model(&query, objects.map(|version| (version.key.clone(), String::new())));
                let (asked, mut shown) = (query.clone(), Vec::new());
                loop {
                    let page = buckets.list(&name, &query).expect("page");
                    let objects = page.objects.into_iter().map(|object| (object.key, String::new()));
                    let mut entries: Vec<_> =
                        objects.chain(page.prefixes.into_iter().map(|prefix| (prefix, "..".to_owned()))).collect();
                    entries.sort();
                    assert!(entries.len() <= query.limit, "{asked:?}");
                    shown.extend(entries);
                    if !page.truncated {
                        break;
                    }
                    assert!(page.last > query.after, "{asked:?} goes on at {:?}", page.last);
                    query.after = page.last;
                }
                assert_eq!(shown, expected, "{asked:?}");
            }
        }
    }

    #[test]
    fn pages_of_versions_are_as_a_model_has_them() {
        let directory = tempfile::tempdir().expect("directory");
        let buckets = Buckets::alone(directory.path());
        let mut random = fastrand::Rng::with_seed(81);
        let versions = filled(&buckets, "versions", &mut random);
        for _ in 0..400 {
            let mut query = any_query(&mut random);
            let all = versions.iter().map(|version| (version.key.clone(), version.id.clone()));
            let mut expected = model(&query, all);
            let (asked, mut shown, mut id) = (query.clone(), Vec::new(), None::<String>);
            loop {
                let page = buckets.version_page("versions", &query, id.as_deref()).expect("page");
                for (version, is_latest) in &page.versions {
                    let newest = versions.iter().find(|other| other.key == version.key).expect("a version");
                    assert_eq!(*is_latest, newest.id == version.id, "{asked:?}");
                }
                let ids = page.versions.into_iter().map(|(version, _)| (version.key, version.id));
                let entries: Vec<_> =
                    ids.chain(page.prefixes.into_iter().map(|prefix| (prefix, "..".to_owned()))).collect();
                assert!(entries.len() <= query.limit, "{asked:?}");
                shown.extend(entries);
                if !page.truncated {
                    break;
                }
                (query.after, id) = page.last;
            }
            // A page has its versions before its prefixes.
            shown.sort();
            expected.sort();
            assert_eq!(shown, expected, "{asked:?}");
        }
    }

    #[test]
    fn versions_go_on_behind_one_that_is_gone() {
        let directory = tempfile::tempdir().expect("directory");
        let buckets = Buckets::alone(directory.path());
        let versions = filled(&buckets, "versions", &mut fastrand::Rng::with_seed(7));
        for (at, version) in versions.iter().enumerate() {
            buckets.remove_version("versions", version).expect("removed");
            let query = Query { after: version.key.clone(), limit: 1000, ..Query::default() };
            let page = buckets.version_page("versions", &query, Some(&version.id)).expect("page");
            let shown: Vec<_> = page.versions.into_iter().map(|(version, _)| version.id).collect();
            let left: Vec<_> = versions[at + 1..].iter().map(|version| version.id.clone()).collect();
            assert_eq!(shown, left);
        }
    }

    #[test]
    fn a_page_of_nothing_is_the_last() {
        let directory = tempfile::tempdir().expect("directory");
        let buckets = Buckets::alone(directory.path());
        let _ = filled(&buckets, "any", &mut fastrand::Rng::with_seed(3));
        let page = buckets.list("any", &Query::default()).expect("page");
        assert!(!page.truncated && page.objects.is_empty());
    }
}
