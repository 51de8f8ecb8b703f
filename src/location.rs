//! `s3://bucket/key`.

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

#[cfg(test)]
mod tests {
    use super::*;

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
