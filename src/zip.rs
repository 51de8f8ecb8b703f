//! Members of a ZIP archive: found by its central directory, and unpacked piece by piece
//! (<https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>). No name of a member is ever a path of this machine.

use std::io::{BufReader, Error, ErrorKind, Read, Result, Seek, SeekFrom};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

/// The separator between an archive and its member in a key.
pub const ENDING: &str = ".zip";
/// The largest archive that is read into memory, in bytes.
pub const PACKED_MAX: u64 = 1 << 30;
/// The most bytes of an archive's members, unpacked in memory.
pub const UNPACKED_MAX: u64 = 1 << 30;

const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
const CENTRAL_HEADER: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const ZIP64_END: &[u8] = b"PK\x06\x06";
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";
const END_BYTES: usize = 22;
const LOCATOR_BYTES: u64 = 20;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ENCRYPTED: u16 = 1;
/// In the fields of 32 bits: see the fields of 64 bits.
const IN_ZIP64: u64 = 0xffff_ffff;
/// The same, in the count of entries.
const COUNT_IN_ZIP64: u64 = 0xffff;

/// Where the content of a member is, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    header_at: u64,
    packed: u64,
    /// Bytes of its content.
    pub size: u64,
    crc: u32,
    method: u16,
    pub is_encrypted: bool,
}

/// Returns true if a name is one of an archive.
pub fn is_archive(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(ENDING)
}

/// The key of an archive in that of a member of it, or in a pattern of such keys.
pub fn archive_of(key: &str) -> Option<&str> {
    let slash = key.to_ascii_lowercase().find(".zip/")?;
    key.get(..slash + ENDING.len())
}

/// The files of an archive, with their names; neither folders nor hidden ones.
///
/// # Errors
/// Where it is no ZIP archive, or one that is cut off or whose directory is damaged: no member is left out in silence.
pub fn members<R: Read + Seek>(archive: &mut R) -> Result<Vec<(String, Member)>> {
    let length = archive.seek(SeekFrom::End(0))?;
    let (at, size, count) = directory(archive, length)?;
    if at.checked_add(size).is_none_or(|end| end > length) {
        return Err(invalid("its directory is cut off"));
    }
    let bytes = bytes_at(archive, at, size)?;
    let (mut members, mut rest, mut read) = (Vec::new(), bytes.as_slice(), 0);
    while rest.starts_with(CENTRAL_HEADER) {
        let (name, member, next) = entry(rest).ok_or_else(|| invalid("its directory is cut off"))?;
        let is_hidden = name.rsplit('/').next().is_some_and(|name| name.starts_with('.'));
        let is_file = !name.ends_with('/') && !name.starts_with("__MACOSX/") && !is_hidden;
        members.extend(is_file.then_some((name, member)));
        (rest, read) = (next, read + 1);
    }
    match rest.is_empty() && read == count {
        true => Ok(members),
        false => Err(invalid("its directory is damaged")),
    }
}

/// The content of a member.
///
/// # Errors
/// Where it is encrypted, packed in another way than DEFLATE, or not where the directory says. Reading fails where the content
/// is not what the directory says: it has other bytes, or more of them.
pub fn open<R: Read + Seek + 'static>(mut archive: R, member: Member) -> Result<Box<dyn Read>> {
    if member.is_encrypted {
        return Err(Error::new(ErrorKind::Unsupported, "it is encrypted"));
    }
    let header = bytes_at(&mut archive, member.header_at, 30)?;
    let (Some(name), Some(extra)) = (number(&header, 26, 2), number(&header, 28, 2)) else {
        return Err(invalid("it is cut off"));
    };
    if !header.starts_with(LOCAL_HEADER) {
        return Err(invalid("it is not where the directory says"));
    }
    archive.seek(SeekFrom::Start(member.header_at + 30 + name + extra))?;
    let packed = BufReader::new(archive.take(member.packed));
    let reader: Box<dyn Read> = match member.method {
        STORED => Box::new(packed),
        DEFLATED => Box::new(DeflateDecoder::new(packed)),
        other => {
            let message = format!("it is packed by method {other}, and only DEFLATE is unpacked");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
    };
    Ok(Box::new(MemberContent { reader, left: member.size, expected: member.crc, crc: Crc::new() }))
}

