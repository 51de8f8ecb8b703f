//! Files of Parquet joined without decoding: the row groups of all of them, one after the other, under one footer.
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>

use super::fault::Fault;
use super::thrift::{self, Field, I64, LIST, STRUCT};

const MAGIC: &[u8] = b"PAR1";
const ENCRYPTED: &[u8] = b"PARE";

/// Ids of FileMetaData.
mod file {
    pub const VERSION: i16 = 1;
    pub const SCHEMA: i16 = 2;
    pub const ROWS: i16 = 3;
    pub const ROW_GROUPS: i16 = 4;
    pub const CREATED_BY: i16 = 6;
    pub const COLUMN_ORDERS: i16 = 7;
    pub const ENCRYPTION: i16 = 8;
}

/// Ids of RowGroup.
mod group {
    pub const COLUMNS: i16 = 1;
    pub const ROWS: i16 = 3;
    pub const OFFSET: i16 = 5;
    pub const ORDINAL: i16 = 7;
}

/// Ids of ColumnChunk.
mod chunk {
    pub const FILE_PATH: i16 = 1;
    pub const OFFSET: i16 = 2;
    pub const META: i16 = 3;
    /// Where the page indexes are, which hold places of the file themselves.
    pub const INDEXES: std::ops::RangeInclusive<i16> = 4..=7;
    pub const ENCRYPTION: std::ops::RangeInclusive<i16> = 8..=9;
}

/// Ids of ColumnMetaData: places of data pages, index pages, the dictionary and the Bloom filter.
const PLACES: [i16; 4] = [9, 10, 11, 14];

/// A file of Parquet as far as joining needs it.
#[derive(Debug)]
pub struct ParquetFile<'a> {
    /// Bytes between the magic number and the footer.
    body: &'a [u8],
    /// The properties that files must share to be joined: version, schema, the writer, by which readers know its errors, and the
    /// order of the columns' statistics.
    common: Vec<Field<'a>>,
    row_groups: Vec<Vec<Field<'a>>>,
    pub rows: u64,
}

impl<'a> ParquetFile<'a> {
    /// # Errors
    /// Where it is no file of Parquet that stands on its own, in plain.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        if bytes.ends_with(ENCRYPTED) {
            return Err(fault("it is encrypted Parquet"));
        }
        let file =
            Self::read(bytes).ok_or_else(|| fault("it is no Parquet, is cut off, or does not count its rows"))?;
        // It fails where a place is outside the file, or data in another one.
        file.moved(0).ok_or_else(|| fault("it is Parquet that refers to other files, is encrypted, or is damaged"))?;
        Ok(file)
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let inside = bytes.strip_prefix(MAGIC)?.strip_suffix(MAGIC)?;
        let (inside, length) = inside.split_last_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (body, footer) = inside.split_at_checked(inside.len().checked_sub(length)?)?;
        let fields = thrift::fields(footer)?;
        let field = |id: i16| fields.iter().find(|field| field.id == id);
        let rows = field(file::ROWS)?.number()?;
        let groups = thrift::structs(field(file::ROW_GROUPS).filter(|groups| groups.kind == LIST)?.original()?)?;
        let row_groups = groups.into_iter().map(thrift::fields).collect::<Option<Vec<_>>>()?;
        let counted = row_groups.iter().try_fold(0_i64, |sum, group| {
            sum.checked_add(group.iter().find(|field| field.id == group::ROWS)?.number()?)
        });
        if counted? != rows || field(file::ENCRYPTION).is_some() {
            return None;
        }
        field(file::SCHEMA)?;
        let common = [file::VERSION, file::SCHEMA, file::CREATED_BY, file::COLUMN_ORDERS];
        let common = common.iter().filter_map(|id| field(*id).cloned()).collect();
        Some(Self { body, common, row_groups, rows: u64::try_from(rows).ok()? })
    }

    /// The row groups as they are encoded where the file's body is moved by so many bytes.
    fn moved(&self, by: usize) -> Option<Vec<Vec<u8>>> {
        let places = Places { end: i64::try_from(self.body.len() + MAGIC.len()).ok()?, by: i64::try_from(by).ok()? };
        self.row_groups.iter().map(|group| places.row_group(group)).collect()
    }
}

/// Places of a file of which all bytes are moved.
struct Places {
    /// Where the data of the file ends.
    end: i64,
    by: i64,
}

