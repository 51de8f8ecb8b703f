//! The manifest of a keyspace, which names its tables. Its checksum stands in `current`, and fjall does not compare it: it
//! deletes tables that a changed manifest does not name any more.

use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

/// What is wrong with the manifest of a keyspace, if anything. What cannot be read of `current` is left to fjall.
pub fn damage(keyspace: &Path) -> Option<String> {
    let current = std::fs::read(keyspace.join("current")).ok()?;
    let (version, rest) = current.split_first_chunk::<8>()?;
    let (checksum, kind) = rest.split_first_chunk::<16>()?;
    // XXH3, the only kind that there is.
    if kind != [0_u8] {
        return None;
    }
    let file = keyspace.join(format!("v{}", u64::from_le_bytes(*version)));
    match std::fs::read(&file) {
        Ok(manifest) if xxh3_128(&manifest) == u128::from_le_bytes(*checksum) => None,
        Ok(_) => Some(format!("{} has another checksum than `current` says", file.display())),
        Err(error) => Some(format!("{}: {error}", file.display())),
    }
}
