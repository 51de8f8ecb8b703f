//! Checksums as the records have them.

use s3s::dto::{Checksum, ChecksumType};

/// The checksum that came with an object: `sha256:WZRH…`, without a name where it is the SDKs' usual CRC32, since there may
/// be millions of these.
pub fn named_checksum(checksum: &Checksum) -> Option<String> {
    let sums = [
        ("", &checksum.checksum_crc32),
        ("crc32c:", &checksum.checksum_crc32c),
        ("crc64nvme:", &checksum.checksum_crc64nvme),
        ("sha1:", &checksum.checksum_sha1),
        ("sha256:", &checksum.checksum_sha256),
    ];
    sums.into_iter().find_map(|(name, sum)| sum.as_ref().map(|sum| format!("{name}{sum}")))
}

/// Reads what [`named_checksum`] wrote.
pub fn checksum_from_name(named: String) -> Checksum {
    // One of the parts' checksums ends with their number.
    let is_composite = named.contains('-');
    let kind = if is_composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
    let mut checksum = Checksum { checksum_type: Some(ChecksumType::from_static(kind)), ..Default::default() };
    let (name, sum) = named.split_once(':').unwrap_or(("", &named));
    let place = match name {
        "" => &mut checksum.checksum_crc32,
        "crc32c" => &mut checksum.checksum_crc32c,
        "crc64nvme" => &mut checksum.checksum_crc64nvme,
        "sha1" => &mut checksum.checksum_sha1,
        _ => &mut checksum.checksum_sha256,
    };
    *place = Some(sum.to_owned());
    checksum
}
