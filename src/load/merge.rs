//! An append's way into a table of the star: what its transform answers now, merged by key into what it answered before.
//! Rows that are the same stay untouched, and so do the values that an IDENTITY column gave them.

use super::sql::SqlFile;
use crate::error::{Error, Result};

/// A temporary table for the result of the transform: it belongs to the session.
const NOW: &str = "sparkify_infra_now";

/// The statements, in their order.
#[derive(Debug, PartialEq, Eq)]
pub struct Merge {
    /// Makes the table of what there should be.
    pub answer: String,
    /// Answers keys that stand more than once, or are NULL: none may.
    pub doubtful: String,
    pub remove: String,
    /// None where every column is of the key.
    pub change: Option<String>,
    pub add: String,
    pub forget: String,
}

impl Merge {
    /// `None` where the file's header names no `key`: such a table is filled anew.
    ///
    /// # Errors
    /// Of kind `Usage` where a file with a key is not `insert into TABLE (COLUMNS) SELECT`, or the key is not among the
    /// columns.
    pub fn from_file(file: &SqlFile) -> Result<Option<Self>> {
        let Some(key) = file.settings.get("key") else { return Ok(None) };
        let path = file.path.display();
        let (columns, query) = parts(file).ok_or_else(|| {
            Error::usage(format!("{path} has a key, but is not `insert into {} (COLUMNS) SELECT ...`", file.name))
                .hint("Name the columns, or remove the key: an append then empties and fills the table.")
        })?;
        let key: Vec<&str> = key.split(',').map(str::trim).collect();
        if let Some(unknown) = key.iter().find(|name| !columns.contains(name)) {
            return Err(Error::usage(format!("{path} has the key {unknown}, which is not among its columns"))
                .hint(format!("It fills {}.", columns.join(", "))));
        }
        let (table, list) = (&file.name, columns.join(", "));
        let same = every(&key, " and ", |name| format!("{table}.{name} = {NOW}.{name}"));
        let others: Vec<&str> = columns.iter().copied().filter(|name| !key.contains(name)).collect();
        // IS DISTINCT FROM is none of Redshift's.
        let differs = every(&others, " or ", |name| {
            format!("{table}.{name} <> {NOW}.{name} or ({table}.{name} is null) <> ({NOW}.{name} is null)")
        });
        let new = every(&others, ", ", |name| format!("{name} = {NOW}.{name}"));
        let change = format!("update {table} set {new} from {NOW} where {same} and ({differs})");
        Ok(Some(Self {
            answer: format!("create temporary table {NOW} ({list}) as {query}"),
            doubtful: {
                let nulls = every(&key, " or ", |name| format!("{name} is null"));
                let key = key.join(", ");
                format!("select {key} from {NOW} group by {key} having count(*) > 1 or {nulls}")
            },
            remove: format!("delete from {table} where not exists (select 1 from {NOW} where {same})"),
            change: (!others.is_empty()).then_some(change),
            add: format!(
                "insert into {table} ({list}) select {list} from {NOW} where not exists (select 1 from {table} where {same})"
            ),
            forget: format!("drop table {NOW}"),
        }))
    }
}

/// The columns and the query of `insert into TABLE (COLUMNS) QUERY`.
fn parts(file: &SqlFile) -> Option<(Vec<&str>, &str)> {
    let (head, behind) = file.statement.split_once('(')?;
    let mut words = head.split_whitespace();
    let is_insert =
        ["insert", "into", &file.name].iter().all(|word| words.next().is_some_and(|w| w.eq_ignore_ascii_case(word)));
    let (columns, query) = behind.split_once(')')?;
    let columns: Vec<&str> = columns.split(',').map(str::trim).collect();
    let is_plain =
        |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_insert && words.next().is_none() && columns.iter().all(is_plain)).then_some((columns, query.trim()))
}

fn every(names: &[&str], between: &str, one: impl Fn(&str) -> String) -> String {
    names.iter().map(|name| one(name)).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SqlFile {
        SqlFile::parse("sql/transform/01_users.sql".into(), text).expect("file")
    }

    #[test]
    fn a_transform_with_a_key_is_merged() {
        let merge = Merge::from_file(&file(
            "-- One row: one user.\n-- key: id\ninsert into users (id, level) select a, max(b) from t group by a;",
        ));
        let merge = merge.expect("read").expect("a merge");
        assert_eq!(
            merge.answer,
            "create temporary table sparkify_infra_now (id, level) as select a, max(b) from t group by a"
        );
        assert_eq!(
            merge.remove,
            "delete from users where not exists (select 1 from sparkify_infra_now where users.id = sparkify_infra_now.id)"
        );
        assert_eq!(
            merge.change.expect("a change"),
            "update users set level = sparkify_infra_now.level from sparkify_infra_now where users.id = sparkify_infra_now.id and \
             (users.level <> sparkify_infra_now.level or (users.level is null) <> (sparkify_infra_now.level is null))"
        );
        let of_keys =
            Merge::from_file(&file("-- One row: a day.\n-- key: y, d\nINSERT INTO Users (y, d)\n(select 1, 2)"));
        assert_eq!(of_keys.expect("read").expect("a merge").change, None);
    }

    #[test]
    fn what_cannot_be_merged_is_refused() {
        assert_eq!(Merge::from_file(&file("-- One row: one user.\ninsert into users select 1")).expect("read"), None);
        for text in
            ["insert into users select 1", "insert into others (id) select 1", "insert into users (name) select 1"]
        {
            assert!(Merge::from_file(&file(&format!("-- One row: one user.\n-- key: id\n{text}"))).is_err(), "{text}");
        }
    }
}
