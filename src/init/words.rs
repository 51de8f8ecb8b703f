//! Names as Redshift takes them.

use crate::config::rules;

/// Words that later versions of Redshift reserve as well: quotes do them no harm.
const LATER: [&str; 2] = ["connect", "type"];

pub fn is_reserved(name: &str) -> bool {
    rules::is_reserved(name) || LATER.contains(&name)
}

/// A name as a column's, in quotes where it needs them. Redshift folds all of them to lower case.
pub fn quoted(name: &str) -> String {
    let lower = name.to_lowercase();
    let is_plain = lower.starts_with(|sign: char| sign.is_ascii_lowercase() || sign == '_')
        && lower.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !is_reserved(&lower);
    if is_plain { lower } else { format!("\"{}\"", lower.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_need_quotes_have_them() {
        assert_eq!(quoted("language"), "\"language\"");
        assert_eq!(quoted("userId"), "userid");
        assert_eq!(quoted("order"), "\"order\"");
        assert_eq!(quoted("my key"), "\"my key\"");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
