//! Files of data while they are read: unpacked, without their byte-order mark, and up to a share of their bytes.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::load::plain_json::BYTE_ORDER_MARK;
use crate::zip::Member;
use crate::{files, zip};

/// Records between two looks at how much of a file was read.
const LOOKED_EVERY: u64 = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packed {
    No,
    Gzip,
    Zstd,
    /// In an archive, whose path is in front of its own.
    Zip(Member),
}

impl Packed {
    /// COPY's word for it.
    pub fn option(self) -> Option<&'static str> {
        match self {
            Self::No | Self::Zip(_) => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }
}

/// A file while it is read.
pub struct Input {
    pub reader: BufReader<Box<dyn Read>>,
    pub has_byte_order_mark: bool,
    pub progress: Progress,
}

/// How far a file is read: packed bytes, or of a member of an archive unpacked ones.
pub struct Progress {
    extent: Extent,
    share: u64,
    records: u64,
}

enum Extent {
    File(File),
    Member { read: Rc<Cell<u64>>, size: u64 },
}

impl Extent {
    /// Bytes that are read, of all that there are.
    fn read(&mut self) -> Option<(u64, u64)> {
        match self {
            Self::File(file) => Some((file.stream_position().ok()?, file.metadata().ok()?.len())),
            Self::Member { read, size } => Some((read.get(), *size)),
        }
    }
}

/// Counts bytes while they are read.
struct Counted<R> {
    reader: R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}

impl Progress {
    /// Counts a record; the bytes that are left where it was the last that is read.
    pub fn left(&mut self) -> Option<u64> {
        self.records += 1;
        if !self.records.is_multiple_of(LOOKED_EVERY) {
            return None;
        }
        let (at, size) = self.extent.read()?;
        (at >= self.share && at < size).then(|| size - at)
    }
}

/// Opens a file, or a member of an archive, of which `share` bytes are read.
///
/// # Errors
/// Where it cannot be read, or is UTF-16.
pub fn open(path: &Path, packed: Packed, share: u64) -> Result<Input> {
    let unreadable = |error| Error::usage(format!("cannot read {}", path.display())).because(error);
    let file = files::open(archive_or(path, packed)).map_err(unreadable)?;
    let (unpacked, extent): (Box<dyn Read>, _) = match packed {
        Packed::Zip(member) => {
            let (reader, read) = (zip::open(file, member).map_err(unreadable)?, Rc::new(Cell::new(0)));
            (Box::new(Counted { reader, read: read.clone() }), Extent::Member { read, size: member.size })
        }
        _ => {
            // Both handles have one position.
            let extent = Extent::File(file.try_clone().map_err(unreadable)?);
            match packed {
                Packed::Gzip => (Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))), extent),
                Packed::Zstd => (Box::new(zstd::stream::read::Decoder::new(file).map_err(unreadable)?), extent),
                Packed::No | Packed::Zip(_) => (Box::new(file), extent),
            }
        }
    };
    let progress = Progress { extent, share, records: 0 };
    let mut reader = BufReader::new(unpacked);
    let start = reader.fill_buf().map_err(unreadable)?;
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return Err(Error::usage(format!("{} is UTF-16", path.display()))
            .hint("Convert it: `iconv -f UTF-16 -t UTF-8 IN > OUT`."));
    }
    let has_byte_order_mark = start.starts_with(BYTE_ORDER_MARK);
    if has_byte_order_mark {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    Ok(Input { reader, has_byte_order_mark, progress })
}

/// The content of a file, unpacked and without a byte-order mark.
///
/// # Errors
/// Where it cannot be read, or is UTF-16.
pub fn reader(path: &Path, packed: Packed) -> Result<impl Read> {
    Ok(open(path, packed, u64::MAX)?.reader)
}

/// The file to open: of a member its archive, whatever the name of the member is.
fn archive_or(path: &Path, packed: Packed) -> &Path {
    match packed {
        Packed::Zip(_) => path.ancestors().skip(1).find(|path| path.is_file()).unwrap_or(path),
        _ => path,
    }
}
