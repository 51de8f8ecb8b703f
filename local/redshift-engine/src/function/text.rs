//! Functions of strings.

use std::collections::HashMap;

use serde_json::value::RawValue;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

type Answer = Result<Option<String>, String>;

/// STRTOL(text, base): a bigint from digits of base 2 to 36.
pub fn strtol(arguments: &[&str]) -> Answer {
    let &[text, base] = arguments else { return Err("strtol needs a string and a base".into()) };
    let base = base.parse::<u32>().ok().filter(|base| (2..=36).contains(base));
    let base = base.ok_or("The base of STRTOL must be between 2 and 36")?;
    let (negative, digits) = match text.trim().strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.trim().trim_start_matches('+')),
    };
    let prefix = if base == 16 { digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) } else { None };
    let digits = prefix.unwrap_or(digits);
    if digits.is_empty() {
        return Ok(Some("0".into()));
    }
    let invalid = || format!("The input {text} is not valid to be converted to base {base}");
    // A second sign is none.
    if digits.starts_with(['+', '-']) {
        return Err(invalid());
    }
    let value = i128::from_str_radix(digits, base).map_err(|_| invalid())?;
    let value = i64::try_from(if negative { -value } else { value }).map_err(|_| invalid())?;
    Ok(Some(value.to_string()))
}

/// CRC32, which is CRC-32C: eight hexadecimal digits.
pub fn crc32(arguments: &[&str]) -> Answer {
    /// The polynomial of Castagnoli, reflected.
    const POLYNOMIAL: u32 = 0x82F6_3B78;
    let mut crc = u32::MAX;
    for byte in arguments.concat().bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
        }
    }
    Ok(Some(format!("{:08x}", !crc)))
}

