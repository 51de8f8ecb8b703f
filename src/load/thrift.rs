//! Structs of Thrift's compact protocol, taken apart and put together again without an understanding of what is in them:
//! what is not changed stays as it was, byte by byte.
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>

use std::borrow::Cow;

pub const I64: u8 = 6;
pub const LIST: u8 = 9;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const SET: u8 = 10;
const MAP: u8 = 11;
pub const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// Structs in lists in structs: no more than that.
const MAX_DEPTH: usize = 64;

/// A field of a struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    pub id: i16,
    pub kind: u8,
    /// Its encoded value; empty for a boolean, which is part of its type.
    pub raw: Cow<'a, [u8]>,
}

impl<'a> Field<'a> {
    /// The value, where it has not been changed.
    pub fn original(&self) -> Option<&'a [u8]> {
        match &self.raw {
            Cow::Borrowed(raw) => Some(raw),
            Cow::Owned(_) => None,
        }
    }

    /// The number that the field holds.
    pub fn number(&self) -> Option<i64> {
        let mut reader = ThriftReader { bytes: &self.raw, at: 0 };
        (I16..=I64).contains(&self.kind).then(|| reader.number()).flatten()
    }

    /// The same field with another number.
    pub fn with_number(&self, number: i64) -> Self {
        let mut raw = Vec::new();
        write_number(&mut raw, number);
        Field { id: self.id, kind: self.kind, raw: raw.into() }
    }
}

/// The fields of a struct; `None` where it is not one.
pub fn fields(raw: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut reader = ThriftReader { bytes: raw, at: 0 };
    let mut fields = Vec::new();
    let mut id = 0;
    while let Some((next, kind)) = reader.field(id)? {
        id = next;
        let begin = reader.at;
        reader.skip(kind, false, 0)?;
        fields.push(Field { id, kind, raw: Cow::Borrowed(&raw[begin..reader.at]) });
    }
    Some(fields)
}

/// The structs of a list, each as it is encoded; `None` where it is no list of structs.
pub fn structs(raw: &[u8]) -> Option<Vec<&[u8]>> {
    let mut reader = ThriftReader { bytes: raw, at: 0 };
    let (count, kind) = reader.list()?;
    let mut found = Vec::new();
    for _ in 0..count {
        let begin = reader.at;
        reader.skip(kind, true, 0)?;
        found.push(&raw[begin..reader.at]);
    }
    (kind == STRUCT || count == 0).then_some(found)
}

pub fn write_struct(fields: &[Field<'_>]) -> Vec<u8> {
    let (mut out, mut before) = (Vec::new(), 0);
    for field in fields {
        match u8::try_from(i32::from(field.id) - i32::from(before)) {
            Ok(delta @ 1..=15) => out.push((delta << 4) | field.kind),
            _ => {
                out.push(field.kind);
                write_number(&mut out, i64::from(field.id));
            }
        }
        out.extend_from_slice(&field.raw);
        before = field.id;
    }
    out.push(0);
    out
}

/// A list of so many structs that are encoded already.
pub fn write_structs(count: usize, structs: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(structs.len() + 8);
    match u8::try_from(count) {
        Ok(count @ 0..=14) => out.push((count << 4) | STRUCT),
        _ => {
            out.push(0xf0 | STRUCT);
            write_varint(&mut out, count as u64);
        }
    }
    out.extend_from_slice(structs);
    out
}

pub fn write_number(out: &mut Vec<u8>, number: i64) {
    write_varint(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn write_varint(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push((number as u8) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

struct ThriftReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl ThriftReader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn pass(&mut self, length: u64) -> Option<()> {
        let end = self.at.checked_add(usize::try_from(length).ok()?)?;
        self.at = (end <= self.bytes.len()).then_some(end)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn number(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// The next field of a struct behind that of this id: its id and kind; nothing at the end.
    fn field(&mut self, before: i16) -> Option<Option<(i16, u8)>> {
        let header = self.byte()?;
        let (delta, kind) = (i16::from(header >> 4), header & 0x0f);
        if header == 0 {
            return Some(None);
        }
        let id = match delta {
            0 => i16::try_from(self.number()?).ok()?,
            delta => before.checked_add(delta)?,
        };
        Some(Some((id, kind)))
    }

    /// The number and the kind of the elements of a list.
    fn list(&mut self) -> Option<(u64, u8)> {
        let header = self.byte()?;
        let count = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
        Some((count, header & 0x0f))
    }

    /// Skips a value. Each takes a byte at least where it is an element, so that no count is too large to end.
    fn skip(&mut self, kind: u8, is_element: bool, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match kind {
            TRUE | FALSE if !is_element => Some(()),
            TRUE | FALSE | BYTE => self.pass(1),
            I16..=I64 => self.varint().map(drop),
            DOUBLE => self.pass(8),
            BINARY => {
                let length = self.varint()?;
                self.pass(length)
            }
            LIST | SET => {
                let (count, kind) = self.list()?;
                (0..count).try_for_each(|_| self.skip(kind, true, depth + 1))
            }
            MAP => {
                let count = self.varint()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                (0..count).try_for_each(|_| {
                    self.skip(kinds >> 4, true, depth + 1)?;
                    self.skip(kinds & 0x0f, true, depth + 1)
                })
            }
            STRUCT => {
                let mut id = 0;
                while let Some((next, kind)) = self.field(id)? {
                    id = next;
                    self.skip(kind, false, depth + 1)?;
                }
                Some(())
            }
            UUID => self.pass(16),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_is_taken_apart_and_put_together() {
        // 1: true, 2: -3, 20: "ab", 21: [{1: 1}, {}], 22: {1: 2}
        let raw = [0x11, 0x15, 5, 0x08, 40, 2, b'a', b'b', 0x19, 0x2c, 0x15, 2, 0, 0, 0x1b, 1, 0x55, 2, 4, 0];
        let found = fields(&raw).expect("struct");
        assert_eq!(found.iter().map(|field| field.id).collect::<Vec<_>>(), [1, 2, 20, 21, 22]);
        assert_eq!(found[1].number(), Some(-3));
        assert_eq!(structs(&found[3].raw), Some(vec![&[0x15, 2, 0][..], &[0]]));
        assert_eq!(write_struct(&found), raw);
        let numbers = [0, -1, 63, 64, i64::MAX, i64::MIN].map(|number| found[1].with_number(number).number());
        assert_eq!(numbers, [0, -1, 63, 64, i64::MAX, i64::MIN].map(Some));
        assert_eq!(structs(&write_structs(20, &[0; 20])), Some(vec![&[0][..]; 20]));
    }

    #[test]
    fn what_is_no_struct_ends() {
        let endless = [0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f];
        let deep = [0x1c; 1_000];
        for raw in [&[][..], &[0x15], &[0x18, 5, b'a'], &[0x1e], &endless, &deep] {
            assert_eq!(fields(raw), None, "{raw:?}");
        }
    }
}