/// The content of a member while it is read.
struct MemberContent {
    reader: Box<dyn Read>,
    left: u64,
    expected: u32,
    crc: Crc,
}

impl Read for MemberContent {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.reader.read(buffer)?;
        self.crc.update(&buffer[..read]);
        self.left =
            self.left.checked_sub(read as u64).ok_or_else(|| invalid("it is longer than the directory says"))?;
        let is_end = read == 0 && !buffer.is_empty();
        match is_end && (self.left > 0 || self.crc.sum() != self.expected) {
            true => Err(invalid("its bytes are not those that were packed")),
            false => Ok(read),
        }
    }
}

/// Where the central directory is, its bytes, and its entries.
fn directory<R: Read + Seek>(archive: &mut R, length: u64) -> Result<(u64, u64, u64)> {
    let tail_at = length.saturating_sub(END_BYTES as u64 + u64::from(u16::MAX));
    let tail = bytes_at(archive, tail_at, length - tail_at)?;
    let ends = tail.windows(END.len()).enumerate().rev().filter(|(_, bytes)| *bytes == END);
    let is_whole = |at: &usize| {
        let comment = number(&tail, at + 20, 2);
        comment.is_some_and(|comment| (at + END_BYTES) as u64 + comment <= tail.len() as u64)
    };
    let end = ends.map(|(at, _)| at).find(is_whole).ok_or_else(|| invalid("it is no ZIP archive, or it is cut off"))?;
    let field = |at: usize, bytes: usize| number(&tail, end + at, bytes).unwrap_or_default();
    let (count, size, at) = (field(10, 2), field(12, 4), field(16, 4));
    let is_wide = size == IN_ZIP64 || at == IN_ZIP64;
    if !is_wide && count != COUNT_IN_ZIP64 {
        return Ok((at, size, count));
    }
    let cut_off = || invalid("its directory is cut off");
    let locator_at = (tail_at + end as u64).checked_sub(LOCATOR_BYTES).ok_or_else(cut_off)?;
    let locator = bytes_at(archive, locator_at, LOCATOR_BYTES)?;
    if !is_wide && !locator.starts_with(ZIP64_LOCATOR) {
        // It has just as many.
        return Ok((at, size, count));
    }
    let zip64_at = number(&locator, 8, 8).filter(|_| locator.starts_with(ZIP64_LOCATOR)).ok_or_else(cut_off)?;
    let zip64 = bytes_at(archive, zip64_at, 56)?;
    match (number(&zip64, 48, 8), number(&zip64, 40, 8), number(&zip64, 32, 8)) {
        (Some(at), Some(size), Some(count)) if zip64.starts_with(ZIP64_END) => Ok((at, size, count)),
        _ => Err(cut_off()),
    }
}

/// The first entry of the directory, and what is behind it.
fn entry(bytes: &[u8]) -> Option<(String, Member, &[u8])> {
    let field = |at: usize, length: usize| number(bytes, at, length);
    let (name, extra, comment) = (length(field(28, 2)?)?, length(field(30, 2)?)?, length(field(32, 2)?)?);
    let name = bytes.get(46..46 + name)?;
    let extra_at = 46 + name.len();
    let mut zip64 = zip64_fields(bytes.get(extra_at..extra_at + extra)?);
    let mut wide = |value: u64| if value == IN_ZIP64 { zip64.next() } else { Some(value) };
    // In the order in which they stand in the extra field.
    let size = wide(field(24, 4)?)?;
    let packed = wide(field(20, 4)?)?;
    let header_at = wide(field(42, 4)?)?;
    let member = Member {
        header_at,
        packed,
        size,
        crc: u32::try_from(field(16, 4)?).ok()?,
        method: u16::try_from(field(10, 2)?).ok()?,
        is_encrypted: field(8, 2)? & u64::from(ENCRYPTED) != 0,
    };
    let name = String::from_utf8_lossy(name).into_owned();
    Some((name, member, bytes.get(extra_at + extra + comment..)?))
}