/// FNV_HASH: (bytes of the integer, or `0` for a text; the value; the seed).
pub fn fnv_hash(arguments: &[&str]) -> Answer {
    const PRIME: u64 = 0x0000_0100_0000_01B3;
    let &[width, value, seed] = arguments else { return Err("fnv_hash needs a value".into()) };
    let width: usize = width.parse().map_err(|_| "fnv_hash".to_owned())?;
    let bytes = match width {
        0 => value.as_bytes().to_vec(),
        _ => value.parse::<i64>().map_err(|error| error.to_string())?.to_le_bytes().into_iter().take(width).collect(),
    };
    let seed = seed.parse::<i64>().map_err(|error| error.to_string())?.cast_unsigned();
    let hash = bytes.iter().fold(seed, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
    Ok(Some(hash.cast_signed().to_string()))
}

/// What strict JSON is: `object`, `array`, `value`, or nothing where it is none.
pub fn json_kind(arguments: &[&str]) -> Answer {
    let text = arguments.concat();
    let kind = match serde_json::from_str::<&serde_json::value::RawValue>(&text) {
        Err(_) => "",
        Ok(raw) if raw.get().starts_with('{') => "object",
        Ok(raw) if raw.get().starts_with('[') => "array",
        Ok(_) => "value",
    };
    Ok(Some(kind.into()))
}

/// (text, key, …): what stands in an object under a key, in the object there under the next one, and so on. A text
/// comes without its quotes; a list has no keys.
pub fn json_text(arguments: &[&str]) -> Answer {
    let [text, keys @ ..] = arguments else { return Err("a JSON path needs a text".into()) };
    let invalid = |error: serde_json::Error| format!("JSON parsing error: {error}");
    let mut found: &RawValue = serde_json::from_str(text).map_err(invalid)?;
    for key in keys {
        let inside = serde_json::from_str::<HashMap<String, &RawValue>>(found.get()).ok();
        match inside.and_then(|mut object| object.remove(*key)) {
            Some(value) => found = value,
            None => return Ok(None),
        }
    }
    Ok(match found.get() {
        "null" => None,
        text if text.starts_with('"') => Some(serde_json::from_str(text).map_err(invalid)?),
        text => Some(text.to_owned()),
    })
}

/// LISTAGG answers no more bytes than a VARCHAR holds.
pub fn listagg(arguments: &[&str]) -> Answer {
    const MOST_BYTES: usize = 65_535;
    let &[text] = arguments else { return Err("listagg needs a value".into()) };
    match text.len() <= MOST_BYTES {
        true => Ok(Some(text.to_owned())),
        false => Err("Result size exceeds LISTAGG limit".into()),
    }
}

/// SHA2(text, bits): 0 is 256. Other widths answer an empty string.
pub fn sha2(arguments: &[&str]) -> Answer {
    let &[text, bits] = arguments else { return Err("sha2 needs a string and a number of bits".into()) };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Ok(Some(match bits {
        "0" | "256" => hex(&Sha256::digest(text)),
        "224" => hex(&Sha224::digest(text)),
        "384" => hex(&Sha384::digest(text)),
        "512" => hex(&Sha512::digest(text)),
        _ => String::new(),
    }))
}

/// INITCAP: a capital behind everything that is no letter or digit.
pub fn initcap(arguments: &[&str]) -> Answer {
    let mut inside = false;
    let mut written = String::new();
    for letter in arguments.concat().chars() {
        match inside {
            true => written.extend(letter.to_lowercase()),
            false => written.extend(letter.to_uppercase()),
        }
        inside = letter.is_alphanumeric();
    }
    Ok(Some(written))
}

/// What a cast to VARCHAR(n) does: as many whole characters as n bytes hold.
pub fn truncate(arguments: &[&str]) -> Answer {
    let &[text, limit] = arguments else { return Err("a cast needs a text and a length".into()) };
    let limit: usize = limit.parse().map_err(|_| format!("{limit} is not a length"))?;
    let end = (0..=limit.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    Ok(Some(text[..end].to_owned()))
}

/// SOUNDEX: a letter and three digits; empty where there is no English letter.
pub fn soundex(arguments: &[&str]) -> Answer {
    Ok(Some(sound(&arguments.concat())))
}

/// DIFFERENCE: how many of the four signs of two SOUNDEX codes agree.
pub fn difference(arguments: &[&str]) -> Answer {
    let &[one, other] = arguments else { return Err("difference needs two strings".into()) };
    let same = sound(one).chars().zip(sound(other).chars()).filter(|(a, b)| a == b).count();
    Ok(Some(same.to_string()))
}

fn sound(text: &str) -> String {
    let class = |letter: char| match letter {
        'B' | 'F' | 'P' | 'V' => Some('1'),
        'C' | 'G' | 'J' | 'K' | 'Q' | 'S' | 'X' | 'Z' => Some('2'),
        'D' | 'T' => Some('3'),
        'L' => Some('4'),
        'M' | 'N' => Some('5'),
        'R' => Some('6'),
        _ => None,
    };
    let mut letters = text.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase());
    let Some(first) = letters.next() else { return String::new() };
    let (mut code, mut last) = (String::from(first), class(first));
    for letter in letters {
        let found = class(letter);
        match found {
            Some(digit) if found != last => code.push(digit),
            _ => {}
        }
        // H and W do not part two letters of one class.
        if !matches!(letter, 'H' | 'W') {
            last = found;
        }
        if code.len() == 4 {
            break;
        }
    }
    format!("{code:0<4}")
}

/// (bytes of an integer, or 0; value; seed): Murmur3 in 32 bits, of integers as eight bytes.
pub fn murmur3(arguments: &[&str]) -> Answer {
    let &[width, value, seed] = arguments else { return Err("murmur3_32_hash needs a value".into()) };
    let seed: i64 = seed.parse().map_err(|_| "the seed must be an integer".to_owned())?;
    let bytes = match width {
        "0" => value.as_bytes().to_vec(),
        _ => value.parse::<i64>().map_err(|error| error.to_string())?.to_le_bytes().to_vec(),
    };
    let mixed = |block: u32| block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a hash is of 32 bits")]
    let mut hash = seed as u32;
    let blocks = bytes.chunks_exact(4);
    let tail = blocks.remainder();
    for block in blocks {
        hash ^= mixed(block.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)));
        hash = hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    if !tail.is_empty() {
        hash ^= mixed(tail.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)));
    }
    hash ^= u32::try_from(bytes.len()).unwrap_or_default();
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^= hash >> 16;
    Ok(Some(hash.cast_signed().to_string()))
}
