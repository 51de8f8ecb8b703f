//! Names as Redshift takes them.

/// Words that later versions of Redshift reserve as well: quotes do them no harm.
const LATER: [&str; 2] = ["connect", "type"];

/// How tables of the program itself begin.
const OWN_TABLES: &str = "sparkify_infra_";

pub fn is_reserved(name: &str) -> bool {
    redshift_sql::is_reserved(name) || LATER.contains(&name)
}

/// Bytes of a column's name, at most (<https://docs.aws.amazon.com/redshift/latest/dg/r_names.html>).
pub const COLUMN_NAME_BYTES: usize = 127;

/// Returns true if every table has a column of this name already, quotes or not: those of PostgreSQL
/// (ddl-system-columns), and two of Redshift's own.
pub fn is_system_column(name: &str) -> bool {
    ["oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "deletexid", "insertxid"].contains(&name)
}

/// `orderId`, `Order ID` and `HTTPStatus` as `order_id`, `order_id` and `http_status`.
pub fn snake_case(name: &str) -> String {
    let signs: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, sign) in signs.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| signs.get(at));
        let is_followed = signs.get(at + 1).is_some_and(|next| next.is_lowercase());
        let begins = sign.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase() || before.is_numeric() || before.is_uppercase() && is_followed
            });
        if begins || !sign.is_alphanumeric() {
            snake.push('_');
        }
        snake.extend(sign.to_lowercase().filter(|sign| sign.is_alphanumeric()));
    }
    let words: Vec<&str> = snake.split('_').filter(|word| !word.is_empty()).collect();
    let name = words.join("_");
    if name.starts_with(|sign: char| sign.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// A table's name that needs no quotes: lower-case letters, digits and underscores.
pub fn table_name(text: &str) -> String {
    let plain = |sign: char| if sign.is_ascii_alphanumeric() { sign } else { '_' };
    let mut name: String = text.to_lowercase().chars().map(plain).collect();
    if !name.starts_with(|sign: char| sign.is_ascii_lowercase()) {
        name.insert_str(0, "t_");
    }
    name.truncate(100);
    if is_reserved(&name) {
        name.push('_');
    }
    if name.starts_with(OWN_TABLES) { format!("t_{name}") } else { name }
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
    fn names_in_snake_case() {
        for (name, expected) in [
            ("orderId", "order_id"),
            ("Order ID", "order_id"),
            ("HTTPStatus", "http_status"),
            ("a__b-c ", "a_b_c"),
            ("Größe (m²)", "größe_m²"),
            ("2019", "_2019"),
            ("size2Big", "size2_big"),
            ("-", ""),
        ] {
            assert_eq!(snake_case(name), expected, "{name}");
        }
    }

    #[test]
    fn tables_have_plain_names_that_the_program_does_not_use() {
        assert_eq!(table_name("2024 Orders"), "t_2024_orders");
        assert_eq!(table_name("order"), "order_");
        assert_eq!(table_name("sparkify_infra_loads"), "t_sparkify_infra_loads");
    }

    #[test]
    fn names_that_need_quotes_have_them() {
        assert_eq!(quoted("language"), "\"language\"");
        assert_eq!(quoted("userId"), "userid");
        assert_eq!(quoted("order"), "\"order\"");
        assert_eq!(quoted("my key"), "\"my key\"");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