/// The numbers of 64 bits among the extra fields of an entry.
fn zip64_fields(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut fields = Vec::new();
    while let (Some(id), Some(size)) = (number(extra, 0, 2), number(extra, 2, 2).and_then(length)) {
        let Some(content) = extra.get(4..4 + size) else { break };
        if id == 1 {
            fields.extend((0..size / 8).filter_map(|at| number(content, at * 8, 8)));
        }
        extra = &extra[4 + size..];
    }
    fields.into_iter()
}

/// A number that is written with its least byte first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

fn length(number: u64) -> Option<usize> {
    usize::try_from(number).ok()
}

fn bytes_at<R: Read + Seek>(archive: &mut R, at: u64, length: u64) -> Result<Vec<u8>> {
    archive.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    archive.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    /// An archive, as `zip` writes it.
    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for (name, content) in members {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(content).expect("packed");
            let packed = encoder.finish().expect("packed");
            let mut crc = Crc::new();
            crc.update(content);
            let mut header = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
            header.extend(crc.sum().to_le_bytes());
            header.extend((packed.len() as u32).to_le_bytes());
            header.extend((content.len() as u32).to_le_bytes());
            header.extend((name.len() as u16).to_le_bytes());
            header.extend([0, 0]);
            directory.extend([CENTRAL_HEADER, &[20, 0][..], header.as_slice(), &[0; 10][..]].concat());
            directory.extend((bytes.len() as u32).to_le_bytes());
            directory.extend(name.as_bytes());
            bytes.extend([LOCAL_HEADER, header.as_slice(), name.as_bytes(), packed.as_slice()].concat());
        }
        let at = bytes.len() as u32;
        let size = directory.len() as u32;
        bytes.extend(directory);
        let count = (members.len() as u16).to_le_bytes();
        bytes.extend([END, &[0; 4][..], &count[..], &count[..]].concat());
        bytes.extend([size.to_le_bytes(), at.to_le_bytes()].concat());
        bytes.extend([0, 0]);
        bytes
    }

    fn read(bytes: &[u8], member: Member) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        open(Cursor::new(bytes.to_vec()), member)?.read_to_end(&mut content)?;
        Ok(content)
    }

    fn find(bytes: &[u8]) -> Result<Vec<(String, Member)>> {
        members(&mut Cursor::new(bytes.to_vec()))
    }

    #[test]
    fn keys_of_members_begin_with_those_of_their_archives() {
        assert_eq!(archive_of("a/b.ZIP/c/d.csv"), Some("a/b.ZIP"));
        assert_eq!((archive_of("a/b.zip"), archive_of("a.csv")), (None, None));
        assert!(is_archive("a.ZIP") && !is_archive("a.zip/b.csv"));
    }

    /// As Python writes it: `a.csv` stored, `b/c.json` packed.
    const REAL: &str = "504b0304140000000000000021000fe95bcd050000000500000005000000612e63737669640a310a504b0304140000000800\
        00002100e44508760f000000c800000008000000622f632e6a736f6eab56ca4c51b25230ace5aa1ed22c00504b0102140314\
        0000000000000021000fe95bcd0500000005000000050000000000000000000000800100000000612e637376504b01021403\
        14000000080000002100e44508760f000000c8000000080000000000000000000000800128000000622f632e6a736f6e504b\
        05060000000002000200690000005d0000000000";

    #[test]
    fn members_are_read_as_they_were_packed() {
        let text = "{\"id\": 1}\n".repeat(10_000);
        let bytes =
            archive(&[("folder/", b""), ("a/../b.json", text.as_bytes()), ("__MACOSX/a", b"x"), ("empty.csv", b"")]);
        let found = find(&bytes).expect("members");
        assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a/../b.json", "empty.csv"]);
        assert_eq!(read(&bytes, found[0].1).expect("content"), text.as_bytes());
        assert_eq!(read(&bytes, found[1].1).expect("content"), b"");
        let real: Vec<u8> =
            (0..REAL.len() / 2).map(|at| u8::from_str_radix(&REAL[2 * at..2 * at + 2], 16).expect("hex")).collect();
        let found = find(&real).expect("members");
        let read: Vec<_> =
            found.iter().map(|(name, member)| (name.as_str(), read(&real, *member).expect("content"))).collect();
        assert_eq!(read, [("a.csv", b"id\n1\n".to_vec()), ("b/c.json", "{\"id\": 1}\n".repeat(20).into_bytes())]);
    }

    /// The same archive, whose end record is one of ZIP64.
    fn in_zip64(bytes: &[u8], count: u64) -> Vec<u8> {
        let end = bytes.len() - END_BYTES;
        let wide = |at: usize| number(bytes, end + at, 4).expect("a field").to_le_bytes();
        let count = count.to_le_bytes();
        let mut wider = bytes[..end].to_vec();
        wider.extend([ZIP64_END, &44_u64.to_le_bytes()[..], &[0; 12][..], &count[..], &count[..]].concat());
        wider.extend([wide(12), wide(16)].concat());
        wider.extend([ZIP64_LOCATOR, &[0; 4][..], &(end as u64).to_le_bytes()[..], &[0; 4][..]].concat());
        wider.extend([END, &[0; 4][..], &[0xff; 4][..], &bytes[end + 12..]].concat());
        wider
    }

    #[test]
    fn a_damaged_directory_loses_no_member_in_silence() {
        let whole = archive(&[("folder/", b""), ("a.csv", b"1"), ("b.csv", b"2"), (".hidden", b"x")]);
        assert_eq!(find(&whole).expect("members").len(), 2);
        assert_eq!(find(&in_zip64(&whole, 4)).expect("members").len(), 2);
        let entries: Vec<usize> = (0..whole.len()).filter(|at| whole[*at..].starts_with(CENTRAL_HEADER)).collect();
        let end = whole.len() - END_BYTES;
        let with = |at: usize, byte: u8| {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            bytes
        };
        // A foreign signature, a directory that ends before its last entry, and other counts.
        let ends_early = with(end + 12, (entries[3] - entries[0]) as u8);
        let damaged = [with(entries[2], b'X'), ends_early, with(end + 10, 3), with(end + 10, 5), in_zip64(&whole, 3)];
        for (at, bytes) in damaged.iter().enumerate() {
            assert_eq!(find(bytes).expect_err("damaged").to_string(), "its directory is damaged", "{at}");
        }
        assert!(find(&archive(&[])).expect("members").is_empty());
    }

    /// A bomb says too little of itself, or overlaps: no more is read than the directory says.
    #[test]
    fn what_is_not_as_the_directory_says_is_an_error() {
        let bytes = archive(&[("a.json", "x".repeat(100_000).as_bytes())]);
        let member = find(&bytes).expect("members")[0].1;
        for (wrong, says) in [
            (Member { size: 10, ..member }, "it is longer than the directory says"),
            (Member { size: 100_001, ..member }, "its bytes are not those that were packed"),
            (Member { crc: 1, ..member }, "its bytes are not those that were packed"),
            (Member { header_at: 1, ..member }, "it is not where the directory says"),
            (Member { header_at: 1 << 40, ..member }, "it is cut off"),
            (Member { method: 12, ..member }, "it is packed by method 12, and only DEFLATE is unpacked"),
            (Member { is_encrypted: true, ..member }, "it is encrypted"),
        ] {
            assert_eq!(read(&bytes, wrong).expect_err(says).to_string(), says);
        }
        for cut in [0, 3, bytes.len() - 1] {
            assert!(find(&bytes[..cut]).is_err(), "{cut}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_end_it(
            mut bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
            at in 0_usize..400,
            byte in proptest::num::u8::ANY,
        ) {
            let _ = find(&bytes);
            bytes = archive(&[("a.json", &bytes), ("b.json", b"{}")]);
            let at = at % bytes.len();
            bytes[at] = byte;
            for (_, member) in find(&bytes).unwrap_or_default() {
                let _ = read(&bytes, member);
            }
        }
    }
}
