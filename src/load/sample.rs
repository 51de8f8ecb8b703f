//! A sample of JSON that COPY reads where it lies: the beginnings of some of its objects.

use std::io::Read;

use futures::{StreamExt, TryStreamExt};

use super::check_json::count_objects;
use super::copy_options::has_option;
use super::keys::{KeyCounter, Keys};
use super::source::{KnownObjects, Listing, Object};
use super::values::Values;
use crate::config::Source;
use crate::download::download;
use crate::error::Result;

/// Objects that are read, spread over the source.
const OBJECTS: usize = 16;
/// Bytes of each object that are read.
const BYTES: u64 = 1 << 20;
/// Limit of these bytes once they are unpacked.
const UNPACKED_BYTES: u64 = 16 << 20;

/// The compressions of COPY that are unpacked here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyCompression {
    No,
    Gzip,
    Zstd,
}

impl CopyCompression {
    /// `None` where the COPY names another one.
    pub fn new(statement: &str) -> Option<Self> {
        if has_option(statement, &["bzip2", "lzop"]) {
            None
        } else if has_option(statement, &["gzip"]) {
            Some(Self::Gzip)
        } else if has_option(statement, &["zstd"]) {
            Some(Self::Zstd)
        } else {
            Some(Self::No)
        }
    }
}

/// The beginnings of some objects, each with its key.
pub struct SourceSample {
    objects: Vec<(String, Vec<u8>)>,
    /// True if the whole source was read.
    is_whole: bool,
}

impl SourceSample {
    /// # Errors
    /// Where an object cannot be read.
    pub async fn read(
        s3: &aws_sdk_s3::Client,
        source: &Source,
        listing: &Listing,
        known: &KnownObjects,
        packed: CopyCompression,
    ) -> Result<Self> {
        let chosen: Vec<Object> = match listing.kept() {
            Some(kept) => kept.iter().step_by(kept.len().div_ceil(OBJECTS).max(1)).cloned().collect(),
            None => listing.stream(s3, source, known).take(OBJECTS).try_collect().await?,
        };
        let is_whole = chosen.len() as u64 == listing.objects && chosen.iter().all(|object| object.size <= BYTES);
        let read = futures::future::try_join_all(chosen.iter().map(|object| beginning(s3, source, object))).await?;
        let texts = read.iter().map(|bytes| unpacked(bytes, packed));
        let objects = chosen.iter().map(|object| object.key.clone()).zip(texts).collect();
        Ok(Self { objects, is_whole: is_whole && packed == CopyCompression::No })
    }

    pub fn keys(&self) -> Keys {
        let mut counter = KeyCounter::default();
        for (key, text) in &self.objects {
            counter.begin_file(key);
            // The last JSON object may be cut off. Any other fault is for COPY to say.
            let _ = count_objects(text, false, &mut counter);
        }
        Keys::from_counters(vec![counter])
    }

    pub fn add_to(&self, values: &mut Values) {
        self.objects.iter().for_each(|(_, text)| values.add(text));
    }

    /// How much of the source it is, for a message about its keys.
    pub fn extent(&self) -> String {
        match self.objects.len() {
            _ if self.is_whole => String::new(),
            1 => " (in a sample of one object)".to_owned(),
            objects => format!(" (in a sample of {objects} objects)"),
        }
    }
}

async fn beginning(s3: &aws_sdk_s3::Client, source: &Source, object: &Object) -> Result<bytes::Bytes> {
    let location = source.location.with_key(&object.key);
    let mut call = s3.get_object().bucket(&location.bucket).key(&location.key).if_match(&object.etag);
    if object.size > BYTES {
        call = call.range(format!("bytes=0-{}", BYTES - 1));
    }
    let read = download(&call, &format!("read {location}"), Some(object.size.min(BYTES))).await?;
    Ok(read.bytes)
}

fn unpacked(bytes: &[u8], packed: CopyCompression) -> Vec<u8> {
    let mut text = Vec::new();
    // Where it is cut off, there is an error behind what could be unpacked.
    let _ = match packed {
        CopyCompression::No => return bytes.to_vec(),
        CopyCompression::Gzip => flate2::read::MultiGzDecoder::new(bytes).take(UNPACKED_BYTES).read_to_end(&mut text),
        CopyCompression::Zstd => zstd::stream::read::Decoder::new(bytes)
            .and_then(|decoder| decoder.take(UNPACKED_BYTES).read_to_end(&mut text)),
    };
    text
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_cut_off_is_read_as_far_as_it_goes() {
        let record = |number: u64| {
            format!("{{\"id\":{},\"key{}\":1}}\n", number.wrapping_mul(0x9e37_79b9_7f4a_7c15), number % 7)
        };
        let text: String = (0..20_000).map(record).collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).expect("gzip");
        let gzip = gzip.finish().expect("gzip");
        let zstd = zstd::encode_all(text.as_bytes(), 3).expect("zstd");
        for (bytes, packed) in [
            (text.as_bytes(), CopyCompression::No),
            (gzip.as_slice(), CopyCompression::Gzip),
            (zstd.as_slice(), CopyCompression::Zstd),
        ] {
            let objects = vec![("a.json".to_owned(), unpacked(&bytes[..bytes.len() / 2], packed))];
            let keys = SourceSample { objects, is_whole: false }.keys();
            assert_eq!(keys.objects.len(), 8, "{packed:?}");
            assert!((5_000..20_000).contains(&keys.objects["id"]), "{packed:?}: {}", keys.objects["id"]);
            assert_eq!(keys.first["key2"], ("a.json".to_owned(), 3), "{packed:?}");
        }
    }

    #[test]
    fn the_compression_of_a_copy() {
        let of = |options: &str| CopyCompression::new(&format!("copy t from :'from' format as json 'auto' {options}"));
        assert_eq!(
            [of(":options"), of("GZIP"), of("zstd :options")],
            [CopyCompression::No, CopyCompression::Gzip, CopyCompression::Zstd].map(Some)
        );
        assert_eq!([of("bzip2"), of("lzop")], [None, None]);
    }
}
