//! Unpacks a file while it is read, and picks records out of its text.

use std::io::Write;

use super::fault::Fault;
use super::record_picker::{PickedRecords, RecordPicker};
use super::sample::CopyCompression;

/// A picker behind what unpacks the text.
pub enum Unpacker {
    No(RecordPicker),
    Gzip(Box<flate2::write::MultiGzDecoder<RecordPicker>>),
    Zstd(zstd::stream::write::Decoder<'static, RecordPicker>),
}

impl Unpacker {
    /// # Errors
    /// Where there is no memory for it.
    pub fn new(compression: CopyCompression, picker: RecordPicker) -> std::io::Result<Self> {
        Ok(match compression {
            CopyCompression::No => Self::No(picker),
            CopyCompression::Gzip => Self::Gzip(Box::new(flate2::write::MultiGzDecoder::new(picker))),
            CopyCompression::Zstd => Self::Zstd(zstd::stream::write::Decoder::new(picker)?),
        })
    }

    /// Reads more of the file; true once all wanted records were found.
    ///
    /// # Errors
    /// Where it cannot be unpacked.
    pub fn push(&mut self, bytes: &[u8]) -> std::io::Result<bool> {
        match self {
            Self::No(picker) => picker.write_all(bytes)?,
            Self::Gzip(decoder) => decoder.write_all(bytes)?,
            Self::Zstd(decoder) => decoder.write_all(bytes)?,
        }
        Ok(self.picker().is_done())
    }

    /// The records by their lines, once everything was pushed or found.
    ///
    /// # Errors
    /// Where the rest cannot be unpacked; and as `RecordPicker::finish`.
    pub fn finish(mut self) -> std::io::Result<Result<PickedRecords, Fault>> {
        match &mut self {
            Self::No(_) => {}
            Self::Gzip(decoder) => decoder.flush()?,
            Self::Zstd(decoder) => decoder.flush()?,
        }
        Ok(self.picker().finish())
    }

    fn picker(&mut self) -> &mut RecordPicker {
        match self {
            Self::No(picker) => picker,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::record_format::RecordFormat;
    use super::*;

    #[test]
    fn what_is_packed_is_picked_too() {
        let text: String = (1..5_000).map(|number| format!("{{\"a\":{number}}}\n")).collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).expect("gzip");
        let gzip = gzip.finish().expect("gzip");
        let zstd = zstd::encode_all(text.as_bytes(), 3).expect("zstd");
        for (bytes, compression) in [
            (text.as_bytes(), CopyCompression::No),
            (gzip.as_slice(), CopyCompression::Gzip),
            (zstd.as_slice(), CopyCompression::Zstd),
        ] {
            for line in [7, 4_999] {
                let picker = RecordPicker::new(RecordFormat::Json, BTreeSet::from([line]), 0);
                let mut unpacker = Unpacker::new(compression, picker).expect("unpacker");
                for piece in bytes.chunks(100) {
                    if unpacker.push(piece).expect("pushed") {
                        break;
                    }
                }
                let found = unpacker.finish().expect("unpacked").expect("found");
                assert_eq!(found[&line][0].text, format!("{{\"a\":{line}}}").into_bytes(), "{compression:?}");
            }
        }
    }
}
