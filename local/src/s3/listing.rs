//! Listings: pages of keys in byte order, with prefixes rolled up at a delimiter. A page costs what it shows: the
//! walk seeks to where the page begins and leaps over each rolled-up prefix.

use s3s::S3Result;

use super::Buckets;
use super::bucket::internal;
use super::object::{ObjectInfo, Version};

/// What to list. `after` is the last key or rolled-up prefix of the page before.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub prefix: String,
    pub delimiter: Option<String>,
    pub after: String,
    pub limit: usize,
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
    /// The first key that this page may show.
    fn start(&self) -> String {
        match &self.delimiter {
            _ if self.after.is_empty() => self.prefix.clone(),
            // Everything under a prefix that was rolled up has been shown with it.
            Some(delimiter) if self.after.ends_with(delimiter.as_str()) => past(&self.after),
            _ => format!("{}\0", self.after).max(self.prefix.clone()),
        }
    }

    fn rolled_up<'a>(&self, key: &'a str) -> Option<&'a str> {
        let delimiter = self.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty())?;
        let rest = key.strip_prefix(&self.prefix)?;
        let end = self.prefix.len() + rest.find(delimiter)? + delimiter.len();
        Some(&key[..end])
    }
}

/// The first string after everything that starts with `prefix`.
fn past(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
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

impl Buckets {
    /// Versions and delete markers, after the version `id` of the key that the query begins behind.
    pub fn version_page(&self, bucket: &str, query: &Query, id: Option<&str>) -> S3Result<VersionPage> {
        let mut page = VersionPage::default();
        let mut last: Option<String> = None;
        let mut passed_marker = id.is_none();
        let key = Some(query.after.as_str()).filter(|key| !key.is_empty());
        let mut walk = match key {
            Some(prefix) if query.rolled_up(prefix) == Some(prefix) => self.versions(bucket, &past(prefix)),
            key => self.versions(bucket, key.unwrap_or_default().max(&query.prefix)),
        };
        while let Some(version) = walk.next() {
            let version = version.map_err(internal)?;
            if !version.key.starts_with(&query.prefix) {
                break;
            }
            let is_latest = last.as_deref() != Some(version.key.as_str());
            last = Some(version.key.clone());
            if key == Some(version.key.as_str()) && (id.is_none() || !passed_marker) {
                passed_marker |= id == Some(version.id.as_str());
                continue;
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
                let objects = mount.objects(query.after.is_empty()).map_err(s3s::S3Error::internal_error)?;
                collect(query, |from| {
                    let start = objects.partition_point(|object| object.key.as_str() < from);
                    objects[start..].iter().cloned().map(Ok)
                })
            }
            None => collect(query, |from| self.newest(bucket, from)),
        }
    }

    /// The newest version of each key from `from` on, leaving out keys whose newest version is a delete marker.
    fn newest(&self, bucket: &str, from: &str) -> impl Iterator<Item = S3Result<ObjectInfo>> + use<> {
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

fn collect<I: Iterator<Item = S3Result<ObjectInfo>>>(query: &Query, seek: impl Fn(&str) -> I) -> S3Result<Page> {
    let mut page = Page::default();
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

    fn all_pages(keys: &[&str], query: &Query) -> (Vec<String>, Vec<String>) {
        let seek = |from: &str| {
            let info = |key: &&str| ObjectInfo { key: (*key).to_owned(), size: 1, etag: String::new(), modified: 0 };
            let from = from.to_owned();
            keys.iter().map(info).skip_while(move |object| object.key < from).map(Ok)
        };
        let (mut objects, mut prefixes, mut query) = (Vec::new(), Vec::new(), query.clone());
        loop {
            let page = collect(&query, seek).expect("page");
            objects.extend(page.objects.into_iter().map(|object| object.key));
            prefixes.extend(page.prefixes);
            if !page.truncated {
                return (objects, prefixes);
            }
            query.after = page.last;
        }
    }

    #[test]
    fn pages_of_any_size_show_every_key_once() {
        let keys = ["a/1", "a/2", "a0", "b/1", "b/2/3", "c"];
        for limit in 1..=keys.len() {
            let flat = Query { limit, ..Query::default() };
            assert_eq!(all_pages(&keys, &flat).0, keys, "limit {limit}");
            let rolled = Query { limit, delimiter: Some("/".into()), ..Query::default() };
            let (objects, prefixes) = all_pages(&keys, &rolled);
            assert_eq!((objects, prefixes), (vec!["a0".to_owned(), "c".into()], vec!["a/".to_owned(), "b/".into()]));
            let under = Query { prefix: "b/".into(), ..rolled };
            assert_eq!(all_pages(&keys, &under), (vec!["b/1".to_owned()], vec!["b/2/".to_owned()]));
        }
    }
}
