//! The command tag at the end of an answer, which says what ran: `INSERT 0 2`.

use pgwire::api::results::Tag;
use redshift_engine::verb_behind_with;

/// The first words of a statement in upper case, behind its comments.
pub fn words(sql: &str) -> Vec<String> {
    let mut rest = sql.trim_start();
    loop {
        rest = match rest {
            text if text.starts_with("--") => text.split_once('\n').map_or("", |(_, rest)| rest),
            text if text.starts_with("/*") => text.split_once("*/").map_or("", |(_, rest)| rest),
            _ => break,
        }
        .trim_start();
    }
    let word = |word: &str| word.trim_matches(|sign: char| !sign.is_alphanumeric()).to_uppercase();
    rest.split(|sign: char| sign.is_whitespace() || sign == '(' || sign == ';')
        .filter(|word| !word.is_empty())
        .take(4)
        .map(word)
        .collect()
}

/// The tag of a command that returned no rows.
pub fn command_tag(sql: &str, count: i64) -> Tag {
    let rows = usize::try_from(count).unwrap_or(0);
    let words = words(sql);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["INSERT", ..] => Tag::new("INSERT").with_oid(0).with_rows(rows),
        [word @ ("UPDATE" | "DELETE" | "MERGE"), ..] => Tag::new(word).with_rows(rows),
        ["WITH", ..] => match verb_behind_with(sql) {
            Some(verb) if verb != "INSERT" => Tag::new(verb).with_rows(rows),
            _ => Tag::new("INSERT").with_oid(0).with_rows(rows),
        },
        ["BEGIN" | "START", ..] => Tag::new("BEGIN"),
        ["COMMIT" | "END", ..] => Tag::new("COMMIT"),
        ["ROLLBACK" | "ABORT", ..] => Tag::new("ROLLBACK"),
        ["CREATE", "OR", "REPLACE", what, ..] => Tag::new(&format!("CREATE {what}")),
        ["CREATE", "TEMP" | "TEMPORARY" | "LOCAL", ..] => Tag::new("CREATE TABLE"),
        ["DECLARE", ..] => Tag::new("DECLARE CURSOR"),
        ["CLOSE", ..] => Tag::new("CLOSE CURSOR"),
        ["LOCK", ..] => Tag::new("LOCK TABLE"),
        [first @ ("CREATE" | "DROP" | "ALTER"), second, ..] => Tag::new(&format!("{first} {second}")),
        ["SELECT", ..] => Tag::new("SELECT"),
        [first, ..] => Tag::new(first),
        [] => Tag::new("OK"),
    }
}
