//! Bytes, as their hexadecimal digits (r_VARBYTE_OPERATORS, r_GETBIT).

type Answer = Result<Option<String>, String>;

fn bytes(digits: &str) -> Result<Vec<u8>, String> {
    let pair = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(pair).collect();
    bytes.ok_or_else(|| format!("{digits} is not hexadecimal"))
}

fn hex(bytes: impl Iterator<Item = u8>) -> String {
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// The digits 0 and 1 of bytes.
pub fn digits(arguments: &[&str]) -> Answer {
    let bytes = bytes(&arguments.concat())?;
    Ok(Some(bytes.into_iter().map(|byte| format!("{byte:08b}")).collect()))
}

/// (operator, bytes, bytes): the bits of both, of as many bytes each.
pub fn bits(arguments: &[&str]) -> Answer {
    let &[op, left, right] = arguments else { return Err("an operator needs two values".into()) };
    let (left, right) = (bytes(left)?, bytes(right)?);
    if op == "~" {
        return Ok(Some(hex(left.into_iter().map(|byte| !byte))));
    }
    if left.len() != right.len() {
        return Err("cannot use a bitwise operator on binary values of different lengths".into());
    }
    let pairs = left.into_iter().zip(right);
    Ok(Some(hex(pairs.map(|(one, two)| match op {
        "&" => one & two,
        "|" => one | two,
        _ => one ^ two,
    }))))
}

/// (bytes, index): a bit, counted from the lowest.
pub fn bit(arguments: &[&str]) -> Answer {
    let &[value, index] = arguments else { return Err("getbit needs a value and an index".into()) };
    let value = bytes(value)?;
    let outside = || format!("index {index} is not within the bits of the binary value");
    let index: usize = index.parse().map_err(|_| outside())?;
    let byte = value.iter().rev().nth(index / 8).ok_or_else(outside)?;
    Ok(Some((byte >> (index % 8) & 1).to_string()))
}

/// (bytes, size): the integer of so many bytes, the highest first.
pub fn number(arguments: &[&str]) -> Answer {
    let &[value, size] = arguments else { return Err("a cast needs a value and a size".into()) };
    let value = bytes(value)?;
    if value.len().to_string() != size {
        return Err(format!("cannot cast a binary value of {} bytes to an integer of {size}", value.len()));
    }
    let is_negative = value.first().is_some_and(|first| first & 0x80 != 0);
    let begin: i64 = if is_negative { -1 } else { 0 };
    Ok(Some(value.iter().fold(begin, |number, byte| number << 8 | i64::from(*byte)).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_numbers_and_bits() {
        assert_eq!(number(&["fffffffe", "4"]), Ok(Some("-2".into())));
        assert_eq!(number(&["0000000000000005", "8"]), Ok(Some("5".into())));
        assert!(number(&["05", "4"]).is_err());
        assert_eq!(bit(&["4d", "2"]), Ok(Some("1".into())));
        assert!(bit(&["4d", "8"]).is_err());
        assert_eq!(digits(&["4d"]), Ok(Some("01001101".into())));
        assert_eq!(bits(&["&", "61", "62"]), Ok(Some("60".into())));
        assert_eq!(bits(&["~", "61", ""]), Ok(Some("9e".into())));
    }
}