impl Places {
    /// A place of a page; 0 stands for none. `None` where it is outside the file.
    fn page<'a>(&self, field: &Field<'a>) -> Option<Field<'a>> {
        self.place(field).filter(|_| field.number().is_some_and(|place| (0..self.end).contains(&place)))
    }

    /// A place by which no page is read: writers had their own ideas about it.
    fn place<'a>(&self, field: &Field<'a>) -> Option<Field<'a>> {
        match field.number()? {
            0 => Some(field.clone()),
            place => Some(field.with_number(place.checked_add(self.by)?)),
        }
    }

    fn row_group(&self, fields: &[Field<'_>]) -> Option<Vec<u8>> {
        let mut moved = Vec::new();
        for field in fields {
            match field.id {
                group::COLUMNS if field.kind != LIST => return None,
                group::COLUMNS => {
                    let columns = thrift::structs(&field.raw)?;
                    let encoded = columns.iter().map(|column| self.column(column)).collect::<Option<Vec<_>>>()?;
                    let raw = thrift::write_structs(encoded.len(), &encoded.concat());
                    moved.push(Field { raw: raw.into(), ..field.clone() });
                }
                group::OFFSET => moved.push(self.place(field)?),
                group::ORDINAL => {}
                _ => moved.push(field.clone()),
            }
        }
        Some(thrift::write_struct(&moved))
    }

    fn column(&self, raw: &[u8]) -> Option<Vec<u8>> {
        let mut moved = Vec::new();
        for field in thrift::fields(raw)? {
            match field.id {
                chunk::FILE_PATH => return None,
                id if chunk::ENCRYPTION.contains(&id) => return None,
                id if chunk::INDEXES.contains(&id) => {}
                chunk::OFFSET => moved.push(self.place(&field)?),
                chunk::META if field.kind != STRUCT => return None,
                chunk::META => {
                    let raw = self.metadata(&field.raw)?;
                    moved.push(Field { raw: raw.into(), ..field });
                }
                _ => moved.push(field),
            }
        }
        Some(thrift::write_struct(&moved))
    }

    fn metadata(&self, raw: &[u8]) -> Option<Vec<u8>> {
        let fields = thrift::fields(raw)?.into_iter();
        let moved = fields.map(|field| match PLACES.contains(&field.id) {
            true => self.page(&field),
            false => Some(field),
        });
        Some(thrift::write_struct(&moved.collect::<Option<Vec<_>>>()?))
    }
}

fn fault(reason: &str) -> Fault {
    Fault { line: 1, column: 1, reason: reason.to_owned() }
}

/// Files that are joined, while they come.
#[derive(Debug, Default)]
pub struct ParquetJoin {
    bytes: Vec<u8>,
    common: Vec<Field<'static>>,
    row_groups: Vec<u8>,
    groups: usize,
    rows: u64,
}

impl ParquetJoin {
    /// Returns true if a file can be joined with those that are there.
    pub fn takes(&self, file: &ParquetFile<'_>) -> bool {
        self.bytes.is_empty() || self.common == file.common
    }

