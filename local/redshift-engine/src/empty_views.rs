//! System views that have no rows here, by their names: `system/empty_views.txt` has a view a paragraph, its name and its
//! columns with DuckDB's types.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use redshift_sql::Type;

type Columns = Vec<(&'static str, Type)>;

const DEFINITIONS: &str = include_str!("system/empty_views.txt");

static VIEWS: LazyLock<BTreeMap<&str, Columns>> =
    LazyLock::new(|| DEFINITIONS.split("\n\n").filter_map(definition).collect());

/// The columns of a view; `None` where there is none of this name.
pub fn columns(name: &str) -> Option<&'static [(&'static str, Type)]> {
    VIEWS.get(name).map(Vec::as_slice)
}

/// Their names.
#[cfg(test)]
pub fn names() -> impl Iterator<Item = &'static str> {
    VIEWS.keys().copied()
}

/// `name: column type, …`. Lines that begin with `#` are comments.
fn definition(paragraph: &'static str) -> Option<(&'static str, Columns)> {
    let text = paragraph.lines().find(|line| !line.starts_with('#')).and_then(|line| paragraph.find(line));
    let (name, columns) = paragraph[text?..].split_once(':')?;
    Some((name, columns.split(',').filter_map(column).collect()))
}

fn column(text: &'static str) -> Option<(&'static str, Type)> {
    let (name, kind) = text.trim().split_once(' ')?;
    let kind = if kind == "DECIMAL" { "DECIMAL(38,2)" } else { kind };
    Some((name, Type::from_duck(kind)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_is_read_as_it_stands_there() {
        let views = DEFINITIONS.lines().filter(|line| line.contains(": ") && !line.starts_with('#')).count();
        assert_eq!(VIEWS.len(), views);
        let types = ["INTEGER", "BIGINT", "TIMESTAMP", "VARCHAR", "DOUBLE", "BOOLEAN", "DECIMAL", "SMALLINT", "FLOAT"];
        let written = DEFINITIONS.split_whitespace().filter(|word| types.contains(&word.trim_end_matches(','))).count();
        assert_eq!(VIEWS.values().map(Vec::len).sum::<usize>(), written);
    }
}
