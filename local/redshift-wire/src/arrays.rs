//! Arrays in the binary format: those of the keys in PG_CONSTRAINT.

use bytes::{BufMut, BytesMut};
use pgwire::api::Type;

/// An array of one dimension, without NULLs, from its text: `{1,2}`.
pub fn put_smallints(bytes: &mut BytesMut, text: &str) {
    let elements: Vec<i16> =
        text.trim_matches(['{', '}']).split(',').filter_map(|element| element.parse().ok()).collect();
    bytes.put_i32(i32::from(!elements.is_empty()));
    bytes.put_i32(0);
    bytes.put_u32(Type::INT2.oid());
    if !elements.is_empty() {
        bytes.put_i32(i32::try_from(elements.len()).unwrap_or(i32::MAX));
        bytes.put_i32(1);
    }
    for element in elements {
        bytes.put_i32(2);
        bytes.put_i16(element);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_has_its_dimension_its_type_and_its_elements() {
        let mut bytes = BytesMut::new();
        put_smallints(&mut bytes, "{1,2}");
        let head = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 21, 0, 0, 0, 2, 0, 0, 0, 1];
        let elements = [0, 0, 0, 2, 0, 1, 0, 0, 0, 2, 0, 2];
        assert_eq!(&bytes[..], [&head[..], &elements].concat());
        bytes.clear();
        put_smallints(&mut bytes, "{}");
        assert_eq!(&bytes[..], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 21]);
    }
}
