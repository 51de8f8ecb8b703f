//! Policies for reading S3: one ListBucket a bucket, and one GetObject for everything, so that many sources fit into what
//! IAM takes (R46).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::location::{Location, partition};

/// Characters that IAM takes of a role's inline policies together, blanks apart (R46).
pub const INLINE_CHARACTERS: usize = 10_240;

/// Prefixes that are listed and read, and objects that are read, by bucket.
#[derive(Debug, Default)]
pub struct Reads {
    buckets: BTreeMap<String, BucketReads>,
}

#[derive(Debug, Default)]
struct BucketReads {
    prefixes: BTreeSet<String>,
    objects: BTreeSet<String>,
}

/// How many folders of a prefix are kept: the rest may be anything.
pub type Depth = usize;

/// Prefixes as they are.
pub const EXACT: Depth = usize::MAX;

impl Reads {
    pub fn add_prefix(&mut self, place: &Location) {
        self.buckets.entry(place.bucket.clone()).or_default().prefixes.insert(place.key.clone());
    }

    pub fn add_object(&mut self, place: &Location) {
        self.buckets.entry(place.bucket.clone()).or_default().objects.insert(place.key.clone());
    }

    /// The document of an inline policy in a region's partition. Where it is longer than IAM takes, prefixes lose folders from
    /// their ends until it fits: first where only names are listed, then where objects are read. With it, whether nothing
    /// had to be cut, so that it allows no more than these reads.
    pub fn policy(&self, region: &str) -> (Value, bool) {
        let mut shortest = self.document(region, EXACT, EXACT);
        if fits(&shortest) {
            return (shortest, true);
        }
        let depths = (0..=self.deepest()).rev();
        let names_first = depths.clone().map(|listed| (listed, EXACT));
        for (listed, read) in names_first.chain(depths.map(|both| (both, both))) {
            shortest = self.document(region, listed, read);
            if fits(&shortest) {
                break;
            }
        }
        (shortest, false)
    }

    fn document(&self, region: &str, listed: Depth, read: Depth) -> Value {
        let statements = self.statements(&format!("arn:{}:s3:::", partition(region)), listed, read);
        json!({ "Version": "2012-10-17", "Statement": statements })
    }

    /// The most folders that a prefix has.
    fn deepest(&self) -> Depth {
        let prefixes = self.buckets.values().flat_map(|keys| &keys.prefixes);
        prefixes.map(|prefix| prefix.matches('/').count()).max().unwrap_or_default()
    }

    /// The statements, with prefixes cut to so many folders where names are listed, and where objects are read. `arn`
    /// begins every ARN: `arn:aws:s3:::`.
    pub fn statements(&self, arn: &str, listed: Depth, read: Depth) -> Vec<Value> {
        let mut statements = Vec::new();
        let mut readable = Vec::new();
        for (bucket, keys) in &self.buckets {
            let prefixes = keys.cut(listed);
            if !prefixes.is_empty() {
                statements.push(list(&format!("{arn}{bucket}"), &prefixes));
            }
            let prefixes = keys.cut(read);
            let is_covered = |object: &&String| prefixes.iter().any(|prefix| object.starts_with(prefix));
            readable.extend(prefixes.iter().map(|prefix| format!("{arn}{bucket}/{prefix}*")));
            let objects = keys.objects.iter().filter(|object| !is_covered(object));
            readable.extend(objects.map(|object| format!("{arn}{bucket}/{object}")));
        }
        if !readable.is_empty() {
            statements.push(json!({ "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": readable }));
        }
        statements
    }
}

fn fits(document: &Value) -> bool {
    document.to_string().len() <= INLINE_CHARACTERS
}

impl BucketReads {
    /// The prefixes with so many folders, without those that another one covers.
    fn cut(&self, depth: Depth) -> Vec<&str> {
        let mut kept: Vec<&str> = Vec::new();
        // In their order a prefix comes before those that it covers.
        for prefix in self.prefixes.iter().map(|prefix| cut(prefix, depth)).collect::<BTreeSet<_>>() {
            if kept.last().is_none_or(|before| !prefix.starts_with(before)) {
                kept.push(prefix);
            }
        }
        kept
    }
}

fn cut(prefix: &str, depth: Depth) -> &str {
    if depth == 0 {
        return "";
    }
    prefix.match_indices('/').nth(depth - 1).map_or(prefix, |(slash, _)| &prefix[..=slash])
}

/// Names under these prefixes may be listed. Where all may, no key need be in the request.
fn list(bucket: &str, prefixes: &[&str]) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": bucket });
    if prefixes != [""] {
        let patterns: Vec<String> = prefixes.iter().map(|prefix| format!("{prefix}*")).collect();
        statement["Condition"] = json!({ "StringLike": { "s3:prefix": patterns } });
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(prefixes: &[&str], objects: &[&str]) -> Reads {
        let mut reads = Reads::default();
        let place = |url: &&str| Location::parse(url).expect("address");
        prefixes.iter().map(place).for_each(|prefix| reads.add_prefix(&prefix));
        objects.iter().map(place).for_each(|object| reads.add_object(&object));
        reads
    }

    #[test]
    fn a_bucket_is_one_statement_and_what_another_covers_is_left_out() {
        let reads =
            reads(&["s3://raw/a/b/", "s3://raw/a/", "s3://raw/c", "s3://whole"], &["s3://raw/x.json", "s3://raw/a/y"]);
        assert_eq!(
            reads.statements("arn:aws:s3:::", EXACT, EXACT),
            [
                json!({ "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": "arn:aws:s3:::raw",
                    "Condition": { "StringLike": { "s3:prefix": ["a/*", "c*"] } } }),
                json!({ "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": "arn:aws:s3:::whole" }),
                json!({ "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [
                    "arn:aws:s3:::raw/a/*", "arn:aws:s3:::raw/c*", "arn:aws:s3:::raw/x.json", "arn:aws:s3:::whole/*",
                ] }),
            ]
        );
    }

    #[test]
    fn prefixes_are_cut_folder_by_folder() {
        for (depth, left) in [(0, ""), (1, "a/"), (2, "a/b/"), (3, "a/b/c"), (EXACT, "a/b/c")] {
            assert_eq!(cut("a/b/c", depth), left);
        }
        assert_eq!(reads(&["s3://raw/a/b/c", "s3://raw/d/"], &[]).deepest(), 2);
        assert_eq!(cut("a/b/", 2), "a/b/");
    }
}
