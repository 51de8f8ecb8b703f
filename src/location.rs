//! Places in AWS: `s3://bucket/key`, and the partition that a region is in.

use std::fmt;

/// A place in S3: an object, or a prefix of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    pub bucket: String,
    pub key: String,
}

impl Location {
    pub fn parse(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("s3://").ok_or("an address in S3 looks like s3://bucket/prefix/")?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        match bucket.is_empty() {
            true => Err("the address names no bucket".into()),
            false => Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() }),
        }
    }

    /// The place under this one that `prefix` names: from here on (`A/A/`), or as a whole key (`song_data/A/A/`).
    pub fn narrowed(&self, prefix: &str) -> Self {
        match prefix.starts_with(&self.key) {
            true => self.with_key(prefix),
            false => self.with_key(format!("{}{prefix}", self.key)),
        }
    }

    pub fn with_key(&self, key: impl Into<String>) -> Self {
        Self { bucket: self.bucket.clone(), key: key.into() }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// Returns true if a pattern, in which `*` is any text, stands for a key.
pub fn matches(pattern: &str, key: &str) -> bool {
    let mut parts: Vec<&str> = pattern.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    let Some((first, between)) = parts.split_first() else { return key == last };
    let Some(mut rest) = key.strip_prefix(first) else { return false };
    for part in between {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// How the names of regions begin outside the partition `aws` (R40). Each partition has its own accounts, ARNs and endpoints.
const PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("eusc-", "aws-eusc"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
];

/// The partition of a region, as its ARNs name it (R40).
pub fn partition(region: &str) -> &'static str {
    PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_is_in_one_partition() {
        for (region, expected) in [
            ("us-west-2", "aws"),
            ("us-east-1", "aws"),
            ("eu-central-2", "aws"),
            ("mx-central-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("cn-northwest-1", "aws-cn"),
            ("us-gov-east-1", "aws-us-gov"),
            ("us-gov-west-1", "aws-us-gov"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-iso-east-1", "aws-iso"),
            ("us-iso-west-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
        ] {
            assert_eq!(partition(region), expected, "{region}");
        }
    }

    #[test]
    fn a_pattern_stands_for_whole_keys() {
        for (pattern, key, expected) in [
            ("a/*.json", "a/b/c.json", true),
            ("a/*.json", "a/b.json.gz", false),
            ("a.csv", "a.csv", true),
            ("a.csv", "a.csv.gz", false),
            ("a*b*b", "abb", true),
            ("a*b*b", "ab", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, key), expected, "{pattern} {key}");
        }
    }

    #[test]
    fn a_prefix_narrows_from_here_or_as_a_whole_key() {
        let songs = Location::parse("s3://udacity-dend/song_data/").expect("location");
        for prefix in ["A/A/", "song_data/A/A/"] {
            assert_eq!(songs.narrowed(prefix).to_string(), "s3://udacity-dend/song_data/A/A/");
        }
        assert!(Location::parse("song_data/").is_err());
        assert!(Location::parse("s3:///key").is_err());
    }
}