    /// # Errors
    /// Where the file is not as it was when it was read.
    pub fn add(&mut self, file: &ParquetFile<'_>) -> Result<(), Fault> {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(MAGIC);
            self.common = file.common.iter().map(owned).collect();
        }
        let moved = file.moved(self.bytes.len() - MAGIC.len()).ok_or_else(|| fault("it is damaged Parquet"))?;
        self.bytes.extend_from_slice(file.body);
        self.groups += moved.len();
        moved.iter().for_each(|group| self.row_groups.extend_from_slice(group));
        self.rows += file.rows;
        Ok(())
    }

    /// The joined file.
    pub fn finish(mut self) -> Vec<u8> {
        let mut rows = Vec::new();
        thrift::write_number(&mut rows, self.rows.cast_signed());
        let groups = thrift::write_structs(self.groups, &self.row_groups);
        let mut fields = self.common;
        fields.push(Field { id: file::ROWS, kind: I64, raw: rows.into() });
        fields.push(Field { id: file::ROW_GROUPS, kind: LIST, raw: groups.into() });
        fields.sort_by_key(|field| field.id);
        let footer = thrift::write_struct(&fields);
        self.bytes.extend_from_slice(&footer);
        self.bytes.extend_from_slice(&(footer.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(MAGIC);
        self.bytes
    }
}

fn owned(field: &Field<'_>) -> Field<'static> {
    Field { id: field.id, kind: field.kind, raw: field.raw.clone().into_owned().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(id: i16, number: i64) -> Field<'static> {
        Field { id, kind: I64, raw: Vec::new().into() }.with_number(number)
    }

    fn list(id: i16, structs: &[Vec<u8>]) -> Field<'static> {
        Field { id, kind: LIST, raw: thrift::write_structs(structs.len(), &structs.concat()).into() }
    }

    /// A file with a row group of one column for each of these pages; the schema is a number.
    fn written(schema: i64, pages: &[&str]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let mut groups = Vec::new();
        for page in pages {
            let at = i64::try_from(bytes.len()).expect("place");
            bytes.extend_from_slice(page.as_bytes());
            let meta = thrift::write_struct(&[number(9, at), number(11, 0), number(14, at)]);
            let meta = Field { id: chunk::META, kind: STRUCT, raw: meta.into() };
            let column = thrift::write_struct(&[number(2, 0), meta, number(4, at), number(5, 1)]);
            let rows = i64::try_from(page.len()).expect("rows");
            let group =
                [list(group::COLUMNS, &[column]), number(group::ROWS, rows), number(group::OFFSET, at), number(7, 3)];
            groups.push(thrift::write_struct(&group));
        }
        let rows = pages.iter().map(|page| page.len()).sum::<usize>();
        let fields = [
            number(file::VERSION, 1),
            list(file::SCHEMA, &[thrift::write_struct(&[number(1, schema)])]),
            number(file::ROWS, i64::try_from(rows).expect("rows")),
            list(file::ROW_GROUPS, &groups),
            list(5, &[]),
        ];
        ended(bytes, &thrift::write_struct(&fields))
    }

    fn ended(mut bytes: Vec<u8>, footer: &[u8]) -> Vec<u8> {
        bytes.extend_from_slice(footer);
        bytes.extend_from_slice(&u32::try_from(footer.len()).expect("length").to_le_bytes());
        bytes.extend_from_slice(MAGIC);
        bytes
    }

    /// The pages of a file by the places in its footer, each with the ids of its row group and column.
    fn pages(bytes: &[u8]) -> Vec<(String, Vec<i16>)> {
        let file = ParquetFile::new(bytes).expect("Parquet");
        let page = |group: &Vec<Field<'_>>| {
            let columns = thrift::structs(&group[0].raw).expect("columns");
            let column = thrift::fields(columns[0]).expect("column");
            let meta = thrift::fields(&column[1].raw).expect("metadata");
            let (at, rows) = (meta[0].number().expect("place"), group[1].number().expect("rows"));
            assert_eq!((meta[1].number(), meta[2].number(), group[2].number()), (Some(0), Some(at), Some(at)));
            let at = usize::try_from(at).expect("place");
            let text = &bytes[at..at + usize::try_from(rows).expect("rows")];
            let ids = group.iter().chain(&column).map(|field| field.id).collect();
            (String::from_utf8_lossy(text).into_owned(), ids)
        };
        file.row_groups.iter().map(page).collect()
    }

    proptest::proptest! {
        /// Every page is where the joined footer says, in the order of the files, and no row gets lost.
        #[test]
        fn row_groups_survive_joining(
            files in proptest::collection::vec(proptest::collection::vec("[a-z]{1,40}", 0..20), 1..8),
        ) {
            let mut joined = ParquetJoin::default();
            for pages in &files {
                let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
                let bytes = written(7, &pages);
                let file = ParquetFile::new(&bytes).expect("Parquet");
                proptest::prop_assert!(joined.takes(&file));
                joined.add(&file).expect("added");
            }
            let bytes = joined.finish();
            // Neither an ordinal nor a page index.
            let expected: Vec<_> = files.concat().into_iter().map(|page| (page, vec![1, 3, 5, 2, 3])).collect();
            proptest::prop_assert_eq!(pages(&bytes), expected);
            proptest::prop_assert_eq!(ParquetFile::new(&bytes).expect("Parquet").rows, files.concat().concat().len() as u64);
        }

        /// Damage is a fault and nothing worse.
        #[test]
        fn damage_is_a_fault(at in 0_usize..400, byte in 0_u8..=255) {
            let mut bytes = written(7, &["abc", "de"]);
            let length = bytes.len();
            bytes[at % length] = byte;
            if let Ok(file) = ParquetFile::new(&bytes) {
                let mut joined = ParquetJoin::default();
                joined.add(&file).expect("added");
                proptest::prop_assert!(ParquetFile::new(&joined.finish()).is_ok());
            }
        }
    }

    #[test]
    fn only_files_of_one_schema_are_joined() {
        let (one, other) = (written(7, &["a"]), written(8, &["a"]));
        let mut joined = ParquetJoin::default();
        joined.add(&ParquetFile::new(&one).expect("Parquet")).expect("added");
        assert!(joined.takes(&ParquetFile::new(&one).expect("Parquet")));
        assert!(!joined.takes(&ParquetFile::new(&other).expect("Parquet")));
    }

    #[test]
    fn what_is_no_parquet_is_told() {
        let bytes = written(7, &["abc"]);
        let reason = |bytes: &[u8]| ParquetFile::new(bytes).map(drop).map_err(|fault| fault.reason);
        for bytes in [&b"PAR1"[..], b"id,x\n", &bytes[..bytes.len() - 1], &bytes[1..], b"PAR1\x09\0\0\0PAR1"] {
            assert!(reason(bytes).is_err(), "{bytes:?}");
        }
        let elsewhere = thrift::write_struct(&[Field { id: 1, kind: 8, raw: vec![1, b'x'].into() }, number(2, 0)]);
        let group = thrift::write_struct(&[list(group::COLUMNS, &[elsewhere]), number(group::ROWS, 0)]);
        let footer = [number(1, 1), list(2, &[]), number(3, 0), list(4, &[group])];
        let says = "it is Parquet that refers to other files, is encrypted, or is damaged";
        assert_eq!(reason(&ended(MAGIC.to_vec(), &thrift::write_struct(&footer))), Err(says.to_owned()));
        assert_eq!(reason(b"PAR1PARE"), Err("it is encrypted Parquet".to_owned()));
    }
}
